public import FoundationEssentials

/// Gathers what others signed about a model out of bundles: verified first, and only then read.
///
/// Nothing that cannot be verified or read stops the gathering; it is left out with a remark, and the condition that
/// wanted it fails.
public struct EvidenceReader: Sendable {
    /// The most bundles that are read.
    public static let maximumBundles = 1_000
    /// The most bytes of bundles that are read, all together.
    public static let maximumBytes = 64 << 20

    private let trusts: [SignerTrust]
    private let now: Date

    /// A reader that believes these signers at this moment.
    public init(trusts: [SignerTrust], now: Date) {
        self.trusts = trusts
        self.now = now
    }

    /// The evidence about a model, out of bundles with the names under which people know them.
    ///
    /// - Parameters:
    ///   - model: the model whose bytes were verified, or at least hashed.
    ///   - signature: what became of its own signature.
    ///   - bundles: attestations and signatures of datasets, each read at most once for all policies.
    ///   - index: the bundle of the index of releases; nil where there is none.
    /// - Returns: the evidence, with a remark for each bundle that could not be used.
    public func evidence(
        of model: NamedArtifact,
        signature: ReleaseEvidence.Signature,
        bundles: EvidenceBundles,
        index: (name: String, bytes: [UInt8])?
    ) -> ReleaseEvidence {
        var evidence = ReleaseEvidence(
            model: model,
            signature: signature,
            attestations: [],
            datasets: [],
            index: nil
        )
        if let remark = bundles.remark { evidence.remarks.append(remark) }
        for bundle in bundles.bundles { read(bundle, into: &evidence) }
        if let index {
            do { evidence.index = try self.index(index.bytes) } catch {
                evidence.remarks.append("\(index.name): \(error)")
            }
        }
        return evidence
    }

    /// An index whose signature is verified.
    ///
    /// - Throws: ``ModelRefusal`` where the signature is not believed, or what is signed is not an index.
    public func index(_ bytes: [UInt8]) throws -> ReleaseEvidence.SignedIndex {
        let signed = try SignedStatement(bundle: bytes, trusts: trusts, now: now)
        do throws(PredicateError) {
            return ReleaseEvidence.SignedIndex(
                index: try ReleaseIndex(payload: signed.payload),
                digest: ArtifactDigest(of: signed.payload),
                signer: Principal(signed.signer)
            )
        } catch { throw ModelRefusal(.malformedStatement, error.description) }
    }

    /// Adds what a bundle says, where somebody who is trusted signed it.
    private func read(_ bundle: EvidenceBundles.Bundle, into evidence: inout ReleaseEvidence) {
        do {
            let signed = try SignedStatement(try bundle.bundle.get(), trusts: trusts, now: now)
            let signer = Principal(signed.signer)
            switch try bundle.content(of: signed) {
            case .dataset(let dataset):
                // The model's own signature lies among them where people keep all in one folder.
                if dataset.digest != evidence.model.digest {
                    evidence.datasets.append(.init(dataset: dataset, signer: signer))
                }
            case .attestation(let subject, let claim):
                evidence.attestations.append(
                    Attestation(signer: signer, subject: subject, claim: claim, source: bundle.name)
                )
            }
        } catch { evidence.remarks.append("\(bundle.name): \(error)") }
    }
}
