import Crypto
import Foundation
import SPIFFE
import Storage
import Synchronization
import Testing
import X509
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct FederatedBundlesTests {
    /// A partner whose authority is of our own making.
    struct Partner {
        let base: AuthorityFixture
        let domain: TrustDomain
        let authority: Authority

        init(_ name: String = "partner.example", clock: TestClock = TestClock(Date())) async throws {
            base = try AuthorityFixture(clock: clock)
            domain = try TrustDomain(name)
            authority = Authority(
                .init(trustDomain: domain, schedule: RotationSchedule(overlap: 0)),
                store: base.store,
                keys: MemoryKeyStore(),
                clock: { clock.now },
                logger: quietLogger
            )
            try await authority.maintain()
        }

        func document(sequence: UInt64?, hint: UInt64? = nil) -> [UInt8] {
            var bundle = authority.document
            bundle.sequence = sequence
            bundle.refreshHint = hint
            return Array(bundle.document.utf8)
        }

        func relationship(
            _ url: String = "https://h/",
            name: String = "p",
            bundle: SPIFFEBundle? = nil
        ) throws -> FederatedTrustDomain {
            try FederatedTrustDomain(
                name: name,
                trustDomain: domain,
                url: try BundleEndpointURL(url),
                profile: .web(authoritiesFile: nil),
                bundle: bundle
            )
        }
    }

    private static func code(_ body: () async throws -> Void) async -> IdentityError.Code? {
        do { try await body() } catch { return (error as? IdentityError)?.code }
        return nil
    }

    @Test
    func `rule 52: an older sequence is not taken, the same under another content is told of, none is the newest`()
        async throws
    {
        let partner = try await Partner()
        let domain = partner.domain
        func bundle(_ sequence: UInt64?, jwt: Bool = true) -> SPIFFEBundle {
            var bundle = partner.authority.document
            bundle.sequence = sequence
            if !jwt { bundle.jwtAuthorities = [] }
            return bundle
        }
        for (next, held, expected) in [
            (bundle(1), nil, .newer), (bundle(1), bundle(1), .same), (bundle(2), bundle(1), .newer),
            (bundle(1), bundle(2), .older), (bundle(1, jwt: false), bundle(1), .renumbered),
            (bundle(nil), bundle(7), .newer), (bundle(1), bundle(nil), .newer), (bundle(nil), bundle(nil), .same),
        ] as [(SPIFFEBundle, SPIFFEBundle?, BundleSuccession)] {
            #expect(BundleSuccession(of: next, after: held) == expected, "\(domain)")
        }
    }

    @Test func `the last good bundle stays whatever an endpoint answers`() async throws {
        let partner = try await Partner()
        let federation = FederatedBundles(logger: quietLogger)
        let relationship = try partner.relationship()
        federation.follow([relationship])
        #expect(federation.statuses.first?.bundle == nil)
        let id = relationship.relationship
        #expect(try await federation.take(partner.document(sequence: 5), of: partner.domain, under: id))
        let revision = federation.revision
        #expect(try await !federation.take(partner.document(sequence: 5), of: partner.domain, under: id))
        #expect(federation.revision == revision, "nothing changed, and nobody is told")
        for bad in [
            [], Array("{}".utf8), Array("{\"keys\":null}".utf8), partner.document(sequence: 4),
            Array(repeating: 0x20, count: FederatedBundles.maximumDocumentLength) + partner.document(sequence: 6),
            Array("{\"keys\":[],\"keys\":[]}".utf8),
        ] {
            #expect(
                await Self.code { try await federation.take(bad, of: partner.domain, under: id) } == .invalidArgument
            )
            #expect(federation.bundle(of: partner.domain)?.sequence == 5)
            #expect(federation.statuses.first?.problem != nil)
        }
        #expect(try await federation.take(partner.document(sequence: 6), of: partner.domain, under: id))
        #expect(federation.statuses.first?.problem == nil)
        federation.note("nobody answers", of: partner.domain, under: id)
        #expect(federation.statuses.first?.problem == "nobody answers")
        #expect(federation.bundle(of: partner.domain)?.sequence == 6)
    }

    @Test func `rule 51: an empty list of keys is a bundle by which nobody is believed`() async throws {
        let partner = try await Partner()
        let federation = FederatedBundles(logger: quietLogger)
        let relationship = try partner.relationship()
        federation.follow([relationship])
        let id = relationship.relationship
        try await federation.take(partner.document(sequence: 1), of: partner.domain, under: id)
        try await federation.take(Array("{\"keys\":[],\"spiffe_sequence\":2}".utf8), of: partner.domain, under: id)
        #expect(federation.bundles(of: [partner.domain]).count == 1)
        #expect(federation.bundles(of: [partner.domain]).believed.isEmpty)
        // Keys of kinds that nobody knows are none.
        let unknown = "{\"keys\":[{\"kty\":\"LATTICE\",\"use\":\"x509-svid\"},{\"kty\":\"EC\"}],\"spiffe_sequence\":3}"
        try await federation.take(Array(unknown.utf8), of: partner.domain, under: id)
        #expect(federation.bundles(of: [partner.domain]).believed.isEmpty)
    }

    @Test func `only what is configured is taken, and what leaves the configuration is gone at once`() async throws {
        let (partner, stranger) = (try await Partner(), try await Partner("stranger.example"))
        let federation = FederatedBundles(logger: quietLogger)
        let relationship = try partner.relationship()
        federation.follow([relationship])
        let document = stranger.document(sequence: 1)
        #expect(await Self.code { try await federation.take(document, of: stranger.domain, under: "x") } == .notFound)
        // What was asked under another configuration is not taken either.
        let old = try partner.relationship("https://old/").relationship
        #expect(await Self.code { try await federation.take(document, of: partner.domain, under: old) } == .notFound)
        try await federation.take(partner.document(sequence: 9), of: partner.domain, under: relationship.relationship)
        // Another name of the resource is no other configuration.
        federation.follow([try partner.relationship(name: "renamed")])
        #expect(federation.bundle(of: partner.domain)?.sequence == 9)
        #expect(federation.statuses.first?.relationship.name == "renamed")
        try await federation.take(partner.document(sequence: 10), of: partner.domain, under: relationship.relationship)
        federation.follow([])
        #expect(federation.bundle(of: partner.domain) == nil && !federation.isConfigured(partner.domain))
        federation.follow([relationship])
        #expect(federation.bundle(of: partner.domain) == nil, "a relationship begins anew")
    }

    @Test func `the last good bundle is there after a restart, under the same configuration only`() async throws {
        let partner = try await Partner()
        let store = try AuthorityFixture()
        let first = FederatedBundles(store: store.store, logger: quietLogger)
        let relationship = try partner.relationship(bundle: partner.authority.document)
        first.follow([relationship])
        try await first.take(partner.document(sequence: 40), of: partner.domain, under: relationship.relationship)

        let second = FederatedBundles(store: store.store, logger: quietLogger)
        try await second.restore()
        second.follow([relationship])
        #expect(second.bundle(of: partner.domain)?.sequence == 40)
        #expect(second.statuses.first?.refreshedAt != nil)

        let third = FederatedBundles(store: store.store, logger: quietLogger)
        try await third.restore()
        third.follow([try partner.relationship("https://moved/", bundle: partner.authority.document)])
        #expect(third.bundle(of: partner.domain)?.sequence == partner.authority.document.sequence)
        try await third.flush()
        #expect(try await store.store.foreignBundles().isEmpty)
    }

    @Test func `what cannot be recorded is not taken`() async throws {
        struct Full: Error {}
        let partner = try await Partner()
        let isFull = Mutex(true)
        let federation = FederatedBundles(logger: quietLogger) { _ in
            if isFull.withLock({ $0 }) { throw Full() }
        }
        let relationship = try partner.relationship()
        federation.follow([relationship])
        let id = relationship.relationship
        await #expect(throws: Full.self) {
            try await federation.take(partner.document(sequence: 1), of: partner.domain, under: id)
        }
        #expect(federation.bundle(of: partner.domain) == nil)
        isFull.withLock { $0 = false }
        #expect(try await federation.take(partner.document(sequence: 1), of: partner.domain, under: id))
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `hostile bundles are parsed or refused, and never in the place of a newer one`(seed: UInt64) async throws {
        let partner = try await Partner()
        let federation = FederatedBundles(logger: quietLogger)
        let relationship = try partner.relationship()
        federation.follow([relationship])
        let good = partner.document(sequence: 1000)
        try await federation.take(good, of: partner.domain, under: relationship.relationship)
        var random = SeededGenerator(seed)
        for _ in 0..<600 {
            _ = try? await federation.take(
                random.mutate(good),
                of: partner.domain,
                under: relationship.relationship
            )
            #expect((federation.bundle(of: partner.domain)?.sequence ?? .max) >= 1000)
        }
    }
}
