import Crypto
import Foundation
import Resources
import SPIFFE
import Testing

@testable import ModelTrust

@Suite struct ImageSignatureTests {
    private let digest = String(repeating: "5a", count: 32)
    private let now = Date(timeIntervalSince1970: 1_800_000_000)

    /// The statement that `cosign sign` signs, with some of it changed.
    private func statement(_ changes: [String: Any] = [:], without missing: String? = nil) throws -> [UInt8] {
        var statement: [String: Any] = [
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [["digest": ["sha256": digest], "annotations": ["a": "b"]]],
            "predicateType": "https://sigstore.dev/cosign/sign/v1", "predicate": [String: Any](),
        ]
        statement.merge(changes) { $1 }
        if let missing { statement[missing] = nil }
        return try TestSigstore.json(statement)
    }

    /// A bundle by a key, as `cosign sign --key` writes it.
    private func bundle(_ payload: [UInt8], by key: P256.Signing.PrivateKey, hint: String? = nil) throws -> [UInt8] {
        let unsigned = SignatureEnvelope(payload: payload, signature: [])
        let signature = try key.signature(for: SHA256.hash(data: unsigned.signedBytes)).derRepresentation
        let own = Data(SHA256.hash(data: key.publicKey.derRepresentation)).base64EncodedString()
        return try TestSigstore.json([
            "mediaType": SignatureBundle.mediaType,
            "verificationMaterial": ["publicKey": ["hint": hint ?? own]],
            "dsseEnvelope": [
                "payload": Data(payload).base64EncodedString(), "payloadType": SignatureEnvelope.payloadType,
                "signatures": [["sig": signature.base64EncodedString()]],
            ],
        ])
    }

    private func trust(_ key: P256.Signing.PrivateKey) throws -> SignerTrust {
        .key(try SignerKey(pem: key.publicKey.pemRepresentation))
    }

    private func refusal(_ bundle: [UInt8], _ trusts: SignerTrust...) -> ModelRefusal.Code? {
        do throws(ModelRefusal) {
            _ = try ImageSignature(bundle: bundle, signers: trusts, at: now)
            return nil
        } catch { return error.code }
    }

    @Test func `a signature by a key that is believed names the image, and one by another does not`() throws {
        let (key, other) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        let signed = try bundle(try statement(), by: key)
        let signature = try ImageSignature(bundle: signed, signers: [try trust(other), try trust(key)], at: now)
        #expect(signature.digests == [digest] && signature.signer.method == .key)
        #expect(signature.signer.identity == (try SignerKey(pem: key.publicKey.pemRepresentation)).fingerprint)
        #expect(refusal(signed, try trust(other)) == .otherKey)
        // Who claims to be the other key is not it.
        let hint = Data(SHA256.hash(data: other.publicKey.derRepresentation)).base64EncodedString()
        #expect(refusal(try bundle(try statement(), by: key, hint: hint), try trust(other)) == .badSignature)
        #expect(refusal(signed) == .wrongMethod, "nobody is believed")
    }

