import AuditLog
import Authorization
import Foundation
import Gateway
import Logging
import MutualTLS
import NIOCore
import NIOPosix
import Resources
import TestIdentities
import ZeroTrust

/// What the record costs a request: two gateways before one upstream that takes 5 ms, of which one records on the disk and
/// the other has its records forgotten, are asked in turn over mutual TLS.
///
///     audit-cost DIRECTORY REQUESTS CONNECTIONS    prints a line of JSON
///
/// Both encode their records and hold answers back until these are durable, so that the difference is what the log costs.
/// The first tenth of the requests is not counted.
@main
enum AuditCost {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let requests = Int(arguments[2]), let connections = Int(arguments[3]),
            requests >= 10 * connections, connections > 0
        else {
            FileHandle.standardError.write(Data("usage: audit-cost DIRECTORY REQUESTS CONNECTIONS\n".utf8))
            exit(2)
        }
        let origin = "log.example/audit-cost"
        let signer = try CheckpointAuthority(directory: arguments[1] + "/authority", origin: origin)
        let log = try LogWriter(directory: arguments[1] + "/audit", origin: origin, signer: signer)
        let upstream = try await SlowUpstream.start(after: .milliseconds(5))
        let authority = try TestAuthority.root("cluster.local", now: Date())
        let recording = try await gateway(log, upstream, authority)
        let forgetting = try await gateway(ForgetfulLog(), upstream, authority)
        let identity = try TLSIdentity(
            svid: authority.svid("/ns/ml-api/sa/api-gateway"),
            bundles: [authority.trustDomain: authority.bundle]
        )
        let (on, off) = try await withThrowingTaskGroup(of: (on: [Int64], off: [Int64]).self) { group in
            for _ in 0..<connections {
                group.addTask {
                    let clients = [
                        try await MeasuredClient.connect(to: recording, as: identity),
                        try await MeasuredClient.connect(to: forgetting, as: identity),
                    ]
                    var times: [[Int64]] = [[], []]
                    let count = requests / connections
                    for number in 0..<count {
                        // Who is asked first changes, so that neither has the better place.
                        for place in number.isMultiple(of: 2) ? [0, 1] : [1, 0] {
                            let time = try await clients[place].ask()
                            if number >= count / 10 { times[place].append(time) }
                        }
                    }
                    for client in clients { await client.close() }
                    return (times[0], times[1])
                }
            }
            var all: (on: [Int64], off: [Int64]) = ([], [])
            while let some = try await group.next() {
                all.on += some.on
                all.off += some.off
            }
            return all
        }
        for gateway in [recording, forgetting] { await gateway.drain(within: .zero) }
        log.close()
        try? await upstream.close()
        guard log.stats.failure == nil else { throw AuditLogError(.io, log.stats.failure ?? "") }
        print(
            """
            {"requests":\(on.count),"records":\(log.stats.acknowledged),"syncs":\(log.stats.syncs),\
            "on_p50_us":\(percentile(50, on)),"off_p50_us":\(percentile(50, off)),\
            "added_p50_us":\(percentile(50, on) - percentile(50, off)),\
            "on_p99_us":\(percentile(99, on)),"off_p99_us":\(percentile(99, off))}
            """
        )
    }

    private static func percentile(_ part: Int, _ times: [Int64]) -> Int64 {
        let sorted = times.sorted()
        return sorted[sorted.count * part / 100] / 1_000
    }

    private static let policy = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: inference, namespace: ml-inference }
        spec:
          action: ALLOW
          rules:
            - from: [{ source: { principals: ["cluster.local/ns/ml-api/sa/api-gateway"] } }]
              to: [{ operation: { methods: ["POST"], paths: ["/v1/predict"] } }]
        """

    private static func gateway(
        _ log: any RecordLog,
        _ upstream: any Channel,
        _ authority: TestAuthority
    ) async throws -> GatewayServer {
        let workload = Workload(namespace: "ml-inference", labels: ["app": "inference-service"])
        let policies = try PolicySet.load(ResourceLoader.parse(yaml: policy, file: "policy.yaml"))
        let server = GatewayServer(
            configuration: GatewayConfiguration(
                name: "inference",
                workload: workload,
                listeners: [Listener(address: "127.0.0.1", port: 0)],
                upstreams: [
                    Upstream(
                        name: "inference",
                        transport: .plaintext(address: "127.0.0.1", port: upstream.localAddress?.port ?? 0)
                    )
                ],
                routes: [Route(name: "all", upstream: "inference")]
            ),
            policy: PolicySnapshot(
                engine: try PolicyEngine(policies: policies, workload: workload),
                digest: String(repeating: "0", count: 64)
            ),
            identity: try TLSIdentity(
                svid: authority.svid("/ns/ml-inference/sa/inference-service"),
                bundles: [authority.trustDomain: authority.bundle]
            ),
            log: log,
            logger: Logger(label: "audit-cost") { _ in SwiftLogNoOpLogHandler() },
            node: "node-1",
            threads: 1
        )
        try await server.start()
        return server
    }
}
