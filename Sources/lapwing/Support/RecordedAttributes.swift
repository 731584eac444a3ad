import AuditLog
import Authorization
import ZeroTrust

extension Attributes {
    /// What the policies saw of a request, as far as its record tells.
    init(_ record: DecisionRecord) {
        self.init(
            caller: record.caller.map { Caller($0.spiffeID) } ?? .anonymous,
            method: record.request.method,
            path: record.request.path,
            authority: record.request.authority,
            headers: record.request.headers,
            source: record.source.address,
            destination: record.request.destination,
            serverName: record.tls?.serverName,
            token: record.token.map { TokenClaims($0) }
        )
    }

    /// What the policies saw of a request, as far as its record tells.
    init(_ record: RecordedRequest) {
        self.init(
            caller: record.caller.map { Caller($0) } ?? .anonymous,
            method: record.method,
            path: record.path,
            authority: record.authority,
            headers: record.headers,
            source: record.source,
            destination: record.destination,
            serverName: record.serverName,
            token: record.token.map { TokenClaims($0) }
        )
    }
}

extension RecordedRequest {
    /// Whether policies decided it: a route is looked for after them, any other foreign reason came before.
    var wasDecidedByPolicy: Bool {
        reason.map { Decision.Reason(rawValue: $0) != nil || $0 == "no_route" } ?? true
    }
}
