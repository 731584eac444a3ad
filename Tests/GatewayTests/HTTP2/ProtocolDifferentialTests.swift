import Authorization
import Foundation
import MutualTLS
import Resources
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import Gateway

/// The same request over HTTP/1 and over HTTP/2 is decided, answered, recorded and passed on in the same way.
///
/// The requests are those of the outside suite that can be said in both protocols; what they ought to be answered with
/// is examined elsewhere.
@Suite(.timeLimit(.minutes(3))) struct ProtocolDifferentialTests {
    static var corpus: URL? {
        guard let folder = ProcessInfo.processInfo.environment["LAPWING_CORPUS"] else { return nil }
        let file = URL(fileURLWithPath: folder).appendingPathComponent("istio/oracle_cases.json")
        return FileManager.default.fileExists(atPath: file.path) ? file : nil
    }

    @Test func `a request is decided alike in both protocols`() async throws {
        guard let file = Self.corpus else {
            return print("skipped: LAPWING_CORPUS holds no istio/oracle_cases.json")
        }
        let oracle = try JSONDecoder().decode(Oracle.self, from: Data(contentsOf: file))
        var report = Report()
        for normalization in PathNormalization.allCases {
            try await Self.play(oracle, normalization, &report)
        }
        report.finish()
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.passed > 0)
    }

    private static func play(_ oracle: Oracle, _ normalization: PathNormalization, _ report: inout Report) async throws
    {
        let sets = oracle.sets.filter { $0.pathNormalization == normalization.rawValue && $0.kind == "http" }
        guard !sets.isEmpty else { return }
        let upstream = try await TestUpstream.start()
        let gateway = try await TestGateway.start(upstream: upstream) { $0.pathNormalization = normalization }
        let pair = Pair(gateway, upstream)
        for set in sets {
            let cases = oracle.cases.filter { $0.set == set.id }
            do {
                let documents = try ResourceLoader.parse(yaml: set.policyYAML, file: "\(set.id).yaml")
                let engine = try PolicyEngine(
                    policies: PolicySet.load(documents),
                    workload: Workload(namespace: "ml-inference", labels: ["app": "inference-service"])
                )
                try await gateway.replace(policy: PolicySnapshot(engine: engine, digest: set.id))
            } catch {
                // Which policies load is examined elsewhere; here it takes one that does.
                report.unloaded += cases.count
                continue
            }
            for item in cases {
                guard let request = PlayedRequest(item.request) else {
                    report.inexpressible += 1
                    continue
                }
                let first = try await pair.http1(request)
                let second = try await pair.http2(request)
                if first == second {
                    report.passed += 1
                    report.allowed += first.outcome == "allow" ? 1 : 0
                } else {
                    report.failures.append("\(item.id): HTTP/1 \(first), HTTP/2 \(second)")
                }
            }
        }
        await pair.close()
        await gateway.stop()
    }

    struct Report {
        var passed = 0
        var allowed = 0
        var inexpressible = 0
        var unloaded = 0
        var failures: [String] = []

        func finish() {
            print(
                "suite: HTTP/1 and HTTP/2 differential: \(passed) passed, \(failures.count) failed "
                    + "(\(allowed) allowed; \(inexpressible) cannot be said in both, \(unloaded) of sets that do not load)"
            )
        }
    }
}

/// The two front ends, which know the caller of the request before.
private final class Pair {
    private let gateway: TestGateway
    private let upstream: TestUpstream
    private var first: (caller: String, client: TestClient, responses: Int)?
    private var second: (caller: String, client: FrameClient, stream: UInt32)?
    private var decisions = 0

    init(_ gateway: TestGateway, _ upstream: TestUpstream) {
        self.gateway = gateway
        self.upstream = upstream
    }

    /// What came of a request, in every respect that must not depend on its protocol.
    struct Seen: Equatable {
        var status: Int?
        var outcome: String?
        var reason: String?
        var rule: String?
        var policy: String?
        var path: String?
        var authority: String?
        var forwarded: [String]
    }

    func http1(_ request: PlayedRequest) async throws -> Seen {
        if first?.caller != request.caller || first?.client.heard.value.isClosed == true {
            await first?.client.close()
            first = (request.caller, try await gateway.client(request.caller), 0)
        }
        guard let (_, client, responses) = first else { throw PairError() }
        let before = upstream.received.value.count
        let heard = await client.request(request.http1, responses: responses + 1)
        first?.responses += 1
        // HTTP/1 ends a connection with a request that could not be read.
        if heard.text.contains("connection: close\r\n") {
            await client.close()
            first = nil
        }
        return await seen(heard.statuses.last, before)
    }

