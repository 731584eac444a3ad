import AuditLog
import Testing
import ZeroTrust

/// Records to test with.
enum Sample {
    static func id(_ number: UInt64, milliseconds: UInt64 = 1_795_300_801_000) -> RequestID {
        RequestID(milliseconds: milliseconds, random: UInt128(number))
    }

    static func decision(
        id: RequestID = Sample.id(1),
        path: String = "/v1/predict",
        headers: [Exchange.Header] = []
    ) throws -> DecisionRecord {
        let source = try #require(IPAddress("192.0.2.7"))
        let destination = try #require(IPAddress("2001:db8::1"))
        return DecisionRecord(
            id: id,
            time: Timestamp(nanoseconds: 1_795_300_801_000_000_042),
            node: "node-1",
            caller: .init(
                spiffeID: try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway"),
                serialNumber: "0a1b2c",
                fingerprint: String(repeating: "ab", count: 32)
            ),
            source: .init(address: source, port: 40_112),
            tls: .init(version: "TLSv1.3", cipher: "TLS_AES_128_GCM_SHA256", serverName: "inference.example"),
            request: .init(
                method: "POST",
                path: path,
                authority: "inference.example:8443",
                headers: headers,
                destination: .init(address: destination, port: 8443)
            ),
            outcome: .allow,
            reason: "rule",
            policy: .init(namespace: "ml-inference", name: "callers", rule: 0, file: "policy.yaml", line: 12),
            snapshot: String(repeating: "0f", count: 32),
            compatibility: "strict",
            dryRun: .deny,
            latency: 812,
            route: "predict",
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        )
    }

    static func completion(id: RequestID = Sample.id(1)) -> CompletionRecord {
        CompletionRecord(
            id: id,
            time: Timestamp(nanoseconds: 1_795_300_801_005_000_000),
            node: "node-1",
            status: 200,
            bytesReceived: 1024,
            bytesSent: 2048,
            upstream: "unix:/run/inference.sock",
            timings: .init(requestReceived: 10_000, upstreamHead: 5_000_000, total: 5_100_000),
            ending: .complete
        )
    }

    static func refusals() -> AggregateRefusalRecord {
        AggregateRefusalRecord(
            id: id(9),
            second: Timestamp(nanoseconds: 1_795_300_801_000_000_000),
            node: "node-1",
            source: IPAddress("198.51.100.9"),
            reason: "no_certificate",
            count: 17
        )
    }

    static func act() -> ActRecord {
        ActRecord(
            id: id(11),
            time: Timestamp(nanoseconds: 1_795_300_801_000_000_042),
            node: "node-1",
            actor: "spiffe://cluster.local/ns/ml-deploy/sa/releaser",
            action: "registry.tag.move",
            subject: "fraud/scorer:production",
            before: "sha256:" + String(repeating: "1", count: 64),
            after: "sha256:" + String(repeating: "2", count: 64),
            outcome: .allow,
            reason: "evaluation \"42\" passed"
        )
    }
}
