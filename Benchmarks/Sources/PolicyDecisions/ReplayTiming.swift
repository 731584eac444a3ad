import AuditLog
import Authorization
import ZeroTrust

/// Times what `lapwing policy replay` does with records that are in memory: reading, counting, deciding twice.
enum ReplayTiming {
    /// Where `isDistinct`, every record is of another request, and nothing is saved by counting equal ones.
    static func run(
        _ engine: PolicyEngine,
        _ requests: [CaseRequest],
        records: Int,
        isDistinct: Bool
    ) throws -> [String: Double] {
        var tally = TrafficTally(ignoring: [.query, .source])
        var wall = 0.0
        var cpu = 0.0
        var bytes = 0
        var made = 0
        // In pieces, since a million records are a gigabyte.
        while made < records {
            let entries = try (made..<min(made + 50_000, records)).map { number in
                try record(number, requests[number % requests.count], isDistinct: isDistinct).encoded()
            }
            let (wallBefore, cpuBefore) = (Clock.wall, Clock.cpu)
            for entry in entries { tally.add(entry) }
            wall += Clock.wall - wallBefore
            cpu += Clock.cpu - cpuBefore
            bytes += entries.reduce(0) { $0 + $1.count }
            made += entries.count
        }
        let (wallBefore, cpuBefore) = (Clock.wall, Clock.cpu)
        let observed = tally.requests.lazy.map { request, count in
            ObservedRequest(
                Attributes(
                    caller: request.caller.map { Caller($0) } ?? .anonymous,
                    method: request.method,
                    path: request.path,
                    authority: request.authority,
                    headers: request.headers,
                    source: request.source,
                    destination: request.destination,
                    serverName: request.serverName
                ),
                count: count,
                id: request.id?.description
            )
        }
        let report = PolicyReplay(old: engine, new: engine).run(observed)
        wall += Clock.wall - wallBefore
        cpu += Clock.cpu - cpuBefore
        guard report.total == records, report.changed == 0 else { throw Failure("a wrong report") }
        return [
            "records": Double(records), "distinct": Double(report.distinct), "bytes": Double(bytes), "wall_s": wall,
            "cpu_s": cpu,
        ]
    }

    private static func record(_ number: Int, _ request: CaseRequest, isDistinct: Bool) throws -> DecisionRecord {
        let attributes = request.attributes
        let path = isDistinct ? attributes.path + "/\(number)" : attributes.path + "?trace=\(number)"
        return DecisionRecord(
            id: RequestID(milliseconds: UInt64(number), random: 1),
            time: Timestamp(nanoseconds: Int64(number) * 1_000_000),
            node: "node-1",
            caller: .init(
                spiffeID: try SPIFFEID(attributes.caller.name ?? ""),
                serialNumber: "0b5c1f00d1e2f3a4b5c6d7e8f9",
                fingerprint: String(repeating: "ab", count: 32)
            ),
            source: .init(address: attributes.source, port: UInt16(truncatingIfNeeded: 1024 + number % 60_000)),
            tls: .init(version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", serverName: "inference.example"),
            request: .init(
                method: attributes.method,
                path: path,
                authority: attributes.authority,
                destination: attributes.destination
            ),
            outcome: request.isAllowed ? .allow : .deny,
            reason: request.isAllowed ? "allowed_by_rule" : "no_rule_matched",
            policy: .init(namespace: "ml-inference", name: "callers-0", rule: 7, file: "policies.yaml", line: 12),
            snapshot: String(repeating: "cd", count: 32),
            compatibility: "strict",
            latency: 400,
            route: "predict"
        )
    }
}
