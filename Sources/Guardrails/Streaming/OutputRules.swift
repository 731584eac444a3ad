/// An ``OutputPolicy``, compiled: made once for a policy, immutable, and shared by every stream.
@safe
public final class OutputRules: Sendable {
    /// The policy that it was made of.
    public let policy: OutputPolicy
    /// The rules; a match names one by its index.
    let rules: [Rule]
    /// What is done with what a rule finds; nil where it is not applied.
    private let actions: [OutputPolicy.Action?]
    /// The types that are looked for, a bit for each.
    private let looked: SIMD2<UInt64>
    let secrets: SecretRules
    let links: LinkRules?
    let identifiers: IdentifierRules
    /// What tells names; nil where none are looked for.
    let names: NameTagger?
    let keys: OutputKeys

    /// One rule.
    struct Rule: Sendable {
        /// `pii/CREDIT_CARD`.
        let id: String
        /// What stands in the place of what it finds.
        let label: String
    }

    /// Compiles a policy.
    ///
    /// `keys` serve ``OutputPolicy/Action/hash``, ``OutputPolicy/Action/encrypt`` and
    /// ``OutputPolicy/Action/tokenise``; without them those actions are an error, as is a policy that names a rule
    /// which does not exist.
    public init(_ policy: OutputPolicy, keys: OutputKeys? = nil) throws {
        self.policy = policy
        let needsKeys =
            (policy.entities.values + [policy.secrets, policy.promptLeak, policy.canaryLeak].compactMap { $0 }).contains
        {
            $0 == .hash || $0 == .encrypt || $0 == .tokenise
        }
        guard !needsKeys || keys != nil else {
            throw PatternError(.file, "the policy hashes, encrypts or tokenises, and there is no key for it")
        }
        names = policy.entities.keys.contains(where: \.isName) ? NameTagger.builtIn : nil
        if names == nil, let type = policy.entities.keys.first(where: \.isName) {
            throw PatternError(.file, "`\(type.rawValue)` cannot be told: the tagger of this build cannot be read")
        }
        self.keys = keys ?? OutputKeys.none
        let secrets = try SecretRules.builtIn.get()
        self.secrets = secrets
        identifiers = try IdentifierRules.builtIn.get()
        links = policy.links.map(LinkRules.init)
        let unknown = policy.secretsLeftOut.filter { name in !secrets.ids.contains(name) }
        guard unknown.isEmpty else {
            throw PatternError(.file, "there is no rule of secrets `\(unknown.sorted()[0])`")
        }
        var rules: [Rule] = []
        var actions: [OutputPolicy.Action?] = []
        for type in EntityType.allCases {
            rules.append(Rule(id: "pii/\(type.rawValue)", label: type.rawValue))
            actions.append(policy.entities[type])
        }
        var looked = SIMD2<UInt64>()
        for (place, action) in actions.enumerated() where action != nil {
            looked[place >> 6] |= 1 << UInt64(place & 63)
        }
        self.looked = looked
        for id in secrets.ids {
            rules.append(Rule(id: "secret/\(id)", label: "SECRET"))
            actions.append(policy.secretsLeftOut.contains(id) ? nil : policy.secrets)
        }
        rules.append(Rule(id: "link/host", label: "LINK"))
        actions.append(policy.links?.action)
        rules.append(Rule(id: "encoded/run", label: "ENCODED"))
        actions.append(policy.encodedRuns)
        rules.append(Rule(id: "prompt/canary", label: "CANARY"))
        actions.append(policy.canaryLeak ?? policy.promptLeak)
        rules.append(Rule(id: "prompt/overlap", label: "PROMPT"))
        actions.append(policy.promptLeak)
        self.rules = rules
        self.actions = actions
    }

    static let firstSecret = EntityType.allCases.count
    var link: Int { rules.count - 4 }
    var encodedRun: Int { rules.count - 3 }
    var canary: Int { rules.count - 2 }
    var overlap: Int { rules.count - 1 }

    @inline(__always)
    func action(_ rule: Int) -> OutputPolicy.Action? { actions[rule] }

    @inline(__always)
    func looks(for type: EntityType) -> Bool { looks(for: type.index) }

    /// Whether the type of a place among all types is looked for.
    @inline(__always)
    func looks(for type: Int) -> Bool { looked[type >> 6] >> UInt64(type & 63) & 1 != 0 }

    var looksForSecrets: Bool { policy.secrets != nil }
}

extension EntityType {
    /// Its place among all types.
    @inline(__always)
    var index: Int {
        // Sound: an enumeration of fewer than 256 cases without values is one byte, its place in the declaration; a test
        // holds that against `allCases`.
        Int(unsafe unsafeBitCast(self, to: UInt8.self))
    }
}
