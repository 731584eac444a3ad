import ZeroTrust

/// Envoy's access log as JSON, with the names of Istio's default format.
enum EnvoyAccessLog {
    static func observation(_ line: JSONText, _ record: UInt64) throws(MonitoringError) -> Observation? {
        guard case .object = line else { throw MonitoringError(.malformed, "line \(record) is no JSON object") }
        guard let time = time(line) else {
            throw MonitoringError(.malformed, "line \(record) has no `start_time`; log `%START_TIME%` as `start_time`")
        }
        let destination = text(line, "upstream_host") ?? text(line, "upstream_local_address")
        let authority = text(line, "authority") ?? text(line, "requested_server_name")
        let peer =
            text(line, "downstream_peer_uri_san") ?? text(line, "source_principal")
            ?? text(line, "downstream_peer_subject")
        let address = text(line, "downstream_remote_address") ?? text(line, "downstream_direct_remote_address")
        let caller = peer.map(Self.firstName) ?? address.map { NetworkPlace.host(of: $0) }
        let callee =
            text(line, "destination_principal") ?? text(line, "upstream_peer_uri_san").map(Self.firstName)
            ?? text(line, "upstream_cluster").flatMap(Self.service(of:)) ?? text(line, "upstream_host")
            // What the client asks for is its own word: it counts only where nothing says whither it went.
            ?? authority ?? text(line, "upstream_cluster") ?? destination
        guard let caller, let callee else {
            throw MonitoringError(.malformed, "line \(record) names no caller, or no callee")
        }
        var marks: Observation.Marks = []
        if peer == nil { marks.insert(.anonymous) }
        if text(line, "downstream_tls_version") == nil, line["downstream_tls_version"] != nil {
            marks.insert(.plaintext)
        }
        if NetworkPlace.isOutside(NetworkPlace.host(of: destination ?? authority ?? callee)) { marks.insert(.leaves) }
        let status = line.first("response_code")?.count.map { Int(clamping: $0) }
        let flags = text(line, "response_code_details") ?? ""
        let isDenied = flags.hasPrefix("rbac_access_denied") || flags.hasPrefix("ext_authz_denied")
        return Observation(
            source: .envoy,
            record: record,
            time: time,
            caller: caller,
            callee: callee,
            verb: text(line, "method") ?? "TCP",
            object: text(line, "path") ?? text(line, "x_envoy_original_path") ?? "",
            decision: isDenied ? .deny : .allow,
            status: status == 0 ? nil : status,
            bytes: line.first("bytes_sent")?.count ?? 0,
            marks: marks
        )
    }

    private static func time(_ line: JSONText) -> Timestamp? {
        guard let value = line.first("start_time", "timestamp", "time") else { return nil }
        if case .string(let text) = value, let time = LogTime.rfc3339(text) { return time }
        return value.double.flatMap { LogTime.epoch($0) }
    }

    /// The text of a field; Envoy writes `-` where there is none.
    private static func text(_ line: JSONText, _ name: String) -> String? {
        guard let text = line[name]?.text, text != "-", !text.isEmpty else { return nil }
        return text
    }

    /// The service that a cluster's name stands for: the host of Istio's `outbound|8080|subset|HOST`, or the name itself.
    ///
    /// - Returns: nil for the clusters that stand for no service, such as `inbound|8080||` and `PassthroughCluster`.
    private static func service(of cluster: String) -> String? {
        if ["PassthroughCluster", "InboundPassthroughCluster", "BlackHoleCluster"].contains(cluster) { return nil }
        let parts = cluster.split(separator: "|", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return cluster }
        return parts[3].isEmpty ? nil : String(parts[3])
    }

    /// The first of several names with commas between.
    private static func firstName(_ names: String) -> String {
        names.split(separator: ",").first.map { String($0) } ?? names
    }
}
