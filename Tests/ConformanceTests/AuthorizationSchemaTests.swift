import Authorization
import Foundation
import Resources
import Testing

/// Each bound of Istio's own schema, taken from the schema: what oversteps one is refused, and every field is known.
@Suite struct AuthorizationSchemaTests {
    private typealias Object = [String: Any]

    /// Valid specs that between them have every field of a kind.
    private static let samples: [String: [String]] = [
        "AuthorizationPolicy": [
            """
            {"action": "ALLOW", "selector": {"matchLabels": {"app": "web"}}, "rules": [{
              "from": [
                {"source": {"principals": ["a"], "notPrincipals": ["b"], "requestPrincipals": ["a/b"],
                  "notRequestPrincipals": ["c/d"], "namespaces": ["a"], "notNamespaces": ["b"],
                  "ipBlocks": ["10.0.0.1"], "notIpBlocks": ["10.0.0.2"], "remoteIpBlocks": ["10.0.0.3"],
                  "notRemoteIpBlocks": ["10.0.0.4"], "trustDomains": ["a"], "notTrustDomains": ["b"]}},
                {"source": {"serviceAccounts": ["a/b"], "notServiceAccounts": ["c/d"]}}],
              "to": [{"operation": {"hosts": ["a"], "notHosts": ["b"], "ports": ["1"], "notPorts": ["2"],
                "methods": ["GET"], "notMethods": ["PUT"], "paths": ["/a"], "notPaths": ["/b"]}}],
              "when": [{"key": "source.ip", "values": ["10.0.0.1"], "notValues": ["10.0.0.2"]}]}]}
            """,
            """
            {"action": "CUSTOM", "provider": {"name": "a"}, "rules": [{}],
              "targetRef": {"group": "", "kind": "Service", "name": "a", "namespace": ""}}
            """,
            """
            {"targetRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "a", "namespace": ""}]}
            """,
        ],
        "PeerAuthentication": [
            """
            {"selector": {"matchLabels": {"app": "web"}}, "mtls": {"mode": "STRICT"},
              "portLevelMtls": {"80": {"mode": "DISABLE"}}}
            """
        ],
        "RequestAuthentication": [
            """
            {"selector": {"matchLabels": {"app": "web"}}, "jwtRules": [
              {"issuer": "a", "audiences": ["b"], "jwksUri": "https://a.example/keys", "forwardOriginalToken": true,
                "fromCookies": ["a"], "fromParams": ["b"], "fromHeaders": [{"name": "a", "prefix": "b"}],
                "outputClaimToHeaders": [{"claim": "a", "header": "b"}], "outputPayloadToHeader": "a",
                "spaceDelimitedClaims": ["a"], "timeout": "5s"},
              {"issuer": "b", "jwks_uri": "https://a.example/keys"}, {"issuer": "c", "jwks": "{\\"keys\\":[]}"}]}
            """,
            """
            {"targetRef": {"group": "", "kind": "Service", "name": "a", "namespace": ""}}
            """,
            """
            {"targetRefs": [{"group": "networking.istio.io", "kind": "ServiceEntry", "name": "a", "namespace": ""}]}
            """,
        ],
    ]

    @Test func `what oversteps a bound of the schema is refused, and every field of it is known`() throws {
        guard let corpus = AuthorizationCorpus.folder else { return }
        let file = corpus.appendingPathComponent("api-crd/customresourcedefinitions.gen.yaml")
        let schemas = try Self.schemas(in: String(contentsOf: file, encoding: .utf8))
        #expect(Set(schemas.keys) == Set(Self.samples.keys))
        var report = SuiteReport(name: "Istio schema bounds")
        for (kind, schema) in schemas.sorted(by: { $0.key < $1.key }) {
            var missing = Self.fields(of: schema, at: "")
            for sample in Self.samples[kind] ?? [] {
                let spec = try #require(try JSONSerialization.jsonObject(with: Data(sample.utf8)) as? Object)
                #expect(try Self.isAccepted(spec, kind), "\(kind): a sample is refused")
                missing.subtract(Self.fields(in: spec, schema, at: ""))
                for (what, mutant) in Self.mutants(of: spec, schema, at: "spec") {
                    if try Self.isAccepted(mutant, kind) {
                        report.failed("\(kind): accepted with \(what)")
                    } else {
                        report.passed()
                    }
                }
            }
            if !missing.isEmpty { report.failed("\(kind): no sample has \(missing.sorted())") }
        }
        report.finish()
    }

    private static func isAccepted(_ spec: Any, _ kind: String) throws -> Bool {
        let document: Object = [
            "apiVersion": "security.istio.io/v1", "kind": kind, "metadata": ["name": "a", "namespace": "b"],
            "spec": spec,
        ]
        let text = String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
        do {
            _ = try PolicySet.load(try ResourceLoader.parse(yaml: text, file: "a.yaml"))
            return true
        } catch is ResourceError { return false }
    }

    // MARK: - The schema

