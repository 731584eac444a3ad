import Monitoring

extension MonitorService {
    /// What a scrape is told of the monitor, as Prometheus reads it.
    var metrics: String {
        let status = status
        var text = ""
        func family(_ name: String, _ type: String, _ help: String) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
        }
        family("lapwing_findings_total", "counter", "Findings that were opened, by type and severity.")
        for type in FindingType.allCases {
            for severity in Severity.allCases {
                guard let count = status.opened[type]?[severity] else { continue }
                text += "lapwing_findings_total{type=\"\(type.name)\",severity=\"\(severity.name)\"} \(count)\n"
            }
        }
        family("lapwing_findings_open", "gauge", "Findings that are open or acknowledged, by severity.")
        for severity in Severity.allCases {
            text += "lapwing_findings_open{severity=\"\(severity.name)\"} \(status.active[severity] ?? 0)\n"
        }
        family("lapwing_monitor_observations_total", "counter", "Observations that the monitor has seen.")
        text += "lapwing_monitor_observations_total \(status.observed)\n"
        family("lapwing_monitor_lag_records", "gauge", "Records of the log that the monitor has not read yet.")
        text += "lapwing_monitor_lag_records \(status.lag)\n"
        family("lapwing_alerts_waiting", "gauge", "Alerts that have not gone out yet.")
        text += "lapwing_alerts_waiting \(status.waiting)\n"
        family("lapwing_alerts_total", "counter", "Alerts by route and how they ended.")
        for (result, counts) in [("delivered", status.delivered), ("given_up", status.givenUp)] {
            // Names of routes are labels of Kubernetes, in which nothing has to be escaped.
            for (route, count) in counts.sorted(by: { $0.key < $1.key }) {
                text += "lapwing_alerts_total{route=\"\(route)\",result=\"\(result)\"} \(count)\n"
            }
        }
        return text
    }
}
