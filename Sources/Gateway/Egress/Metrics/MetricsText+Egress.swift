extension MetricsText {
    /// What local workloads called, and what was refused them.
    mutating func egress(_ metrics: EgressMetrics) {
        counter(
            "lapwing_egress_connections_total",
            "Connections of local callers that were accepted.",
            metrics.connectionsOpened
        )
        gauge(
            "lapwing_egress_connections",
            "Connections of local callers that are open.",
            Double(metrics.connections)
        )
        family(
            "lapwing_egress_decisions_total",
            "counter",
            "Outbound connections and requests, by decision and reason."
        )
        for (key, count) in metrics.decisions.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            sample(
                "lapwing_egress_decisions_total",
                [("decision", key.isAllowed ? "allow" : "deny"), ("reason", key.reason)],
                String(count)
            )
        }
        family(
            "lapwing_egress_refused_total",
            "counter",
            "Connections of local callers that were refused before anything was decided, by reason."
        )
        for (reason, count) in metrics.refusals.sorted(by: { $0.key < $1.key }) {
            sample("lapwing_egress_refused_total", [("reason", reason)], String(count))
        }
        counter("lapwing_egress_sent_bytes_total", "Bytes that local callers sent out.", metrics.bytesSent)
        counter("lapwing_egress_received_bytes_total", "Bytes that came back to them.", metrics.bytesReceived)
    }
}
