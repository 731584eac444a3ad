import Authorization
import Resources
import Testing
import ZeroTrust

/// A `PeerAuthentication` is read whole or refused with its place and what was expected.
@Suite struct PeerAuthenticationDecoderTests {
    private func documents(_ spec: String, metadata: String = "") throws -> [Document] {
        try ResourceLoader.parse(
            yaml: """
                apiVersion: security.istio.io/v1beta1
                kind: PeerAuthentication
                metadata: {name: default, namespace: ml\(metadata)}
                spec: \(spec)
                """,
            file: "peer.yaml"
        )
    }

    @Test func `everything that can be said is read`() throws {
        let spec = """
            {selector: {matchLabels: {app: web}}, mtls: {mode: STRICT},
              portLevelMtls: {8080: {mode: DISABLE}, "9090": {mode: UNSET}, 10: }}
            """
        let set = try PolicySet.load(
            try documents(spec, metadata: ", creationTimestamp: '2026-11-21T22:40:01Z'")
        )
        let resource = try #require(set.peerAuthentications.first)
        #expect(resource.name == "default" && resource.namespace == "ml")
        #expect(resource.selector == ["app": "web"])
        #expect(resource.mode == .strict)
        #expect(resource.modeLocation?.line == 4)
        #expect(resource.ports.map(\.number) == [8080, 9090, 10])
        #expect(resource.ports.map(\.mode) == [.disable, nil, nil])
        #expect(resource.ports.first?.location == SourceLocation(file: "peer.yaml", line: 5, column: 19))
        #expect(resource.creationTimestamp?.description == "2026-11-21T22:40:01.000000000Z")
        #expect(set.warnings.isEmpty)
    }

    @Test(arguments: ["", "{}", "{mtls: }", "{mtls: {}}", "{mtls: {mode: UNSET}}", "{selector: }"])
    func `what sets no mode inherits`(_ spec: String) throws {
        let set = try PolicySet.load(try documents(spec))
        #expect(set.peerAuthentications.first?.mode == nil)
        #expect(set.warnings.isEmpty)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let spec: String
        let message: String
        var testDescription: String { spec }
    }

    static let refused: [Row] = [
        Row(spec: "{mtls: {mode: STRIKT}}", message: "4:21: error: unknown value `STRIKT`; did you mean `STRICT`?"),
        Row(spec: "{mtls: {mode: strict}}", message: "did you mean `STRICT`?"),
        Row(spec: "{mtls: {mode: true}}", message: "expected a string, found true"),
        Row(spec: "{mtls: STRICT}", message: "expected `mtls` to be a mapping, found the string `STRICT`"),
        Row(spec: "{mtl: {mode: STRICT}}", message: "unknown field `mtl`"),
        Row(spec: "{mtls: {modes: STRICT}}", message: "unknown field `modes` in `mtls`; did you mean `mode`?"),
        Row(
            spec: "{portLevelMtls: {'80': {mode: STRICT}}}",
            message: "4:23: error: `portLevelMtls` needs a `selector`"
        ),
        Row(spec: port("'0': {mode: STRICT}"), message: "`0` is no port; expected 1 to 65535"),
        Row(spec: port("'65536': {}"), message: "`65536` is no port"),
        Row(spec: port("'-1': {}"), message: "`-1` is no port"),
        Row(spec: port("'080': {}"), message: "`080` is no port"),
        Row(spec: port("http: {}"), message: "`http` is no port"),
        Row(spec: port("80: {mode: PERMISIVE}"), message: "did you mean `PERMISSIVE`?"),
        Row(spec: port("80: STRICT"), message: "expected a mapping; write `80: { mode: STRICT }`"),
        Row(spec: port("80: {node: STRICT}"), message: "unknown field `node`"),
        Row(spec: port(""), message: "`portLevelMtls` is empty"),
        Row(spec: "{selector: {matchLabels: {'': a}}}", message: "a label key must not be empty"),
        Row(spec: "{selector: {matchLabels: {'a*': a}}}", message: "the label key `a*` has a wildcard"),
        Row(spec: "{selector: {matchLabels: {a: 'b*'}}}", message: "the label value `b*` has a wildcard"),
        Row(spec: "{selector: {matchLabels: {a: 1}}}", message: "write \"1\" in quotes"),
        Row(spec: "{selector: {labels: {}}}", message: "unknown field `labels` in a selector"),
        Row(
            spec: "{selector: {matchLabels: {a: \(String(repeating: "x", count: 64))}}}",
            message: "a label value has at most 63 characters"
        ),
        Row(spec: "{targetRefs: []}", message: "unknown field `targetRefs`"),
        Row(spec: "[]", message: "expected the spec of a PeerAuthentication to be a mapping, found a list"),
    ]

    private static func port(_ entry: String) -> String {
        "{selector: {matchLabels: {a: b}}, portLevelMtls: {\(entry)}}"
    }

    @Test(arguments: refused)
    func `what is wrong is refused with its place`(_ row: Row) throws {
        let documents = try documents(row.spec)
        let error = #expect(throws: ResourceError.self) { try PolicySet.load(documents) }
        #expect(error?.description.contains(row.message) == true, "\(String(describing: error))")
    }

    @Test func `an empty selector is warned of, a trial refused`() throws {
        let set = try PolicySet.load(try documents("{selector: {}}"))
        #expect(set.warnings.map(\.severity) == [.warning])
        let trial = try documents("{}", metadata: ", annotations: {istio.io/dry-run: 'true'}")
        #expect(throws: ResourceError.self) { try PolicySet.load(trial) }
        #expect(throws: ResourceError.self) { try documents("{}", metadata: ", creationTimestamp: yesterday") }
    }
}
