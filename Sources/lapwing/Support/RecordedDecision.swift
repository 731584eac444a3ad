import AuditLog
import Authorization
import Gateway
import ZeroTrust

/// What the policies of a configuration say of a request that is on record.
struct RecordedDecision {
    /// Rule by rule, why.
    let explanation: Explanation
    /// What has to be said beside it.
    let notes: [String]

    /// Puts a recorded request to the policies.
    ///
    /// - Throws: ``CommandError`` where no policy was asked, or what was called is not declared any more; `ResourceError`
    ///   where policies contradict each other.
    init(_ record: DecisionRecord, _ configuration: Configuration, _ engine: PolicyEngine) throws {
        var notes: [String] = []
        // A route is looked for after policy; any other reason that is not policy's own came before it.
        let isFailure = ExternalFailure.Code(rawValue: record.reason) != nil
        if isFailure {
            notes.append(
                "the provider `\(record.provider?.name ?? "")` gave no answer: "
                    + "\(record.reason)\(RefusalAdvice.sentence(for: record.reason))"
            )
        }
        if !isFailure, record.reason != "no_route", let policy = record.policy,
            Decision.Reason(rawValue: record.reason) == nil
        {
            // A guardrail, a limit or the upstream refused what the policies had let through.
            throw CommandError(
                .refused,
                "rule \(policy.rule) of `\(policy.namespace)/\(policy.name)` allowed it, and then it was refused: "
                    + "\(record.reason)\(RefusalAdvice.sentence(for: record.reason))"
            )
        }
        guard isFailure || Decision.Reason(rawValue: record.reason) != nil || record.reason == "no_route" else {
            throw CommandError(
                .refused,
                "refused before any policy was asked: \(record.reason)\(RefusalAdvice.sentence(for: record.reason))"
            )
        }
        var attributes = Attributes(record)
        var engine = engine
        if let entry = record.egressEntry {
            engine = try Self.engine(forEntry: entry, configuration)
            attributes.takeOutboundForm()
            notes.append(
                "a call to the ServiceEntry `\(entry.namespace)/\(entry.name)`, by the policies that target it"
            )
        }
        let external = record.provider.flatMap { ExternalVerdict($0.answer) }
        explanation = engine.explain(attributes, external: external)
        if record.snapshot != configuration.digest, explanation.outcome.rawValue != record.outcome.rawValue {
            notes.append(
                "the record says \(record.outcome.rawValue) (\(record.reason)); the configuration has changed since, "
                    + "and this is what it says now"
            )
        }
        self.notes = notes
    }

    /// What decides about calls to a service entry, at whichever gateway sees it.
    private static func engine(
        forEntry entry: (namespace: String, name: String),
        _ configuration: Configuration
    ) throws -> PolicyEngine {
        for gateway in configuration.gateways where gateway.egress != nil {
            let snapshot = try configuration.egress(for: gateway)
            if let engine = snapshot.engine(forEntry: entry.name, in: entry.namespace) { return engine }
        }
        throw CommandError(
            .refused,
            "the ServiceEntry `\(entry.namespace)/\(entry.name)` is not declared any more, so that nobody may call it"
        )
    }
}

extension Attributes {
    /// What the policies of a service entry saw of a call: its host without the port, and the port as it was asked for.
    fileprivate mutating func takeOutboundForm() {
        // The form of a connection that passes through is not a method that policies see.
        let passesThrough = method == "TLS" || method == "CONNECT"
        if passesThrough { (method, path) = ("CONNECT", "") }
        let parts = authority.split(separator: ":", maxSplits: 1)
        let host = parts.first.map { $0.lowercased() } ?? ""
        let port = parts.count == 2 ? UInt16(parts[1]) : passesThrough ? 443 : 80
        authority = host
        destination = Exchange.Endpoint(address: IPAddress(v4: 0), port: port ?? destination.port)
        serverName = passesThrough ? host : nil
    }
}

extension DecisionRecord {
    /// The service entry that an outbound call was to, as its route says.
    fileprivate var egressEntry: (namespace: String, name: String)? {
        guard let parts = route?.split(separator: "/"), parts.count == 3, parts[0] == "egress" else { return nil }
        return (String(parts[1]), String(parts[2]))
    }
}
