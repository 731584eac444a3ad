/// What the outbound side of a gateway has counted.
public struct EgressMetrics: Sendable {
    /// What tells decisions apart.
    struct DecisionKey: Hashable, Sendable {
        let isAllowed: Bool
        let reason: String
    }

    var connectionsOpened: UInt64 = 0
    var connections = 0
    /// Connections and requests that were decided on; the reasons are codes of ours, so that they are few.
    var decisions: [DecisionKey: UInt64] = [:]
    /// Connections refused before their caller was known, or for how many it has, by reason.
    var refusals: [String: UInt64] = [:]
    /// Bytes that callers sent out.
    var bytesSent: UInt64 = 0
    /// Bytes that came back to them.
    var bytesReceived: UInt64 = 0
}
