import AuditLog
import Monitoring
import ZeroTrust

extension Monitor {
    /// Passes over what was pruned of the node's own log before it was read, which is a finding: what it told is not known.
    ///
    /// - Parameters:
    ///   - reader: the log.
    ///   - time: when, for the finding; nil for the time of the first record that there is.
    /// - Returns: the index of the first record that there is, where anything was passed over.
    /// - Throws: `AuditLogError` where the log cannot be read.
    mutating func passOverPruned(of reader: LogReader, at time: Timestamp? = nil) throws -> UInt64? {
        let first = try reader.minimumIndex()
        guard next[.lapwing] ?? 0 < first else { return nil }
        let oldest = try reader.entries(in: first..<first + 1).first.flatMap { try? $0.record() }
        skip(to: first, of: .lapwing)
        take(.historyLost(before: first), of: .lapwing, record: first, at: time ?? oldest?.time)
        return first
    }

    /// Takes one entry of the node's own log.
    ///
    /// An entry that is no record is itself a finding; a record of another kind says nothing here.
    ///
    /// - Parameters:
    ///   - entry: the entry.
    ///   - ports: whom requests were for that were refused before a route was found.
    ///   - known: the texts of those before, where many are taken in turn.
    mutating func take(
        _ entry: LogReader.Entry,
        at ports: ServedPorts = ServedPorts(),
        knowing known: RecordTexts? = nil
    ) {
        skip(to: entry.index + 1, of: .lapwing)
        // What was made a moment ago need not be read back, unless rules look at all of it.
        if let gist = entry.gist, !settings.rules.reads(.lapwing) { return take(gist, entry.index, at: ports) }
        let record: AuditRecord
        do { record = try entry.record(knowing: known) } catch {
            take(.verificationFailed("entry \(entry.index) is no record"))
            return
        }
        if settings.rules.reads(.lapwing) { examine(entry, record) }
        switch record {
        case .decision(let decision): take(.decision(.init(decision)), entry.index, at: ports)
        case .completion(let completion): take(.completion(.init(completion)), entry.index, at: ports)
        case .act(let act):
            if let reading = IntegrityReading(action: act.action, subject: act.subject) {
                take(reading, at: act.time)
            } else if act.outcome == .allow, let change = FindingAct(action: act.action, reason: act.reason) {
                // One that came too late, or for a finding that was let go of, changes nothing.
                try? apply(change, to: act.subject, by: act.actor, at: act.time)
            }
        default: return
        }
    }

    /// Takes what an entry tells.
    private mutating func take(_ gist: RecordGist, _ index: UInt64, at ports: ServedPorts) {
        switch gist {
        case .decision(let decision):
            observe(Observation(decision, record: index, at: ports), until: StableHash.of(decision.id))
        case .completion(let completion):
            complete(
                StableHash.of(completion.id),
                record: index,
                at: completion.time,
                bytes: completion.bytesSent,
                // Those of the request were counted when it began.
                tokens: completion.outputTokens ?? 0,
                // What was found in an answer that was given all the same is no refusal.
                guardRule: completion.ending == .answerRefused ? completion.guardRule : nil
            )
        }
    }

    private mutating func examine(_ entry: LogReader.Entry, _ record: AuditRecord) {
        let (caller, id): (String, UInt64?) =
            switch record {
            case .decision(let decision): (Observation.caller(of: .init(decision)), nil)
            case .completion(let completion): ("", StableHash.of(completion.id))
            case .refusals(let refusals): (refusals.source.map { "anonymous@\($0)" } ?? "", nil)
            case .act(let act): (act.actor, nil)
            case .bodies, .sampling: ("", nil)
            }
        examine(entry.bytes, of: .lapwing, record: entry.index, at: record.time, caller: caller, endOf: id)
    }
}

