import AuditLog
import Authorization
import FoundationEssentials

/// Writes metrics as Prometheus reads them (text format 0.0.4).
struct MetricsText {
    private(set) var text = ""

    /// What stands beside the counters of the event loops.
    struct Surroundings: Sendable {
        var version: String
        var principal: String
        var workload: String
        var namespace: String
        var identityExpiry: Double
        var log: LogStats
        var tokenKeys: [TokenKeyStatus]
        var isReady: Bool
        var history: ConfigurationHistory.Status?
        var egress: EgressMetrics?
    }

    /// The whole answer to a scrape.
    ///
    /// - Parameters:
    ///   - metrics: what the event loops have counted.
    ///   - surroundings: what stands beside.
    ///   - isIstio: whether durations are told in Istio's words as well.
    /// - Returns: the text.
    static func render(_ metrics: WorkerMetrics, _ surroundings: Surroundings, isIstio: Bool = false) -> String {
        var output = MetricsText()
        output.requests(metrics, surroundings)
        if isIstio { output.istioDuration(metrics, surroundings) }
        output.opaqueConnections(metrics, surroundings)
        output.connections(metrics)
        output.audit(metrics, surroundings.log)
        output.gauge(
            "lapwing_svid_expiry_timestamp_seconds",
            "When the gateway's own SVID expires.",
            surroundings.identityExpiry
        )
        output.tokenKeys(surroundings.tokenKeys)
        output.gauge("lapwing_ready", "Whether the gateway takes requests.", surroundings.isReady ? 1 : 0)
        if let egress = surroundings.egress { output.egress(egress) }
        if let history = surroundings.history { output.configuration(history) }
        output.family("lapwing_build_info", "gauge", "The version that runs; always 1.")
        output.sample("lapwing_build_info", [("version", surroundings.version)], "1")
        output.counter(
            "lapwing_metrics_series_dropped_total",
            "Samples counted under `other`, since their metric has too many series.",
            metrics.droppedSeries
        )
        return output.text
    }

