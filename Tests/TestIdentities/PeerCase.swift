import Crypto
package import Foundation
package import SPIFFE
import SwiftASN1
import X509

/// One way in which a peer can present itself, and what has to come of it.
package struct PeerCase: Sendable, CustomStringConvertible {
    package let name: String
    /// The code of the refusal, or nil where the peer is to be verified.
    package let refusal: String?
    /// The code where the transport refuses before the verifier sees the certificate.
    package let transportRefusal: String?
    package let make: @Sendable (PeerWorld) throws -> TestLeaf

    package var description: String { name }

    init(
        _ name: String,
        _ refusal: SVIDError.Code? = nil,
        transport: String? = nil,
        _ make: @escaping @Sendable (PeerWorld) throws -> TestLeaf
    ) {
        self.name = name
        self.refusal = refusal?.rawValue
        self.transportRefusal = transport ?? refusal?.rawValue
        self.make = make
    }
}

/// The authorities that the cases know: ours, a partner's whom we federate with, and a stranger with our name.
package struct PeerWorld: Sendable {
    package let ours: TestAuthority
    package let partner: TestAuthority
    package let stranger: TestAuthority

    package init(now: Date = Date()) throws {
        ours = try .root("cluster.local", now: now)
        partner = try .root("partner.example", now: now)
        stranger = try .root("cluster.local", now: now)
    }

    /// What we believe.
    package var bundles: X509BundleSet {
        [ours.trustDomain: ours.bundle, partner.trustDomain: partner.bundle]
    }
}

extension PeerCase {
    private static func uri(_ uri: String) -> @Sendable (PeerWorld) throws -> TestLeaf {
        { try $0.ours.leaf { $0.names = [.uniformResourceIdentifier(uri)] } }
    }

    private static func form(
        _ change: @escaping @Sendable (inout CertificateForm) throws -> Void
    ) -> @Sendable (PeerWorld) throws -> TestLeaf {
        { try $0.ours.leaf("/ns/ml-api/sa/api-gateway", change) }
    }

    /// Every case.
    package static let all: [PeerCase] = verified + names + uses + times + authorities

    static let verified: [PeerCase] = [
        PeerCase("a good certificate") { try $0.ours.leaf() },
        PeerCase("no ExtendedKeyUsage", nil, form { $0.extendedKeyUsage = nil }),
        PeerCase("a DNS name beside the URI", nil, form { $0.names.append(.dnsName("api.example")) }),
        PeerCase(
            "an empty subject and critical names",
            nil,
            form {
                $0.subject = DistinguishedName()
                $0.namesCritical = true
            }
        ),
        PeerCase("an intermediate authority") { try $0.ours.intermediate().leaf() },
        PeerCase("three intermediate authorities") { try $0.ours.intermediate().intermediate().intermediate().leaf() },
        PeerCase("an intermediate authority of the root's name") { world in
            try world.ours.intermediate { $0.subject = world.ours.certificate.subject }.leaf()
        },
        PeerCase("the root sent along") { world in
            var leaf = try world.ours.leaf()
            leaf.chain.append(world.ours.certificate)
            return leaf
        },
        PeerCase("an intermediate that is not needed") { world in
            var leaf = try world.ours.leaf()
            leaf.chain.append(try world.ours.intermediate().certificate)
            return leaf
        },
        PeerCase("a federated trust domain with its own root") { try $0.partner.leaf() },
        PeerCase("the longest path") { try $0.ours.leaf("/" + String(repeating: "a", count: 2025)) },
    ]

