import Crypto
import Resources

extension InjectionSection {
    private static let answerActions: [String: OutputPolicy.Action] = [
        "redact": .redact, "flag": .flag, "block": .block,
    ]
    /// What a channel may have for its action: to be judged and acted on, or to be left alone.
    private static let ignored = "ignore"
    private static let mostTools = 256

    /// Reads the section; files are looked for beside the resource's own.
    ///
    /// - Throws: `ResourceError` at the first place that is wrong, and where this build's model cannot be read: texts are
    ///   read with its words by every tier, and a guardrail that finds nothing is none.
    init(_ value: Value, dialect: Dialect, model: InjectionModel = .shared) throws {
        guard model.isUsable else {
            throw value.error(
                "the table `injection.bin` of this build cannot be read, and nothing is found without it; install the "
                    + "release again, or build again with the table that `Training/` makes"
            )
        }
        var policy = InjectionPolicy()
        var fields = try FieldReader(value, of: "injection")
        let channels = Set(TextChannel.allCases).subtracting([.system, .assistant])
        if let action = try fields.optional("action", { try Self.action($0) }) {
            for channel in channels { policy.actions[channel] = action }
        }
        if let tiers = try fields.optional("tiers", { try Self.tiers($0) }) { policy.tiers = tiers }
        if let rate = try fields.optional("falsePositiveRate", { try Self.rate($0) }) {
            policy.falsePositiveRate = rate
        }
        if let calibration = try fields.optional("calibration", { try Self.calibration($0) }) {
            policy.calibration = calibration
        }
        if let own = fields.value("channels"), !own.isNull {
            var fields = try FieldReader(own, of: "channels")
            for channel in TextChannel.allCases {
                guard let value = fields.value(channel.rawValue), !value.isNull else { continue }
                try Self.read(value, of: channel, into: &policy)
            }
            try fields.finish()
        }
        canary = try fields.optional("canary") { try Canary($0, dialect: dialect) }
        systemPrompt = try fields.optional("systemPrompt") { try Self.answerAction($0) }
        taint = try fields.optional("taint") { try Taint($0, dialect: dialect) }
        try fields.finish()
        self.policy = policy
        try Self.checkThresholds(policy, value)
    }

    private static func read(_ value: Value, of channel: TextChannel, into policy: inout InjectionPolicy) throws {
        var fields = try FieldReader(value, of: "the channel `\(channel.rawValue)`")
        let names = InjectionPolicy.Action.allCases.map(\.rawValue) + [ignored]
        let action = try fields.optional("action") { try $0.oneOf(names) }
        if action == ignored {
            policy.channels.remove(channel)
        } else {
            policy.channels.insert(channel)
            if let action { policy.actions[channel] = InjectionPolicy.Action(rawValue: action) ?? .block }
        }
        let own = InjectionPolicy.Channel(
            tiers: try fields.optional("tiers") { try tiers($0) },
            falsePositiveRate: try fields.optional("falsePositiveRate") { try rate($0) },
            calibration: try fields.optional("calibration") { try calibration($0) },
            threshold: try fields.optional("threshold") {
                Int32(try $0.integer(in: -1_000_000...1_000_000))
            }
        )
        try fields.finish()
        if own.threshold != nil, own.falsePositiveRate != nil || own.calibration != nil {
            throw value.error(
                "`threshold` stands in the place of `falsePositiveRate` and `calibration`; leave them out"
            )
        }
        policy.overrides[channel] = own
    }

    /// A channel whose classifier could never fire is not guarded by it, and nobody should think so.
    private static func checkThresholds(_ policy: InjectionPolicy, _ value: Value) throws {
        guard !policy.channels.isEmpty else {
            throw value.error("`injection` ignores every channel; leave it out, or judge one")
        }
        for channel in policy.channels.sorted(by: { $0.rawValue < $1.rawValue })
        where policy.tiers(for: channel).contains(.classifier) && policy.threshold(for: channel) == nil {
            let own = policy.overrides[channel]
            let rate = own?.falsePositiveRate ?? policy.falsePositiveRate
            let scores = (own?.calibration ?? policy.calibration).scores[channel]?.count ?? 0
            let needed = Int((1 / rate).rounded(.up)) - 1
            throw value.error(
                "the calibration has \(scores) texts of the channel `\(channel.rawValue)`, and a rate of \(rate) needs "
                    + "\(needed); calibrate on more, allow a higher rate, or leave the tier `classifier` out"
            )
        }
    }

    // MARK: - Values

    private static func action(_ value: Value) throws -> InjectionPolicy.Action {
        InjectionPolicy.Action(rawValue: try value.oneOf(InjectionPolicy.Action.allCases.map(\.rawValue))) ?? .block
    }

    static func answerAction(_ value: Value) throws -> OutputPolicy.Action {
        answerActions[try value.oneOf(answerActions.keys.sorted())] ?? .block
    }

