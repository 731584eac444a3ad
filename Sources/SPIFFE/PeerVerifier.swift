import Crypto
public import FoundationEssentials
public import X509
public import ZeroTrust

/// A caller whose certificate was verified: the only form in which an identity reaches policy.
///
/// Nothing but ``PeerVerifier`` makes one; a class, since every request hands it on several times.
public final class Peer: Hashable, Sendable {
    /// The caller's SPIFFE ID.
    public let id: SPIFFEID
    /// The serial number of its certificate, in lower-case hexadecimal.
    public let serialNumber: String
    /// The SHA-256 of its certificate, in lower-case hexadecimal.
    public let fingerprint: String
    /// When its certificate expires.
    public let notAfter: Date
    /// The SHA-256 of the public key (SubjectPublicKeyInfo) of the bundle's authority that vouches for it, in lower-case
    /// hexadecimal.
    public let authority: String
    /// The model that its authority vouches it has loaded; nil where the certificate speaks of none.
    public let model: ModelClaim?

    fileprivate init(
        id: SPIFFEID,
        serialNumber: String,
        fingerprint: String,
        notAfter: Date,
        authority: String,
        model: ModelClaim?
    ) {
        self.id = id
        self.serialNumber = serialNumber
        self.fingerprint = fingerprint
        self.notAfter = notAfter
        self.authority = authority
        self.model = model
    }

    /// Whether both are the same caller, verified by the same certificate, and in the same way.
    public static func == (one: Peer, other: Peer) -> Bool {
        one.id == other.id && one.serialNumber == other.serialNumber && one.fingerprint == other.fingerprint
            && one.notAfter == other.notAfter && one.authority == other.authority && one.model == other.model
    }

    /// Feeds what tells one certificate from another.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(fingerprint)
    }
}

/// Verifies the certificates that a peer presents, as X.509-SVID §5 says and no more leniently than its text.
///
/// The trust domain in the leaf picks the bundle; no other authority counts. A verifier is made for one set of bundles
/// and remembers the leaves that it has verified: a certificate that comes again costs a hash until it, or anything
/// above it, expires. New bundles need a new verifier, which remembers nothing.
///
/// ```swift
/// let verifier = PeerVerifier(bundles: bundles)
/// switch verifier.verify(chain: certificates) {
/// case .verified(let peer): …
/// case .refused(let refusal): log(refusal.code)
/// }
/// ```
public struct PeerVerifier: Sendable {
    /// The bundles by which peers are verified.
    public let bundles: X509BundleSet
    private let paths: [TrustDomain: PathValidation]
    /// The authorities of each bundle by the hashes of their keys.
    private let authorities: [TrustDomain: Set<String>]
    private let clock: @Sendable () -> Date
    private let verified: VerifiedLeaves

    /// A verifier for a set of bundles.
    ///
    /// - Parameters:
    ///   - bundles: the authorities that are believed, by trust domain.
    ///   - clock: the time.
    public init(bundles: X509BundleSet, clock: @escaping @Sendable () -> Date = { Date() }) {
        self.bundles = bundles
        self.paths = bundles.mapValues { PathValidation(authorities: $0.authorities) }
        self.authorities = bundles.mapValues { Set($0.authorities.map(Self.keyHash)) }
        self.clock = clock
        self.verified = VerifiedLeaves()
    }

    /// Verifies a chain of DER certificates, the leaf first.
    public func verify(chain: [[UInt8]]) -> PeerVerdict {
        do throws(SVIDError) {
            guard let leaf = chain.first else { throw SVIDError(.noCertificate, "there is no certificate") }
            let now = clock()
            let digest = SHA256.hash(data: leaf)
            if let peer = verified.peer(of: digest, at: now) { return .verified(peer) }
            guard chain.count <= CertificateProfile.maximumChain else {
                throw CertificateProfile.chainTooLong(chain.count)
            }
            var certificates: [Certificate] = []
            for der in chain { certificates.append(try CertificateProfile.decode(der)) }
            return .verified(try verify(certificates, digest: digest, at: now))
        } catch {
            return .refused(PeerRefusal(error))
        }
    }

    /// Verifies a chain of certificates, the leaf first.
    public func verify(chain: [Certificate]) -> PeerVerdict {
        do throws(SVIDError) {
            guard let leaf = chain.first else { throw SVIDError(.noCertificate, "there is no certificate") }
            let now = clock()
            let digest = SHA256.hash(data: try CertificateProfile.encode(leaf))
            if let peer = verified.peer(of: digest, at: now) { return .verified(peer) }
            return .verified(try verify(chain, digest: digest, at: now))
        } catch {
            return .refused(PeerRefusal(error))
        }
    }

    /// Whether the authority that vouched for a peer is still in its bundle.
    ///
    /// For connections that stand: a new one is judged by its chain.
    public func believes(_ peer: Peer) -> Bool {
        authorities[peer.id.trustDomain]?.contains(peer.authority) ?? false
    }

    private static func keyHash(_ certificate: Certificate) -> String {
        Hexadecimal.text(Array(SHA256.hash(data: Array(certificate.publicKey.subjectPublicKeyInfoBytes))))
    }

    private func verify(
        _ chain: [Certificate],
        digest: SHA256.Digest,
        at date: Date
    ) throws(SVIDError) -> Peer {
        let id = try CertificateProfile.check(chain: chain)
        guard let path = paths[id.trustDomain] else {
            throw SVIDError(.unknownTrustDomain, "there is no bundle for the trust domain `\(id.trustDomain)`")
        }
        let (validity, authority) = try path.validate(chain: chain, at: date)
        let peer = Peer(
            id: id,
            serialNumber: Hexadecimal.text(chain[0].serialNumber.bytes),
            fingerprint: Hexadecimal.text(Array(digest)),
            notAfter: chain[0].notValidAfter,
            authority: Self.keyHash(authority),
            model: try ModelExtension.claim(in: chain[0])
        )
        verified.insert(peer, of: digest, validity: validity)
        return peer
    }
}
