import Crypto
import Foundation
import SwiftASN1
import Testing
import X509
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct AuthorityTests {
    static func request(_ path: String = "/ns/ml-api/sa/api-gateway", lifetime: TimeInterval? = nil) throws
        -> SVIDRequest
    {
        SVIDRequest(id: try SPIFFEID("spiffe://cluster.local" + path), lifetime: lifetime)
    }

    static func leaf(_ svid: IssuedSVID) throws -> Certificate {
        try Certificate(derEncoded: try #require(svid.chain.first))
    }

    @Test func `an X.509-SVID has the profile of the standard`() async throws {
        let fixture = try AuthorityFixture()
        try await fixture.authority.maintain()
        let svid = try fixture.authority.issue(try Self.request())
        #expect(svid.chain.count == 1)
        let leaf = try Self.leaf(svid)
        let extensions = leaf.extensions

        let names = try #require(try extensions.subjectAlternativeNames)
        #expect(Array(names) == [.uniformResourceIdentifier("spiffe://cluster.local/ns/ml-api/sa/api-gateway")])
        #expect(extensions[oid: .X509ExtensionID.subjectAlternativeName]?.critical == true)
        #expect(leaf.subject.isEmpty)
        #expect(try extensions.basicConstraints == .notCertificateAuthority)
        #expect(extensions[oid: .X509ExtensionID.basicConstraints]?.critical == true)
        #expect(try extensions.keyUsage == KeyUsage(digitalSignature: true))
        #expect(extensions[oid: .X509ExtensionID.keyUsage]?.critical == true)
        let usages = try #require(try extensions.extendedKeyUsage)
        #expect(Set(usages) == [.serverAuth, .clientAuth])
        #expect(leaf.notValidBefore == fixture.clock.now - 10)
        #expect(leaf.notValidAfter == fixture.clock.now + 3600)
        #expect(leaf.version == .v3)

        let ca = try Certificate(derEncoded: try #require(fixture.authority.state.anchors.first))
        #expect(ca.publicKey.isValidSignature(leaf.signature, for: leaf))
        #expect(
            try extensions.authorityKeyIdentifier?.keyIdentifier
                == (try ca.extensions.subjectKeyIdentifier?.keyIdentifier)
        )
        #expect(try ca.extensions.basicConstraints == .isCertificateAuthority(maxPathLength: 0))
        #expect(try ca.extensions.keyUsage == KeyUsage(keyCertSign: true, cRLSign: true))
        #expect(
            try ca.extensions.subjectAlternativeNames.map { Array($0) } == [
                .uniformResourceIdentifier("spiffe://cluster.local")
            ]
        )

        let key = try P256.Signing.PrivateKey(derRepresentation: svid.privateKey.value)
        #expect(leaf.publicKey == Certificate.PublicKey(key.publicKey))
        // PKCS#8 begins with version 0; SEC 1 would begin with 1.
        #expect(Array(svid.privateKey.value[3...6]).contains(0x00))
        #expect("\(svid.privateKey)" == "<redacted>")
    }

    @Test func `DNS names and a subject come from the request, and the SAN is not critical beside a subject`()
        async throws
    {
        let fixture = try AuthorityFixture()
        try await fixture.authority.maintain()
        var request = try Self.request()
        request.dnsNames = ["db.example", "db"]
        request.subject = try CertificateSubject("CN=feature-store, O=Example")
        let leaf = try Self.leaf(try fixture.authority.issue(request))
        #expect(try leaf.extensions.subjectAlternativeNames.map { Array($0) }?.count == 3)
        #expect(leaf.extensions[oid: .X509ExtensionID.subjectAlternativeName]?.critical == false)
        #expect(leaf.subject.description == "CN=feature-store,O=Example")
    }

    @Test func `serial numbers are positive, of 16 bytes, and never the same`() async throws {
        let fixture = try AuthorityFixture()
        try await fixture.authority.maintain()
        let serials = try (0..<200).map { _ in
            try Self.leaf(try fixture.authority.issue(try Self.request())).serialNumber
        }
        #expect(Set(serials).count == 200)
        #expect(serials.allSatisfy { $0.bytes.count == 16 && $0.bytes.first.map { $0 & 0x80 == 0 } == true })
    }

    @Test(arguments: [
        ("other.example", "/x"), ("cluster.local", ""),
    ])
    func `an ID that is not a workload of the trust domain is refused`(_ domain: String, _ path: String) async throws {
        let fixture = try AuthorityFixture()
        try await fixture.authority.maintain()
        let request = SVIDRequest(id: try SPIFFEID("spiffe://\(domain)\(path)"))
        let failure = #expect(throws: IdentityError.self) { try fixture.authority.issue(request) }
        #expect(failure?.code == .invalidArgument)
    }

    @Test func `nothing is issued before there is a certificate`() throws {
        let fixture = try AuthorityFixture()
        let failure = #expect(throws: IdentityError.self) { try fixture.authority.issue(try Self.request()) }
        #expect(failure?.code == .unavailable)
        #expect(!fixture.authority.isReady)
    }

    @Test func `a life is bounded by a sixth of the authority's and by its end`() async throws {
        let fixture = try AuthorityFixture()
        try await fixture.authority.maintain()
        let long = try fixture.authority.issue(try Self.request(lifetime: 30 * 86400))
        #expect(long.notAfter == fixture.clock.now + 4 * 3600)
        fixture.clock.advance(by: 23 * 3600)
        // Nobody maintained it: the end of the signer holds.
        let late = try fixture.authority.issue(try Self.request(lifetime: 7200))
        #expect(late.notAfter == fixture.authority.state.slots.first?.notAfter)
        fixture.clock.advance(by: 3700)
        let failure = #expect(throws: IdentityError.self) { try fixture.authority.issue(try Self.request()) }
        #expect(failure?.code == .unavailable)
    }

    @Test func `a rotation overlaps the roots, announces the bundle, and forgets the old key`() async throws {
        let fixture = try AuthorityFixture(schedule: RotationSchedule(overlap: 30))
        try await fixture.authority.maintain()
        let first = try #require(fixture.authority.state.slots.first)
        var changes = fixture.authority.changes.changes.makeAsyncIterator()
        try await fixture.authority.rotate()
        await changes.next()
        #expect(fixture.authority.state.anchors.count == 2)
        #expect(try fixture.authority.issue(try Self.request()).authority == first.id)
        let early = await #expect(throws: IdentityError.self) { try await fixture.authority.activate() }
        #expect(early?.code == .conflict)
        fixture.clock.advance(by: 31)
        try await fixture.authority.maintain()
        #expect(try fixture.authority.issue(try Self.request()).authority != first.id)
        #expect(fixture.authority.state.anchors.count == 2)
        // That of the certificate that signs, and that of tokens.
        #expect(try fixture.keys.ids().count == 2)
    }

    @Test func `keys on disk survive a restart and keys in memory do not`() async throws {
        for onDisk in [true, false] {
            let directory = try TemporaryDirectory()
            let keys: any KeyStore = onDisk ? try FileKeyStore(directory: directory.path + "/keys") : MemoryKeyStore()
            let fixture = try AuthorityFixture(keys: keys)
            try await fixture.authority.maintain()
            let second = Authority(
                fixture.authority.options,
                store: fixture.store,
                keys: onDisk ? try FileKeyStore(directory: directory.path + "/keys") : MemoryKeyStore(),
                clock: { fixture.clock.now },
                logger: quietLogger
            )
            try await second.maintain()
            #expect(second.state.anchors.count == (onDisk ? 1 : 2))
            #expect(second.isReady)
        }
    }

    @Test func `authorities of one store share the bundle`() async throws {
        let fixture = try AuthorityFixture()
        var options = fixture.authority.options
        options.name = "second"
        let second = Authority(
            options,
            store: fixture.store,
            keys: MemoryKeyStore(),
            clock: { fixture.clock.now },
            logger: quietLogger
        )
        async let one: Void = fixture.authority.maintain()
        async let two: Void = second.maintain()
        _ = try await (one, two)
        try await fixture.authority.maintain()
        try await second.maintain()
        #expect(fixture.authority.state.anchors.count == 2)
        #expect(fixture.authority.state == second.state)
        #expect(
            try fixture.authority.issue(try Self.request()).authority
                != (try second.issue(try Self.request()).authority)
        )
    }

    @Test func `openssl verifies a chain and refuses it against another root`() async throws {
        let fixture = try AuthorityFixture(clock: TestClock(Date()))
        let other = try AuthorityFixture(clock: TestClock(Date()))
        try await fixture.authority.maintain()
        try await other.authority.maintain()
        let svid = try fixture.authority.issue(try Self.request())
        let path = fixture.directory.path
        let write = { (name: String, blocks: [[UInt8]]) in
            try blocks.map { PEM.encode($0, type: "CERTIFICATE") }.joined()
                .write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
        }
        try write("leaf.pem", svid.chain)
        try write("root.pem", fixture.authority.state.anchors)
        try write("other.pem", other.authority.state.anchors)
        for purpose in ["sslserver", "sslclient"] {
            let good = try await run(
                "openssl",
                ["verify", "-x509_strict", "-purpose", purpose, "-CAfile", path + "/root.pem", path + "/leaf.pem"]
            )
            #expect(good.status == 0, "\(good.output)")
        }
        let bad = try await run("openssl", ["verify", "-CAfile", path + "/other.pem", path + "/leaf.pem"])
        #expect(bad.status != 0)
    }
}
