import Authorization
import Resources
import Testing

/// What several resources come to for a workload, and whom it lets in.
@Suite struct MutualTLSRequirementTests {
    private let web = Workload(namespace: "ml", labels: ["app": "web"])

    private func resources(_ rows: (name: String, namespace: String, spec: String, created: String)...) throws
        -> [PeerAuthentication]
    {
        let text = rows.map { row in
            """
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata:
              name: \(row.name)
              namespace: \(row.namespace)
              creationTimestamp: \(row.created)
            spec: \(row.spec)
            """
        }.joined(separator: "\n---\n")
        return try PolicySet.load(try ResourceLoader.parse(yaml: text, file: "a.yaml")).peerAuthentications
    }

    @Test func `where no resource speaks, strict asks for mutual TLS and istio does not`() {
        #expect(MutualTLSRequirement([], workload: web).mode == .strict)
        #expect(MutualTLSRequirement([], workload: web, compatibility: .istio).mode == .permissive)
        #expect(MutualTLSRequirement([], workload: web).decidedBy == nil)
    }

    @Test func `the narrowest level that sets a mode counts`() throws {
        let mesh = (name: "mesh", namespace: "istio-system", spec: "{mtls: {mode: DISABLE}}", created: "")
        let space = (name: "space", namespace: "ml", spec: "{mtls: {mode: PERMISSIVE}}", created: "")
        let selector = "selector: {matchLabels: {app: web}}"
        let workload = (name: "web", namespace: "ml", spec: "{\(selector), mtls: {mode: STRICT}}", created: "")
        let unset = (name: "web", namespace: "ml", spec: "{\(selector), mtls: {mode: UNSET}}", created: "")
        func mode(_ resources: [PeerAuthentication]) -> MutualTLSMode {
            MutualTLSRequirement(resources, workload: web).mode
        }
        #expect(mode(try resources(mesh)) == .disable)
        #expect(mode(try resources(mesh, space)) == .permissive)
        #expect(mode(try resources(workload, mesh, space)) == .strict)
        #expect(mode(try resources(unset, mesh, space)) == .permissive)
        #expect(MutualTLSRequirement(try resources(mesh, space), workload: web).decidedBy?.name == "space")
    }

    @Test func `resources of others have no say`() throws {
        let others = try resources(
            (name: "a", namespace: "other", spec: "{mtls: {mode: DISABLE}}", created: ""),
            (
                name: "b", namespace: "ml", spec: "{selector: {matchLabels: {app: db}}, mtls: {mode: DISABLE}}",
                created: ""
            ),
            // A selector in the root namespace selects nothing, not even what it matches.
            (
                name: "c", namespace: "istio-system",
                spec: "{selector: {matchLabels: {app: web}}, mtls: {mode: DISABLE}}",
                created: ""
            )
        )
        #expect(MutualTLSRequirement(others, workload: web).mode == .strict)
    }

    @Test func `of several at one level the oldest counts, then the first by name`() throws {
        func mode(_ first: String, _ second: String) throws -> MutualTLSMode {
            let both = try resources(
                (name: "b", namespace: "ml", spec: "{mtls: {mode: PERMISSIVE}}", created: first),
                (name: "a", namespace: "ml", spec: "{mtls: {mode: DISABLE}}", created: second)
            )
            return MutualTLSRequirement(both, workload: web).mode
        }
        #expect(try mode("'2026-01-01T00:00:00Z'", "'2026-01-02T00:00:00Z'") == .permissive)
        #expect(try mode("'2026-01-02T00:00:00Z'", "'2026-01-01T00:00:00Z'") == .disable)
        #expect(try mode("'2026-01-01T00:00:00Z'", "'2026-01-01T00:00:00Z'") == .disable)
        #expect(try mode("", "'2026-01-01T00:00:00Z'") == .permissive)
        #expect(try mode("", "") == .disable)
    }

    @Test func `the oldest of a level counts also where it sets nothing`() throws {
        let both = try resources(
            (name: "a", namespace: "ml", spec: "{}", created: "'2026-01-01T00:00:00Z'"),
            (name: "b", namespace: "ml", spec: "{mtls: {mode: DISABLE}}", created: "'2026-01-02T00:00:00Z'")
        )
        #expect(MutualTLSRequirement(both, workload: web).mode == .strict)
    }

    @Test func `a port has its own mode, or the workload's`() throws {
        let spec = """
            {selector: {matchLabels: {app: web}}, mtls: {mode: PERMISSIVE}, portLevelMtls: {1: {mode: DISABLE}, 2: {}}}
            """
        let required = MutualTLSRequirement(
            try resources((name: "a", namespace: "ml", spec: spec, created: "")),
            workload: web
        )
        #expect(required.mode(onPort: 1) == .disable)
        #expect(required.mode(onPort: 2) == .permissive)
        #expect(required.mode(onPort: 3) == .permissive)
        #expect(required.ports == [1: .disable, 2: .permissive])
        #expect(required.portsDecidedBy?.name == "a")
    }

    @Test(arguments: MutualTLSMode.allCases)
    func `a mode lets in what it says`(_ mode: MutualTLSMode) {
        #expect(mode.admits(.plaintext) == (mode != .strict))
        #expect(mode.admits(.mutualTLS) == (mode != .disable))
        #expect(mode.admits(.mutualTLS, to: .opaque))
        #expect(mode.admits(.plaintext, to: .opaque) == (mode != .strict))
    }
}
