import FoundationEssentials
import SPIFFE
import X509
import ZeroTrust

/// Verifies a keyless signature without the network: the certificate, the logs, and the time that they prove.
struct SigstoreVerifier {
    let trust: SigstoreTrust

    /// Who signed, before the signature itself is checked by the key that comes with the answer.
    func verify(_ bundle: SignatureBundle, certificate der: [UInt8]) throws(ModelRefusal) -> (SignerKey, VerifiedSigner)
    {
        let chain = try CertificateChain(der: [der])
        guard !bundle.logEntries.isEmpty else {
            throw ModelRefusal(.transparency, "the bundle has no entry of a transparency log")
        }
        let body = LogEntryBody(envelope: bundle.envelope, certificate: der)
        var times: [Date] = []
        for entry in bundle.logEntries {
            try body.check(entry)
            if let time = try check(entry) { times.append(time) }
        }
        for timestamp in bundle.timestamps {
            times.append(try trust.root.timestamps.time(of: timestamp, over: bundle.envelope.signature))
        }
        guard let time = times.min() else {
            throw ModelRefusal(.transparency, "nobody vouches for the time of the signature")
        }
        // A key that the log has given up vouches for nothing later.
        for entry in bundle.logEntries {
            guard let log = trust.root.logs.first(where: { $0.id == entry.logID }),
                times.allSatisfy(log.validity.contains)
            else { throw ModelRefusal(.transparency, "the log's key was not in use when the entry was made") }
        }
        let issuer = try verify(chain, at: times)
        try CertificateTimestamps(logs: trust.root.certificateLogs).check(chain.leaf, issuer: issuer)
        let key = try chain.signerKey()
        return (key, try signer(chain.leaf, key, time))
    }

    /// Checks an entry, and returns the time that the log signed for it.
    private func check(_ entry: LogEntry) throws(ModelRefusal) -> Date? {
        guard let log = trust.root.logs.first(where: { $0.id == entry.logID }) else {
            throw ModelRefusal(.transparency, "the entry is of a transparency log that is not trusted")
        }
        guard entry.proof != nil || entry.promise != nil else {
            throw ModelRefusal(.transparency, "the entry comes with neither a proof nor a promise")
        }
        if let proof = entry.proof { try check(proof, of: entry, in: log) }
        guard let promise = entry.promise else { return nil }
        let time = Date(timeIntervalSince1970: Double(entry.integratedTime))
        let text =
            #"{"body":"\#(Base64.encode(entry.body))","integratedTime":\#(entry.integratedTime),"#
            + #""logID":"\#(Hexadecimal.text(entry.logID))","logIndex":\#(entry.index)}"#
        guard log.verifies(promise, of: Array(text.utf8)), log.validity.contains(time) else {
            throw ModelRefusal(.transparency, "the log's promise for the entry does not hold")
        }
        return time
    }

    private func check(_ proof: LogEntry.InclusionProof, of entry: LogEntry, in log: LogKey) throws(ModelRefusal) {
        let checkpoint = try LogCheckpoint(proof.checkpoint)
        guard checkpoint.isSigned(by: log) else {
            throw ModelRefusal(.transparency, "the log's checkpoint is not signed by the log")
        }
        guard checkpoint.size == proof.size, checkpoint.root == proof.root,
            InclusionPath.root(leaf: entry.body, index: proof.index, size: proof.size, hashes: proof.hashes)
                == checkpoint.root
        else { throw ModelRefusal(.transparency, "the proof does not lead from the entry to the log's checkpoint") }
    }

    /// Finds the path, valid at every time that is vouched for; returns the leaf's issuer.
    private func verify(_ chain: CertificateChain, at times: [Date]) throws(ModelRefusal) -> Certificate {
        var failure = ModelRefusal(.untrustedCertificate, "no certificate authority of the trusted root was valid then")
        for authority in trust.root.authorities where times.allSatisfy(authority.validity.contains) {
            do throws(ModelRefusal) {
                var issuer: Certificate?
                for time in times {
                    let path = try chain.verify(
                        anchors: [authority.anchor],
                        intermediates: authority.others,
                        usage: .codeSigning,
                        at: time
                    )
                    issuer = path.count > 1 ? path[1] : nil
                }
                if let issuer { return issuer }
            } catch { failure = error }
        }
        throw failure
    }

    private func signer(_ leaf: Certificate, _ key: SignerKey, _ time: Date) throws(ModelRefusal) -> VerifiedSigner {
        let names = CertificateIdentity.names(of: leaf)
        let issuer = CertificateIdentity.issuer(of: leaf)
        if let issuers = trust.issuers {
            guard let issuer, issuers.contains(where: { $0.utf8.elementsEqual(issuer.utf8) }) else {
                throw ModelRefusal(
                    .identity,
                    "the signer's name was vouched for by `\(issuer ?? "nobody")`, which may not"
                )
            }
        }
        let name: String
        if let identities = trust.identities {
            guard let match = CertificateIdentity.first(of: names, among: identities) else {
                throw ModelRefusal(.identity, "the signer is `\(names.joined(separator: ", "))`, who may not sign")
            }
            name = match
        } else {
            name = names.first ?? CertificateIdentity.description(of: leaf)
        }
        return VerifiedSigner(
            method: .sigstore,
            identity: name,
            key: key.fingerprint,
            names: names,
            issuer: issuer,
            signedBy: time
        )
    }
}
