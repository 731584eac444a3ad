import ModelTrust
import Registry
import Resources
import Testing
import ZeroTrust

@Suite(.timeLimit(.minutes(5))) struct `Who may do what` {
    @Test func `a star stands for a part of a component, two for components`() {
        let cases: [(String, [String], [String])] = [
            ("fraud/*", ["fraud/a"], ["fraud", "fraud/a/b", "frauds/a"]),
            ("fraud/**", ["fraud/a", "fraud/a/b"], ["fraud", "x/fraud/a"]),
            ("**/draft", ["a/draft", "a/b/draft"], ["draft", "a/drafts"]),
            ("v*", ["v", "v1"], ["w", "v/1"]), ("*-*-x", ["a-b-x", "a-b-c-x"], ["a-x", "a-b-xy"]),
            ("**", ["a", "a/b"], []), ("a", ["a"], ["b", "a/b"]),
        ]
        for (text, matching, others) in cases {
            let pattern = PathPattern(text)
            #expect(matching.allSatisfy { pattern?.matches($0) == true }, "\(text)")
            #expect(!others.contains { pattern?.matches($0) == true }, "\(text)")
        }
        for text in ["", "/", "a/", "***", "a**", "**/**", "a b", "a//b"] {
            #expect(PathPattern(text) == nil, "\(text)")
        }
    }

    @Test func `a caller is meant by its whole ID, or by whole segments of its beginning`() throws {
        let id = try SPIFFEID("spiffe://cluster.local/ns/ml/sa/a")
        #expect(IdentityPattern(spiffe: "spiffe://cluster.local/ns/ml/sa/a")?.matches(id) == true)
        #expect(IdentityPattern(spiffe: "spiffe://cluster.local/ns/ml/*")?.matches(id) == true)
        for text in [
            "spiffe://cluster.local/ns/ml/sa/ab", "spiffe://cluster.local/ns/m/*", "spiffe://other/ns/ml/*",
            "spiffe://cluster.local/ns/ml/sa/a/*",
        ] { #expect(IdentityPattern(spiffe: text)?.matches(id) == false, "\(text)") }
        for text in ["*", "spiffe://*", "ns/ml/*", "spiffe://cluster.local/ns/m*", ""] {
            #expect(IdentityPattern(spiffe: text) == nil, "\(text)")
        }
    }

    @Test func `the first rule that fits holds, and where none fits nobody may do anything`() throws {
        let configuration = try load(
            """
            repositories:
              - pattern: fraud/secret
                readers: ["spiffe://cluster.local/a"]
              - pattern: fraud/*
                readers: ["spiffe://cluster.local/b"]
                writers: ["spiffe://cluster.local/a"]
            """
        )
        let (a, b) = (try SPIFFEID("spiffe://cluster.local/a"), try SPIFFEID("spiffe://cluster.local/b"))
        func may(_ id: SPIFFEID, _ permission: Permission, _ name: String) -> Bool {
            RepositoryName(name).map { configuration.permits(id, permission, in: $0) } ?? true
        }
        #expect(may(a, .read, "fraud/secret") && !may(b, .read, "fraud/secret") && !may(a, .write, "fraud/secret"))
        #expect(may(b, .read, "fraud/x") && !may(a, .read, "fraud/x") && may(a, .write, "fraud/x"))
        #expect(!may(b, .promote, "fraud/x") && !may(a, .read, "other") && !may(a, .delete, "fraud/x"))
    }

    @Test(arguments: [
        ("repositories: [{pattern: a, reader: []}]", "did you mean `readers`?"),
        ("repositories: [{pattern: 'A B'}]", "is no pattern of repositories"),
        ("repositories: [{pattern: a, readers: ['cluster.local/a']}]", "expected a SPIFFE ID"),
        ("repositories: [{pattern: a, admission: {signatur: {}}}]", "did you mean `signature`?"),
        ("repositories: [{pattern: a, admission: {signature: {}}}]", "somebody has to be believed"),
        ("repositories: [{pattern: a, admission: {signature: {keys: [x]}}}]", "cannot be read"),
        ("repositories: [{pattern: a, admission: {signature: {authorities: [x]}}}]", "belong together"),
        ("limits: {}", "needs `repositories`"),
    ])
    func `a mistake is told with its place`(_ spec: String, _ message: String) {
        let error = #expect(throws: ResourceError.self) { _ = try load(spec) }
        #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    }

    private func load(_ spec: String) throws -> RegistryConfiguration {
        let text =
            "apiVersion: lapwing.dev/v1alpha1\nkind: ModelRegistry\nmetadata: {name: models}\nspec:\n"
            + spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        let documents = try ResourceLoader.parse(yaml: text, file: "registry.yaml")
        return try #require(try RegistryConfiguration.load(documents))
    }
}