extension Observation {
    /// What a decision's record tells.
    ///
    /// The callee is the route, which stands for the service behind it; where none was found, the workload that listens
    /// there, or the listener where that is not known. For an outbound call it is the host and port that was asked for.
    init(_ record: RecordGist.Decision, record index: UInt64, at ports: ServedPorts = ServedPorts()) {
        let isOutbound = record.route?.hasPrefix("egress/") ?? Self.outboundReasons.contains(record.reason)
        var marks: Marks = []
        if isOutbound { marks.insert(.leaves) }
        if !record.isEncrypted, !isOutbound { marks.insert(.plaintext) }
        if record.caller == nil { marks.insert(.anonymous) }
        if record.outcome == .deny, Self.undeclaredReasons.contains(record.reason) { marks.insert(.undeclared) }
        let path = Self.withoutQuery(record.path)
        let port = record.port
        self.init(
            source: .lapwing,
            record: index,
            time: record.time,
            caller: Self.caller(of: record),
            callee: isOutbound
                ? record.authority : record.route ?? ports.workload(at: port) ?? "listener:\(port)",
            verb: record.method,
            object: path,
            model: isOutbound ? nil : Self.model(of: path, asked: record.model, route: record.route),
            decision: record.outcome == .allow ? .allow : .deny,
            tokens: record.outcome == .allow ? UInt64(clamping: record.prompt?.tokens ?? 0) : 0,
            // What was found in a request that went on all the same is no refusal.
            guardRule: record.outcome == .deny ? record.guardRule : nil,
            wasGuarded: record.isGuarded,
            prompt: record.prompt.map(PromptTraits.init),
            marks: marks
        )
    }

    /// The same, of a record that was read.
    init(_ record: DecisionRecord, record index: UInt64) { self.init(RecordGist.Decision(record), record: index) }

    /// Who made a request: the identity that was proved, else the address.
    fileprivate static func caller(of record: RecordGist.Decision) -> String {
        record.caller ?? "anonymous@\(record.source)"
    }

    /// A path without what follows `?`; most have nothing there, and are not copied.
    private static func withoutQuery(_ path: String) -> String {
        guard let end = path.utf8.firstIndex(of: UInt8(ascii: "?")) else { return path }
        return String(path[..<end])
    }

    /// Reasons that say that nobody has declared it.
    private static let undeclaredReasons: Set<String> = [
        "no_rule_matched", "no_allow_policy", "undeclared_host", "undeclared_port", "address_not_declared",
        "dns_over_https",
        "dns_over_tls",
    ]

    /// Reasons that only outbound calls are refused for.
    private static let outboundReasons: Set<String> = [
        "undeclared_host", "undeclared_port", "address_not_declared", "dns_over_https", "dns_over_tls", "ip_literal",
        "private_address", "metadata_address", "dns_tunnel",
    ]

    /// The model that a path names in KServe's and TensorFlow's dialects, `/v2/models/NAME/…`, else the one that the body asks
    /// for, where a guardrail read it, else the one behind a route.
    private static func model(of path: String, asked: String?, route: String?) -> ModelReference? {
        // Most paths name none, and are not taken apart.
        let parts = mayNameModel(path) ? path.split(separator: "/", maxSplits: 4) : []
        if parts.count >= 3, parts[0] == "v2" || parts[0] == "v1", parts[1] == "models" {
            return ModelReference(name: String(parts[2].prefix { $0 != ":" }))
        }
        if let asked, !asked.isEmpty { return ModelReference(name: asked) }
        return route.map { ModelReference(name: "route:" + $0) }
    }

    /// Whether a path begins as one that names a model does.
    private static func mayNameModel(_ path: String) -> Bool {
        let rest = path.utf8.drop { $0 == UInt8(ascii: "/") }
        guard rest.starts(with: "v1/".utf8) || rest.starts(with: "v2/".utf8) else { return false }
        return rest.dropFirst(2).drop { $0 == UInt8(ascii: "/") }.starts(with: "models/".utf8)
    }
}

extension PromptTraits {
    /// What a record knows of a prompt.
    fileprivate init(_ prompt: DecisionRecord.Prompt) {
        self.init(
            fingerprint: prompt.fingerprint,
            template: prompt.template,
            temperature: prompt.temperature.map { Double($0) / 1_000 },
            wantsLogProbabilities: prompt.wantsLogProbabilities
        )
    }
}
