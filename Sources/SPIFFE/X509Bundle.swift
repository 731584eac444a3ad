import SwiftASN1
public import X509
public import ZeroTrust

/// The bundles by which peers are verified, each under the trust domain that it speaks for.
///
/// Bundles of different trust domains are never merged (SPIFFE Federation §4.2): an authority vouches only for its own.
public typealias X509BundleSet = [TrustDomain: X509Bundle]

/// The X.509 authorities of one trust domain.
///
/// A bundle without authorities is a legal one: everything in the trust domain is revoked. An authority whose key is of
/// a kind or size that is not used here is kept and passed on, and vouches for nothing: a trust domain that adds one
/// does not lose the others by it.
public struct X509Bundle: Sendable, Hashable {
    /// The trust domain that the authorities speak for.
    public let trustDomain: TrustDomain
    /// The authorities' certificates that can vouch for something, in the order given, each once.
    public let authorities: [Certificate]
    /// All authorities' certificates in DER, in the order given, each once.
    public let authoritiesDER: [[UInt8]]

    /// The most authorities in a bundle.
    public static let maximumAuthorities = 256

    /// A bundle of certificates; one that is there twice counts once.
    public init(trustDomain: TrustDomain, authorities: [Certificate]) {
        self.init(
            trustDomain: trustDomain,
            certificates: authorities.compactMap { certificate in
                (try? CertificateProfile.encode(certificate)).map { ($0, certificate) }
            }
        )
    }

    /// A bundle as the Workload API sends it: DER certificates one after another.
    ///
    /// - Throws: ``SVIDError`` where the bytes are anything else.
    public init(trustDomain: TrustDomain, der: [UInt8]) throws(SVIDError) {
        try self.init(
            trustDomain: trustDomain,
            authoritiesDER: ConcatenatedDER.split(der, limit: Self.maximumAuthorities)
        )
    }

    /// A bundle from PEM text of `CERTIFICATE` blocks and nothing else; the empty text is the empty bundle.
    ///
    /// - Throws: ``SVIDError`` where the text is anything else.
    public init(trustDomain: TrustDomain, pem: String) throws(SVIDError) {
        var authorities: [[UInt8]] = []
        for block in try PEMBlocks.parse(pem) {
            guard block.discriminator == PEMBlocks.certificate else {
                throw SVIDError(.malformedPEM, "a bundle holds `CERTIFICATE` blocks only")
            }
            authorities.append(block.derBytes)
        }
        try self.init(trustDomain: trustDomain, authoritiesDER: authorities)
    }

    /// A bundle of DER certificates.
    init(trustDomain: TrustDomain, authoritiesDER: [[UInt8]]) throws(SVIDError) {
        guard authoritiesDER.count <= Self.maximumAuthorities else {
            throw SVIDError(.chainTooLong, "there are more than \(Self.maximumAuthorities) authorities")
        }
        var certificates: [([UInt8], Certificate?)] = []
        for der in authoritiesDER { certificates.append((der, try CertificateProfile.decode(authority: der))) }
        self.init(trustDomain: trustDomain, certificates: certificates)
    }

    private init(trustDomain: TrustDomain, certificates: [([UInt8], Certificate?)]) {
        var seen: Set<[UInt8]> = []
        let once = certificates.filter { seen.insert($0.0).inserted }
        self.trustDomain = trustDomain
        self.authoritiesDER = once.map(\.0)
        self.authorities = once.compactMap(\.1)
    }

    /// The authorities as the Workload API sends them: DER certificates one after another.
    public var der: [UInt8] { authoritiesDER.flatMap { $0 } }
    /// The authorities as PEM text.
    public var pem: String { PEMText.certificates(authoritiesDER) }
}
