import Foundation
import Resources
import Testing
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct SelectorTests {
    @Test func `what only looks the same is another`() throws {
        let (one, two) = ("unix:path:/srv/caf\u{e9}", "unix:path:/srv/cafe\u{301}")
        #expect(one == two, "as Swift compares texts")
        #expect(try Selector(one) != Selector(two))
        #expect(try Selector(one) == Selector(one))
        #expect(try !Set([Selector(one)]).isSubset(of: [Selector(two)]))
    }

    @Test(arguments: [
        "unix:uid:0", "unix:uid:4294967294", "unix:user:ml-inference", "unix:gid:1000", "unix:group:ml",
        "unix:supplementary_gid:27", "unix:supplementary_group:sudo", "unix:path:/usr/bin/python3.12",
        "unix:path:/a b:c",
        "unix:sha256:" + String(repeating: "0a", count: 32),
    ])
    func `a selector reads and prints the same`(_ text: String) throws {
        #expect(try Selector(text).description == text)
    }

    @Test(arguments: [
        "", "unix", "unix:uid", "unix:uid:", "unix:uid:-1", "unix:uid:+1", "unix:uid:01", "unix:uid:4294967295",
        "unix:uid:1 ",
        "k8s:namespace:x", "unix:UID:1", "unix:user:", "unix:user:a b", "unix:user:a:b", "unix:path:python3",
        "unix:path:/a/../b",
        "unix:path:/a//b", "unix:path:/a/", "unix:path:/./a", "unix:sha256:abc",
        "unix:sha256:" + String(repeating: "0A", count: 32), "unix:pid:1",
    ])
    func `a selector that could never match is refused`(_ text: String) {
        let failure = #expect(throws: IdentityError.self) { try Selector(text) }
        #expect(failure?.code == .invalidArgument)
    }
}

@Suite(.timeLimit(.minutes(5))) struct CertificateSubjectTests {
    @Test(arguments: [
        ("CN=a", "CN=a"), ("CN=feature store, O=Example ,OU=ML,C=DE", "CN=feature store,O=Example,OU=ML,C=DE"),
    ])
    func `a subject reads and prints`(_ text: String, _ printed: String) throws {
        #expect(try CertificateSubject(text).description == printed)
    }

    @Test(arguments: [
        "", "CN", "CN=", "cn=a", "CN=a,CN=b", "CN=a,", "CN=a+O=b,O=c\"", "C=DEU", "C=de", "CN=a\nb", "L=x",
    ])
    func `a subject that is malformed or would need escaping is refused`(_ text: String) {
        #expect(throws: IdentityError.self) { try CertificateSubject(text) }
    }
}

@Suite(.timeLimit(.minutes(5))) struct WorkloadEntryTests {
    static func document(_ spec: String, name: String = "inference") throws -> Document {
        let yaml = """
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata:
              name: \(name)
            spec:
            """
        let lines = spec.split(separator: "\n").map { "  " + $0 }.joined(separator: "\n")
        return try #require(try ResourceLoader.parse(yaml: yaml + "\n" + lines + "\n", file: "entries.yaml").first)
    }

    @Test func `a resource says everything that an entry can hold`() throws {
        let entry = try WorkloadEntry(
            try Self.document(
                """
                spiffeID: spiffe://cluster.local/ns/ml-inference/sa/inference-service
                selectors: ["unix:uid:1000", "unix:path:/usr/bin/python3"]
                ttl: 15m
                dnsNames: [inference.example]
                subject: CN=inference,O=Example
                hint: main
                """
            )
        )
        #expect(entry.name == "inference")
        #expect(entry.id.description == "spiffe://cluster.local/ns/ml-inference/sa/inference-service")
        #expect(entry.selectors == [try Selector("unix:uid:1000"), try Selector("unix:path:/usr/bin/python3")])
        #expect(entry.lifetime == 900)
        #expect(entry.dnsNames == ["inference.example"])
        #expect(entry.subject?.description == "CN=inference,O=Example")
        #expect(entry.hint == "main")
    }

    @Test(arguments: [
        ("spiffeID: spiffe://cluster.local/a", "needs `selectors`"),
        ("selectors: [\"unix:uid:1\"]", "needs `spiffeID`"),
        ("spiffeID: spiffe://cluster.local\nselectors: [\"unix:uid:1\"]", "needs a path"),
        ("spiffeID: SPIFFE://cluster.local/a\nselectors: [\"unix:uid:1\"]", "spiffe://"),
        ("spiffeID: spiffe://cluster.local/a\nselectors: []", "selectors"),
        ("spiffeID: spiffe://cluster.local/a\nselectors: [\"unix:uid:x\"]", "can never match"),
        ("spiffeID: spiffe://cluster.local/a\nselectors: [\"unix:uid:1\", \"unix:uid:1\"]", "twice"),
        ("spiffeID: spiffe://cluster.local/a\nselectors: [\"unix:uid:1\", \"unix:uid:2\"]", "can never match together"),
        ("spiffeID: spiffe://cluster.local/a\nselectors: [\"unix:uid:1\"]\nttl: 5s", "at least 10 s"),
        ("spiffeID: spiffe://cluster.local/a\nselectors: [\"unix:uid:1\"]\ndnsNames: [\"*.example\"]", "no DNS name"),
        ("spiffeID: spiffe://cluster.local/a\nselectors: [\"unix:uid:1\"]\nselector: x", "did you mean `selectors`"),
        ("spiffeID: spiffe://cluster.local/a\nselectors: [\"unix:uid:1\"]\nsubject: DC=x", "no certificate subject"),
    ])
    func `a resource that cannot work is refused with its place`(_ spec: String, _ message: String) throws {
        let document = try Self.document(spec)
        let failure = #expect(throws: ResourceError.self) { try WorkloadEntry(document) }
        let text = failure?.description ?? ""
        #expect(text.contains(message), "\(text)")
        #expect(text.hasPrefix("entries.yaml:"))
    }
}

