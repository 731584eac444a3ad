import Foundation
import Testing
import X509
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct UpstreamAuthorityTests {
    /// Makes a CA with openssl, as an operator would.
    static func makeRoot(in directory: String, key: [String], extra: [String] = []) async throws {
        let made = try await run(
            "openssl",
            ["req", "-x509", "-nodes", "-newkey"] + key + [
                "-keyout", directory + "/ca.key", "-out", directory + "/ca.pem", "-days", "2", "-subj",
                "/CN=Corporate root",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign",
            ] + extra
        )
        try #require(made.status == 0, "\(made.output)")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: directory + "/ca.key")
    }

    static func upstream(_ directory: String) -> UpstreamAuthority {
        UpstreamAuthority(certificateFile: directory + "/ca.pem", keyFile: directory + "/ca.key")
    }

    @Test(arguments: [
        ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["rsa:2048"],
    ])
    func `an authority on disk signs ours, and openssl verifies the chain up to it`(_ key: [String]) async throws {
        let directory = try TemporaryDirectory()
        try await Self.makeRoot(in: directory.path, key: key)
        let fixture = try AuthorityFixture(upstream: Self.upstream(directory.path), clock: TestClock(Date() + 2))
        try await fixture.authority.maintain()
        let svid = try fixture.authority.issue(try AuthorityTests.request())
        #expect(svid.chain.count == 2)
        #expect(fixture.authority.state.anchors.count == 1)
        for (name, der) in [("leaf.pem", svid.chain[0]), ("intermediate.pem", svid.chain[1])] {
            try PEM.encode(der, type: "CERTIFICATE")
                .write(toFile: directory.path + "/" + name, atomically: true, encoding: .utf8)
        }
        let verified = try await run(
            "openssl",
            [
                "verify", "-x509_strict", "-CAfile", directory.path + "/ca.pem", "-untrusted",
                directory.path + "/intermediate.pem", directory.path + "/leaf.pem",
            ]
        )
        #expect(verified.status == 0, "\(verified.output)")
        // Rotating makes another certificate under the same root: of the bundle only the keys for tokens change.
        let (sequence, bundle) = (fixture.authority.state.sequence, fixture.authority.bundle)
        try await fixture.authority.rotate()
        #expect(fixture.authority.bundle == bundle)
        #expect(fixture.authority.state.sequence == sequence + 1)
    }

    @Test func `a key that others can read is refused with the command that mends it`() async throws {
        let directory = try TemporaryDirectory()
        try await Self.makeRoot(in: directory.path, key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: directory.path + "/ca.key")
        let fixture = try AuthorityFixture(upstream: Self.upstream(directory.path), clock: TestClock(Date() + 2))
        let failure = await #expect(throws: IdentityError.self) { try await fixture.authority.maintain() }
        #expect(failure?.message.contains("chmod 0600 \(directory.path)/ca.key") == true)
    }

    @Test(arguments: [
        (["-addext", "basicConstraints=critical,CA:TRUE,pathlen:0"], "path length"),
        (["-addext", "basicConstraints=critical,CA:FALSE"], "no authority"),
        (["-addext", "subjectAltName=URI:spiffe://other.example"], "spiffe://other.example"),
    ])
    func `a certificate that cannot sign ours is refused with the reason`(_ extra: [String], _ reason: String)
        async throws
    {
        let directory = try TemporaryDirectory()
        try await Self.makeRoot(in: directory.path, key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], extra: extra)
        let fixture = try AuthorityFixture(upstream: Self.upstream(directory.path), clock: TestClock(Date() + 2))
        let failure = await #expect(throws: IdentityError.self) { try await fixture.authority.maintain() }
        #expect(failure?.message.contains(reason) == true, "\(String(describing: failure))")
    }

    @Test func `an expired authority and another's key are refused`() async throws {
        let (directory, other) = (try TemporaryDirectory(), try TemporaryDirectory())
        for path in [directory.path, other.path] {
            try await Self.makeRoot(in: path, key: ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
        }
        let late = try AuthorityFixture(upstream: Self.upstream(directory.path), clock: TestClock(Date() + 3 * 86400))
        let expired = await #expect(throws: IdentityError.self) { try await late.authority.maintain() }
        #expect(expired?.message.contains("expired") == true)
        let mixed = UpstreamAuthority(certificateFile: directory.path + "/ca.pem", keyFile: other.path + "/ca.key")
        let fixture = try AuthorityFixture(upstream: mixed, clock: TestClock(Date() + 2))
        let wrong = await #expect(throws: IdentityError.self) { try await fixture.authority.maintain() }
        #expect(wrong?.message.contains("is not that of the certificate") == true)
    }
}
