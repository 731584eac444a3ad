import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@Suite struct `X509 bundle` {
    @Test func `comes back the same from DER and from PEM`() throws {
        let (one, other) = (try TestAuthority.root(), try TestAuthority.root())
        let bundle = X509Bundle(trustDomain: one.trustDomain, authorities: [one.certificate, other.certificate])
        #expect(try X509Bundle(trustDomain: one.trustDomain, der: bundle.der) == bundle)
        #expect(try X509Bundle(trustDomain: one.trustDomain, pem: bundle.pem) == bundle)
        #expect(bundle.authorities.count == 2)
    }

    @Test func `counts an authority once`() throws {
        let root = try TestAuthority.root()
        let bundle = X509Bundle(trustDomain: root.trustDomain, authorities: [root.certificate, root.certificate])
        #expect(bundle == root.bundle)
    }

    @Test func `may be empty`() throws {
        let domain = try TrustDomain("cluster.local")
        #expect(try X509Bundle(trustDomain: domain, der: []).authorities.isEmpty)
        #expect(try X509Bundle(trustDomain: domain, pem: "").authorities.isEmpty)
        #expect(try X509Bundle(trustDomain: domain, pem: " \n").authorities.isEmpty)
    }

    @Test func `refuses anything but certificates`() throws {
        let root = try TestAuthority.root()
        let svid = try root.svid()
        let domain = root.trustDomain
        #expect(throws: SVIDError.self) { try X509Bundle(trustDomain: domain, der: [1, 2, 3]) }
        #expect(throws: SVIDError.self) { try X509Bundle(trustDomain: domain, der: root.bundle.der + [0]) }
        #expect(throws: SVIDError.self) { try X509Bundle(trustDomain: domain, der: Array(root.bundle.pem.utf8)) }
        #expect(throws: SVIDError.self) { try X509Bundle(trustDomain: domain, pem: "certificates") }
        #expect(throws: SVIDError.self) { try X509Bundle(trustDomain: domain, pem: svid.keyPEM.value) }
        #expect(throws: SVIDError.self) {
            try X509Bundle(trustDomain: domain, pem: root.bundle.pem + svid.keyPEM.value)
        }
        let many = [UInt8]((0..<300).flatMap { _ in root.bundle.der })
        #expect(throws: SVIDError.self) { try X509Bundle(trustDomain: domain, der: many) }
    }
}
