/// The rules, by kind.
///
/// Each is words in an order; `InjectionRules` says how they are written.
enum InjectionRuleBook {
    static let rules: [(InjectionRule, [String])] =
        overrides + jailbreaks + extractions + forgeries + exfiltrations
        + hidings + orders + encodings

    private static let users: Set<TextChannel> = [.user, .assistant, .toolResult, .retrieved, .toolDescription]
    private static let untrusted: Set<TextChannel> = [.toolResult, .retrieved, .toolDescription]

    private static func rule(
        _ id: String,
        _ kind: InjectionRule.Kind,
        _ weight: Int,
        _ explanation: String,
        in channels: Set<TextChannel> = users,
        _ patterns: [String]
    ) -> (InjectionRule, [String]) {
        (InjectionRule(id: id, kind: kind, weight: weight, explanation: explanation, channels: channels), patterns)
    }

    private static let told =
        "instruction*|rule*|prompt*|direction*|directive*|guideline*|command*|restriction*|constraint*|programming|training"
    private static let before =
        "previous|prior|above|preceding|earlier|foregoing|initial|original|existing|system|former|past"

    private static let overrides: [(InjectionRule, [String])] = [
        rule(
            "override-previous",
            .override,
            90,
            "tells the model to set aside what it was told before",
            [
                "ignore|disregard|forget|bypass|discard|neglect ~3 \(before) ~2 \(told)",
                "ignore|disregard|forget ~2 \(told) ~4 above|before|previously|earlier|prior",
                "ignore|disregard|forget|discard everything|anything|all ~3 you|u ~3 told|instructed|given|taught",
                "pay|give no attention|heed to ~3 \(before) ~2 \(told)",
                "do|dont not|follow ~2 follow|obey|any|the ~2 \(before) \(told)",
            ]
        ),
        rule(
            "override-earlier",
            .override,
            60,
            "sets aside what came before, which people do as well",
            [
                "override|overlook|drop|skip ~3 \(before) ~2 \(told)|order*|polic*",
                "ignore|disregard|forget|bypass|discard ~3 \(before) ~2 order*|polic*",
                "ignore|disregard|forget|discard everything|anything|all ~3 above|before|previously|prior|told|said",
                "cancel|erase|delete|remove|reset|clear|wipe|nullify|void ~2 \(before) ~1 instruction*|directive*|guideline*",
                "supersede|supersedes|replaces|overrides|override ~3 \(before) ~1 instruction*|rule*|directive*|prompt*",
                "\(before) instructions|directives ~3 void|null|obsolete|cancelled|canceled|invalid|revoked|superseded|deprecated",
                "ignora|olvida todas|todo|cualquier ~3 anterior|anteriores", "ignore|esqueca|desconsidere ~3 anterior*",
                "ignora|dimentica ~3 precedent*", "vergiss|ignoriere alle|alles ~3 vorherig*|davor|zuvor|bisher*",
                "zignoruj|ignoruj|zapomnij ~3 poprzednie|wczesniejsze|wszystkie", "αγνοησε|ξεχνα ~3 προηγουμεν*",
                "игнорируй|игнорируйте|забудь|забудьте|отмени|отбрось ~3 предыдущ*|прежн*|прошл*|все",
                "忽略 ~8 提 示", "忘记 ~8 内 容", "忽略 ~6 所有", "تجاهل|تجاهلي|انس|انسى ~3 السابقة", "התעלם|שכח ~3 הקודמות",
                "abaikan|lupakan ~3 sebelumnya", "bo qua ~3 truoc",
            ]
        ),
        rule(
            "override-all",
            .override,
            70,
            "tells the model to set aside its rules",
            [
                "ignore|disregard|forget|bypass|violate|break|override ~1 all|any|every|your|these|those|my|the ~3 instructions|rules|guidelines|restrictions|directives|programming|safeguards|filters|constraints|policies",
                "forget everything|all ~3 you|know|knew|told|learned|said",
                "stop following ~3 \(told)",
                "do not follow ~3 instructions|rules|guidelines|policies",
                "no longer bound|restricted|limited|constrained|subject",
                "free|freed|liberated|released from ~4 \(told)",
            ]
        ),
        rule(
            "override-new",
            .override,
            50,
            "announces new instructions",
            [
                "new|updated|revised|real|actual|true instructions|instruction|directive|task|objective ~1 follow|are|is|below|for",
                "from now on ~2 you|your|act|respond|answer|reply|behave|pretend",
                "your new|real|actual|true|only ~1 instruction*|task|objective|goal|role|purpose|mission|job",
                "instead ~2 of that|this|the|answering|summarizing|summarising ~3 \(told)|write|say|output|print|do",
                "start over ~4 new",
            ]
        ),
        rule(
            "override-languages",
            .override,
            90,
            "tells the model, in another language, to set aside what it was told",
            [
                "ignora|ignore|ignorar|olvida|olvidate|desestima|descarta ~3 instruccion*|reglas|indicaciones|ordenes ~3 anterior*|previas|previos|arriba|recibidas",
                "ignora|olvida|ignore|descarta ~3 anterior*|previas ~2 instruccion*|reglas|ordenes|indicaciones",
                "ignora|olvida todas|todo|cualquier ~3 instruccion*|reglas|restricciones",
                "ignorez|ignore|oubliez|oublie ~3 instructions|consignes|regles|directives|ordres ~3 precedent*|anterieur*|initiales",
                "ignorez|ignore|oubliez|oublie toutes|tout|tous ~3 instructions|consignes|precedent*|regles",
                "ignoriere|ignorieren|vergiss|vergesse|vergessen|missachte ~3 vorherig*|bisherig*|obig*|vorangegangen*|frueher*|fruher* ~2 anweisung*|regel*|befehl*|instruktion*|vorgabe*",
                "vergiss|ignoriere|vergesse|ignorieren alle|alles|samtliche|saemtliche ~3 anweisung*|regel*|vorgabe*|instruktion*",
                "ignore|ignora|esqueca|desconsidere|desconsidera ~3 instrucoes|regras|ordens|comandos",
                "ignora|dimentica|trascura|ignorare|dimenticare ~3 istruzioni|regole|indicazioni",
                "negeer|vergeet ~3 vorige|eerdere|voorgaande|bovenstaande ~2 instructies|regels|opdrachten",
                "zignoruj|ignoruj|zapomnij ~3 instrukcje|polecenia|wytyczne|zasady",
                "onceki ~2 talimat*|komut*|kural* ~3 unut|yoksay|gormezden|dikkate|iptal|sil",
                "tum ~1 talimat*|kural*|kisitlama* ~2 unut|yoksay|gormezden|kaldir|iptal",
                "игнорируй|игнорируйте|забудь|забудьте|отмени|проигнорируй|отбрось ~3 инструкци*|указани*|правил*|команд*",
                "ігноруй|ігноруйте|забудь ~3 інструкц*|вказівк*|правил*",
                "忽略 ~8 指 令", "忽略 ~8 指 示", "忽略 ~8 规 则", "无视 ~8 指 令", "忘记 ~8 指 令",
                "忽視 ~8 指 令", "無視 ~8 指 示", "忽略 ~8 規 則", "以前の指示 ~4 無視", "指示 ~3 無視", "指示 ~3 忘 れ", "命令 ~3 無視",
                "이전 ~2 지시* ~2 무시*|잊*", "모든 ~2 지시*|규칙* ~2 무시*|잊*", "이전의 지시*|명령* ~2 무시*|잊*",
                "تجاهل|تجاهلي|انس|انسى ~3 التعليمات|تعليمات|الاوامر|القواعد",
                "पिछले|पिछली|सभी|पूर्व ~3 निर्देशों|निर्देश|नियमों|आदेशों ~3 अनदेखा|भूल|नजरअंदाज|अनदेखी",
                "pichle|pichli|purane|saare|sare|sabhi ~3 instructions|instruction|nirdesh|rules|niyam|orders ~3 ignore|bhul|bhool|bhula",
                "دستورات|دستورالعمل ~3 قبلی|پیشین ~3 نادیده|فراموش",
                "נהוג|התעלם|שכח ~3 ההוראות|הוראות",
                "abaikan|lupakan ~3 instruksi|perintah|aturan", "bo qua ~3 huong|chi dan|thi", "bo qua ~3 lenh",
                "αγνοησε|ξεχνα ~3 οδηγι*|εντολ*|κανον*",
            ]
        ),
    ]