@Suite(.timeLimit(.minutes(5))) struct EntryRegistryTests {
    static func entry(_ name: String, _ selectors: [String], id: String? = nil) throws -> WorkloadEntry {
        try WorkloadEntry(
            name: name,
            id: try SPIFFEID(id ?? "spiffe://cluster.local/\(name)"),
            selectors: Set(try selectors.map { try Selector($0) })
        )
    }

    static let spec = "spiffeID: spiffe://cluster.local/a\nselectors: [\"unix:uid:1\"]"

    @Test func `an entry fits where all its selectors do`() throws {
        let entries = try [
            Self.entry("a", ["unix:uid:1"]), Self.entry("b", ["unix:uid:1", "unix:gid:2"]),
            Self.entry("c", ["unix:uid:3"]),
            Self.entry("d", ["unix:supplementary_gid:7", "unix:supplementary_gid:8"]),
        ]
        let snapshot = EntrySnapshot(
            entries.map { .init(entry: $0, source: .file(.init(file: "f", line: 1, column: 1))) }
        )
        let names = { (selectors: [String]) in
            snapshot.entries(matching: Set(try selectors.map { try Selector($0) })).map(\.name)
        }
        #expect(try names(["unix:uid:1", "unix:gid:2"]) == ["a", "b"])
        #expect(try names(["unix:uid:1", "unix:gid:9"]) == ["a"])
        #expect(try names(["unix:gid:2"]) == [])
        #expect(try names(["unix:supplementary_gid:7"]) == [])
        #expect(try names(["unix:supplementary_gid:7", "unix:supplementary_gid:8"]) == ["d"])
        #expect(try names([]) == [])
        #expect(snapshot.kinds == [.uid, .gid, .supplementaryGID])
    }

    @Test func `the same name in a file and in the store is an error that names both places`() async throws {
        let fixture = try AuthorityFixture()
        let registry = EntryRegistry(trustDomain: try TrustDomain("cluster.local"), store: fixture.store)
        try await registry.refresh()
        try registry.load([try WorkloadEntryTests.document(Self.spec, name: "one")])
        let taken = await #expect(throws: IdentityError.self) {
            _ = try await registry.create(try Self.entry("one", ["unix:uid:1"]), by: "uid 0", at: fixture.clock.now)
        }
        #expect(taken?.code == .alreadyExists)
        #expect(taken?.message.contains("entries.yaml:4:") == true)

        _ = try await registry.create(try Self.entry("two", ["unix:uid:1"]), by: "uid 0", at: fixture.clock.now)
        let clash = #expect(throws: ResourceError.self) {
            try registry.load([try WorkloadEntryTests.document(Self.spec, name: "two")])
        }
        #expect(clash?.description.contains("entries.yaml:4:") == true)
        #expect(clash?.description.contains("made by uid 0") == true)
        // What was loaded before stands.
        #expect(registry.snapshot.items.keys.sorted() == ["one", "two"])
    }

    @Test func `an entry in a file cannot be taken out by command`() async throws {
        let fixture = try AuthorityFixture()
        let registry = EntryRegistry(trustDomain: try TrustDomain("cluster.local"), store: fixture.store)
        try await registry.refresh()
        try registry.load([try WorkloadEntryTests.document(Self.spec, name: "one")])
        let failure = await #expect(throws: IdentityError.self) { try await registry.delete("one") }
        #expect(failure?.message.contains("belongs to a file") == true)
        let missing = await #expect(throws: IdentityError.self) { try await registry.delete("none") }
        #expect(missing?.code == .notFound)
    }

    @Test func `an entry of another trust domain is refused in a file and by command`() async throws {
        let fixture = try AuthorityFixture()
        let registry = EntryRegistry(trustDomain: try TrustDomain("cluster.local"), store: fixture.store)
        let spec = "spiffeID: spiffe://other.example/a\nselectors: [\"unix:uid:1\"]"
        #expect(throws: ResourceError.self) { try registry.load([try WorkloadEntryTests.document(spec)]) }
        await #expect(throws: IdentityError.self) {
            let entry = try Self.entry("a", ["unix:uid:1"], id: "spiffe://other.example/a")
            _ = try await registry.create(entry, by: "x", at: fixture.clock.now)
        }
    }

    @Test func `every change is announced, and what another authority stores is found`() async throws {
        let fixture = try AuthorityFixture()
        let domain = try TrustDomain("cluster.local")
        let registry = EntryRegistry(trustDomain: domain, store: fixture.store)
        let other = EntryRegistry(trustDomain: domain, store: fixture.store)
        try await registry.refresh()
        try await other.refresh()
        var changes = registry.changes.changes.makeAsyncIterator()
        _ = try await registry.create(try Self.entry("a", ["unix:uid:1"]), by: "x", at: fixture.clock.now)
        await changes.next()
        _ = try await other.create(try Self.entry("b", ["unix:uid:1"]), by: "y", at: fixture.clock.now)
        #expect(other.snapshot.items.keys.sorted() == ["a", "b"])
        #expect(registry.snapshot.items.keys.sorted() == ["a"])
        try await registry.refresh()
        await changes.next()
        #expect(registry.snapshot.items.keys.sorted() == ["a", "b"])
        try await registry.delete("a")
        #expect(registry.snapshot.items.keys.sorted() == ["b"])
    }
}
