internal import FoundationEssentials

/// A statement whose signature was verified, not read yet: who signed which bytes.
struct SignedStatement: Sendable {
    let payload: [UInt8]
    let signer: VerifiedSigner

    /// Verifies a bundle by the first trust that believes it.
    ///
    /// - Throws: ``ModelRefusal`` of the trust that came closest, where none does.
    init(bundle bytes: [UInt8], trusts: [SignerTrust], now: Date) throws(ModelRefusal) {
        try self.init(try SignatureBundle(bytes), trusts: trusts, now: now)
    }

    /// The same of a bundle that was read.
    init(_ bundle: SignatureBundle, trusts: [SignerTrust], now: Date) throws(ModelRefusal) {
        var refusal = ModelRefusal(.wrongMethod, "nobody is trusted who signs \(bundle.material.methodInWords)")
        for trust in trusts {
            do throws(ModelRefusal) {
                let (key, signer) = try SignerProof(trust: trust, now: now).find(bundle)
                guard key.verifies(bundle.envelope.signature, of: bundle.envelope.signedBytes) else {
                    throw ModelRefusal(.badSignature, "the signature does not fit the signed statement")
                }
                payload = bundle.envelope.payload
                self.signer = signer
                return
            } catch {
                // What another method would say of it is of no interest to anybody.
                if error.code != .wrongMethod { refusal = error }
            }
        }
        throw refusal
    }
}