    @Test func `what was signed has to be an image, and nothing else`() throws {
        let key = P256.Signing.PrivateKey()
        let hostile: [(String, [UInt8])] = [
            ("what is attested of it", try statement(["predicateType": "https://slsa.dev/provenance/v1"])),
            ("a model", try statement(["predicateType": StatementReader.predicateType])),
            ("another statement", try statement(["_type": "https://in-toto.io/Statement/v0.1"])),
            ("no subject", try statement(["subject": [Any]()])),
            ("a digest in capitals", try statement(["subject": [["digest": ["sha256": digest.uppercased()]]]])),
            ("a short digest", try statement(["subject": [["digest": ["sha256": "5a"]]]])),
            ("another hash alone", try statement(["subject": [["digest": ["sha512": digest + digest]]]])),
            ("an unknown name", try statement(["more": 1])),
            ("no type", try statement(without: "predicateType")),
            (
                "more images than are read",
                try statement([
                    "subject": [[String: Any]](repeating: ["digest": ["sha256": digest]], count: 65)
                ])
            ),
            ("no JSON", Array("sha256:5a".utf8)),
            ("a name twice", Array(#"{"_type":"https://in-toto.io/Statement/v1","_type":"a"}"#.utf8)),
        ]
        for (name, payload) in hostile {
            #expect(refusal(try bundle(payload, by: key), try trust(key)) == .malformedStatement, "\(name)")
        }
        let two = try statement([
            "subject": [["digest": ["sha256": digest]], ["digest": ["sha256": String(repeating: "0", count: 64)]]]
        ])
        #expect(try ImageSignature(bundle: bundle(two, by: key), signers: [trust(key)], at: now).digests.count == 2)
    }

    @Test func `a keyless signature counts by the name and its issuer, with the proofs of both logs`() throws {
        let sigstore = try TestSigstore()
        let root = try sigstore.trustedRoot()
        func trust(_ identity: String = "ci@example.com", _ issuer: String = "https://id.example") throws -> SignerTrust
        {
            .sigstore(
                SigstoreTrust(
                    root: root,
                    identities: [try #require(IdentityPattern(identity))],
                    issuers: [issuer]
                )
            )
        }
        func sign(_ change: (inout [String: Any]) throws -> Void = { _ in }) throws -> [UInt8] {
            try sigstore.sign(try statement(), as: "ci@example.com", by: "https://id.example", change: change)
        }
        let signature = try ImageSignature(bundle: sign(), signers: [trust()], at: .distantFuture)
        #expect(signature.digests == [digest] && signature.signer.identity == "ci@example.com")
        #expect(signature.signer.issuer == "https://id.example")
        #expect(refusal(try sign(), try trust("other@example.com")) == .identity)
        #expect(refusal(try sign(), try trust("ci@example.com", "https://other.example")) == .identity)
        let other = SignerTrust.sigstore(
            SigstoreTrust(root: try TestSigstore().trustedRoot(), identities: nil, issuers: nil)
        )
        #expect(refusal(try sign(), other) == .transparency)
        func without(_ names: String...) throws -> [UInt8] {
            try sign { bundle in
                var material = bundle["verificationMaterial"] as? [String: Any] ?? [:]
                if names == ["tlogEntries"] { material["tlogEntries"] = nil }
                if names == ["inclusionPromise"], var entries = material["tlogEntries"] as? [[String: Any]] {
                    entries[0]["inclusionPromise"] = nil
                    material["tlogEntries"] = entries
                }
                bundle["verificationMaterial"] = material
            }
        }
        #expect(refusal(try without("tlogEntries"), try trust()) == .transparency)
        #expect(refusal(try without("inclusionPromise"), try trust()) == .transparency)
        // The statement of another image under a signature that is right.
        let changed = try sign { bundle in
            var envelope = bundle["dsseEnvelope"] as? [String: Any] ?? [:]
            envelope["payload"] = Data(
                try statement(["subject": [["digest": ["sha256": String(repeating: "0", count: 64)]]]])
            ).base64EncodedString()
            bundle["dsseEnvelope"] = envelope
        }
        #expect(refusal(changed, try trust()) != nil)
    }

    @Test(arguments: [
        ("{ signers: [{ key: { publicKey: k } }] }", "directory"),
        ("{ directory: images, signers: [] }", "absolute path"),
        ("{ directory: /images, signers: [] }", "must not be empty"),
        ("{ directory: /images }", "signers"),
        ("{ directory: /images, signers: [{ key: { publicKey: k } }] }", "PUBLIC KEY"),
        ("{ directory: /images, signers: [{}], more: 1 }", "exactly one"),
    ])
    func `a resource that is wrong is refused with its place`(_ spec: String, _ word: String) throws {
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: ImageSignatures
            metadata: { name: images }
            spec: \(spec)
            """
        let documents = try ResourceLoader.load(sources: [("a.yaml", Data(text.utf8))]).documents
        let error = #expect(throws: ResourceError.self) { try ImageSignatureRules.load(documents) }
        #expect(error.map { "\($0)".contains(word) && "\($0)".contains("a.yaml") } == true, "\(error as Any)")
    }

    @Test func `there is one resource at most, and none is no rule`() throws {
        let key = P256.Signing.PrivateKey().publicKey.pemRepresentation
        let text = """
            apiVersion: lapwing.dev/v1alpha1
            kind: ImageSignatures
            metadata: { name: images }
            spec:
              directory: /images
              signers: [{ key: { publicKey: { file: cosign.pub } } }]
            """
        let documents = try ResourceLoader.load(sources: [("a.yaml", Data(text.utf8))]).documents
        let rules = try ImageSignatureRules.load(documents) { _ in Array(key.utf8) }
        #expect(rules?.directory == "/images" && rules?.signers.count == 1)
        #expect(try ImageSignatureRules.load([]) == nil)
        #expect(throws: ResourceError.self) { try ImageSignatureRules.load(documents + documents) }
    }
}