    private mutating func requests(_ metrics: WorkerMetrics, _ surroundings: Surroundings) {
        family("lapwing_requests_total", "counter", "Requests by decision, the policy that decided and the reason.")
        for (key, value) in metrics.decisions.byKey.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            sample(
                "lapwing_requests_total",
                [("decision", key.isAllowed ? "allow" : "deny"), ("policy", key.policy), ("reason", key.reason)],
                String(value)
            )
        }
        histogram(
            "lapwing_request_duration_seconds",
            "From a request's first byte to its end.",
            metrics.requestDuration
        )
        histogram("lapwing_decision_duration_seconds", "How long policy took to decide.", metrics.decisionDuration)
        family("lapwing_provider_checks_total", "counter", "What the providers of CUSTOM policies answered.")
        for (key, value) in metrics.checks.byKey.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            sample(
                "lapwing_provider_checks_total",
                [("provider", key.provider), ("answer", key.answer)],
                String(value)
            )
        }
        histogram(
            "lapwing_provider_check_duration_seconds",
            "How long the providers of CUSTOM policies took to answer.",
            metrics.checkDuration
        )
        family("istio_requests_total", "counter", "Requests, in the words of Istio's standard metrics.")
        for (key, value) in metrics.requests.byKey.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            sample(
                "istio_requests_total",
                [
                    ("reporter", "destination"), ("request_protocol", "http"), ("response_code", String(key.status)),
                    ("source_principal", key.source), ("destination_principal", surroundings.principal),
                    ("destination_workload", surroundings.workload),
                    ("destination_workload_namespace", surroundings.namespace),
                    ("destination_service_name", key.upstream),
                    ("connection_security_policy", Self.security(of: key.source)),
                ],
                String(value)
            )
        }
        counter("lapwing_request_body_bytes_total", "Bytes of content received from clients.", metrics.bytesReceived)
        counter("lapwing_response_body_bytes_total", "Bytes of content sent to clients.", metrics.bytesSent)
    }

    /// How long requests took, by the callers that Istio's boards ask for; in milliseconds, as Istio has it.
    private mutating func istioDuration(_ metrics: WorkerMetrics, _ surroundings: Surroundings) {
        let name = "istio_request_duration_milliseconds"
        family(name, "histogram", "How long requests took, in the words of Istio's standard metrics.")
        for (key, histogram) in metrics.durations.byKey.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            let labels = [
                ("reporter", "destination"), ("request_protocol", "http"), ("response_code", String(key.status)),
                ("source_principal", key.source), ("destination_principal", surroundings.principal),
                ("destination_workload", surroundings.workload),
                ("destination_workload_namespace", surroundings.namespace),
                ("connection_security_policy", Self.security(of: key.source)),
            ]
            var total: UInt64 = 0
            for (bound, count) in zip(histogram.bounds, histogram.counts) {
                total += count
                sample(name + "_bucket", labels + [("le", String(Double(bound) / 1e6))], String(total))
            }
            total += histogram.counts.last ?? 0
            sample(name + "_bucket", labels + [("le", "+Inf")], String(total))
            sample(name + "_sum", labels, String(Double(histogram.sum) / 1e6))
            sample(name + "_count", labels, String(total))
        }
    }

    /// Whether a caller proved who it is, in Istio's words.
    private static func security(of source: String) -> String {
        source == ClientConnection.Caller.unknown ? "none" : "mutual_tls"
    }

    private mutating func opaqueConnections(_ metrics: WorkerMetrics, _ surroundings: Surroundings) {
        for (name, help, counts) in [
            ("opened", "Connections without HTTP to upstreams, in Istio's words.", metrics.opened),
            ("closed", "Connections without HTTP to upstreams that have ended, in Istio's words.", metrics.closed),
        ] {
            family("istio_tcp_connections_\(name)_total", "counter", help)
            for (key, value) in counts.byKey.sorted(by: { "\($0.key)" < "\($1.key)" }) {
                sample(
                    "istio_tcp_connections_\(name)_total",
                    [
                        ("reporter", "destination"), ("request_protocol", "tcp"), ("source_principal", key.source),
                        ("destination_principal", surroundings.principal),
                        ("destination_workload", surroundings.workload),
                        ("destination_workload_namespace", surroundings.namespace),
                        ("destination_service_name", key.upstream),
                        ("connection_security_policy", Self.security(of: key.source)),
                    ],
                    String(value)
                )
            }
        }
    }

    private mutating func connections(_ metrics: WorkerMetrics) {
        family("lapwing_connections_refused_total", "counter", "Connections refused or ended, by reason.")
        for (reason, value) in metrics.refusals.sorted(by: { $0.key < $1.key }) {
            sample("lapwing_connections_refused_total", [("reason", reason)], String(value))
        }
        counter("lapwing_connections_total", "Client connections accepted.", metrics.connectionsOpened)
        gauge("lapwing_connections", "Client connections that are open.", Double(metrics.connections))
        counter(
            "lapwing_accept_pauses_total",
            "Times that a listener stopped accepting for want of descriptors.",
            metrics.acceptPauses
        )
        counter("lapwing_upstream_connections_total", "Connections made to upstreams.", metrics.upstreamConnects)
        counter("lapwing_upstream_failures_total", "Upstream calls that failed.", metrics.upstreamFailures)
        counter("lapwing_upstream_retries_total", "Upstream calls that were tried again.", metrics.upstreamRetries)
        family(
            "lapwing_upstream_connection_errors_total",
            "counter",
            "Connections of HTTP/2 to upstreams that went wrong, by reason."
        )
        for (reason, value) in metrics.upstreamErrors.sorted(by: { $0.key < $1.key }) {
            sample("lapwing_upstream_connection_errors_total", [("reason", reason)], String(value))
        }
    }

    private mutating func tokenKeys(_ statuses: [TokenKeyStatus]) {
        guard !statuses.isEmpty else { return }
        family("lapwing_token_key_fetches_total", "counter", "Fetches of issuers' keys, by URL and result.")
        for status in statuses {
            sample("lapwing_token_key_fetches_total", [("url", status.url), ("result", "ok")], String(status.fetches))
            sample(
                "lapwing_token_key_fetches_total",
                [("url", status.url), ("result", "failed")],
                String(status.failures)
            )
        }
        let name = "lapwing_token_keys_valid_until_timestamp_seconds"
        family(name, "gauge", "Until when the keys of an issuer are believed; 0 where there are none.")
        for status in statuses {
            sample(name, [("url", status.url)], String(Int(status.until?.timeIntervalSince1970 ?? 0)))
        }
    }

    private mutating func audit(_ metrics: WorkerMetrics, _ log: LogStats) {
        counter("lapwing_audit_events_total", "Records that are durable.", log.acknowledged)
        gauge("lapwing_audit_acked_index", "The index of the next record.", Double(log.acknowledged))
        gauge(
            "lapwing_audit_checkpoint_size",
            "Records that the published checkpoint covers.",
            Double(log.checkpointSize)
        )
        if let age = log.checkpointAge {
            gauge("lapwing_audit_checkpoint_age_seconds", "How old the published checkpoint is.", age)
        }
        gauge("lapwing_audit_witnessed", "Whether the log has witnesses.", log.witnesses == nil ? 0 : 1)
        if let witnesses = log.witnesses {
            gauge(
                "lapwing_audit_witnessed_size",
                "Records that the checkpoint covers which a quorum of witnesses cosigned last.",
                Double(witnesses.size)
            )
            gauge(
                "lapwing_audit_witness_faults",
                "Witnesses that did not cosign when they were asked last.",
                Double(witnesses.faults)
            )
        }
        gauge("lapwing_audit_wal_bytes", "Bytes of the write-ahead log on the disk.", Double(log.walBytes))
        counter("lapwing_audit_syncs_total", "Synchronisations of the write-ahead log.", log.syncs)
        counter("lapwing_audit_refused_total", "Records that the log did not take.", log.refused)
        counter(
            "lapwing_audit_gap_events_total",
            "Records that were let go of for want of room, and counted in the log instead.",
            log.lost
        )
        counter(
            "lapwing_audit_requests_refused_total",
            "Requests refused since their decision could not be recorded.",
            metrics.recordFailures
        )
    }

    mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
        family(name, "counter", help)
        sample(name, [], String(value))
    }

    mutating func gauge(_ name: String, _ help: String, _ value: Double) {
        family(name, "gauge", help)
        sample(name, [], value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : String(value))
    }

    private mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
        family(name, "histogram", help)
        var total: UInt64 = 0
        for (bound, count) in zip(histogram.bounds, histogram.counts) {
            total += count
            sample(name + "_bucket", [("le", String(Double(bound) / 1e9))], String(total))
        }
        total += histogram.counts.last ?? 0
        sample(name + "_bucket", [("le", "+Inf")], String(total))
        sample(name + "_sum", [], String(Double(histogram.sum) / 1e9))
        sample(name + "_count", [], String(total))
    }

    mutating func family(_ name: String, _ type: String, _ help: String) {
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ name: String, _ labels: [(String, String)], _ value: String) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0)=\"\(Self.escape($1))\"" }.joined(separator: ",") + "}"
        }
        text += " \(value)\n"
    }

    private static func escape(_ value: String) -> String {
        var result = ""
        for character in value.unicodeScalars {
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }
}
