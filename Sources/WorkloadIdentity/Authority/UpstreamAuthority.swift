import Crypto
import FoundationEssentials
import SwiftASN1
import X509
import ZeroTrust

/// An authority above ours, on disk: it signs our certificates, and its root is what the bundle publishes.
///
/// The files are read again for every certificate, so they can be renewed in place.
public struct UpstreamAuthority: Hashable, Sendable {
    /// The file with its certificate, then those between it and the root, as PEM.
    public let certificateFile: String
    /// The file with its key as PEM (PKCS#8, SEC 1 or PKCS#1), of mode 0600.
    public let keyFile: String
    /// The file with the roots as PEM, or nil where the certificate file ends in the root.
    public let bundleFile: String?

    /// An authority in these files.
    public init(certificateFile: String, keyFile: String, bundleFile: String? = nil) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.bundleFile = bundleFile
    }

    /// What the files hold, checked.
    struct Loaded {
        let certificate: Certificate
        let key: Certificate.PrivateKey
        /// The authority's certificate and those between it and the root; empty where it is the root itself.
        let chain: [[UInt8]]
        let anchors: [[UInt8]]
        let keyIdentifier: [UInt8]
    }

    /// Reads and checks the files.
    func load(for trustDomain: TrustDomain, at now: Date) throws(IdentityError) -> Loaded {
        var chain = try certificates(in: certificateFile)
        let keyText = try PrivateFile.read(keyFile, maximum: 64 * 1024)
        let key: Certificate.PrivateKey
        do {
            key = try Certificate.PrivateKey(pemEncoded: keyText)
        } catch {
            throw IdentityError(.badFile, "`\(keyFile)` holds no private key that can be read", cause: error)
        }
        let own = chain[0]
        guard own.publicKey == key.publicKey else {
            throw IdentityError(
                .badFile,
                "the key in `\(keyFile)` is not that of the certificate in `\(certificateFile)`"
            )
        }
        try check(own, for: trustDomain, at: now)
        let anchors: [Certificate]
        if let bundleFile {
            anchors = try certificates(in: bundleFile)
        } else {
            guard let last = chain.last, last.issuer == last.subject else {
                throw IdentityError(
                    .badFile,
                    "`\(certificateFile)` does not end in a root; name the file with the roots as the bundle"
                )
            }
            anchors = [last]
        }
        chain.removeAll { anchors.contains($0) }
        do {
            let identifier = try own.extensions.subjectKeyIdentifier.map { Array($0.keyIdentifier) }
            return Loaded(
                certificate: own,
                key: key,
                chain: try chain.map(CertificateProfile.der),
                anchors: try anchors.map(CertificateProfile.der),
                keyIdentifier: identifier ?? Array(SubjectKeyIdentifier(hash: own.publicKey).keyIdentifier)
            )
        } catch {
            throw IdentityError(.badFile, "`\(certificateFile)` holds a malformed certificate", cause: error)
        }
    }

    /// Whether the certificate may sign ours: an authority, alive, with room below it, of our trust domain.
    private func check(_ certificate: Certificate, for trustDomain: TrustDomain, at now: Date) throws(IdentityError) {
        let refuse = { (reason: String) in
            IdentityError(.badFile, "the certificate in `\(certificateFile)` cannot sign ours: \(reason)")
        }
        let extensions = certificate.extensions
        guard case .isCertificateAuthority(let depth)? = try? extensions.basicConstraints else {
            throw refuse("it is no authority (basicConstraints)")
        }
        if let depth, depth < 1 { throw refuse("its path length allows no authority below it") }
        if let usage = try? extensions.keyUsage, !usage.keyCertSign { throw refuse("its key usage lacks keyCertSign") }
        guard certificate.notValidBefore <= now else { throw refuse("it is not valid yet") }
        guard now < certificate.notValidAfter else { throw refuse("it has expired") }
        for case .uniformResourceIdentifier(let uri) in (try? extensions.subjectAlternativeNames) ?? .init() {
            guard uri == trustDomain.id.description else { throw refuse("it is of `\(uri)`, not of \(trustDomain)") }
        }
    }

    private func certificates(in file: String) throws(IdentityError) -> [Certificate] {
        let blocks = PEM.decode(try PrivateFile.readPublic(file, maximum: 1024 * 1024))
        guard !blocks.isEmpty, blocks.allSatisfy({ $0.type == "CERTIFICATE" }) else {
            throw IdentityError(.badFile, "`\(file)` must hold certificates in PEM form and nothing else")
        }
        do {
            return try blocks.map { try Certificate(derEncoded: $0.der) }
        } catch {
            throw IdentityError(.badFile, "`\(file)` holds a malformed certificate", cause: error)
        }
    }
}
