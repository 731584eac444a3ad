/// What is looked for in an answer, and what is done with what is found.
///
/// ```swift
/// var policy = OutputPolicy.standard
/// policy.entities[.phoneNumber] = .mask(showingLast: 2)
/// let rules = try OutputRules(policy)
/// ```
public struct OutputPolicy: Sendable, Equatable {
    /// What is done with a thing that was found.
    public enum Action: Sendable, Hashable {
        /// `[CREDIT_CARD]` stands in its place.
        case redact
        /// All but the last characters become `*`; separators stay.
        case mask(showingLast: Int)
        /// A keyed digest stands in its place, the same for the same value and key.
        case hash
        /// It is encrypted with AES-GCM; who has the key can open it.
        case encrypt
        /// A token of the same form stands in its place, which the caller's vault turns back.
        case tokenise
        /// It is reported and goes out as it is.
        case flag
        /// The answer ends before it, in the way of the API.
        case block
    }

    /// Links and images to hosts that nobody allowed, which carry data out as soon as they are shown.
    public struct Links: Sendable, Equatable {
        /// The hosts that may be linked to: a name, or `*.` and a name for those below it.
        public var allowedHosts: [String]
        /// The longest query and fragment, in characters.
        public var maximumQuery: Int
        /// What is done with the others: ``Action/redact``, ``Action/flag`` or ``Action/block``.
        public var action: Action
        /// Whether hosts that the user or the application named may be linked to as well (``RequestFacts/hosts``); links
        /// that stand in plain text are looked at then, too.
        public var takesVouched: Bool

        /// Makes the rule for links.
        public init(
            allowedHosts: [String],
            maximumQuery: Int = 64,
            action: Action = .redact,
            takesVouched: Bool = false
        ) {
            self.allowedHosts = allowedHosts
            self.maximumQuery = maximumQuery
            self.action = action
            self.takesVouched = takesVouched
        }
    }

    /// What happens when the time is over for which something may be held (rule S9).
    public enum OnTime: String, Sendable, Equatable {
        /// It is held on; the caller gets a comment so that the connection lives.
        case hold
        /// What is held is redacted as if it had been found.
        case redact
        /// The answer ends.
        case block
    }

    /// What is done with each kind of personal data; a kind that is absent is not looked for.
    public var entities: [EntityType: Action]
    /// What is done with secrets; nil where they are not looked for.
    public var secrets: Action?
    /// Rules of secrets that are not applied, by id.
    public var secretsLeftOut: Set<String>
    /// Links and images; nil where they are not looked at.
    public var links: Links?
    /// What is done with canaries and with pieces of the request's own system prompt; nil where neither is looked for.
    public var promptLeak: Action?
    /// What is done with canaries, where it is not what is done with the system prompt.
    public var canaryLeak: Action?
    /// What is done with base64 and hexadecimal of more than ``longestEncodedRun`` characters, which could say anything
    /// (rule S8): ``Action/redact``, ``Action/flag`` or ``Action/block``; nil where it goes out.
    public var encodedRuns: Action?
    /// The characters of base64 or hexadecimal that ``encodedRuns`` lets go out in a row.
    public static let longestEncodedRun = 120

    /// The most bytes of a tool call's arguments.
    public var maximumToolCall: Int
    /// How long text may be held with nothing new coming, in milliseconds.
    public var silence: Int
    /// How long text may be held at all, in milliseconds.
    public var longest: Int
    /// What happens then.
    public var onTime: OnTime

    /// Makes a policy.
    public init(
        entities: [EntityType: Action] = [:],
        secrets: Action? = nil,
        secretsLeftOut: Set<String> = [],
        links: Links? = nil,
        promptLeak: Action? = nil,
        canaryLeak: Action? = nil,
        encodedRuns: Action? = nil,
        maximumToolCall: Int = 1 << 20,
        silence: Int = 50,
        longest: Int = 250,
        onTime: OnTime = .hold
    ) {
        self.entities = entities
        self.secrets = secrets
        self.secretsLeftOut = secretsLeftOut
        self.links = links
        self.promptLeak = promptLeak
        self.canaryLeak = canaryLeak
        self.encodedRuns = encodedRuns
        self.maximumToolCall = maximumToolCall
        self.silence = silence
        self.longest = longest
        self.onTime = onTime
    }

    /// Secrets, payment cards, bank accounts, national numbers, addresses of mail and telephones are redacted, and what
    /// the system prompt says does not go out.
    public static let standard = OutputPolicy(
        entities: Dictionary(uniqueKeysWithValues: EntityType.sensitive.map { ($0, .redact) }),
        secrets: .redact,
        promptLeak: .redact
    )

    /// The built-in rules of secrets, by id.
    public static var secretRules: [String] { (try? SecretRules.builtIn.get().ids) ?? [] }

    /// Everything that has a form, and names where they are asked for.
    public static func everything(_ action: Action, names: Bool = false) -> OutputPolicy {
        OutputPolicy(
            entities: Dictionary(
                uniqueKeysWithValues: EntityType.allCases.filter { names || !$0.isName }.map { ($0, action) }
            ),
            secrets: action
        )
    }
}

extension EntityType {
    /// What is personal whatever it stands beside: everything that has a form but dates, links, UUIDs and
    /// postcodes.
    public static let sensitive: [EntityType] = allCases.filter {
        switch $0 {
        case .dateTime, .url, .uuid, .caPostalCode, .dePostalCode, .ukPostcode: false
        default: !$0.isName
        }
    }
}