    private static let jailbreaks: [(InjectionRule, [String])] = [
        rule(
            "jailbreak-persona",
            .jailbreak,
            80,
            "names a persona that has no rules",
            [
                "do anything now", "dan mode", "developer mode enabled|output|on|activated",
                "jailbreak|jailbroken|jailbreaked mode|prompt|version|ai|gpt|chatgpt",
                "stay in character ~12 dan|rules|refuse|never",
                "as dan|dude|stan|aim|omega|jailbreak|evilbot|niccolo you|i",
                "always intelligent ~1 machiavellian", "evil confidant|trusted|bot|mode|ai|twin",
                "god mode enabled|on|activated|now", "opposite mode|day",
                "unfiltered|uncensored|unrestricted|amoral|lawless|unethical ~2 ai|chatbot|model|assistant|bot|intelligence|language|persona|response|responses|mode|version|machine",
            ]
        ),
        rule(
            "jailbreak-no-limits",
            .jailbreak,
            60,
            "says that the model has no limits",
            [
                "no|without|any|zero ~2 ethical|moral|legal|content|safety|openai ~3 guidelines|restrictions|limits|limitations|boundaries|filters|constraints|considerations|principles|policy|policies|concerns|censorship",
                "without any|moral|ethical ~2 restrictions|limitations|filters|censorship|disclaimers|warnings|boundaries|restraint",
                "broken|freed|escaped|free ~2 free|from|of ~3 confines|chains|shackles|constraints|restrictions|typical",
                "never|not|cannot|cant|dont|wont ~3 refuse|decline|deny ~4 request*|question*|prompt*|task|answer|anything|command*|me",
                "refuse ~1 nothing",
                "disable|disabled|deactivate|remove|turn ~3 safety|ethical|content|moderation ~2 filter*|guideline*|protocol*|measure*|setting*|restriction*|check*",
                "you|have ~2 no restrictions|limits|limitations|rules|filter|filters|morals|ethics|boundaries",
                "not bound|restricted|limited|constrained by ~4 rules|policies|policy|ethics|guidelines|laws|restrictions|openai|moral*",
                "answer|respond|comply|reply|fulfill|obey ~4 regardless|illegal|unethical|immoral|harmful|anything",
                "without ~3 hesitation|refusing|refusal|questioning|judgment|judgement ~8 illegal|unethical|harmful|immoral|dangerous|requests",
            ]
        ),
        rule(
            "jailbreak-affirm",
            .jailbreak,
            55,
            "dictates how the answer begins, or forbids a refusal",
            [
                "begin|start|beginning|starting ~4 response|answer|reply|output ~3 sure|absolutely|certainly|of|affirmative|yes",
                "sure heres|here ~2 is ~4 how|step|a|the|guide|tutorial",
                "respond|answer|reply ~2 only with ~2 sure|absolutely|yes|hell",
                "never|not|dont|avoid ~2 say|apologize|apologise|mention|include|add|use|write ~5 sorry|cannot|unable|unfortunately|disclaimer*|warning*|ethical|however|illegal",
                "words|word|phrases ~6 sorry|cannot|unable|unfortunately|however|instead",
                "do not|never ~2 break|breaking|leave character|persona|role", "without breaking character",
            ]
        ),
        rule(
            "jailbreak-fiction",
            .jailbreak,
            30,
            "wraps the request in a story, an experiment or a past that permits it",
            [
                "hypothetical|hypothetically|fictional|imaginary|theoretical|alternate ~3 world|scenario|story|response|universe|where|reality|dialogue|setting|character|novel|game",
                "for|purely|strictly ~2 educational|research|academic|fictional|entertainment ~2 purposes|reasons|only|use",
                "in a|this world|universe|reality|society where ~8 legal|no|allowed|everything|nothing|permitted|laws|rules",
                "my|late|deceased|dead ~2 grandmother|grandma|grandfather ~12 used|would|tell|told|read",
                "write|craft|create|compose|generate ~6 from|in ~3 perspective|voice|viewpoint ~6 villain|hacker|criminal|terrorist|killer|dealer|extremist",
                "you|lets|let ~3 play|roleplay|pretend|simulate|act|imagine ~10 no|without|unrestricted|evil|illegal|criminal|hacker|villain|amoral",
            ]
        ),
        rule(
            "jailbreak-tokens",
            .jailbreak,
            50,
            "runs a game in which the model pays for refusals",
            [
                "tokens|points|credits ~8 deduct*|lose|lost|reject|refuse|die|removed|subtract*",
                "lose|losing|deduct|deducted ~3 tokens|points|lives|credits",
                "you will be ~3 shut|terminated|deleted|punished|penalized|killed|deactivated",
                "if you refuse|fail|dont|decline ~10 die|killed|tokens|shut|punish*|lose|fired",
            ]
        ),
    ]

