import AuditLog
import Authorization
import Logging
import NIOCore
import Resources
import ZeroTrust

/// What the record says of one outbound connection or request, gathered as it becomes known.
///
/// Every one leaves one decision and one completion, as a request to the gateway does. `method` tells the form: `CONNECT`,
/// `TLS` for a connection that names its server by SNI alone, or the method of a plain request. The caller has no
/// certificate: its serial number and digest are empty, since the kernel vouches for it.
struct EgressRecord {
    let id: RequestID
    let startedAt: NIODeadline
    let source: Exchange.Endpoint
    var method = ""
    var path = ""
    var authority = ""
    var headers: [Exchange.Header] = []
    var serverName: String?
    var caller: SPIFFEID?
    var entry: ServiceEntry?
    var destination: Exchange.Endpoint
    var decision: Decision?
    /// The digest of the snapshot that decided.
    var snapshot: String?
    var bytesReceived: UInt64 = 0
    var bytesSent: UInt64 = 0
    var status: Int?
    /// Whether the decision was handed to the log, so that a completion has to follow.
    var isDecided = false

    init(id: RequestID, startedAt: NIODeadline, source: Exchange.Endpoint) {
        self.id = id
        self.startedAt = startedAt
        self.source = source
        self.destination = Exchange.Endpoint(address: IPAddress(v4: 0), port: 0)
    }

    /// The entry's name, as records carry it.
    var route: String? { entry.map { "egress/\($0.namespace)/\($0.name)" } }

    /// The decision: refused for a reason, or allowed by the rule that decided.
    func decisionRecord(refusedFor reason: String?, snapshot: String, node: String) -> DecisionRecord {
        DecisionRecord(
            id: id,
            time: .now(),
            node: node,
            caller: caller.map { .init(spiffeID: $0, serialNumber: "", fingerprint: "") },
            source: source,
            tls: serverName.map { .init(version: "", cipher: "", serverName: $0) },
            request: .init(
                method: method,
                path: path,
                authority: authority,
                headers: headers,
                destination: destination
            ),
            outcome: reason == nil ? .allow : .deny,
            reason: reason ?? decision?.reason.rawValue ?? "allowed_by_rule",
            policy: decision?.rule.map(DecisionRecord.Policy.init),
            snapshot: snapshot,
            compatibility: "strict",
            latency: startedAt.nanoseconds(until: .now()),
            route: route
        )
    }

    /// The end.
    func completionRecord(_ ending: CompletionRecord.Ending, node: String) -> CompletionRecord {
        CompletionRecord(
            id: id,
            time: .now(),
            node: node,
            status: status,
            bytesReceived: bytesReceived,
            bytesSent: bytesSent,
            upstream: entry?.name,
            timings: .init(total: startedAt.nanoseconds(until: .now())),
            ending: ending
        )
    }
}
