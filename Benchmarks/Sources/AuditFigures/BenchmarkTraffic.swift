import AuditLog
import ZeroTrust

/// Records as a busy installation leaves them: 2,000 callers of which few ask much, 500 paths, a refusal in a hundred, a
/// finding in a thousand; each request's end follows its decision by some hundreds of entries.
struct BenchmarkTraffic {
    private var state: UInt64 = 20_261_126
    private var number: UInt64 = 0
    private var open: [RequestID] = []

    private mutating func below(_ bound: UInt64) -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 33) % bound
    }

    /// A number below a bound, the low ones more often.
    private mutating func skewed(_ bound: UInt64) -> UInt64 { below(below(below(bound) + 1) + 1) }

    mutating func next() -> [UInt8] {
        number += 1
        let now = Timestamp(nanoseconds: 1_790_000_000_000_000_000 + Int64(number) * 40_000)
        if open.count > 200 || number.isMultiple(of: 2) && !open.isEmpty { return completion(at: now) }
        let id = RequestID(milliseconds: now.milliseconds, random: UInt128(number) << 64 | UInt128(below(1 << 40)))
        open.append(id)
        let isAllowed = below(100) > 0
        let caller = skewed(2_000)
        // The IDs are well formed, and so are the addresses.
        guard let spiffeID = try? SPIFFEID("spiffe://cluster.local/ns/team-\(caller % 40)/sa/service-\(caller)") else {
            return []
        }
        var record = DecisionRecord(
            id: id,
            time: now,
            node: "node-1",
            caller: .init(
                spiffeID: spiffeID,
                serialNumber: "5f3c8e0d1b2a49768c",
                fingerprint: String(repeating: "0123456789abcdef", count: 4)
            ),
            source: .init(address: IPAddress(v4: 0x0a00_0000 + UInt32(caller)), port: 40_000),
            tls: .init(version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256"),
            request: .init(
                method: "POST",
                path: "/v1/models/model-\(skewed(500))/infer?request=\(number)",
                authority: "inference.example",
                destination: .init(address: IPAddress(v4: 0x0a01_0001), port: 8443)
            ),
            outcome: isAllowed ? .allow : .deny,
            reason: isAllowed ? "rule" : "no_policy_allows",
            policy: isAllowed
                ? .init(
                    namespace: "ml-inference",
                    name: "policy-\(caller % 50)",
                    rule: Int(caller % 3),
                    file: "policies.yaml",
                    line: 12
                ) : nil,
            snapshot: String(repeating: "fedcba9876543210", count: 4),
            compatibility: "strict",
            latency: 900,
            route: "predict",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )
        record.model = "model-\(skewed(60))"
        if below(1_000) == 0 { record.guardrail = .init(name: "prompts", rule: "injection") }
        return record.encoded()
    }

    private mutating func completion(at now: Timestamp) -> [UInt8] {
        let id = open.remove(at: Int(below(UInt64(min(open.count, 50)))))
        return CompletionRecord(
            id: id,
            time: now,
            node: "node-1",
            status: below(200) == 0 ? 502 : 200,
            bytesReceived: 1_024,
            bytesSent: 2_048,
            upstream: "inference",
            timings: .init(requestReceived: 10_000, upstreamHead: 5_000_000, total: 5_100_000),
            ending: below(100) == 0 ? .clientLeft : .complete
        ).encoded()
    }
}
