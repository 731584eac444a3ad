import ZeroTrust

/// Flows of a network as JSON: Zeek's `conn`, AWS' flow logs, Cilium's Hubble, or plain `source` and `destination`.
enum FlowLog {
    static func observation(_ line: JSONText, _ record: UInt64) throws(MonitoringError) -> Observation? {
        guard case .object = line else { throw MonitoringError(.malformed, "line \(record) is no JSON object") }
        // Zeek writes several logs into one stream; only connections are flows.
        if let stream = line.first("@stream", "_path")?.text, stream != "conn" { return nil }
        let flow = line["flow"] ?? line
        guard let time = time(line) ?? time(flow) else {
            throw MonitoringError(.malformed, "line \(record) has no time that can be read (`ts`, `start` or `time`)")
        }
        guard let caller = end(flow, "source", ["id_orig_h", "id.orig_h", "srcaddr", "src_ip", "src"]),
            let host = end(flow, "destination", ["id_resp_h", "id.resp_h", "dstaddr", "dst_ip", "dst"])
        else { throw MonitoringError(.malformed, "line \(record) names no source, or no destination") }
        let port =
            flow.first("id_resp_p", "id.resp_p", "dstport", "dst_port", "destination_port", "port")?.count
            ?? hubblePort(flow)
        let protocolName = flow.first("proto", "protocol")?.text?.lowercased()
        let isDatagram = protocolName == "udp" || protocolName == "17" || flow["l4"]?["UDP"] != nil
        let verdict = (flow.first("action", "verdict")?.text ?? "").uppercased()
        var marks: Observation.Marks = []
        if NetworkPlace.isOutside(host) { marks.insert(.leaves) }
        return Observation(
            source: .flow,
            record: record,
            time: time,
            caller: caller,
            callee: port.map { host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\($0)" : "\(host):\($0)" } ?? host,
            verb: isDatagram ? "UDP" : "TCP",
            decision: ["REJECT", "DENY", "DROPPED", "DENIED"].contains(verdict) ? .deny : .allow,
            bytes: bytes(flow),
            marks: marks
        )
    }

    private static func time(_ line: JSONText) -> Timestamp? {
        guard let value = line.first("ts", "start", "time", "timestamp", "start_time") else { return nil }
        if case .string(let text) = value, let time = LogTime.rfc3339(text) { return time }
        return value.double.flatMap { LogTime.epoch($0) }
    }

    /// One end: a name of its own where there is one, else the address.
    private static func end(_ flow: JSONText, _ name: String, _ others: [String]) -> String? {
        for other in others {
            if let text = flow[other]?.text, !text.isEmpty { return text }
        }
        switch flow[name] {
        case .string(let text) where !text.isEmpty: return text
        case .some(let object):
            if let named = object.first("spiffe_id", "principal", "workload", "address", "ip")?.text { return named }
            if let pod = object["pod_name"]?.text, !pod.isEmpty {
                return (object["namespace"]?.text).map { "\($0)/\(pod)" } ?? pod
            }
            return flow["IP"]?[name]?.text
        case nil: return flow["IP"]?[name]?.text
        }
    }

    private static func hubblePort(_ flow: JSONText) -> UInt64? {
        let layer = flow["l4"]?["TCP"] ?? flow["l4"]?["UDP"]
        return layer?["destination_port"]?.count
    }

    private static func bytes(_ flow: JSONText) -> UInt64 {
        if let all = flow["bytes"]?.count { return all }
        let sent = flow.first("orig_bytes", "orig_ip_bytes")?.count ?? 0
        let received = flow.first("resp_bytes", "resp_ip_bytes")?.count ?? 0
        return sent.addingReportingOverflow(received).overflow ? .max : sent + received
    }
}
