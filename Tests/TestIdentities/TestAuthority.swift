import Crypto
package import Foundation
package import SPIFFE
import SwiftASN1
package import X509
package import ZeroTrust

/// An authority made for a test, which signs whatever it is asked to.
package struct TestAuthority: Sendable {
    package let trustDomain: TrustDomain
    package let key: Certificate.PrivateKey
    package let certificate: Certificate
    /// The certificates that a leaf of this authority is shown with: itself and those above it, without the root.
    package let intermediates: [Certificate]
    /// The moment around which everything is valid.
    package let now: Date

    private init(
        trustDomain: TrustDomain,
        key: Certificate.PrivateKey,
        certificate: Certificate,
        intermediates: [Certificate],
        now: Date
    ) {
        self.trustDomain = trustDomain
        self.key = key
        self.certificate = certificate
        self.intermediates = intermediates
        self.now = now
    }

    /// A self-signed authority.
    package static func root(
        _ trustDomain: String = "cluster.local",
        now: Date = Date(),
        _ change: (inout CertificateForm) -> Void = { _ in }
    ) throws -> TestAuthority {
        let trustDomain = try TrustDomain(trustDomain)
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        var form = CertificateForm.authority(of: trustDomain, now: now)
        change(&form)
        return TestAuthority(
            trustDomain: trustDomain,
            key: key,
            certificate: try form.signed(publicKey: key.publicKey, issuer: form.subject, by: key),
            intermediates: [],
            now: now
        )
    }

    /// An authority below this one.
    package func intermediate(_ change: (inout CertificateForm) -> Void = { _ in }) throws -> TestAuthority {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        var form = CertificateForm.authority(of: trustDomain, now: now)
        form.subject = try DistinguishedName { CommonName("intermediate \(intermediates.count + 1)") }
        change(&form)
        let certificate = try form.signed(publicKey: key.publicKey, issuer: self.certificate.subject, by: self.key)
        return TestAuthority(
            trustDomain: trustDomain,
            key: key,
            certificate: certificate,
            intermediates: [certificate] + intermediates,
            now: now
        )
    }

    /// A workload's certificate with the chain above it, and its key.
    package func leaf(
        _ path: String = "/ns/ml-api/sa/api-gateway",
        _ change: (inout CertificateForm) throws -> Void = { _ in }
    ) throws -> TestLeaf {
        let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
        var form = CertificateForm.workload("spiffe://\(trustDomain)\(path)", now: now)
        try change(&form)
        let certificate = try form.signed(publicKey: key.publicKey, issuer: self.certificate.subject, by: self.key)
        return TestLeaf(chain: [certificate] + intermediates, key: key)
    }

    /// A workload's SVID.
    package func svid(
        _ path: String = "/ns/ml-api/sa/api-gateway",
        _ change: (inout CertificateForm) throws -> Void = { _ in }
    ) throws -> X509SVID {
        let leaf = try leaf(path, change)
        return try X509SVID(certificates: leaf.chain, privateKey: leaf.key)
    }

    /// The bundle of this authority alone.
    package var bundle: X509Bundle { X509Bundle(trustDomain: trustDomain, authorities: [certificate]) }
}

/// A certificate chain, the leaf first, and the leaf's key, however badly they are formed.
package struct TestLeaf: Sendable {
    package var chain: [Certificate]
    package var key: Certificate.PrivateKey

    package init(chain: [Certificate], key: Certificate.PrivateKey) {
        self.chain = chain
        self.key = key
    }

    /// The chain in DER.
    package var der: [[UInt8]] {
        get throws {
            try chain.map { certificate in
                var serializer = DER.Serializer()
                try serializer.serialize(certificate)
                return serializer.serializedBytes
            }
        }
    }
}