    /// The schemas of `spec` by kind, of the kinds that are read here.
    private static func schemas(in text: String) throws -> [String: Value] {
        var schemas: [String: Value] = [:]
        for document in text.components(separatedBy: "\n---\n")
        where PolicySet.kinds.contains(where: { document.contains("kind: \($0)\n") }) {
            for value in try ResourceLoader.values(yaml: document, file: "crd.yaml") {
                guard let kind = value.at("spec", "names", "kind")?.written else { continue }
                for version in value.at("spec", "versions")?.listed ?? [] {
                    schemas[kind] = version.at("schema", "openAPIV3Schema", "properties", "spec")
                }
            }
        }
        return schemas
    }

    /// Every property of a schema, by its path.
    private static func fields(of schema: Value, at path: String) -> Set<String> {
        var fields: Set<String> = []
        for (name, property) in schema.at("properties")?.pairs ?? [] {
            fields.insert("\(path).\(name)")
            fields.formUnion(Self.fields(of: property, at: "\(path).\(name)"))
        }
        for inner in [schema.at("items"), schema.at("additionalProperties")].compactMap(\.self) {
            fields.formUnion(Self.fields(of: inner, at: "\(path)[]"))
        }
        return fields
    }

    /// The properties that a value has.
    private static func fields(in value: Any, _ schema: Value, at path: String) -> Set<String> {
        var fields: Set<String> = []
        if let object = value as? Object {
            for (name, inner) in object {
                if let property = schema.at("properties", name) {
                    fields.insert("\(path).\(name)")
                    fields.formUnion(Self.fields(in: inner, property, at: "\(path).\(name)"))
                } else if let property = schema.at("additionalProperties") {
                    fields.formUnion(Self.fields(in: inner, property, at: "\(path)[]"))
                }
            }
        }
        for element in value as? [Any] ?? [] {
            guard let items = schema.at("items") else { continue }
            fields.formUnion(Self.fields(in: element, items, at: "\(path)[]"))
        }
        return fields
    }

    // MARK: - What oversteps it

    /// The value with one bound overstepped, for each bound in it.
    private static func mutants(of value: Any, _ schema: Value, at path: String) -> [(what: String, value: Any)] {
        var mutants = bounds(of: value, schema).map { (what: "\(path): \($0.what)", value: $0.value) }
        if let object = value as? Object {
            for (name, inner) in object.sorted(by: { $0.key < $1.key }) {
                guard let property = schema.at("properties", name) ?? schema.at("additionalProperties") else {
                    continue
                }
                for mutant in Self.mutants(of: inner, property, at: "\(path).\(name)") {
                    mutants.append((mutant.what, object.merging([name: mutant.value]) { $1 }))
                }
            }
        }
        if let elements = value as? [Any], let items = schema.at("items") {
            for (index, element) in elements.enumerated() {
                let null = (what: "\(path)[\(index)]: null for an element", value: NSNull() as Any)
                for mutant in [null] + Self.mutants(of: element, items, at: "\(path)[\(index)]") {
                    var changed = elements
                    changed[index] = mutant.value
                    mutants.append((mutant.what, changed))
                }
            }
        }
        return mutants
    }

    private static func bounds(of value: Any, _ schema: Value) -> [(what: String, value: Any)] {
        let number = { (name: String) in schema.at(name)?.written.flatMap { Int($0) } }
        var mutants: [(what: String, value: Any)] = []
        switch schema.at("type")?.written {
        case "string":
            mutants.append(("a number for a text", 1))
            mutants.append(("a list for a text", ["a"]))
            if schema.at("enum") != nil { mutants.append(("an unknown value", "UNKNOWN")) }
            if schema.at("pattern") != nil { mutants.append(("characters beyond the pattern", "a b%")) }
            if number("minLength") ?? 0 > 0 { mutants.append(("an empty text", "")) }
            if let most = number("maxLength") {
                let text = value as? String ?? ""
                mutants.append(("a text too long", text + String(repeating: "a", count: most + 1)))
            }
        case "boolean": mutants.append(("a text for a boolean", "true"))
        case "array":
            mutants.append(("an object for a list", Object()))
            if let most = number("maxItems"), let first = (value as? [Any])?.first {
                mutants.append(("too many elements", [Any](repeating: first, count: most + 1)))
            }
        case "object":
            mutants.append(("a text for an object", "a"))
            let object = value as? Object ?? [:]
            if schema.at("properties") != nil {
                mutants.append(("an unknown field", object.merging(["unknownField": "a"]) { $1 }))
            }
            if number("minProperties") ?? 0 > 0 { mutants.append(("no entry", Object())) }
            if let most = number("maxProperties") {
                let entries = (0...most).map { ("key\($0)", "a") }
                mutants.append(("too many entries", Dictionary(uniqueKeysWithValues: entries)))
            }
            for name in schema.at("required")?.listed.compactMap(\.written) ?? [] {
                mutants.append(("`\(name)` left out", object.filter { $0.key != name }))
            }
        default: break
        }
        return mutants
    }
}

extension Value {
    /// The value at a path of keys.
    fileprivate func at(_ path: String...) -> Value? {
        path.reduce(Optional(self)) { value, key in value?.pairs.first { $0.key == key }?.value }
    }

    fileprivate var pairs: [(key: String, value: Value)] {
        ((try? mapping()) ?? []).map { ($0.key, $0.value) }
    }

    fileprivate var listed: [Value] { (try? list { $0 }) ?? [] }

    fileprivate var written: String? {
        switch content {
        case .string(let text), .number(let text): text
        default: nil
        }
    }
}