    private static func tiers(_ value: Value) throws -> Set<InjectionPolicy.Tier> {
        let names = InjectionPolicy.Tier.allCases.map(\.rawValue)
        let tiers = Set(try value.list { InjectionPolicy.Tier(rawValue: try $0.oneOf(names)) ?? .rules })
        guard !tiers.isEmpty else {
            throw value.error("`tiers` names none; a channel that is not judged has `action: ignore`")
        }
        return tiers
    }

    private static func rate(_ value: Value) throws -> Double {
        guard case .number(let text) = value.content, let rate = Double(text), rate > 0, rate <= 0.5 else {
            throw value.error("expected a share above 0 and of at most 0.5, such as 0.005")
        }
        return rate
    }

    private static func calibration(_ value: Value) throws -> InjectionCalibration {
        let bytes = try PolicyFile.read(value, most: InjectionCalibration.maximumFile)
        do { return try InjectionCalibration(file: bytes) } catch let error as JSONFailure {
            throw value.error("the file is no JSON: \(error)")
        } catch let error as PatternError { throw value.error("the file cannot be used: \(error.message)") }
    }
}

extension InjectionSection.Canary {
    fileprivate init(_ value: Value, dialect: Dialect) throws {
        guard dialect.hasSystemPrompt else {
            throw value.error("requests of the dialect `\(dialect.rawValue)` have no system prompt to put a token into")
        }
        var fields = try FieldReader(value, of: "canary")
        let secret = try fields.optional("keyFile") { value in
            let bytes = try PolicyFile.read(value, most: 4096)
            guard bytes.count >= 32 else {
                throw value.error("the key has \(bytes.count) bytes, and needs 32; `head -c 32 /dev/urandom` makes one")
            }
            return SymmetricKey(data: bytes)
        }
        // A key of this process finds a token in the answer; whose it was can be told only while the process runs.
        let key = secret ?? SymmetricKey(size: .bits256)
        mint = CanaryMint(key: key)
        let code = HMAC<SHA256>.authenticationCode(for: Array("lapwing canary key".utf8), using: key)
        keyID = secret == nil ? "" : code.prefix(8).map { String($0, radix: 16) }.joined(separator: ".")
        action = try fields.optional("action") { try InjectionSection.answerAction($0) } ?? .block
        try fields.finish()
    }
}

extension InjectionSection.Taint {
    fileprivate init(_ value: Value, dialect: Dialect) throws {
        var fields = try FieldReader(value, of: "taint")
        if let hosts = try fields.optional("hosts", { try $0.list { try Self.host($0) } }) { self.hosts = hosts }
        if let action = try fields.optional("links", { try InjectionSection.answerAction($0) }) { links = action }
        tools =
            try fields.optional("tools") { value in
                guard AnswerDialect(dialect) != .plain else {
                    throw value.error("answers of the dialect `\(dialect.rawValue)` have no calls of tools")
                }
                let entries = try value.mapping()
                guard entries.count <= InjectionSection.mostTools else {
                    throw value.error(
                        "`tools` has \(entries.count) tools, and \(InjectionSection.mostTools) may stand there"
                    )
                }
                return try entries.map { try Self.tool($0.key, $0.value) }
            } ?? []
        try fields.finish()
    }

    private static func tool(_ name: String, _ value: Value) throws -> ToolGate.Tool {
        var fields = try FieldReader(value, of: "the tool `\(name)`")
        let words = { (value: Value) throws -> [String] in
            try value.list { element in
                let word = try element.string()
                guard (1...64).contains(word.utf8.count) else {
                    throw element.error("expected a name of 1 to 64 bytes")
                }
                return word
            }
        }
        let destinations = try fields.optional("destinations", words) ?? []
        let intents = try fields.optional("intents", words) ?? []
        try fields.finish()
        guard !destinations.isEmpty || !intents.isEmpty else {
            throw value.error("the tool `\(name)` needs `destinations` or `intents`")
        }
        return ToolGate.Tool(name: name, destinations: Set(destinations), intents: Set(intents.map { $0.lowercased() }))
    }

    private static func host(_ value: Value) throws -> String {
        let host = try value.string().lowercased()
        let name = host.hasPrefix("*.") ? host.dropFirst(2) : host[...]
        guard !name.isEmpty, name.utf8.count <= 253,
            name.utf8.allSatisfy({ UnitClass.isAlphanumeric($0) || $0 == 0x2D || $0 == 0x2E })
        else {
            throw value.error("expected the name of a host, or `*.` and a name for those below it, found `\(host)`")
        }
        return host
    }
}

extension Dialect {
    /// Whether a request has texts in which the application tells the model of its task.
    var hasSystemPrompt: Bool {
        switch self {
        case .openAI, .openAIChat, .openAIResponses, .anthropic: true
        case .openAICompletions, .openAIEmbeddings, .kserveV2, .kserveV1, .torchServe, .mcp, .json: false
        }
    }
}
