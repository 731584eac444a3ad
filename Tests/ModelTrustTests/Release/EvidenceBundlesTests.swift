import Crypto
import Foundation
import Testing

@testable import ModelTrust

@Suite struct EvidenceBundlesTests {
    private func key() throws -> SignerPrivateKey {
        try SignerPrivateKey(pem: P256.Signing.PrivateKey().pemRepresentation)
    }

    private func evidence(_ trusts: [SignerTrust], _ bundles: EvidenceBundles) -> ReleaseEvidence {
        EvidenceReader(trusts: trusts, now: Date()).evidence(
            of: ReleaseWorld.model,
            signature: .refused(reason: "not asked"),
            bundles: bundles,
            index: nil
        )
    }

    @Test func `what a bundle says is read once, and whose word it is asked for each policy`() throws {
        let (signer, other) = (try key(), try key())
        let bundle = try StatementSigner(credential: SigningCredential(key: signer))
            .attest(ReleaseWorld.model, type: .scan, predicate: Array(ReleaseWorld.scan().utf8))
        let bundles = EvidenceBundles([("scan.json", bundle), ("junk.json", [1, 2, 3])])
        for _ in 0..<3 {
            #expect(evidence([.key(signer.publicKey)], bundles).attestations.count == 1)
            let refused = evidence([.key(other.publicKey)], bundles)
            #expect(refused.attestations.isEmpty && refused.remarks.count == 2)
        }
        #expect(bundles.bundles.map(\.reads) == [1, 0])
    }

    @Test func `what nobody trusted signed is not read at all`() throws {
        let bundle = try StatementSigner(credential: SigningCredential(key: try key()))
            .attest(ReleaseWorld.model, type: .scan, predicate: Array(ReleaseWorld.scan().utf8))
        let bundles = EvidenceBundles([("scan.json", bundle)])
        #expect(evidence([.key(try key().publicKey)], bundles).attestations.isEmpty)
        #expect(bundles.bundles.map(\.reads) == [0])
    }

    @Test func `more than a judge reads is left out, and said to be`() {
        let many = EvidenceBundles(Array(repeating: ("x", []), count: EvidenceReader.maximumBundles + 1))
        #expect(many.bundles.count == EvidenceReader.maximumBundles)
        #expect(many.remark?.contains("1001") == true)
        let large = [UInt8](repeating: 0x20, count: 8 << 20)
        let heavy = EvidenceBundles(Array(repeating: ("x", large), count: 20))
        #expect(heavy.bundles.count == 8)
        #expect(heavy.remark != nil)
        #expect(EvidenceBundles([("x", [])]).remark == nil)
    }
}
