import SwiftASN1
public import X509
public import ZeroTrust

/// The bundles by which peers are verified, each under the trust domain that it speaks for.
///
/// Bundles of different trust domains are never merged (SPIFFE Federation §4.2): an authority vouches only for its own.
public typealias X509BundleSet = [TrustDomain: X509Bundle]

/// The X.509 authorities of one trust domain.
///
/// A bundle without authorities is a legal one: everything in the trust domain is revoked.
public struct X509Bundle: Sendable, Hashable {
    /// The trust domain that the authorities speak for.
    public let trustDomain: TrustDomain
    /// The authorities' certificates, in the order given, each once.
    public let authorities: [Certificate]

    /// The most authorities in a bundle.
    public static let maximumAuthorities = 256

    /// A bundle of certificates; one that is there twice counts once.
    public init(trustDomain: TrustDomain, authorities: [Certificate]) {
        self.trustDomain = trustDomain
        var seen: Set<Certificate> = []
        self.authorities = authorities.filter { seen.insert($0).inserted }
    }

    /// A bundle as the Workload API sends it: DER certificates one after another.
    ///
    /// - Throws: ``SVIDError`` where the bytes are anything else.
    public init(trustDomain: TrustDomain, der: [UInt8]) throws(SVIDError) {
        var authorities: [Certificate] = []
        for value in try ConcatenatedDER.split(der, limit: Self.maximumAuthorities) {
            authorities.append(try CertificateProfile.decode(value))
        }
        self.init(trustDomain: trustDomain, authorities: authorities)
    }

    /// A bundle from PEM text of `CERTIFICATE` blocks and nothing else; the empty text is the empty bundle.
    ///
    /// - Throws: ``SVIDError`` where the text is anything else.
    public init(trustDomain: TrustDomain, pem: String) throws(SVIDError) {
        let blocks = try PEMBlocks.parse(pem)
        guard blocks.count <= Self.maximumAuthorities else {
            throw SVIDError(.chainTooLong, "there are more than \(Self.maximumAuthorities) certificates")
        }
        var authorities: [Certificate] = []
        for block in blocks {
            guard block.discriminator == PEMBlocks.certificate else {
                throw SVIDError(.malformedPEM, "a bundle holds `CERTIFICATE` blocks only")
            }
            authorities.append(try CertificateProfile.decode(block.derBytes))
        }
        self.init(trustDomain: trustDomain, authorities: authorities)
    }

    /// The authorities as the Workload API sends them: DER certificates one after another.
    public var der: [UInt8] { authoritiesDER.flatMap { $0 } }
    /// The authorities' certificates in DER.
    public var authoritiesDER: [[UInt8]] { authorities.compactMap { try? CertificateProfile.encode($0) } }
    /// The authorities as PEM text.
    public var pem: String { PEMText.certificates(authoritiesDER) }
}