    static let names: [PeerCase] = [
        PeerCase(
            "two URI SANs",
            .twoURISANs,
            form { $0.names.append(.uniformResourceIdentifier("spiffe://cluster.local/other")) }
        ),
        PeerCase(
            "a second URI that is no SPIFFE ID",
            .twoURISANs,
            form { $0.names.append(.uniformResourceIdentifier("https://example.org/")) }
        ),
        PeerCase("the same URI twice", .twoURISANs, form { $0.names += $0.names }),
        PeerCase("no SAN", .noURISAN, form { $0.names = [] }),
        PeerCase("a DNS name only", .noURISAN, form { $0.names = [.dnsName("cluster.local")] }),
        PeerCase("an https URI", .invalidSPIFFEID, uri("https://cluster.local/ns/ml-api/sa/api-gateway")),
        PeerCase("an upper-case scheme", .invalidSPIFFEID, uri("SPIFFE://cluster.local/ns/ml-api/sa/api-gateway")),
        PeerCase(
            "an upper-case trust domain",
            .invalidSPIFFEID,
            uri("spiffe://Cluster.Local/ns/ml-api/sa/api-gateway")
        ),
        PeerCase("a dot-dot segment", .invalidSPIFFEID, uri("spiffe://cluster.local/a/../b")),
        PeerCase("a dot segment", .invalidSPIFFEID, uri("spiffe://cluster.local/a/./b")),
        PeerCase("an empty segment", .invalidSPIFFEID, uri("spiffe://cluster.local/a//b")),
        PeerCase("a trailing slash", .invalidSPIFFEID, uri("spiffe://cluster.local/a/")),
        PeerCase("an escape in the path", .invalidSPIFFEID, uri("spiffe://cluster.local/%61")),
        PeerCase("a port", .invalidSPIFFEID, uri("spiffe://cluster.local:443/a")),
        PeerCase("user info", .invalidSPIFFEID, uri("spiffe://a@cluster.local/a")),
        PeerCase("a query", .invalidSPIFFEID, uri("spiffe://cluster.local/a?b=c")),
        PeerCase("a fragment", .invalidSPIFFEID, uri("spiffe://cluster.local/a#b")),
        PeerCase("an ID of 2,049 bytes", .invalidSPIFFEID) {
            try $0.ours.leaf("/" + String(repeating: "a", count: 2026))
        },
        PeerCase("the root path", .rootPath, uri("spiffe://cluster.local")),
        PeerCase("an empty subject and names that are not critical", .sanNotCritical) {
            try $0.ours.leaf { $0.subject = DistinguishedName() }
        },
    ]

    static let uses: [PeerCase] = [
        PeerCase(
            "a CA as a leaf",
            .leafIsCA,
            form { $0.basicConstraints = .isCertificateAuthority(maxPathLength: nil) }
        ),
        PeerCase("no BasicConstraints", .noBasicConstraints, form { $0.basicConstraints = nil }),
        PeerCase("no KeyUsage", .noKeyUsage, form { $0.keyUsage = nil }),
        PeerCase("a KeyUsage that is not critical", .keyUsageNotCritical, form { $0.keyUsageCritical = false }),
        PeerCase("no digitalSignature", .noDigitalSignature, form { $0.keyUsage = KeyUsage(keyAgreement: true) }),
        PeerCase("keyCertSign", .keyCertSign, form { $0.keyUsage?.keyCertSign = true }),
        PeerCase("cRLSign", .crlSign, form { $0.keyUsage?.cRLSign = true }),
        PeerCase("serverAuth only", .extendedKeyUsage, form { $0.extendedKeyUsage = [.serverAuth] }),
        PeerCase("clientAuth only", .extendedKeyUsage, form { $0.extendedKeyUsage = [.clientAuth] }),
        PeerCase("anyExtendedKeyUsage only", .extendedKeyUsage, form { $0.extendedKeyUsage = [.any] }),
        PeerCase(
            "a critical extension that nobody knows",
            .unknownCriticalExtension,
            form { $0.others = [.init(oid: [1, 3, 6, 1, 4, 1, 99999, 1], critical: true, value: [5, 0])] }
        ),
    ]

    static let times: [PeerCase] = [
        PeerCase("expired", .expired, form { $0.notAfter = $0.notBefore + 30 }),
        PeerCase("not yet valid", .notYetValid, form { $0.notBefore = $0.notAfter - 30 }),
        PeerCase("an expired intermediate", .expired) {
            try $0.ours.intermediate { $0.notAfter = $0.notBefore + 30 }.leaf()
        },
        PeerCase("an intermediate that is not yet valid", .notYetValid) {
            try $0.ours.intermediate { $0.notBefore = $0.notAfter - 30 }.leaf()
        },
    ]

