public import ZeroTrust

/// When each Alertmanager is told again what goes on.
///
/// It keeps alerts in memory alone and relies on its clients for them, so that one that was started anew has those of
/// Prometheus back within a minute, and ours.
///
/// It is a value that reads no clock.
public struct AlertRenewal: Sendable {
    /// How often: the `--rules.alert.resend-delay` of Prometheus, unless that is said.
    public static let interval: Int64 = 60_000_000_000

    private var last: [String: Timestamp] = [:]

    /// Nobody was told anything yet.
    public init() {}

    /// What a route is told now.
    ///
    /// - Parameters:
    ///   - route: the route.
    ///   - findings: all that there are.
    ///   - node: which node says so.
    ///   - time: now.
    /// - Returns: the bodies; none where it is not time yet, nothing goes on, or the receiver keeps what it is told.
    public mutating func bodies(
        for route: AlertRoute,
        of findings: [Finding],
        node: String,
        at time: Timestamp
    ) -> [String] {
        guard case .alertmanager = route.receiver else { return [] }
        // A clock that was set back holds nothing up.
        if let last = last[route.name], (0..<Self.interval).contains(time.nanoseconds - last.nanoseconds) { return [] }
        let active = findings.filter { $0.state.isActive && route.takes($0) }
        guard !active.isEmpty else { return [] }
        last[route.name] = time
        return AlertPayload.renewals(active, node: node, at: time)
    }
}
