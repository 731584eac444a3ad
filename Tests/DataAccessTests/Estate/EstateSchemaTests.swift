import DataAccess
import Foundation
import Resources
import Testing

@Suite("The JSON Schema of an estate")
struct EstateSchemaTests {
    private typealias Object = [String: Any]

    private static func schema() throws -> Object {
        try #require(try JSONSerialization.jsonObject(with: Data(EstateSchema.json.utf8)) as? Object)
    }

    /// An estate with every field that there is.
    private static let everything = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Estate
        metadata: {name: all, trustDomain: all.example, namespace: data, labels: {a: b}, annotations: {c: d}}
        defaults: {ingress: deny, egress: deny, data: deny, internet: deny, credentialTTL: 15m}
        purposes: {research: {description: all of it, below: [training]}, training: {}, serving: {}}
        classifications: [public, secret]
        components:
          front:
            description: the front
            identity: {k8s: web/front, aws: {role: front, account: "123456789012"}, spiffe: "spiffe://all.example/front"}
            purpose: serving
            maxClassification: secret
            exposes: [{name: score, port: 8443, http: [{methods: [POST], paths: [/score, /v1/*]}]}]
            egress: [{host: api.example.com, port: 443}]
          trainer: {identity: {k8s: ml/trainer, aws: {role: trainer}}, purpose: training, maxClassification: secret}
        datasets:
          rows:
            description: rows
            producer: trainer
            classification: secret
            purposes: [training]
            derivable: [serving]
            stores:
            - {s3: all-rows, prefix: a/, mode: append}
            - {postgres: {db: all, table: a.rows, columnsFor: {training: [id]}, mode: full, shared: false}}
            signed: required
        models:
          ranker: {description: ranks, dataset: rows, prefix: a/r/, trainedOn: [rows], servedBy: [front]}
        calls: [{from: trainer, to: front, api: score}]
        invariants:
        - {id: A, description: a, never: {component: "*", write: {datasetNotProducedBySelf: true}}, except: {read: rows, call: front.score}}
        - {id: B, never: {component: [front], read: {dataset: [rows]}, except: {read: [rows]}}}
        - {id: C, never: {component: front, read: {classification: secret}}}
        - {id: D, never: {component: front, write: {dataset: rows}}}
        - {id: E, never: {component: trainer, call: {not: [front.score]}}}
        - {id: F, never: {component: front, call: {api: front}}}
        - {id: G, never: {component: front, reach: internet}}
        - {id: H, never: {flow: {from: {dataset: rows}, to: {component: front}, through: undeclared-derivation}}}
        enforcement:
          k8s: {networkPolicy: true, istio: {mode: sidecar, proxyImage: docker.io/istio/proxyv2}, addresses: {api.example.com: [10.9.0.0/24]}}
          aws: {account: "123456789012", region: eu-west-1, partition: aws, oidcProvider: o.example/id, organization: o-a1, vpcEndpoint: vpce-0a}
          postgres: {all: {host: pg.all.svc, port: 5432, version: 15, auth: cert-dn}}
          minio: {endpoint: "https://minio.all.svc:9000"}
          envoy: {extAuthz: true}
        """

    /// A document as JSON, by the reader that reads it for the decoder.
    private static func json(_ value: Value) -> Any {
        switch value.content {
        case .null: NSNull()
        case .bool(let flag): flag
        case .number(let text): NSDecimalNumber(string: text)
        case .string(let text): text
        case .list(let elements): elements.map(json)
        case .mapping(let entries): Dictionary(uniqueKeysWithValues: entries.map { ($0.key, json($0.value)) })
        }
    }

    private static func text(_ document: Any) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: document, options: .sortedKeys), as: UTF8.self)
    }

    private static func document(_ yaml: String) throws -> Object {
        try #require(try ResourceLoader.values(yaml: yaml, file: "estate.yaml").first.map(json) as? Object)
    }

    /// What the strict decoder says of a document; nil where it takes it.
    private static func refusal(_ document: Any) throws -> String? {
        do {
            _ = try EstateExample.load(text(document))
            return nil
        } catch { return "\(error)" }
    }

    // MARK: - Every place in a document

    private enum Step {
        case name(String)
        case index(Int)
    }

    /// Every mapping of a document, by the way to it, with the fields that the schema has there; nil for names of one's own.
    private static func places(_ document: Any, _ schema: Object, _ path: [Step] = []) -> [([Step], Set<String>?)] {
        var found: [([Step], Set<String>?)] = []
        for alternative in schema["anyOf"] as? [Object] ?? [] where alternative["type"] != nil || path.isEmpty {
            found += places(document, alternative, path)
        }
        if let mapping = document as? Object, schema["type"] as? String == "object" {
            let fields = schema["properties"] as? Object
            found.append((path, fields.map { Set($0.keys) }))
            let others = schema["additionalProperties"] as? Object
            for (key, value) in mapping {
                if let inner = fields?[key] as? Object ?? others { found += places(value, inner, path + [.name(key)]) }
            }
        }
        if let list = document as? [Any], let element = schema["items"] as? Object {
            for (index, value) in list.enumerated() { found += places(value, element, path + [.index(index)]) }
        }
        return found
    }

    private static func changed(_ document: Any, at path: ArraySlice<Step>, _ change: (inout Object) -> Void) -> Any {
        guard let step = path.first else {
            var mapping = document as? Object ?? [:]
            change(&mapping)
            return mapping
        }
        switch step {
        case .name(let name):
            var mapping = document as? Object ?? [:]
            mapping[name] = changed(mapping[name] ?? NSNull(), at: path.dropFirst(), change)
            return mapping
        case .index(let index):
            var list = document as? [Any] ?? []
            list[index] = changed(list[index], at: path.dropFirst(), change)
            return list
        }
    }

    @Test("has the very fields that the strict decoder knows, in every place")
    func everyField() throws {
        let (document, schema) = (try Self.document(Self.everything), try Self.schema())
        #expect(try Self.refusal(document) == nil)
        let stranger = "qqqqqqqqqqqqqqqqqqqq"
        var compared: Set<String> = []
        for (path, fields) in Self.places(document, schema) {
            guard let fields else { continue }
            let with = Self.changed(document, at: path[...]) { $0[stranger] = 1 }
            let message = try Self.refusal(with) ?? ""
            // The message lists what is known there.
            let line = message.split(separator: "\n").first { $0.contains("unknown field `\(stranger)`") } ?? ""
            let known = line.split(separator: "expected one of ").last.map(String.init) ?? ""
            let names = Set(known.split(separator: "`").map(String.init).filter { !$0.hasPrefix(",") && !$0.isEmpty })
            // The envelope of a resource is read before.
            let envelope: Set = ["apiVersion", "kind", "metadata", "status"]
            #expect(
                names == (path.isEmpty ? fields.subtracting(envelope) : fields),
                "\(path): \(line)\nschema: \(fields.sorted())"
            )
            compared.insert(fields.sorted().joined(separator: " "))
        }
        #expect(compared.count >= 24, "\(compared.count)")
    }

    @Test("is valid, takes what the decoder takes, and marks what it refuses", .enabled(if: TestPeer.isAvailable))
    func judgedByAnother() throws {
        let (document, schema) = (try Self.document(Self.everything), try Self.schema())
        let good: [Object] =
            [document] + (try [EstateExample.yaml, ReferenceEstate.yaml].map(Self.document))
        var bad: [Any] = []
        // A field of no name in every mapping whose fields are known, and each required field gone.
        for (path, fields) in Self.places(document, schema) where fields != nil {
            bad.append(Self.changed(document, at: path[...]) { $0["colour"] = "red" })
        }
        for field in ["apiVersion", "kind", "metadata", "purposes", "classifications", "components"] {
            bad.append(Self.changed(document, at: []) { $0[field] = nil })
        }
        let wrong: [(path: [Step], field: String, value: Any)] = [
            ([.name("metadata")], "name", "Not A Name"), ([.name("defaults")], "egress", "allow"),
            ([.name("components"), .name("front")], "exposes", "all"),
            ([.name("components"), .name("front"), .name("identity")], "k8s", "no-slash"),
            ([.name("datasets"), .name("rows")], "stores", [Any]()),
            ([.name("datasets"), .name("rows")], "signed", true),
            ([.name("datasets"), .name("rows"), .name("stores"), .index(0)], "s3", "UPPER"),
            ([.name("datasets"), .name("rows"), .name("stores"), .index(0)], "prefix", "a*"),
            (
                [.name("datasets"), .name("rows"), .name("stores"), .index(1), .name("postgres")], "table",
                "pg_catalog.t"
            ),
            ([.name("enforcement"), .name("aws")], "account", 123_456_789_012),
            ([.name("enforcement"), .name("postgres"), .name("all")], "version", 13),
            ([.name("invariants"), .index(0), .name("never")], "reach", "internet"),
            ([.name("invariants"), .index(6), .name("never")], "reach", "space"), ([.name("components")], "Upper", [:]),
        ]
        for change in wrong {
            let with = Self.changed(document, at: change.path[...]) { $0[change.field] = change.value }
            #expect(try Self.refusal(with) != nil, "\(change)")
            bad.append(with)
        }
        let question: Object = ["schema": schema, "documents": good as [Any] + bad]
        let answer = try TestPeer(script: "check_schema.py").run(Self.text(question))
        let answers = try JSONDecoder().decode([[String]].self, from: Data(answer.utf8))
        try #require(answers.count == good.count + bad.count)
        for (index, messages) in answers.enumerated() {
            if index < good.count {
                #expect(messages.isEmpty, "document \(index): \(messages)")
            } else {
                #expect(!messages.isEmpty, "\(bad[index - good.count])")
            }
        }
        print("peers: jsonschema judged \(answers.count) documents")
    }
}