    static let authorities: [PeerCase] = [
        PeerCase("another CA of the same name", .unknownAuthority) { try $0.stranger.leaf() },
        PeerCase("another CA with its root sent along", .unknownAuthority) { world in
            var leaf = try world.stranger.leaf()
            leaf.chain.append(world.stranger.certificate)
            return leaf
        },
        PeerCase("self-signed", .unknownAuthority) { world in
            let key = Certificate.PrivateKey(P256.Signing.PrivateKey())
            let form = CertificateForm.workload("spiffe://cluster.local/a", now: world.ours.now)
            return TestLeaf(
                chain: [try form.signed(publicKey: key.publicKey, issuer: form.subject, by: key)],
                key: key
            )
        },
        PeerCase("a trust domain that nobody knows, under our root", .unknownTrustDomain) {
            try $0.ours.leaf { $0.names = [.uniformResourceIdentifier("spiffe://elsewhere.example/a")] }
        },
        PeerCase("a federated trust domain under our root", .unknownAuthority) {
            try $0.ours.leaf { $0.names = [.uniformResourceIdentifier("spiffe://partner.example/a")] }
        },
        PeerCase("our trust domain under a partner's root", .unknownAuthority) {
            try $0.partner.leaf { $0.names = [.uniformResourceIdentifier("spiffe://cluster.local/a")] }
        },
        PeerCase("an intermediate that is left out", .unknownAuthority) {
            var leaf = try $0.ours.intermediate().leaf()
            leaf.chain.removeLast()
            return leaf
        },
        PeerCase("a workload's certificate as an issuer", .issuerNotCA) { world in
            try world.ours.intermediate { form in
                form = .workload("spiffe://cluster.local/a", now: world.ours.now)
            }.leaf()
        },
        PeerCase("an intermediate that is no CA", .issuerNotCA) {
            try $0.ours.intermediate { $0.basicConstraints = .notCertificateAuthority }.leaf()
        },
        PeerCase("an intermediate without keyCertSign", .issuerWithoutKeyCertSign) {
            try $0.ours.intermediate { $0.keyUsage = KeyUsage(cRLSign: true) }.leaf()
        },
        PeerCase("an intermediate without KeyUsage", .issuerWithoutKeyCertSign) {
            try $0.ours.intermediate { $0.keyUsage = nil }.leaf()
        },
        PeerCase("an intermediate with a workload's ID", .issuerWithPath) {
            try $0.ours.intermediate { $0.names = [.uniformResourceIdentifier("spiffe://cluster.local/a")] }.leaf()
        },
        PeerCase("an intermediate with two URIs", .twoURISANs) {
            try $0.ours.intermediate { $0.names += [.uniformResourceIdentifier("spiffe://other.example")] }.leaf()
        },
        PeerCase("more intermediates than an issuer allows", .invalidPath) {
            try $0.ours.intermediate { $0.basicConstraints = .isCertificateAuthority(maxPathLength: 0) }
                .intermediate().leaf()
        },
        PeerCase("a name that an intermediate's constraints exclude", .nameConstraint) {
            try $0.ours.intermediate {
                $0.nameConstraints = NameConstraints(forbiddenURIDomains: ["cluster.local"])
            }.leaf()
        },
        PeerCase("a name that an intermediate's constraints do not permit", .nameConstraint) {
            try $0.ours.intermediate {
                $0.nameConstraints = NameConstraints(permittedURIDomains: ["elsewhere.example"])
            }.leaf()
        },
        PeerCase("two certificates with one key", .repeatedKey) { world in
            var leaf = try world.ours.intermediate().leaf()
            if let last = leaf.chain.last { leaf.chain.append(last) }
            return leaf
        },
        PeerCase("nine certificates", .chainTooLong) { world in
            var authority = world.ours
            for _ in 0..<8 { authority = try authority.intermediate() }
            return try authority.leaf()
        },
    ]
}
