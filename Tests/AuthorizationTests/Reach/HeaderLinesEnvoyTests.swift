import Foundation
import Resources
import Testing
import ZeroTrust

@testable import Authorization

/// The engine and a real Envoy, which carries the exported policies, agree on requests with several lines of each header
/// that Envoy lets rules see.
@Suite(.enabled(if: RealEnvoy.isAvailable, "Envoy is not installed (scripts/setup-test-peers)"))
struct HeaderLinesEnvoyTests {
    private struct Count: Decodable { let agree, differ, leftOut: Int }

    private static let names = [
        "accept", "accept-encoding", "accept-language", "access-control-request-headers",
        "access-control-request-method", "access-control-request-private-network", "authorization", "baggage",
        "cache-control", "cdn-loop", "content-encoding", "content-language", "content-type", "cookie", "date", "dpop",
        "etag", "expect", "forwarded", "from", "grpc-accept-encoding", "grpc-encoding", "grpc-timeout", "if-match",
        "if-modified-since", "if-none-match", "if-range", "if-unmodified-since", "link", "origin", "pragma", "prefer",
        "priority", "proxy-authorization", "proxy-status", "range", "referer", "sec-fetch-site", "soapaction",
        "traceparent", "tracestate", "user-agent", "vary", "via", "x-api-key", "x-b3-traceid", "x-client-trace-id",
        "x-envoy-attempt-count", "x-envoy-decorator-operation", "x-envoy-downstream-service-node",
        "x-envoy-external-address", "x-envoy-is-timeout-retry", "x-envoy-original-host", "x-envoy-original-path",
        "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-http-method-override",
        "x-original-url", "x-real-ip", "x-request-id", "x-team",
    ]
    private static let fields = [
        "values: [a]", "values: ['a,b']", "values: ['a*']", "values: ['*b']", "values: ['*']", "notValues: [a]",
        "notValues: ['*b']", "notValues: ['a,*']",
    ]
    private static let lines = [
        ["a"], ["a", "b"], ["b", "a"], ["a", ""], ["", "b"], ["a,b", "c"], ["a", "", "b"],
    ]

    @Test(.timeLimit(.minutes(10))) func `several lines of a header are decided on as Envoy decides`() throws {
        var cases = ["{\"normalization\": \"BASE\"}"]
        for name in Self.names {
            for (index, field) in Self.fields.enumerated() {
                let text = Fixture.policy(
                    "{when: [{key: 'request.headers[\(name)]', \(field)}]}",
                    action: index % 3 == 2 ? "DENY" : "ALLOW"
                )
                let policies = try PolicySet.load(try ResourceLoader.parse(yaml: text, file: "p.yaml")).policies
                let engine = try PolicyEngine(
                    applying: policies,
                    options: PolicyEngine.Options(compatibility: .istio, trustDomains: [])
                )
                let filters = EnvoyExport(trustDomains: []).export(policies, compatibility: .istio)
                let objects = try filters.values.map { try JSONSerialization.jsonObject(with: Data($0.json.utf8)) }
                cases.append(try Self.json(["filters": objects]))
                for lines in Self.lines { cases.append(try Self.request(lines.map { (name, $0) }, engine)) }
            }
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "lapwing-\(UUID())")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(cases.joined(separator: "\n").utf8).write(to: file)
        let (status, output) = try RealEnvoy.put(file.path)
        let last = try #require(output.split(separator: "\n").last)
        let count = try JSONDecoder().decode(Count.self, from: Data(last.utf8))
        print("header lines in Envoy: \(last)")
        #expect(status == 0 && count.differ == 0 && count.leftOut == 0, "\(output)")
        #expect(count.agree == Self.names.count * Self.fields.count * Self.lines.count)
    }

    private static func request(_ headers: [(String, String)], _ engine: PolicyEngine) throws -> String {
        let request = try Fixture.attributes(caller: .anonymous, headers: headers)
        return try json([
            "kind": "lines", "method": request.method, "path": request.path, "authority": request.authority,
            "headers": headers.map { [$0.0, $0.1] }, "source": "\(request.source)", "remote": "\(request.remote)",
            "destination": "\(request.destination.address)", "port": Int(request.destination.port),
            "allowed": engine.evaluate(request).outcome == .allow,
        ])
    }

    private static func json(_ object: [String: Any]) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
    }
}
