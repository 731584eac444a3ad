import Crypto
import Foundation
import RPC
import SPIFFE
import Storage
import SwiftASN1
import Synchronization
import Testing
import WireProtos
import X509
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct RemoteAttestationTests {
    /// Evidence of a made-up kind, with what binds it to the moment in it: how a TPM's quote is tested without one.
    private struct QuoteDouble: EvidenceVerifier {
        let kind = "tpm"

        func verify(_ evidence: RemoteEvidence) async throws -> ProvenWorkload {
            guard evidence.document != Array("away".utf8) else { throw IdentityError(.unavailable, "nobody answers") }
            guard evidence.document == evidence.binding else { throw EvidenceRefusal("the quote is not for this key") }
            return ProvenWorkload("a TPM", selectors: [try Selector("evidence:tpm:ek:00ff")])
        }
    }

    private let fixture: WorkloadAPIFixture
    private let server: RPCServer
    private let socket: String

    init() async throws {
        fixture = try await WorkloadAPIFixture()
        let base = fixture.base
        let directory = fixture.base.directory.path
        let recorded = RecordedIssuances()
        let clock = base.clock
        let remote = RemoteAttestation(
            authority: base.authority,
            registry: fixture.registry,
            federation: fixture.federation,
            verifiers: [
                JoinTokenVerifier(store: base.store, clock: { clock.now }),
                RenewalVerifier(authority: base.authority, registry: fixture.registry, clock: { clock.now }),
                QuoteDouble(),
            ],
            allowedUIDs: [geteuid()],
            clock: { clock.now },
            logger: quietLogger,
            onCertify: { try recorded.add($0) }
        )
        self.recorded = recorded
        server = RPCServer(services: [remote.service], logger: quietLogger)
        socket = directory + "/remote.sock"
        try await server.bind(unixSocket: socket, mode: 0o600)
    }

    private let recorded: RecordedIssuances

    /// What was recorded, or could not be.
    final class RecordedIssuances: Sendable {
        struct Full: Error {}
        /// Guards the list.
        private let state = Mutex<(list: [RemoteIssuance], isFull: Bool)>(([], false))
        var all: [RemoteIssuance] { state.withLock { $0.list } }
        func refuse() { state.withLock { $0.isFull = true } }
        func add(_ issued: [RemoteIssuance]) throws {
            try state.withLock { state in
                guard !state.isFull else { throw Full() }
                state.list += issued
            }
        }
    }

    // MARK: A workload's side

    private func challenge() async throws -> [UInt8] {
        let client = try await RPCClient.connect(unixSocket: socket)
        let response: Remote_ChallengeResponse = try await client.unary(
            "/\(ServiceName.remoteAttestation)/Challenge",
            Remote_ChallengeRequest()
        )
        await client.close()
        return Array(response.challenge)
    }

    private func certify(_ request: Remote_CertifyRequest) async throws -> Remote_CertifyResponse {
        let client = try await RPCClient.connect(unixSocket: socket)
        defer { Task { await client.close() } }
        return try await client.unary("/\(ServiceName.remoteAttestation)/Certify", request, timeout: .seconds(10))
    }

    private func request(
        _ kind: String,
        key: P256.Signing.PrivateKey = P256.Signing.PrivateKey(),
        _ document: ([UInt8]) throws -> [UInt8]
    ) async throws -> Remote_CertifyRequest {
        let challenge = try await challenge()
        var request = Remote_CertifyRequest()
        request.kind = kind
        request.challenge = Data(challenge)
        request.publicKey = key.publicKey.derRepresentation
        let binding = RemoteAttestation.binding(challenge: challenge, publicKey: Array(request.publicKey))
        request.proof = try key.signature(for: binding).derRepresentation
        request.document = Data(try document(binding))
        request.remoteAddress = "192.0.2.7"
        return request
    }

    private func code(_ request: Remote_CertifyRequest) async -> RPCStatus.Code {
        do {
            _ = try await certify(request)
            return .ok
        } catch { return (error as? RPCStatus)?.code ?? .unknown }
    }

    private func token(_ name: String = "edge-1", lifetime: TimeInterval = 600) async throws -> [UInt8] {
        let made = try await fixture.registry.createJoinToken(
            name,
            lifetime: lifetime,
            by: "test",
            at: fixture.base.clock.now
        )
        return Array(made.secret.value.utf8)
    }

    private func svid(_ response: Remote_CertifyResponse, _ key: P256.Signing.PrivateKey) throws -> X509SVID {
        let message = try #require(response.svids.first)
        return try X509SVID(chainDER: message.chain.flatMap { Array($0) }, keyPKCS8: Array(key.derRepresentation))
    }

    private func join() async throws {
        try await fixture.create(
            try WorkloadAPIFixture.entry("edge", selectors: ["join-token:name:edge-1"], lifetime: 3600)
        )
    }

    // MARK: Tests

    @Test func `a join token gives an identity once, for a key that stays with the workload`() async throws {
        try await join()
        let secret = try await token()
        let key = P256.Signing.PrivateKey()
        let response = try await certify(try await request("join-token", key: key) { _ in secret })
        let svid = try svid(response, key)
        #expect(svid.id.description == "spiffe://cluster.local/edge")
        try svid.check(against: fixture.authority.bundle, at: fixture.base.clock.now)
        #expect(svid.notAfter.timeIntervalSince(fixture.base.clock.now) <= RemoteAttestation.maximumLifetime)
        #expect(response.bundles.keys.sorted() == ["spiffe://cluster.local"])
        let told = try #require(recorded.all.first)
        #expect(told.entry == "edge" && told.remoteAddress == "192.0.2.7" && told.workload.contains("edge-1"))
        #expect(!told.workload.contains(String(decoding: secret, as: UTF8.self)))
        #expect(await code(try await request("join-token") { _ in secret }) == .permissionDenied)
        for other in [
            "", "lapwing-join-", "lapwing-join-" + String(repeating: "0", count: 64),
            String(repeating: "x", count: 500),
        ] {
            #expect(await code(try await request("join-token") { _ in Array(other.utf8) }) == .permissionDenied)
        }
        let late = try await token(lifetime: 60)
        fixture.base.clock.advance(by: 60)
        #expect(await code(try await request("join-token") { _ in late }) == .permissionDenied)
        await server.drain(grace: .zero)
        await fixture.drain()
    }

    @Test func `of many who show one join token, one joins`() async throws {
        try await join()
        let secret = try await token()
        let joined = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<12 {
                let request = try await request("join-token") { _ in secret }
                group.addTask { await self.code(request) == .ok }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(joined == 1)
        await server.drain(grace: .zero)
        await fixture.drain()
    }

    @Test func `a request is for this moment and for a key that is there`() async throws {
        try await join()
        let secret = try await token()
        var good = try await request("join-token") { _ in secret }
        let other = P256.Signing.PrivateKey()
        func changed(_ change: (inout Remote_CertifyRequest) throws -> Void) async throws -> RPCStatus.Code {
            var request = try await request("join-token") { _ in secret }
            try change(&request)
            return await code(request)
        }
        #expect(try await changed { $0.publicKey = other.publicKey.derRepresentation } == .invalidArgument)
        #expect(
            try await changed { $0.proof = try other.signature(for: Data("x".utf8)).derRepresentation }
                == .invalidArgument
        )
        #expect(try await changed { $0.proof = Data() } == .invalidArgument)
        #expect(
            try await changed { $0.publicKey = P384.Signing.PrivateKey().publicKey.derRepresentation }
                == .invalidArgument
        )
        #expect(try await changed { $0.publicKey = Data([0x30]) } == .invalidArgument)
        #expect(try await changed { $0.challenge = Data(repeating: 0, count: 32) } == .invalidArgument)
        #expect(try await changed { $0.kind = "none" } == .permissionDenied)
        #expect(
            try await changed { $0.document = Data(repeating: 0, count: RemoteAttestation.maximumEvidence + 1) }
                == .invalidArgument
        )
        // What was wrong has cost the token nothing, and a challenge counts once.
        #expect(await code(good) == .ok)
        good.document = Data(try await token())
        #expect(await code(good) == .invalidArgument)
        await server.drain(grace: .zero)
        await fixture.drain()
    }

    @Test func `what a token gave is renewed by its SVID, until the entry goes or somebody revokes it`() async throws {
        try await join()
        let key = P256.Signing.PrivateKey()
        let secret = try await token()
        let first = try svid(try await certify(try await request("join-token", key: key) { _ in secret }), key)
        func proof(_ chain: String, _ key: P256.Signing.PrivateKey, _ binding: [UInt8]) throws -> [UInt8] {
            let signature = try key.signature(for: binding).rawRepresentation
            let json = StrictJSON.object([
                "certificates": .string(chain), "algorithm": .string("ES256"),
                "signature": .string(Base64URL.encode(signature)),
            ])
            return Array(json.text.utf8)
        }
        let next = P256.Signing.PrivateKey()
        let renewed = try svid(
            try await certify(try await request("renewal", key: next) { try proof(first.chainPEM, key, $0) }),
            next
        )
        #expect(renewed.id == first.id && renewed.serialNumber != first.serialNumber)
        // An SVID renews itself, and nothing else that the same token's entries give.
        try await fixture.create(
            try WorkloadAPIFixture.entry("other", selectors: ["join-token:name:edge-1"], lifetime: 3600)
        )
        let same = try await certify(try await request("renewal", key: next) { try proof(first.chainPEM, key, $0) })
        #expect(same.svids.map(\.spiffeID) == [first.id.description])
        try await fixture.registry.delete("other")
        // Another's key, a proof of another moment, and an SVID that no token gave.
        #expect(await code(try await request("renewal") { try proof(first.chainPEM, next, $0) }) == .permissionDenied)
        #expect(
            await code(
                try await request("renewal") { _ in try proof(first.chainPEM, key, Array(repeating: 0, count: 32)) }
            )
                == .permissionDenied
        )
        try await fixture.create(try WorkloadAPIFixture.entry("local"))
        let local = try fixture.authority.issue(SVIDRequest(id: try SPIFFEID("spiffe://cluster.local/local")))
        let localKey = try P256.Signing.PrivateKey(derRepresentation: local.privateKey.value)
        let localChain = try X509SVID(chainDER: local.chain, keyPKCS8: local.privateKey.value).chainPEM
        #expect(await code(try await request("renewal") { try proof(localChain, localKey, $0) }) == .permissionDenied)

        // An ID that is given for something else too is not renewed: a local workload may have carried its SVID away.
        try await fixture.create(
            try WorkloadEntry(name: "also", id: first.id, selectors: [try Selector("unix:uid:4242")])
        )
        #expect(await code(try await request("renewal") { try proof(first.chainPEM, key, $0) }) == .permissionDenied)
        try await fixture.registry.delete("also")

        try await fixture.registry.revoke(
            try Revocation(
                try Revocation.Subject(renewed.serialNumber),
                reason: "lost",
                creator: "test",
                at: fixture.base.clock.now
            )
        )
        #expect(await code(try await request("renewal") { try proof(renewed.chainPEM, next, $0) }) == .permissionDenied)
        #expect(await code(try await request("renewal") { try proof(first.chainPEM, key, $0) }) == .ok)
        try await fixture.registry.delete("edge")
        #expect(await code(try await request("renewal") { try proof(first.chainPEM, key, $0) }) == .permissionDenied)
        await server.drain(grace: .zero)
        await fixture.drain()
    }

    @Test func `a plug-in's evidence is worth what the entries say, and nothing where it does not answer`() async throws
    {
        try await fixture.create(try WorkloadAPIFixture.entry("enclave", selectors: ["evidence:tpm:ek:00ff"]))
        #expect(await code(try await request("tpm") { $0 }) == .ok)
        #expect(await code(try await request("tpm") { $0.reversed() }) == .permissionDenied)
        #expect(await code(try await request("tpm") { _ in Array("away".utf8) }) == .unavailable)
        // An entry that asks for more than was proved is nobody's.
        try await fixture.registry.delete("enclave")
        try await fixture.create(
            try WorkloadAPIFixture.entry("enclave", selectors: ["evidence:tpm:ek:00ff", "unix:uid:\(geteuid())"])
        )
        #expect(await code(try await request("tpm") { $0 }) == .permissionDenied)
        await server.drain(grace: .zero)
        await fixture.drain()
    }

    @Test func `what cannot be recorded is not handed out`() async throws {
        try await fixture.create(try WorkloadAPIFixture.entry("enclave", selectors: ["evidence:tpm:ek:00ff"]))
        recorded.refuse()
        #expect(await code(try await request("tpm") { $0 }) == .unavailable)
        await server.drain(grace: .zero)
        await fixture.drain()
    }

    @Test func `a challenge is good once, for a minute, and nobody can use up those of others`() {
        let now = Mutex(ContinuousClock.now)
        let challenges = Challenges(limit: 8) { now.withLock { $0 } }
        let first = challenges.make()
        #expect(first.count == Challenges.length && challenges.isOpen(first))
        #expect(challenges.take(first) == .taken && challenges.take(first) == .refused && !challenges.isOpen(first))
        let second = challenges.make()
        now.withLock { $0 += Challenges.life }
        #expect(!challenges.isOpen(second) && challenges.take(second) == .refused)
        // Those that nobody answers cost nothing.
        for _ in 0..<100 { #expect(challenges.isOpen(challenges.make())) }
        for _ in 0..<8 { #expect(challenges.take(challenges.make()) == .taken) }
        #expect(challenges.take(challenges.make()) == .full)
        now.withLock { $0 += Challenges.life }
        #expect(challenges.take(challenges.make()) == .taken)
        // No bit of one can be changed, and another's are not ours.
        let good = challenges.make()
        for index in good.indices {
            var bad = good
            bad[index] ^= 1
            #expect(!challenges.isOpen(bad), "byte \(index)")
        }
        #expect(!challenges.isOpen([]) && !challenges.isOpen(good + [0]) && !challenges.isOpen(Challenges().make()))
    }

    // MARK: X.509 proof of possession

    private struct Machine {
        let key = P256.Signing.PrivateKey()
        let chain: String
        let fingerprint: String
        let authority: String

        init(
            isAuthority: Bool = false,
            notAfter: Date = Date() + 3600,
            usage: KeyUsage = KeyUsage(digitalSignature: true),
            malformed: ASN1ObjectIdentifier? = nil
        ) throws {
            let rootKey = P256.Signing.PrivateKey()
            let name = try DistinguishedName { CommonName("machines") }
            let root = try Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: .init(rootKey.publicKey),
                notValidBefore: Date() - 3600,
                notValidAfter: Date() + 7200,
                issuer: name,
                subject: name,
                extensions: try .init {
                    Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                    Critical(KeyUsage(keyCertSign: true))
                },
                issuerPrivateKey: .init(rootKey)
            )
            let constraints: BasicConstraints =
                isAuthority ? .isCertificateAuthority(maxPathLength: nil) : .notCertificateAuthority
            var extensions = try Certificate.Extensions {
                Critical(constraints)
                Critical(usage)
            }
            if let malformed {
                extensions.remove(malformed)
                try extensions.append(Certificate.Extension(oid: malformed, critical: true, value: [0x30, 0x7f]))
            }
            let leaf = try Certificate(
                version: .v3,
                serialNumber: .init(),
                publicKey: .init(key.publicKey),
                notValidBefore: Date() - 3600,
                notValidAfter: notAfter,
                issuer: name,
                subject: try DistinguishedName { CommonName("machine-7") },
                extensions: extensions,
                issuerPrivateKey: .init(rootKey)
            )
            authority = try root.serializeAsPEM().pemString
            chain = try leaf.serializeAsPEM().pemString
            fingerprint = Hexadecimal.text(SHA256.hash(data: try CertificateProfile.der(root)))
        }

        func evidence(_ binding: [UInt8], signing other: [UInt8]? = nil) throws -> RemoteEvidence {
            let signature = try key.signature(for: other ?? binding).rawRepresentation
            let json = StrictJSON.object([
                "certificates": .string(chain), "algorithm": .string("ES256"),
                "signature": .string(Base64URL.encode(signature)),
            ])
            return RemoteEvidence(document: Array(json.text.utf8), binding: binding)
        }
    }

    @Test func `a certificate of an authority that counts shows its machine, to whoever has its key now`() async throws
    {
        let directory = try TemporaryDirectory()
        let machine = try Machine()
        let file = directory.path + "/machines.pem"
        try machine.authority.write(toFile: file, atomically: true, encoding: .utf8)
        let verifier = try X509PossessionVerifier(authoritiesFile: file)
        let binding = Array(repeating: UInt8(7), count: 32)
        let proven = try await verifier.verify(try machine.evidence(binding))
        #expect(
            proven.selectors == [
                try Selector("x509pop:subject:cn:machine-7"),
                try Selector("x509pop:ca:fingerprint:\(machine.fingerprint)"),
            ]
        )
        #expect(proven.until != nil)
        for (name, evidence) in [
            ("another moment", try machine.evidence(binding, signing: Array(repeating: 8, count: 32))),
            ("another authority", try Machine().evidence(binding)),
            ("nothing", RemoteEvidence(document: [], binding: binding)),
            (
                "no chain",
                RemoteEvidence(
                    document: Array(#"{"certificates":"","algorithm":"ES256","signature":"AA"}"#.utf8),
                    binding: binding
                )
            ),
        ] {
            await #expect(throws: EvidenceRefusal.self, "\(name)") { try await verifier.verify(evidence) }
        }
        for bad in [
            try Machine(isAuthority: true), try Machine(notAfter: Date() - 1),
            try Machine(usage: KeyUsage(keyEncipherment: true)),
            try Machine(malformed: ASN1ObjectIdentifier.X509ExtensionID.keyUsage),
            try Machine(malformed: ASN1ObjectIdentifier.X509ExtensionID.basicConstraints),
        ] {
            try bad.authority.write(toFile: file, atomically: true, encoding: .utf8)
            let verifier = try X509PossessionVerifier(authoritiesFile: file)
            await #expect(throws: EvidenceRefusal.self) { try await verifier.verify(try bad.evidence(binding)) }
        }
        try "nothing".write(toFile: file, atomically: true, encoding: .utf8)
        #expect(throws: IdentityError.self) { try X509PossessionVerifier(authoritiesFile: file) }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `hostile proofs prove nothing`(seed: UInt64) async throws {
        let directory = try TemporaryDirectory()
        let machine = try Machine()
        let file = directory.path + "/machines.pem"
        try machine.authority.write(toFile: file, atomically: true, encoding: .utf8)
        let verifier = try X509PossessionVerifier(authoritiesFile: file)
        let good = try machine.evidence(Array(repeating: 7, count: 32))
        var random = SeededGenerator(seed)
        for _ in 0..<300 {
            let bytes = random.mutate(good.document)
            guard let proven = try? await verifier.verify(RemoteEvidence(document: bytes, binding: good.binding)) else {
                continue
            }
            #expect(proven.selectors.contains { $0.kind == .x509Authority })
        }
    }
}
