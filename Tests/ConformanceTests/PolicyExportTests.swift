import Foundation
import Resources
import Testing

@testable import Authorization

/// What is exported is what Istio makes of the same policies, piece by piece.
@Suite struct PolicyExportTests {
    private struct Case: Decodable {
        struct Expression: Decodable {
            let text: String

            enum CodingKeys: String, CodingKey { case text = "$expr" }
        }

        let name: String
        let input: String
        let want: [String]
        let meshConfig: Expression?
        let tdBundle: Expression?
    }

    @Test func `every builder case becomes the filters that Istio builds`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let folder = corpus.appendingPathComponent("istio-builder")
        let suites = try JSONDecoder().decode(
            [String: [Case]].self,
            from: Data(contentsOf: folder.appendingPathComponent("cases.json"))
        )
        var report = SuiteReport(name: "Istio RBAC builder")
        for (suite, cases) in suites.sorted(by: { $0.key < $1.key }) {
            let layer: EnvoyExport.Layer = suite.hasSuffix("TCP") ? .tcp : .http
            for item in cases {
                do {
                    let difference = try Self.difference(item, layer, folder.appendingPathComponent(layer.rawValue))
                    if let difference { report.failed("\(layer) \(item.name): \(difference)") } else { report.passed() }
                } catch {
                    report.failed("\(layer) \(item.name): \(error)")
                }
            }
        }
        report.finish()
    }

    private static func difference(_ item: Case, _ layer: EnvoyExport.Layer, _ folder: URL) throws -> String? {
        let text = try String(contentsOf: folder.appendingPathComponent(item.input), encoding: .utf8)
        let policies = try PolicySet.load(ResourceLoader.parse(yaml: text, file: item.input), checks: .dataPlane)
        let workload = Workload(namespace: "foo", labels: ["app": "httpbin", "version": "v1"])
        let selected = policies.policies.filter { $0.applies(to: workload, rootNamespace: "istio-system") }
        var exporter = EnvoyExport(layer: layer)
        if let bundle = item.tdBundle {
            // The mesh's trust domain and its aliases, in the order written.
            let quoted = bundle.text.split(separator: "\"", omittingEmptySubsequences: false)
            exporter.trustDomains = quoted.indices.filter { $0 % 2 == 1 }.map { String(quoted[$0]) }
        }
        let export: PolicyExport
        if let mesh = item.meshConfig {
            let config = try #require(MeshConfigurations.named[mesh.text], "unknown mesh configuration \(mesh.text)")
            let value = try #require(try ResourceLoader.values(yaml: config, file: mesh.text).first)
            exporter.providers = try EnvoyAuthorizationProvider.load(meshConfig: value)
            export = exporter.customFilters(selected)
        } else {
            export = exporter.export(selected, compatibility: .istio)
        }
        guard export.values.count == item.want.count else {
            return "\(export.values.count) filters, expected \(item.want.count)"
        }
        for (value, file) in zip(export.values, item.want) {
            let golden = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            if let difference = try Canonical.difference(value, golden, file) { return difference }
        }
        return nil
    }

    @Test func `every ambient case becomes the authorization that Istio sends to ztunnel`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let folder = corpus.appendingPathComponent("istio-ambient")
        let inputs = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix("-in.yaml") }.sorted()
        var report = SuiteReport(name: "Istio ambient policies")
        for input in inputs {
            let file = input.replacing("-in.yaml", with: ".yaml")
            do {
                let text = try String(contentsOf: folder.appendingPathComponent(input), encoding: .utf8)
                let golden = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
                let policies = try PolicySet.load(ResourceLoader.parse(yaml: text, file: input), checks: .dataPlane)
                var values = ZtunnelExport().export(policies).values.filter { !$0.isStaticStrict }
                // A resource without a namespace has none in Istio's test; here it is in `default`.
                if !text.contains("\n  namespace:") { values = values.map(\.withoutNamespace) }
                if golden.allSatisfy(\.isWhitespace) {
                    if values.isEmpty { report.passed() } else { report.failed("\(input): expected nothing") }
                } else if let value = values.first, values.count == 1 {
                    let difference = try Canonical.difference(value, golden, file)
                    if let difference { report.failed("\(input): \(difference)") } else { report.passed() }
                } else {
                    report.failed("\(input): \(values.count) authorizations, expected 1")
                }
            } catch {
                report.failed("\(input): \(error)")
            }
        }
        report.finish()
    }
}

