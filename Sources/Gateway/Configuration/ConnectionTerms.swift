import NIOCore

/// How much one connection may use, and how long it may take; it keeps the terms that it began with.
///
/// It stands apart from the rest of a ``GatewaySnapshot``, so that a connection which lives for days holds no policy
/// that was replaced in its first hour.
final class ConnectionTerms: Sendable {
    let limits: GatewayLimits
    let timeouts: Timeouts

    /// The durations of the configuration, as event loops count them.
    struct Timeouts: Sendable {
        let head: TimeAmount
        let body: TimeAmount
        let idle: TimeAmount
        /// How long a record may take before the request is refused without it.
        let record = TimeAmount.seconds(10)
        let linger: TimeAmount
    }

    init(_ limits: GatewayLimits) {
        self.limits = limits
        self.timeouts = Timeouts(
            head: TimeAmount(limits.headTimeout),
            body: TimeAmount(limits.bodyTimeout),
            idle: TimeAmount(limits.idleTimeout),
            linger: TimeAmount(limits.linger)
        )
    }
}
