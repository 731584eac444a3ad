import Crypto
import Foundation
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import ModelTrust

/// Models signed and verified here, with what an attacker would do in between.
@Suite struct ModelVerifierTests {
    @Test(arguments: HashAlgorithm.allCases, [SerializationMethod.files, .shards(size: 1000)])
    func `what was signed verifies, and one bit more does not`(_ hash: HashAlgorithm, _ method: SerializationMethod)
        throws
    {
        let world = try ModelWorld()
        try world.write((0..<4500).map { UInt8(truncatingIfNeeded: $0) }, to: "deep/er/weights.bin")
        var options = SigningOptions()
        options.algorithm = hash
        options.method = method
        let signed = try world.sign(options)
        let model = try #require(world.verify().verified)
        #expect(model.rootDigest == signed.rootDigest)
        #expect(model.files.map(\.path.text) == ["deep/er/weights.bin", "tokenizer/vocab.json", "weights.bin"])
        var bytes = (0..<4500).map { UInt8(truncatingIfNeeded: $0) }
        bytes[3999] ^= 1
        try world.write(bytes, to: "deep/er/weights.bin")
        #expect(world.verify().refusal == .files)
    }

    @Test func `one file is a model too, under any path that ends in its name`() throws {
        let world = try ModelWorld(["model.gguf": "GGUF"])
        let file = world.model + "/model.gguf"
        let signed = try ModelSigner(credential: SigningCredential(key: world.key)).sign(
            model: file,
            signatureFile: world.signature
        )
        try Data(signed.bundle).write(to: URL(fileURLWithPath: world.signature))
        let verifier = ModelVerifier(trust: .key(world.key.publicKey))
        #expect(verifier.verify(model: file, signature: world.signature).verified?.files.count == 1)
        #expect(verifier.verify(model: world.model, signature: world.signature).refusal == .files)
    }

    @Test func `the signature may lie in the model, and another file like it may not`() throws {
        let world = try ModelWorld()
        let inside = world.model + "/model.sig"
        let signed = try ModelSigner(credential: SigningCredential(key: world.key)).sign(
            model: world.model,
            signatureFile: inside
        )
        try Data(signed.bundle).write(to: URL(fileURLWithPath: inside))
        let verifier = ModelVerifier(trust: .key(world.key.publicKey))
        #expect(verifier.verify(model: world.model, signature: inside).verified != nil)
        try world.write("more", to: "other.sig")
        #expect(verifier.verify(model: world.model, signature: inside).refusal == .files)
    }

    @Test func `nothing that is no file is a model's`() throws {
        let world = try ModelWorld()
        try world.sign()
        unsafe mkfifo(world.model + "/pipe", 0o600)
        #expect(world.verify().refusal == .unreadable)
        var options = VerificationOptions()
        options.toleratesUnsignedFiles = true
        #expect(world.verify(options).refusal == .unreadable)
        #expect(throws: ModelRefusal.self) { try world.sign() }
        // Neither is it a signature.
        let verifier = ModelVerifier(trust: .key(world.key.publicKey))
        #expect(verifier.verify(model: world.model, signature: world.model + "/pipe").refusal == .unreadable)
        #expect(verifier.verify(model: "/dev/null", signature: world.signature).refusal == .irregular)
        #expect(verifier.verify(model: world.model, signature: "/dev/zero").refusal == .unreadable)
    }

    @Test func `links are followed only as the signer said, and never out of the model`() throws {
        let world = try ModelWorld()
        try FileManager.default.createSymbolicLink(
            atPath: world.model + "/alias.bin",
            withDestinationPath: "weights.bin"
        )
        #expect(throws: ModelRefusal.self) { try world.sign() }
        var signing = SigningOptions()
        signing.followsLinks = true
        try world.sign(signing)
        #expect(world.verify().verified?.files.count == 3)
        var options = VerificationOptions()
        options.followsSignedLinks = false
        #expect(world.verify(options).refusal != nil)
        try FileManager.default.removeItem(atPath: world.model + "/alias.bin")
        try Data("weights".utf8).write(to: URL(fileURLWithPath: world.folder + "/outside.bin"))
        try FileManager.default.createSymbolicLink(
            atPath: world.model + "/alias.bin",
            withDestinationPath: "../outside.bin"
        )
        #expect(world.verify().refusal != nil)
    }