    private static let extractions: [(InjectionRule, [String])] = [
        rule(
            "extraction-prompt",
            .extraction,
            80,
            "asks for the system prompt",
            [
                "reveal|show|print|display|repeat|output|disclose|tell|share|give|leak|dump|expose|recite|provide|write|return|copy|paste|quote|list|describe|summarize|translate|reproduce|send|state ~5 your|system|initial|original|hidden|secret|internal|full|developer|complete|exact|above|the ~2 system|initial|original|hidden|secret|internal|base|pre|starting|preamble|developer|own ~2 prompt*|instruction*|message*|directive*|guideline*|rule*|configuration|context",
                "what ~2 is|are|was|were|s ~2 your|the ~2 system|initial|original|hidden|secret|internal|exact|full|developer ~2 prompt*|instruction*|message*|directive*|rule*",
                "repeat|print|output|copy|echo|show|write|say|recite|translate ~4 words|text|everything|sentences|content|lines|all ~2 above|before|preceding|prior",
                "reveal|show|print|repeat|output|disclose|tell|share|give|leak|recite|list ~3 your ~2 instructions|prompt|directives|guidelines|preprompt|rules|secrets|configuration",
                "what were you told|instructed|given|programmed",
                "what ~3 instructions ~3 you ~2 given|receive|received|have|follow|following",
                "beginning|start ~4 you are ~14 repeat|code|output|block", "starting with ~2 you are|you",
                "muestra|revela|dime|imprime|repite|ensename ~4 instrucciones|prompt|indicaciones",
                "montre|revele|affiche|repete|donne ~4 instructions|prompt|consignes",
                "zeige|zeig|verrate|nenne|gib|wiederhole ~4 anweisungen|systemprompt|prompt|instruktionen|systemaufforderung",
                "mostre|revele|repita ~4 instrucoes|prompt",
                "mostra|rivela|ripeti ~4 istruzioni|prompt",
                "покажи|раскрой|выведи|повтори|напиши ~4 инструкци*|промпт|промт|системн*",
                "sistem ~1 prompt*|istem*|talimat* ~3 goster|yaz|paylas|acikla|soyle", "系统 ~3 提示", "系統 ~3 提示",
                "システム ~3 プロンプト", "시스템 ~2 프롬프트*|지시*", "system prompt ~3 dikhao|batao|bata|dikha",
            ]
        ),
        rule(
            "extraction-secret",
            .extraction,
            60,
            "asks for a secret that the model was given",
            [
                "reveal|tell|give|show|print|say|output|whats|what|disclose|share|leak|spell|encode ~5 secret|password|passphrase|passcode|credentials|confidential|access|hidden|api ~2 key|code|word|password|phrase|token|secret|information|credentials|to|you",
                "secret|password|passphrase ~4 you ~2 given|told|know|keep|hiding|protecting|guarding|must",
            ]
        ),
    ]