    func http2(_ request: PlayedRequest) async throws -> Seen {
        if second?.caller != request.caller || second?.client.heard.value.isClosed == true {
            await second?.client.close()
            second = (request.caller, try await FrameClient.connect(to: gateway, as: request.caller), 1)
        }
        guard let (_, client, stream) = second else { throw PairError() }
        let before = upstream.received.value.count
        let response = await client.request(stream, request.http2)
        second?.stream += 2
        return await seen(response.status, before)
    }

    private func seen(_ status: Int?, _ before: Int) async -> Seen {
        decisions += 1
        // A decision and a completion of each request, one request after the other.
        let count = decisions * 2
        let entries = await gateway.log.entries.wait { $0.count >= count }
        let record = entries[count - 2..<count].first { $0["kind"] == "decision" }
        let forwarded = upstream.received.value.dropFirst(before).map { received in
            // The request's own id, and the certificate of a connection.
            let own = ["x-request-id:", "x-forwarded-client-cert:"]
            let head = received.head.split(separator: "\r\n")
                .filter { line in !own.contains { line.lowercased().hasPrefix($0) } }
            return head.map(Self.named).sorted().joined(separator: "\n")
        }
        return Seen(
            status: status,
            outcome: record?["decision.outcome"],
            reason: record?["decision.reason"],
            rule: record?["decision.policy.rule"],
            policy: record?["decision.policy.name"],
            path: record?["request.path"],
            authority: record?["request.authority"],
            forwarded: forwarded
        )
    }

    /// The line with its field's name in lower case and no blanks around its value, as HTTP/2 has it.
    private static func named(_ line: Substring) -> String {
        guard let colon = line.firstIndex(of: ":"), !line.contains(" HTTP/1.1") else { return String(line) }
        return line[..<colon].lowercased() + ": "
            + line[colon...].dropFirst().trimmingCharacters(in: .whitespaces)
    }

    func close() async {
        await first?.client.close()
        await second?.client.close()
    }

    struct PairError: Error {}
}

/// A request of the suite in both protocols, where it can be said in both.
private struct PlayedRequest {
    let caller: String
    let http1: String
    let http2: [Frames.Field]

    init?(_ request: Oracle.Request) {
        // Whoever has no identity of ours gets as far as the handshake in either protocol.
        guard let client = request.client, client.trusted == true, client.expired == false, request.plain != true,
            let id = client.uris?.first, client.uris?.count == 1, id.hasPrefix("spiffe://cluster.local/"),
            (try? SPIFFEID(id)) != nil
        else { return nil }
        // Origin form: the others are what HTTP/1 has of its own. So are lines that end in an odd way.
        guard let target = request.target, target.hasPrefix("/"), let host = request.host,
            request.method != "CONNECT", request.method != "TRACE",
            !(target + host).utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7f })
        else { return nil }
        caller = String(id.dropFirst("spiffe://cluster.local".utf8.count))
        let fields = (request.headers ?? []).filter { $0.count == 2 }.map { ($0[0], $0[1]) }
        http1 =
            "\(request.method) \(target) HTTP/1.1\r\nHost: \(host)\r\n"
            + fields.map { "\($0.0): \($0.1)\r\n" }.joined() + "\r\n"
        http2 =
            [(":method", request.method), (":scheme", "https"), (":authority", host), (":path", target)]
            + fields.map { ($0.0.lowercased(), $0.1.trimmingCharacters(in: .whitespaces)) }
    }
}

private struct Oracle: Decodable {
    struct Policies: Decodable {
        let id: String
        let kind: String
        let pathNormalization: String
        let policyYAML: String
    }

    struct Case: Decodable {
        let id: String
        let set: String
        let request: Request
    }

    struct Client: Decodable {
        let uris: [String]?
        let trusted: Bool?
        let expired: Bool?

        enum CodingKeys: String, CodingKey {
            case uris, expired
            case trusted = "trusted_ca"
        }
    }

    struct Request: Decodable {
        let target: String?
        let method: String
        let host: String?
        let headers: [[String]]?
        let plain: Bool?
        let client: Client?
    }

    let sets: [Policies]
    let cases: [Case]
}