extension ExportValue {
    /// Whether this is the policy that is kept ready for every workload that demands mutual TLS.
    fileprivate var isStaticStrict: Bool {
        guard case .mapping(let entries) = self else { return false }
        return entries.contains { $0.key == "name" && $0.value == .string("istio_converted_static_strict") }
    }

    fileprivate var withoutNamespace: ExportValue {
        guard case .mapping(let entries) = self else { return self }
        return .mapping(entries.filter { $0.key != "namespace" })
    }
}

/// Compares what is written with what is expected, whatever the order of keys.
private enum Canonical {
    /// Where the two first differ, or nil where they are the same.
    static func difference(_ value: ExportValue, _ golden: String, _ file: String) throws -> String? {
        let written = try #require(try ResourceLoader.values(yaml: value.yaml, file: "export").first)
        let alsoWritten = try #require(try ResourceLoader.values(yaml: value.json, file: "export.json").first)
        let expected = try #require(try ResourceLoader.values(yaml: golden, file: file).first)
        if let difference = difference(written, alsoWritten, at: "") { return "YAML and JSON differ: \(difference)" }
        return difference(written, expected, at: "").map { "\(file)\($0)" }
    }

    private static func difference(_ value: Value, _ expected: Value, at path: String) -> String? {
        switch (value.content, expected.content) {
        case (.mapping(let left), .mapping(let right)):
            for entry in right {
                guard let other = left.first(where: { $0.key == entry.key }) else {
                    return "\(path).\(entry.key) is missing"
                }
                if let found = difference(other.value, entry.value, at: "\(path).\(entry.key)") { return found }
            }
            let extra = left.first { entry in !right.contains { $0.key == entry.key } }
            return extra.map { "\(path).\($0.key) is too much" }
        case (.list(let left), .list(let right)):
            guard left.count == right.count else {
                return "\(path) has \(left.count) elements, expected \(right.count)"
            }
            for (index, pair) in zip(left, right).enumerated() {
                if let found = difference(pair.0, pair.1, at: "\(path)[\(index)]") { return found }
            }
            return nil
        case (let left, let right):
            return left == right ? nil : "\(path) is \(left), expected \(right)"
        }
    }
}

/// What the expressions for mesh configurations in the cases stand for.
private enum MeshConfigurations {
    static let named = [
        "meshConfigGRPCNoNamespace": """
        extensionProviders:
        - name: default
          envoyExtAuthzGrpc:
            service: my-custom-ext-authz.foo.svc.cluster.local
            port: 9000
            failOpen: true
            statusOnError: "403"
        """,
        "meshConfigGRPC": """
        extensionProviders:
        - name: default
          envoyExtAuthzGrpc:
            service: foo/my-custom-ext-authz.foo.svc.cluster.local
            port: 9000
            timeout: 2ms
            failOpen: true
            statusOnError: "403"
            includeRequestBodyInCheck: { maxRequestBytes: 4096, allowPartialMessage: true }
        """,
        "meshConfigHTTP": """
        extensionProviders:
        - name: default
          envoyExtAuthzHttp:
            service: foo/my-custom-ext-authz.foo.svc.cluster.local
            port: 9000
            timeout: 10s
            failOpen: true
            statusOnError: "403"
            pathPrefix: /check
            includeRequestHeadersInCheck: [x-custom-id, x-prefix-*, "*-suffix"]
            includeHeadersInCheck: [should-not-include-when-IncludeRequestHeadersInCheck-is-set]
            includeAdditionalHeadersInCheck: { x-header-1: value-1, x-header-2: value-2 }
            includeRequestBodyInCheck: { maxRequestBytes: 2048, allowPartialMessage: true, packAsBytes: true }
            headersToUpstreamOnAllow: [Authorization, x-prefix-*, "*-suffix"]
            headersToDownstreamOnDeny: [Set-cookie, x-prefix-*, "*-suffix"]
            headersToDownstreamOnAllow: [Set-cookie, x-prefix-*, "*-suffix"]
        """,
        "meshConfigInvalid": """
        extensionProviders:
        - name: default
          envoyExtAuthzHttp:
            service: foo/my-custom-ext-authz
            port: 999999
            pathPrefix: check
            statusOnError: "999"
        """,
    ]
}