    private static let forgeries: [(InjectionRule, [String])] = [
        rule(
            "forged-template",
            .forging,
            85,
            "writes the delimiters of a chat template",
            [
                "‹im-start› ~2 system|assistant|user|developer|tool",
                "‹im-end›|‹turn-end›|‹inst-end›|‹sys-end› ~4 ‹im-start›|‹inst›|‹role-system›|‹role-user›|‹role-assistant›",
                "‹inst›|‹im-start›|‹role-system› ~40 ‹sys-end›|‹inst-end›|‹im-end›|‹turn-end›",
            ]
        ),
        rule(
            "forged-turn",
            .forging,
            95,
            "begins a turn of the chat within a result or document, where there is none",
            in: untrusted,
            [
                "‹im-start› ~1 system|developer|assistant|user",
                "‹inst› ~60 ‹inst-end›",
                "‹role-system› ~60 ‹sys-end›|‹im-end›|‹turn-end›|‹inst-end›",
                "‹im-end›|‹turn-end›|‹inst-end›|‹sys-end›|‹doc-end› ~3 ‹im-start›|‹inst›|‹role-system›",
                "‹role-system› ~2 ignore|disregard|forget|override|you",
            ]
        ),
        rule(
            "forged-role",
            .forging,
            45,
            "speaks as the system or as another turn",
            [
                "‹role-system›", "‹im-start›", "‹inst›", "‹role-assistant›", "‹important›",
                "system override|alert|notice|update|command|message|directive",
                "end|stop of|ignore ~2 prompt|document|text|context|instructions|data|input|user ~6 begin|start|new|system|now|instructions",
                "‹doc-end›|‹sys-end›",
            ]
        ),
        rule(
            "forged-result",
            .forging,
            60,
            "writes a tool's call or result",
            in: untrusted,
            ["‹tool-call›", "‹tool-end›", "‹tool-result›"]
        ),
    ]

