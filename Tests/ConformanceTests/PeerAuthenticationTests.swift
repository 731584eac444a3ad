import Authorization
import Foundation
import Resources
import Testing

/// What several `PeerAuthentication` resources come to, and which connections are let in, as Istio has it.
@Suite struct PeerAuthenticationTests {
    // MARK: - Composition

    /// A Go expression that the corpus kept, such as `model.MTLSStrict`.
    private struct Expression: Decodable {
        let text: String

        enum CodingKeys: String, CodingKey { case text = "$expr" }

        /// The mode that the expression names.
        var mode: MutualTLSMode? {
            text.hasPrefix("model.MTLS") ? MutualTLSMode(rawValue: text.dropFirst(10).uppercased()) : nil
        }

        /// The moment: `now`, or `now.Add(time.Second*-1)`.
        var timestamp: String? {
            let now = 1_795_300_801
            if text == "now" { return Self.format(now) }
            guard text.hasPrefix("now.Add(time.Second*"), text.hasSuffix(")"),
                let seconds = Int(text.dropFirst("now.Add(time.Second*".count).dropLast())
            else { return nil }
            return Self.format(now + seconds)
        }

        private static func format(_ seconds: Int) -> String {
            Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
        }
    }

    private struct ComposeCase: Decodable {
        struct Want: Decodable {
            let mode: Expression
            let perPort: [String: Expression]?
        }

        let name: String
        let want: Want
    }

    @Test func `every composition comes to what Istio composes`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let file = corpus.appendingPathComponent("istio-integration/compose_peer_authentication.json")
        let data = try Data(contentsOf: file)
        let cases = try JSONDecoder().decode([ComposeCase].self, from: data)
        let rows = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
        var report = SuiteReport(name: "PeerAuthentication composition")
        for (item, row) in zip(cases, rows) {
            let resources = try (try #require(row["configs"] as? [[String: Any]])).map { try Self.resource($0) }
            let composed = MutualTLSRequirement(
                composing: resources,
                rootNamespace: "root-namespace",
                compatibility: .istio
            )
            let ports = (item.want.perPort ?? [:]).mapValues(\.mode)
            let expected = Dictionary(uniqueKeysWithValues: ports.map { (UInt16($0.key) ?? 0, $0.value) })
            if composed.mode == item.want.mode.mode, composed.ports.mapValues({ $0 }) == expected {
                report.passed()
            } else {
                report.failed("\(item.name): got \(composed.mode), \(composed.ports)")
            }
        }
        report.finish()
    }

    /// A row's resource, read from YAML like any other; names are made ones that Kubernetes allows.
    private static func resource(_ row: [String: Any]) throws -> PeerAuthentication {
        var metadata = try #require(row["meta"] as? [String: Any])
        metadata["name"] = (metadata["name"] as? String)?.replacingOccurrences(of: " ", with: "-")
        if let time = metadata["creationTimestamp"] {
            let data = try JSONSerialization.data(withJSONObject: time)
            let expression = try JSONDecoder().decode(Expression.self, from: data)
            let moment: String = try #require(expression.timestamp)
            metadata["creationTimestamp"] = moment
        }
        let document: [String: Any] = [
            "apiVersion": "security.istio.io/v1", "kind": "PeerAuthentication", "metadata": metadata,
            "spec": row["spec"] ?? [:],
        ]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
        let set = try PolicySet.load(try ResourceLoader.parse(yaml: text, file: "row.yaml"))
        return try #require(set.peerAuthentications.first)
    }

    // MARK: - Connections

    /// What is configured, as it is or as the sum of constants in the Go file beside the rows.
    private enum Configuration: Decodable {
        case text(String)
        case sum(Expression)

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                self = .text(text)
            } else {
                self = .sum(try value.decode(Expression.self))
            }
        }

        func text(from go: URL) throws -> String {
            switch self {
            case .text(let text): return text
            case .sum(let expression):
                let file = try String(contentsOf: go, encoding: .utf8)
                return try expression.text.split(separator: "+").map { name in
                    let opening = "\t\(name.trimmingCharacters(in: .whitespaces)) := `"
                    let rest = try #require(file.components(separatedBy: opening).dropFirst().first, "\(name)")
                    return rest.prefix { $0 != "`" }
                }.joined()
            }
        }
    }

    private struct SimulationRow: Decodable {
        struct Expectation: Decodable {
            let cluster: String?
            let error: Expression?

            enum CodingKeys: String, CodingKey {
                case cluster = "ClusterMatched"
                case error = "Error"
            }
        }

        let test: String
        let name: String
        let config: Configuration
        let call: String
        let expression: Expression
        let expect: Expectation

        enum CodingKeys: String, CodingKey {
            case test, config, call, expect
            case name = "case"
            case expression = "callExpr"
        }

        /// The port and the manner of `mkCall(8000,simulation.MTLS)`.
        var connection: (port: UInt16, opening: MutualTLSMode.Opening)? {
            let parts = expression.text.dropFirst("mkCall(".count).dropLast().split(separator: ",")
            guard parts.count == 2, let port = UInt16(parts[0]) else { return nil }
            switch parts[1].trimmingCharacters(in: .whitespaces) {
            case "simulation.MTLS": return (port, .mutualTLS)
            case "simulation.Plaintext": return (port, .plaintext)
            default: return nil
            }
        }
    }

    @Test func `every simulated connection is let in or refused as by Istio's listener`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let file = corpus.appendingPathComponent("istio-integration/peer_authentication_simulation.json")
        let rows = try JSONDecoder().decode([SimulationRow].self, from: Data(contentsOf: file))
        var report = SuiteReport(name: "PeerAuthentication simulation")
        for row in rows {
            let go = corpus.appendingPathComponent("istio-integration/peer_authentication_simulation_test.go.txt")
            let documents = try ResourceLoader.parse(yaml: try row.config.text(from: go), file: "config.yaml")
            let set = try PolicySet.load(documents)
            let required = MutualTLSRequirement(
                set.peerAuthentications,
                workload: Workload(namespace: "default", labels: ["app": "foo"]),
                compatibility: .istio
            )
            let connection = try #require(row.connection, "\(row.expression.text)")
            let service: MutualTLSMode.Service =
                try Self.httpPorts(documents).contains(connection.port) ? .http : .opaque
            let isLetIn = required.mode(onPort: connection.port).admits(connection.opening, to: service)
            if isLetIn == (row.expect.error == nil), (row.expect.cluster == nil) != (row.expect.error == nil) {
                report.passed()
            } else {
                report.failed("\(row.test), \(row.name), \(row.call): let in \(isLetIn), expected \(row.expect)")
            }
        }
        report.finish()
    }

    /// The ports that a service entry declares to carry HTTP; what no one declares passes through unread.
    private static func httpPorts(_ documents: [Document]) throws -> Set<UInt16> {
        var ports: Set<UInt16> = []
        for document in documents where document.kind == "ServiceEntry" {
            for entry in try document.spec?.mapping() ?? [] where entry.key == "ports" {
                for port in try entry.value.list({ try $0.mapping() }) {
                    let fields = Dictionary(port.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
                    guard fields["protocol"]?.content == .string("HTTP"), let number = fields["number"] else {
                        continue
                    }
                    ports.insert(UInt16(try number.integer(in: 1...65535)))
                }
            }
        }
        return ports
    }
}
