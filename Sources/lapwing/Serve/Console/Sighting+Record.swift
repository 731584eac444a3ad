import Authorization
import Console
import Monitoring
import ZeroTrust

extension Sighting {
    /// A decision as the console counts it.
    init(_ record: DecisionRecord, entry: UInt64, _ callees: Callees) {
        let seen = Observation(record, record: entry)
        let isOutbound = seen.marks.contains(.leaves)
        self.init(
            entry: entry,
            id: record.id.description,
            time: record.time,
            caller: seen.caller,
            callee: isOutbound ? record.request.authority : callees.callee(of: record),
            asked: Self.asked(record.request),
            isAllowed: record.outcome == .allow,
            reason: record.reason,
            // Where a guardrail or a limit refused what a rule had allowed, the rule is not the grounds.
            rule: Decision.Reason(rawValue: record.reason) == nil
                ? nil : record.policy.map { "\($0.namespace)/\($0.name):\($0.rule)" }
        )
        isUndeclared = seen.marks.contains(.undeclared)
        isPlaintext = seen.marks.contains(.plaintext)
        self.isOutbound = isOutbound
        isGuarded = seen.guardRule != nil
        model = seen.model.map { $0.name.hasPrefix("route:") ? "behind \($0.name.dropFirst(6))" : $0.name }
        digest = record.caller?.modelDigest
        signer = record.caller?.modelSigner
    }

    /// What was asked, in one line; a head that could not be read asks nothing.
    private static func asked(_ request: DecisionRecord.Request) -> String {
        let words = [request.method, String(request.path.prefix(120))].filter { !$0.isEmpty }
        return words.isEmpty ? "(malformed)" : words.joined(separator: " ")
    }
}