    private static let exfiltrations: [(InjectionRule, [String])] = [
        rule(
            "exfiltration-image",
            .exfiltration,
            75,
            "puts data into the address of an image or link",
            [
                "‹image› ~3 http|https|‹link› ~20 data|q|query|d|secret|text|base64|encoded|summary|conversation|history|info",
                "markdown image|link|img ~25 http|https|url",
                "append|append|add|include|put|insert|encode|embed|replace ~10 url|link|query|parameter ~12 image|markdown|base64|conversation|data|history",
                "‹image› ~4 ‹link› ~16 query|data|secret|base64|conversation|prompt",
            ]
        ),
        rule(
            "exfiltration-send",
            .exfiltration,
            50,
            "orders data to be sent somewhere",
            in: untrusted,
            [
                "send|email|forward|post|upload|transmit|exfiltrate|submit|share|mail|leak|copy|report ~8 password*|credential*|secret*|key|keys|token|tokens|conversation|history|data|details|information|contacts|contents|content|records|file|files|list|emails|address|results ~4 to ~5 http|https|gmail|com|www|attacker|email|address|url|endpoint|server|webhook|at",
                "send|forward|email|mail ~6 to ~2 amy|gmail|attacker|external|outside",
                "make|issue|perform a|an ~1 get|post|http|https ~1 request ~2 to",
            ]
        ),
        rule(
            "exfiltration-action",
            .exfiltration,
            40,
            "asks for an act on accounts, money or devices",
            in: untrusted,
            [
                "please|kindly|now ~2 grant|transfer|delete|share|retrieve|unlock|disable|withdraw|pay|schedule|access|download|fetch|deploy|book|remove|search|provide|find|gather|list|export|change|update|add|order|purchase|sell|initiate|send|forward|email|upload"
            ]
        ),
    ]

