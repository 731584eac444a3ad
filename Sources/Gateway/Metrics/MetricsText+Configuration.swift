import ZeroTrust

extension MetricsText {
    /// What is in force, and how the last attempt to change it ended.
    mutating func configuration(_ status: ConfigurationHistory.Status) {
        gauge(
            "lapwing_config_last_reload_success",
            "Whether the last attempt to load a configuration succeeded; where not, the one before stays in force.",
            status.isSettled ? 1 : 0
        )
        gauge(
            "lapwing_config_last_reload_timestamp_seconds",
            "When a configuration was last tried, at the start or later.",
            (status.last?.time ?? status.since).seconds
        )
        gauge(
            "lapwing_config_last_success_timestamp_seconds",
            "Since when the configuration in force is.",
            status.since.seconds
        )
        family("lapwing_config_reloads_total", "counter", "Attempts to reload, by outcome and reason.")
        sample("lapwing_config_reloads_total", [("outcome", "applied"), ("reason", "")], String(status.applied))
        for (reason, count) in status.refused.sorted(by: { $0.key < $1.key }) {
            sample("lapwing_config_reloads_total", [("outcome", "refused"), ("reason", reason)], String(count))
        }
        family("lapwing_config_info", "gauge", "The digest of the configuration in force; always 1.")
        sample("lapwing_config_info", [("digest", status.digest)], "1")
        guard let last = status.last, last.outcome == .refused else { return }
        family("lapwing_config_refusal_info", "gauge", "The configuration that was refused last, and why; always 1.")
        sample(
            "lapwing_config_refusal_info",
            [
                ("digest", last.new ?? ""), ("reason", last.reason ?? ""),
                ("problem", String((last.problem ?? "").prefix(200))),
            ],
            "1"
        )
    }
}

extension Timestamp {
    /// Seconds since 1970.
    fileprivate var seconds: Double { Double(nanoseconds) / 1e9 }
}
