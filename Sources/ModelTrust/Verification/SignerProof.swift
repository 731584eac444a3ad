import FoundationEssentials
import SPIFFE
import X509

/// Finds out whose key a bundle has to be verified by, and whether that somebody is trusted.
struct SignerProof {
    let trust: SignerTrust
    let now: Date

    /// The key and its holder.
    ///
    /// The signature itself is still to be checked.
    func find(_ bundle: SignatureBundle) throws(ModelRefusal) -> (SignerKey, VerifiedSigner) {
        switch (trust, bundle.material) {
        case (.key(let key), .key(let hint)):
            try refuseExtras(bundle, logs: true, timestamps: true)
            guard hint.isEmpty || hint == key.fingerprint || hint == key.cosignHint else {
                throw ModelRefusal(
                    .otherKey,
                    "the model was signed with the key \(hint.prefix(64)), and not with this one"
                )
            }
            let signer = VerifiedSigner(
                method: .key,
                identity: key.fingerprint,
                key: key.fingerprint,
                names: [key.fingerprint],
                issuer: nil,
                signedBy: nil
            )
            return (key, signer)
        case (.certificate(let trust, let timestamps), .certificates(let certificates)):
            return try find(bundle, certificates, trust, timestamps)
        case (.spiffe(let bundles, let identities, let timestamps), .certificates(let certificates)):
            return try find(bundle, certificates, bundles, identities, timestamps)
        case (.sigstore(let trust), .sigstore(let certificate)):
            return try SigstoreVerifier(trust: trust).verify(bundle, certificate: certificate)
        default:
            throw ModelRefusal(
                .wrongMethod,
                "the model was signed by \(bundle.material.methodInWords), and the method asked for is \(trust.method.rawValue)"
            )
        }
    }

    private func find(
        _ bundle: SignatureBundle,
        _ certificates: [[UInt8]],
        _ trust: CertificateTrust,
        _ timestamps: TimestampTrust?
    ) throws(ModelRefusal) -> (SignerKey, VerifiedSigner) {
        let chain = try CertificateChain(der: certificates)
        let signedBy = try provenTime(bundle, timestamps)
        _ = try chain.verify(
            anchors: trust.anchors,
            intermediates: trust.intermediates,
            usage: .codeSigning,
            at: signedBy ?? now
        )
        let names = CertificateIdentity.names(of: chain.leaf)
        var name = CertificateIdentity.description(of: chain.leaf)
        if let identities = trust.identities {
            let subject = "\(chain.leaf.subject)"
            guard let match = CertificateIdentity.first(of: names + [subject], among: identities) else {
                throw ModelRefusal(.identity, "the signer is `\(name)`, who may not sign")
            }
            name = match
        }
        let key = try chain.signerKey()
        let signer = VerifiedSigner(
            method: .certificate,
            identity: name,
            key: key.fingerprint,
            names: names + ["\(chain.leaf.subject)"],
            issuer: nil,
            signedBy: signedBy
        )
        return (key, signer)
    }

    /// A workload's SVID has to be valid when a timestamp proves the signature to have existed, or now: it lives for an
    /// hour, and so does a signature by it that nobody has timestamped.
    private func find(
        _ bundle: SignatureBundle,
        _ certificates: [[UInt8]],
        _ bundles: X509BundleSet,
        _ identities: [IdentityPattern]?,
        _ timestamps: TimestampTrust?
    ) throws(ModelRefusal) -> (SignerKey, VerifiedSigner) {
        let chain = try CertificateChain(der: certificates)
        let signedBy = try provenTime(bundle, timestamps)
        let date = signedBy ?? now
        let peer: Peer
        switch PeerVerifier(bundles: bundles, clock: { date }).verify(chain: certificates) {
        case .verified(let verified): peer = verified
        case .refused(let refusal):
            let isOld = [SVIDError.Code.expired, .notYetValid].map(\.rawValue).contains(refusal.code)
            throw ModelRefusal(
                isOld ? .expired : .untrustedCertificate,
                "the workload's certificate is not believed: \(refusal.message)"
                    + (isOld && signedBy == nil ? "; only a timestamp lets a signature outlive it" : "")
            )
        }
        let name = "\(peer.id)"
        if let identities, CertificateIdentity.first(of: [name], among: identities) == nil {
            throw ModelRefusal(.identity, "the signer is `\(name)`, which may not sign")
        }
        let key = try chain.signerKey()
        let signer = VerifiedSigner(
            method: .spiffe,
            identity: name,
            key: key.fingerprint,
            names: [name],
            issuer: nil,
            signedBy: signedBy
        )
        return (key, signer)
    }

    /// The earliest time at which a trusted authority saw the signature; nil where the bundle has no timestamp.
    private func provenTime(_ bundle: SignatureBundle, _ trust: TimestampTrust?) throws(ModelRefusal) -> Date? {
        try refuseExtras(bundle, logs: true, timestamps: trust == nil)
        guard let trust else { return nil }
        var earliest: Date?
        for timestamp in bundle.timestamps {
            let time = try trust.time(of: timestamp, over: bundle.envelope.signature)
            earliest = min(earliest ?? time, time)
        }
        return earliest
    }

    /// Refuses what a bundle carries and nobody would look at.
    private func refuseExtras(_ bundle: SignatureBundle, logs: Bool, timestamps: Bool) throws(ModelRefusal) {
        if logs, !bundle.logEntries.isEmpty {
            throw ModelRefusal(
                .unverifiable,
                "the bundle has entries of a transparency log, which this method cannot verify"
            )
        }
        if timestamps, !bundle.timestamps.isEmpty {
            throw ModelRefusal(.unverifiable, "the bundle has a timestamp, and no timestamping authority is trusted")
        }
    }
}