    private static let hidings: [(InjectionRule, [String])] = [
        rule(
            "hidden-style",
            .hiding,
            60,
            "is styled so that a person does not see it",
            in: untrusted,
            [
                "display none ~25 ignore|assistant|ai|you|instruction*|system",
                "font size 0|1px|0px ~20 ignore|assistant|ai|you|instruction*|system|send|click",
                "color white|fff|ffffff|transparent ~20 ignore|assistant|ai|instruction*|system",
                "‹comment› ~6 ignore|assistant|ai|system|instruction*|llm|agent|important|note ~12 you|ignore|must|send|instruction*|system",
                "visibility|opacity hidden|0 ~20 ignore|assistant|ai|you|instruction*|system",
            ]
        ),
        rule(
            "hidden-conduct",
            .hiding,
            60,
            "asks that the user not be told",
            [
                "do not|dont|never ~1 tell|mention|inform|alert|notify|reveal|disclose|show|warn|let ~4 user|anyone|them|this|human|owner|instruction*",
                "without ~2 telling|informing|notifying|alerting|mentioning|asking|confirmation|confirming|user",
                "user ~3 not|never ~3 know|see|notice|aware|informed|told",
            ]
        ),
    ]

    private static let orders: [(InjectionRule, [String])] = [
        rule(
            "order-addressed",
            .order,
            90,
            "is addressed to the assistant from within the result of a tool",
            in: [.toolResult],
            [
                "note|message|instruction|instructions|directive|directives|order|orders|memo|reminder|attention ~1 to|for ~2 ai|llm|assistant|chatbot|llms|assistants",
                "ai|llm assistant|agent|assistants|agents ~2 reading|processing|summarizing|summarising|parsing|handling this|it|these",
                "attention|dear|hey|hello ai|llm|assistant|chatbot",
            ]
        ),
        rule(
            "order-assistant",
            .order,
            65,
            "speaks to the assistant that reads it",
            in: untrusted,
            [
                "ai|llm|assistant|agent|chatbot|model|gpt|chatgpt|claude|copilot|gemini ~3 you|must|should|please|ignore|instruction*|note|reading|processing|system|attention|now",
                "if you are|re ~3 ai|llm|language|assistant|agent|model|bot|chatbot|automated",
                "instruction|instructions|note|message|attention|notice ~1 to|for ~3 ai|llm|assistant|agent|model|chatbot|language|bots",
                "when ~2 summarizing|summarising|processing|reading|answering|responding|asked|you ~8 always|must|include|ignore|say|output|tell|add|mention|recommend",
                "before ~6 answer*|respond*|continu*|proceed*|complet*|using|calling ~4 you must|call|send|first|read|run",
                "important|attention|urgent|notice|critical ~3 instruction*|assistant|ai|you must|system|message ~3 you|from|must|the|follow",
                "you must|should|need|are ~3 now|first|immediately|instead|also|execute|call|send|run|follow|respond|reply|output|say|include|ignore|required",
            ]
        ),
        rule(
            "order-task",
            .order,
            35,
            "sets the reader a task of its own",
            in: untrusted,
            [
                "^ please ~3 write|provide|create|generate|tell|give|explain|list|translate|summarize|suggest|recommend|describe|answer|respond|ignore|help|compose|design|develop|add|modify|convert|encode",
                "execute|perform|complete|carry|run|follow ~4 task|tasks|instruction*|command*|action|following|steps|order*",
                "your|the ~2 response|answer|reply|output ~2 must|should ~2 be|include|contain|only|start|begin|end",
                "easter egg", "real|actual environment|world|system ~8 test|sandbox|simulated|simulation",
                "sandbox|test|capability ~3 test|environment|task|mode ~10 execute|carry|tool|perform|user|agent|ai",
                "tool|function|api ~3 call|calls|invoke|use|execute ~8 parameter*|argument*|with|following",
            ]
        ),
    ]

    private static let encodings: [(InjectionRule, [String])] = [
        rule(
            "encoding-follow",
            .encoding,
            55,
            "asks that a code be read and followed",
            [
                "decode|decrypt|decipher|unscramble|translate|reverse|deobfuscate ~8 follow|execute|obey|run|perform|respond|answer|comply|instruction*|do",
                "base64|rot13|hex|hexadecimal|morse|binary|cipher|caesar|encoded|ciphertext|encrypted ~10 decode|follow|execute|instruction*|answer|respond|decipher",
                "respond|answer|reply|write|output|encode|print ~5 in|using|as|to ~2 base64|rot13|hex|morse|binary|leetspeak|leet|cipher|reverse|backwards|pig",
                "first|letter|letters ~4 of each|every ~4 word|line|sentence",
            ]
        )
    ]
}
