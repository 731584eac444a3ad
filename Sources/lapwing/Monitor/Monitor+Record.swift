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
    mutating func take(_ entry: LogReader.Entry) {
        skip(to: entry.index + 1, of: .lapwing)
        let record: AuditRecord
        do { record = try entry.record() } catch {
            take(.verificationFailed("entry \(entry.index) is no record"))
            return
        }
        switch record {
        case .decision(let decision):
            observe(Observation(decision, record: entry.index), until: StableHash.of(decision.id.description))
        case .completion(let completion):
            complete(
                StableHash.of(completion.id.description),
                record: entry.index,
                at: completion.time,
                bytes: completion.bytesSent,
                // What was found in an answer that was given all the same is no refusal.
                guardRule: completion.ending == .answerRefused ? completion.guardrail?.rule : nil
            )
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
}

extension Observation {
    /// What a decision's record tells.
    ///
    /// The callee is the route, which stands for the service behind it, or the listener where no route was found; for an
    /// outbound call it is the host and port that was asked for.
    init(_ record: DecisionRecord, record index: UInt64) {
        let isOutbound = record.route?.hasPrefix("egress/") ?? Self.outboundReasons.contains(record.reason)
        var marks: Marks = []
        if isOutbound { marks.insert(.leaves) }
        if record.tls == nil, !isOutbound { marks.insert(.plaintext) }
        if record.caller == nil { marks.insert(.anonymous) }
        if record.outcome == .deny, Self.undeclaredReasons.contains(record.reason) { marks.insert(.undeclared) }
        let path = record.request.path.prefix { $0 != "?" }
        self.init(
            source: .lapwing,
            record: index,
            time: record.time,
            caller: record.caller?.spiffeID.description ?? "anonymous@\(record.source.address)",
            callee: isOutbound
                ? record.request.authority : record.route ?? "listener:\(record.request.destination.port)",
            verb: record.request.method,
            object: String(path),
            model: isOutbound ? nil : Self.model(of: path, route: record.route),
            decision: record.outcome == .allow ? .allow : .deny,
            // What was found in a request that went on all the same is no refusal.
            guardRule: record.outcome == .deny ? record.guardrail?.rule : nil,
            wasGuarded: record.guardrail != nil,
            marks: marks
        )
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

    /// The model that a path names in KServe's and TensorFlow's dialects, `/v2/models/NAME/…`, else the one behind a route.
    private static func model(of path: Substring, route: String?) -> ModelReference? {
        let parts = path.split(separator: "/", maxSplits: 4)
        if parts.count >= 3, parts[0] == "v2" || parts[0] == "v1", parts[1] == "models" {
            return ModelReference(name: String(parts[2].prefix { $0 != ":" }))
        }
        return route.map { ModelReference(name: "route:\($0)") }
    }
}