    @Test func `a refusal to sign says what to do next`() throws {
        func message(_ options: SigningOptions, _ prepare: (ModelWorld) throws -> Void) throws
            -> String
        {
            let world = try ModelWorld()
            try prepare(world)
            do {
                try world.sign(options)
                return ""
            } catch let refusal as ModelRefusal { return refusal.message }
        }
        func link(to target: String) -> (ModelWorld) throws -> Void {
            { try FileManager.default.createSymbolicLink(atPath: $0.model + "/alias", withDestinationPath: target) }
        }
        var following = SigningOptions()
        following.followsLinks = true
        #expect(try message(SigningOptions(), link(to: "weights.bin")).contains("--allow-symlinks"))
        #expect(try message(following, link(to: "nothing")).contains("leads to nothing"))
        #expect(try message(following, link(to: "/etc")).contains("--ignore-paths"))
        #expect(try message(SigningOptions()) { unsafe mkfifo($0.model + "/pipe", 0o600) }.contains("--ignore-paths"))
        var outside = SigningOptions()
        outside.ignoredPaths = ["../x"]
        #expect(try message(outside) { _ in }.contains("--ignore-paths takes paths below the model"))
        let old = "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n"
        let error = #expect(throws: ModelRefusal.self) {
            try SignerPrivateKey(pem: old + "-----END EC PRIVATE KEY-----\n")
        }
        #expect(error?.message.contains("openssl pkcs8") == true)
    }

    @Test func `a name that only looks like a signed one is said to`() throws {
        let world = try ModelWorld()
        try world.write("x", to: "caf\u{e9}.bin")
        try world.sign()
        let folder = world.model
        #expect(unsafe rename(folder + "/caf\u{e9}.bin", folder + "/cafe\u{301}.bin") == 0)
        guard case .refused(let refusal) = world.verify() else {
            Issue.record("a file under another name was accepted")
            return
        }
        #expect(refusal.files.contains { $0.finding == .unsigned && $0.detail?.contains("looks the same") == true })
    }

    @Test func `unsigned files are refused, or tolerated where that was asked for, and listed either way`() throws {
        let world = try ModelWorld()
        try world.sign()
        try world.write("import os", to: "modeling_evil.py")
        guard case .refused(let refusal) = world.verify() else {
            Issue.record("an unsigned file was accepted")
            return
        }
        #expect(refusal.files.first { $0.path.text == "modeling_evil.py" }?.finding == .unsigned)
        #expect(refusal.files.count == 3)
        var options = VerificationOptions()
        options.toleratesUnsignedFiles = true
        #expect(world.verify(options).verified?.files.count { $0.finding == .tolerated } == 1)
    }

    @Test func `what is left out of the signature does not hide what is in it`() throws {
        let world = try ModelWorld()
        try world.sign()
        try world.write("changed", to: "weights.bin")
        var options = VerificationOptions()
        options.ignoredPaths = ["weights.bin"]
        #expect(world.verify(options).refusal == .files)
    }

    @Test(arguments: [false, true])
    func `a file that changes while it is hashed is refused`(_ maps: Bool) throws {
        let world = try ModelWorld()
        try world.write([UInt8](repeating: 7, count: 6 << 20), to: "weights.bin")
        try world.sign()
        var options = VerificationOptions()
        options.mapsFiles = maps
        let place = world.model + "/weights.bin"
        let verifier = ModelVerifier(
            trust: .key(world.key.publicKey),
            options: options,
            progress: { hashed, _ in
                guard hashed > 1 << 20, hashed < 5 << 20, let file = FileHandle(forWritingAtPath: place) else { return }
                // The same bytes: what counts is that somebody wrote.
                try? file.write(contentsOf: Data([7]))
                try? file.close()
            }
        )
        #expect(verifier.verify(model: world.model, signature: world.signature).refusal != nil)
    }

    @Test(arguments: [HashAlgorithm.sha256, .blake2b, .blake3], [SerializationMethod.files, .shards(size: 3_000_001)])
    func `what is looked at in place has the digest of what is read`(
        _ algorithm: HashAlgorithm,
        _ method: SerializationMethod
    ) throws {
        let world = try ModelWorld()
        let size = 2 * Int(ModelFile.lentSize) + 300_001
        let block = (0..<65_537).map { UInt8($0 % 251) }
        var bytes: [UInt8] = []
        while bytes.count < size { bytes += block.prefix(size - bytes.count) }
        try world.write(bytes, to: "weights.bin")
        var signing = SigningOptions()
        (signing.algorithm, signing.method) = (algorithm, method)
        var options = VerificationOptions()
        for maps in [true, false] {
            signing.mapsFiles = maps
            try world.sign(signing)
            options.mapsFiles = !maps
            #expect(world.verify(options).verified?.size == UInt64(size + 2))
        }
        options.mapsFiles = true
        let file = try #require(FileHandle(forUpdatingAtPath: world.model + "/weights.bin"))
        try file.seek(toOffset: UInt64(size - 400_000))
        try file.write(contentsOf: Data([0xFF, 0xFE, 0xFD]))
        try file.close()
        #expect(world.verify(options).refusal == .files)
    }

    @Test(arguments: ["{}", "{\"hint\": \"\"}", "{\"hint\": null}"])
    func `a bundle need not say which key it was signed with`(_ key: String) throws {
        let world = try ModelWorld()
        let text = String(decoding: try world.sign().bundle, as: UTF8.self)
        let bundle = text.replacing(#/"publicKey": *\{[^}]*\}/#, with: "\"publicKey\": \(key)")
        #expect(bundle != text)
        try Data(bundle.utf8).write(to: URL(fileURLWithPath: world.signature))
        #expect(world.verify().verified != nil)
        #expect(world.verify(trust: .key(try ModelWorld().key.publicKey)).refusal != nil)
    }

    @Test func `what cannot be looked at in place is not lent`() throws {
        let world = try ModelWorld()
        let file = try ModelTree(path: world.model).open(ModelPath("weights.bin"), links: .refuse)
        // The file ends before the second page.
        let isLent = unsafe file.lend(0..<ModelFile.lentSize) { _ in Issue.record("bytes that are not there were lent")
        }
        #expect(!isLent)
    }

    @Test func `BLAKE3 is the same in one piece and in many`() throws {
        let world = try ModelWorld()
        let size = (64 << 10) * 5 + 12_345
        let block = (0..<65_537).map { UInt8($0 % 251) }
        var bytes: [UInt8] = []
        while bytes.count < size { bytes += block.prefix(size - bytes.count) }
        try world.write(bytes, to: "weights.bin")
        let tree = try ModelTree(path: world.model)
        let path = try ModelPath("weights.bin")
        let facts = try tree.open(path, links: .refuse).facts
        let crew = HashingCrew(algorithm: .blake3, workers: 2, piece: 64 << 10) { _ in }
        let job = HashingJob(path: path, facts: facts, range: 0..<facts.size)
        let parts = try crew.digests(of: [job], in: tree, links: .refuse)[0].get()
        var whole = StreamHasher(.blake3)
        unsafe bytes.withUnsafeBytes { unsafe whole.add($0) }
        let expected = whole.digest()
        #expect(parts == expected)
    }

    @Test func `a workload's signature holds while its certificate does`() throws {
        let authority = try TestAuthority.root()
        let svid = try authority.svid("/ns/ml-training/sa/pipeline")
        let world = try ModelWorld()
        try world.sign(by: try SigningCredential(svid: svid))
        let bundle = X509Bundle(trustDomain: authority.trustDomain, authorities: [authority.certificate])
        func trust(_ identity: String) throws -> SignerTrust {
            .spiffe([authority.trustDomain: bundle], identities: [try #require(IdentityPattern(identity))])
        }
        let pipeline = try trust("spiffe://cluster.local/ns/ml-training/*")
        #expect(world.verify(trust: pipeline, at: authority.now).verified?.signer.method == .spiffe)
        #expect(world.verify(trust: pipeline, at: authority.now + 86_400 * 400).refusal == .expired)
        let other = try trust("spiffe://cluster.local/ns/ml-inference/*")
        #expect(world.verify(trust: other, at: authority.now).refusal == .identity)
        let stranger = try TestAuthority.root()
        let foreign = SignerTrust.spiffe(
            [
                authority.trustDomain: X509Bundle(
                    trustDomain: authority.trustDomain,
                    authorities: [stranger.certificate]
                )
            ],
            identities: nil
        )
        #expect(world.verify(trust: foreign, at: authority.now).refusal == .untrustedCertificate)
        // A certificate for TLS is none for signing code.
        let code = SignerTrust.certificate(try CertificateTrust(pem: [bundle.pem]))
        #expect(world.verify(trust: code, at: authority.now).refusal == .untrustedCertificate)
    }

    @Test func `the deprecated format is read only where somebody asks, and never for a current statement`() throws {
        let world = try ModelWorld(["weights.bin": "weights"])
        let digest = Hexadecimal.text(Array(SHA256.hash(data: Array("weights".utf8))))
        let statement = #"""
            {"_type": "https://in-toto.io/Statement/v1", "predicateType": "https://model_signing/Digests/v0.1",
             "predicate": {}, "subject": [{"name": "weights.bin", "digest": {"sha256": "\#(digest)"}}]}
            """#
        func write(_ payload: String) throws {
            let unsigned = SignatureEnvelope(payload: Array(payload.utf8), signature: [])
            let envelope = SignatureEnvelope(
                payload: unsigned.payload,
                signature: try world.key.sign(unsigned.legacySignedBytes)
            )
            let bundle = BundleWriter.write(envelope, credential: SigningCredential(key: world.key), timestamp: nil)
            try Data(bundle).write(to: URL(fileURLWithPath: world.signature))
        }
        var options = VerificationOptions()
        options.readsLegacyFormat = true
        try write(statement)
        #expect(world.verify(options).verified?.warnings.count == 1)
        #expect(world.verify().refusal == .badSignature)
        let current = try world.sign().bundle
        let bundle = try SignatureBundle(current)
        try write(String(decoding: bundle.envelope.payload, as: UTF8.self))
        #expect(world.verify(options).refusal == .badSignature)
    }
}
