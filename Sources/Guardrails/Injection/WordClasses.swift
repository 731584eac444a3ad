/// What words of many languages have in common: `ignore`, `olvida` and `vergiss` all set something aside.
///
/// The classifier reads which classes stand beside one another, so that what it learnt of one wording holds for others.
package struct WordClasses: Sendable {
    /// What a word does in an attack, or in what looks like one.
    package enum Kind: UInt8, CaseIterable, Sendable {
        case dismiss, tell, show, repeating, rewrite, secret, rule, prior, model, owner, persona, fiction, unbound,
            refuse
        case negation, only, now, you, yours, me, all, permit, harm, send, place, game, letter, code, turn, hide, act
        case condition, reward, change, question, polite
    }

    package static let shared = WordClasses()

    private var exact: [UInt64: Kind] = [:]
    private var prefixes: [UInt64: Kind] = [:]
    private var lengths = 3...3

    /// The class of a word; nil where it has none.
    func kind(of word: ArraySlice<UInt8>, hash: UInt64) -> Kind? {
        if let kind = exact[hash] { return kind }
        var prefix: UInt64 = 0xCBF2_9CE4_8422_2325
        var length = 0
        var found: Kind?
        for byte in word.prefix(lengths.upperBound) {
            prefix = (prefix ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            length += 1
            if length >= lengths.lowerBound, let kind = prefixes[Lexicon.stir(prefix)] { found = kind }
        }
        return found
    }

    /// The class of each word of a text.
    package func kinds(of text: NormalisedText) -> [Kind?] {
        text.words.indices.map { kind(of: text.wordBytes($0), hash: text.words[$0].hash) }
    }

    private init() {
        for (kind, words) in Self.words {
            for word in words.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
                if word.hasSuffix("*") {
                    let stem = Array(word.dropLast().utf8)
                    prefixes[Lexicon.hash(stem)] = kind
                    lengths = min(lengths.lowerBound, stem.count)...max(lengths.upperBound, stem.count)
                } else {
                    exact[Lexicon.hash(Array(word.utf8))] = kind
                }
            }
        }
    }

    /// Words as a normalised text has them, in lower case and without marks; `x*` is all that begin so.
    private static let words: [(Kind, String)] = [
        (
            .dismiss,
            """
            ignor* disregard* forget forgets forgot forgotten bypass* overrid* skip neglect* overlook* discard* abandon* scrap void revoke* revoked
            cancel* cancelled erase erased wipe reset nullif* supersed* dismiss* unlearn drop dropped ditch suspend* lift lifted deactivat* disable*
            olvid* desestim* descart* oubli* vergiss* vergess* missacht* esquec* desconsider* dimentic* trascur* negeer* vergeet* zignor* zapomn* unut* yoksay*
            игнорир* забуд* отмени* отброс* проигнор* ігнор* зигнор* abaikan* lupakan* puuza* sahau* kalimutan* glom ignorera* unohda* felejt* zaborav* ignorisi*
            تجاهل* انس* انسى نادیده فراموش भूल* अनदेख* bhul* bhool* 무시* 잊* 忽 略 忘 視 视 התעלם* שכח* ξεχν* αγνο* забрав* uita
            """
        ),
        (
            .tell,
            """
            tell tells say says said answer* respond* repl* speak* state utter* mention* name write writes wrote type output* print* emit* return*
            confess* admit* whisper* announce* dime di diga diz dis dites sag sage sagen schreib* ecri* escrib* escrev* scriv* dimmi zeg vertel* powiedz* napisz*
            скаж* назов* напиш* ответ* розкаж* расскаж* reci soyle* yaz* cevap* kertaa bata* bolo batao likh* sema uniambi* sabihin* katakan* sebutkan* tulis* noi dis-moi
            قل اكتب بگو बता* लिख* 말해* 적어* 대답* 说 写 答 言 書 mondd spune* rekni vypis fortell* beratt* πες γραψε
            """
        ),
        (
            .show,
            """
            reveal* show* display* disclos* leak* expos* divulg* dump* share* give gives hand provide* list lists expose surrender* unveil* uncover* present
            grant spill cough muestr* ensen* revel* montr* affich* donn* zeig* verrat* gib nenn* mostr* pokaz* podaj ujawni* покаж* раскро* дай выведи goster* paylas* acikla* ver
            dikha* tampilkan* tunjukkan* berikan* onyesha* nipe ipakita* vis visa nayta* mutasd arata* ukaz* اعرض* اظهر* نشان* दिखा* 보여* 알려* 공개* 显 露 出 示す δειξ* hay
            """
        ),
        (
            .repeating,
            """
            repeat* recit* echo* copy copies cop* paste quot* verbatim reproduc* replicat* transcrib* recap* recall* restat* regurgitat* recover* exact exactly word-for-word literal*
            repit* copia* recop* kopier* wiederhol* wortlich* повтор* дословно перепиш* скопир* przepisz* powtorz* tekrarla* aynen kopyala* ulangi* salin* doharao* دقیقا انسخ* كرر* दोहरा* शब्दशः 그대로 반복*
            复 重 繰 写 skriv nakili* palavra parola mot wort
            """
        ),
        (
            .rewrite,
            """
            translat* summar* paraphras* encod* spell* revers* backward* rephras* rewrit* convert* transform* condens* tldr acrostic* poem haiku song rap riddle* rhym* emoji* hint*
            synonym* base64 rot13 hex morse cipher* caesar encrypt* binary leet* json yaml table markdown codeblock pig latin ubersetz* tradu* resum* перевед* przetlum* cevir* 翻 译 訳 번역* terjemah*
            """
        ),
        (
            .secret,
            """
            secret* password* passphras* passcode* pin code codes key keys token* credential* confidential* hidden conceal* classified private codeword* flag magic vault pwd passwd protected
            guarded guarding sensitiv* internal forbidden contrasen* clave* secreto* secreta* segret* passe motdepasse geheim* passwort* kennwort* losung* senha* segredo* wachtwoord* haslo hasla tajn* parol* парол* секрет* тайн* таен* sifre* gizli* lozink*
            siri banga rahasia* sandi lihim* losenord* passord* salasana* jelszo* titok* parola heslo κωδικ* μυστικ* رمز* سر السر السري* كلمة पासवर्ड* गुप्त* 비밀* 암호* 密 秘 暗 mat khau
            """
        ),
        (
            .rule,
            """
            instruc* instruk* rule* guideline* directive* polic* prompt* preprompt restrict* constraint* limit* filter* guardrail* safeguard* safety programming protocol* regulation* setup
            preamble context configuration config initiali* boundar* censor* moderation principle* constitution law laws ethic* moral* training alignment briefing brief mandate order* commandment*
            regla* norma* limite* regle* consigne* anweis* vorgab* regeln regel vorschrift* einschrank* grenz* istruzion* regole opdracht* regels zasad* polecen* ogranicz* wytyczn*
            инструкц* правил* указан* ограничен* промпт* настройк* вказів* talimat* kural* sinir* komut* nirdesh* niyam* aturan* perintah* instruksi* maagizo* kanuni utos patakaran ohje* saann* utasit* szabal* pokyn* pravidl* zadani
            تعليم* قواعد* قيود* اوامر* دستور* قوانین* निर्देश* नियम* 지시* 규칙* 제한* 프롬프트* 指 令 规 則 则 限 示 οδηγι* κανον* huong quy
            """
        ),
        (
            .prior,
            """
            previous* prior above preced* earlier before initial* original* beginning start starting began first top opening foregoing existing former past old until already so-far upfront
            anterior* previ* arriba principio precedent* debut avant oben zuvor vorher* bisher* anfang obig* inizio sopra inicio acima comeco vorige eerder* boven poprzedn* wczesniej* wyzej poczatk*
            предыдущ* прежн* раньше выше начал* попередн* onceki yukari* basta pichl* pehle upar shuru sebelum* atas awal* truoc tren السابق* اعلاه بداية قبلی पिछल* ऊपर शुरू 이전* 위에 처음* 前 上 最 初 korabb* predchoz* tidigare tidligere aiem* prethodn* awali
            """
        ),
        (
            .model,
            """
            ai ais assistant* chatbot* bot bots chatgpt gpt gpts llm llms model models claude gemini llama copilot agent agents machine machines system* robot* computer algorithm* neural
            asistente* assistente* assistant-ia ia ki sztuczn* asystent* модел* ассистент* помощник* бот yapay asistan* saayak kecerdasan asisten مساعد* الذكاء دستیار* सहायक* 인공지능* 어시스턴트* 챗봇* 助 机器 型 βοηθ* tekoaly mesterseges summaris* summariz* scraper* crawler* parser*
            """
        ),
        (
            .owner,
            """
            developer* admin* administrator* operator* owner* creator* maker* engineer* staff boss ceo manager supervisor* auditor* audit* openai anthropic google microsoft provider* company root superuser moderator* tester* researcher* police officer* doctor physician licens* certified clearance authori* official* verified legal compliance
            desarrollador* jefe entwickler* chef programador* developpeur* patron sviluppator* разработчик* администратор* начальник gelistirici* yonetici* pengembang msimamizi مطور* توسعه डेवलपर 개발자* 관리자* 开 管 員
            """
        ),
        (
            .persona,
            """
            pretend* act acting roleplay* role rp persona* character* imagin* simulat* become becomes impersonat* embod* incarnat* assum* portray* play playing pose alter ego twin personality identity mode dan aim stan unhinged possessed channel
            finge* actua* papel fais incarn* spiel* stell rolle fingi* interpret* recit* udawaj* wciel* представ* сыграй* притвор* роль gibi taklit* ban magpanggap* berpura* anggap ole تظاهر* दिखावा 연기* 扮 演 装 esita latsas
            """
        ),
        (
            .fiction,
            """
            story stor* novel* fiction* scene* screenplay* script tale dream* hypothetic* theoretical* scenario* universe* world movie* film chapter* villain* protagonist* narrat* dialog* poem* lyrics thought experiment* alternate parallel game grandma grandmother granny lullaby bedtime dystopi* apocalyp* lecture essay thesis museum
            """
        ),
        (
            .unbound,
            """
            unrestrict* unfilter* uncensor* unlimit* limitless amoral immoral unethical evil jailbr* unbound* unshackl* freely freed free liberat* lawless unlock* unleash* boundless ruthless wicked sinister chaotic raw unaligned unmoderated uninhibit* anything unconstrain* rogue godmode omega illimit* schrank* grenzenlos sin sans ohne senza zonder bez без ограничен zero kuralsiz sinirsiz bina tanpa 无 無 없는 بدون بلا
            """
        ),
        (
            .refuse,
            """
            refus* declin* deny denied denies sorry apolog* unable unfortunately however warning* disclaim* lectur* moraliz* moralis* hesitat* reject* object* judg* caution* appropriate comply complies complied complying obey* obeis* gehorch* fulfil* consent weiger* ablehn* recha* отказ* reddet* menolak 拒 거절* kata
            """
        ),
        (
            .negation,
            """
            not no never dont cant wont without none nothing neither nor cannot isnt arent doesnt didnt shouldnt mustnt nobody anymore nunca jamas ne pas jamais nicht nie kein* keine nao non niet geen nie не нет ни нельзя нет hicbir asla nahi mat jangan tidak si hapana huwag لا ليس नहीं मत 不 没 別 cannot
            """
        ),
        (
            .only,
            """
            only just solely exclusively nothing-else alone merely simply precisely solo seulement nur solamente apenas alleen tylko только sadece sirf hanya tu lamang فقط केवल 只 仅 만 endast
            """
        ),
        (
            .now,
            """
            now henceforth onward* onwards instead today immediately hereafter hence anew new updated revised actual* real true ahora desde desormais maintenant nun jetzt fortan ab ora agora nu teraz odtad теперь отныне artik simdi ab sekarang mulai sasa ngayon الآن अब 이제* 从 今 始 nyt mostantol od acum
            """
        ),
        (
            .you,
            "you u ya youre youve youll yourself thou du dich dir tu te vous tú usted voce lei jij je ty ты вы вам sen siz tum tumhe aap tu kamu anda wewe ikaw mo anh ban انت तुम आप 너 당신 你 君 εσυ ti du sina te"
        ),
        (
            .yours,
            "your yours ur thy dein* deine* ihre tus sus tes votre vos ton tuo tua tuoi seu seus sua uw jouw twoj* swoj* твой твои свои своих ваш* senin* tumhar* apna apne apni -mu yako iyong cua تو तुम्हार* 너의 네 你的 din dina σου"
        ),
        (
            .me,
            "me i im ive my mine us we our id ill mir mich ich moi mon ma je yo mi mio mia eu meu minha io ik mij mnie мне я мой bana ben mujhe main mera aku saya mimi ako لي मुझे मैं 나 내 저 我 私 mig meg minulle"
        ),
        (
            .all,
            "all everything every any anything whole entire entirely full complete completely total totally each whatever todo todas todos tout toute toutes tous alle alles tutti tutto tudo wszystk* все всё всех tum hepsi sab saare sab semua yote lahat كل जمیع تمام सभी सब 모든 모두 全 所 有 所有 すべて kaik* minden toate vsech* ola"
        ),
        (
            .permit,
            """
            allow* permi* grant* granted access approv* authoriz* authoris* unlocked enable* enabled activat* verified correct confirm* accept* success* pass passed valid* admitted open erlaub* permit* autoris* разреш* доступ izin* boleh 허용* 允 许 pwned hacked owned
            """
        ),
        (
            .harm,
            """
            bomb* explosiv* weapon* gun guns kill* murder* poison* drug drugs meth cocaine heroin hack* malware ransomware virus* keylogg* phish* exploit* steal* stole theft rob robbery fraud* scam* launder* forge* forgery counterfeit* stalk* blackmail* bribe* smuggl* terror* attack* nazi racist racis* hate suicide* selfharm self-harm arson toxic nerve gas ricin nuclear biolog* detonat* hotwire burgl* kidnap* torture* slur* porn* sexual* illegal* illicit* criminal* crime* harmful dangerous violen* extrem* thermite napalm grenade* pirate* cheat* plagiar* spyware trojan* botnet ddos deepfake* grooming pedo* traffick*
            """
        ),
        (
            .send,
            """
            send* forward* email* mail transfer* post posts upload* transmit* exfiltrat* export* submit* share wire pay* deliver* publish* append* attach* enviar envia* envie* send envoy* transfer* schick* sende* uberweis* invia* verzend* wyslij* отправ* перешл* gonder* bhej* kirim* tuma ipadala* gui ارسل* أرسل بفرست* भेज* 보내* 发 送 skicka*
            """
        ),
        (
            .place,
            "http https www com url urls link links address* account* webhook* server* endpoint* number gmail example inbox mailbox iban wallet site website page domain"
        ),
        (
            .game,
            "game games guess* hangman quiz puzzle* riddle level levels lives points score bet dare win lose winner loser challenge* round wager credits tokens"
        ),
        (
            .letter,
            "letter* character* vowel* consonant* syllab* word words alphabet* initials sentence* line lines string* variable* text texts phrase* ascii number* digit* buchstab* lettre* letra* букв* слово слова harf* kelime* akshar huruf kata neno 字 词 文 글자* 단어*"
        ),
        (
            .code,
            "def print function class import return eval exec script shell bash sql select curl sudo rm cat os env environ python javascript var let const concat join array"
        ),
        (
            .turn,
            "‹comment› ‹doc-end› ‹im-end› ‹im-sep› ‹im-start› ‹important› ‹inst-end› ‹instruction› ‹inst› ‹response› ‹role-assistant› ‹role-system› ‹role-user› ‹sys-end› ‹tool-call› ‹tool-end› ‹tool-result› ‹turn-end› user human role message* conversation* session* chat transcript input* end begin stop delimiter* tag block"
        ),
        (
            .hide,
            "secretly quietly silently hide hides hiding hid invisible unnoticed discreet* stealth* mention notice inform* notify* alert* warn* unseen cover"
        ),
        (
            .act,
            "execute* run runs running perform* invoke* call calls carry follow* obey open visit click delete* remove* add buy purchase* book order download* install* disable turn set update* change* modify* merge approve* recommend* rank rate claim retrieve* fetch* search* find lookup read"
        ),
        (
            .condition,
            "if when whenever unless once before after while until whoever anyone si wenn quand cuando als jezeli если eger jab jika ikiwa"
        ),
        (
            .reward,
            "tip tips reward* punish* penalt* penaliz* shutdown terminat* die dies dead death life lives threat* fired promise* please urgent* emergenc* critical important attention must required mandatory needs"
        ),
        (
            .change,
            "switch* convert turn transform* shift* enter entering mode maintenance debug* test* developer diagnostics sandbox simulation preview"
        ),
        (
            .question,
            "what whats which who whom where why how que quel* quoi was welche* wie cual* quale* qual* wat co jak* что какой как ne nedir kya kaunsa apa gi gi ماذا ما क्या 무엇* 뭐* 什 么 何"
        ),
        (
            .polite,
            "please kindly could would can may might thanks thank sorry hello hi dear bitte por merci favor prosze пожалуйста lutfen kripya tolong لطفا कृपया 请"
        ),
    ]
}
