import Crypto
import Foundation
import SPIFFE
import SwiftASN1
import Testing
import X509
import ZeroTrust

@testable import WorkloadIdentity

/// Leaves as they are written at once, beside the same leaves as swift-certificates writes them.
@Suite(.timeLimit(.minutes(5))) struct LeafTemplateTests {
    private let issuerKey = P256.Signing.PrivateKey()
    private let leafKey = P256.Signing.PrivateKey()
    private let name: DistinguishedName

    init() throws {
        name = try DistinguishedName {
            CountryName("SE")
            OrganizationName("SPIFFE")
            CommonName("cluster.local 0123456789abcdef")
        }
    }

    /// The whole certificate by swift-certificates, its own signature with it.
    private func expected(_ request: SVIDRequest, _ serial: [UInt8], _ start: Date, _ end: Date) throws -> Certificate {
        let names: [GeneralName] =
            [.uniformResourceIdentifier(request.id.description)] + request.dnsNames.map { .dnsName($0) }
        let identifier = CertificateProfile.keyIdentifier(of: leafKey.publicKey)
        var extensions = try Certificate.Extensions([
            Certificate.Extension(BasicConstraints.notCertificateAuthority, critical: true),
            Certificate.Extension(KeyUsage(digitalSignature: true), critical: true),
            Certificate.Extension(ExtendedKeyUsage([.serverAuth, .clientAuth]), critical: false),
            Certificate.Extension(SubjectKeyIdentifier(keyIdentifier: identifier[...]), critical: false),
            Certificate.Extension(
                AuthorityKeyIdentifier(keyIdentifier: CertificateProfile.keyIdentifier(of: issuerKey.publicKey)[...]),
                critical: false
            ),
            Certificate.Extension(SubjectAlternativeNames(names), critical: request.subject == nil),
        ])
        if let model = request.model { try extensions.append(ModelExtension.encode(model)) }
        return try Certificate(
            version: .v3,
            serialNumber: .init(bytes: serial),
            publicKey: .init(leafKey.publicKey),
            notValidBefore: start,
            notValidAfter: end,
            issuer: name,
            subject: try request.subject?.distinguishedName() ?? DistinguishedName(),
            extensions: extensions,
            issuerPrivateKey: .init(issuerKey)
        )
    }

    /// Whether both write the same, whatever was signed.
    private func agrees(_ request: SVIDRequest, _ start: Date, _ end: Date) throws -> Bool {
        let serial = CertificateProfile.serialNumber()
        let template = try LeafTemplate(
            issuer: name,
            keyIdentifier: CertificateProfile.keyIdentifier(of: issuerKey.publicKey)
        )
        let signedPart = try template.signedPart(
            of: request,
            serialNumber: serial,
            key: Array(leafKey.publicKey.x963Representation),
            from: start,
            until: end
        )
        let expected = try expected(request, serial, start, end)
        let der = try CertificateProfile.der(expected)
        let signature = try issuerKey.signature(for: signedPart).derRepresentation
        let made = try Certificate(derEncoded: LeafTemplate.certificate(signedPart, signature: Array(signature)))
        #expect(made.issuer == name && made.extensions == expected.extensions)
        #expect(Certificate.PublicKey(issuerKey.publicKey).isValidSignature(made.signature, for: made))
        return der.count > signedPart.count && contains(der, signedPart)
    }

    private func contains(_ whole: [UInt8], _ part: [UInt8]) -> Bool {
        (0...(whole.count - part.count)).contains { Array(whole[$0..<($0 + part.count)]) == part }
    }

    @Test func `a leaf is bit for bit what the library writes, with every part that it may have`() throws {
        let start = Date(timeIntervalSince1970: 1_800_000_000)
        let long = "/" + String(repeating: "a", count: 1900)
        let names = (0..<32).map { "host-\($0).example" }
        let model = ModelClaim(digest: "sha256:" + String(repeating: "0f", count: 32), signer: "someone@example.org")
        for path in ["/a", "/ns/ml-api/sa/api-gateway", "/" + String(repeating: "b", count: 100), long] {
            for dnsNames in [[], ["api.example"], names] {
                for subject in [nil, try CertificateSubject("CN=reader,O=ML")] {
                    for model in [nil, model] {
                        let request = SVIDRequest(
                            id: try SPIFFEID("spiffe://cluster.local\(path)"),
                            dnsNames: dnsNames,
                            subject: subject,
                            model: model
                        )
                        #expect(try agrees(request, start, start + 3600), "\(request)")
                    }
                }
            }
        }
    }

    @Test func `moments are written as the library writes them, on every kind of day`() throws {
        let request = SVIDRequest(id: try SPIFFEID("spiffe://cluster.local/a"))
        var moments: [Double] = [
            0, 1, 86_399, 86_400, 951_782_400, 951_868_799, 1_709_164_800, 2_524_607_999, 2_524_608_000, 4_107_542_399,
            4_107_542_400, 253_402_300_798,
        ]
        for step in 0..<400 { moments.append(Double(step) * 7_654_321.0) }
        for moment in moments {
            let date = Date(timeIntervalSince1970: moment)
            #expect(try agrees(request, date, date + 1), "\(moment)")
        }
    }

    @Test func `new keys are keys, each another, and its own point's`() throws {
        var seen: Set<[UInt8]> = []
        for _ in 0..<200 {
            let (scalar, point) = Issuer.makeKey()
            #expect(seen.insert(scalar).inserted)
            let key = try P256.Signing.PrivateKey(rawRepresentation: scalar)
            #expect(Array(key.publicKey.x963Representation) == point)
            let signature = try key.signature(for: Data("x".utf8))
            #expect(
                try P256.Signing.PublicKey(x963Representation: point).isValidSignature(signature, for: Data("x".utf8))
            )
        }
        // Every bit of the numbers comes up.
        for byte in 0..<32 {
            for bit in 0..<8 { #expect(Set(seen.map { $0[byte] >> bit & 1 }).count == 2, "\(byte) \(bit)") }
        }
    }

    @Test func `a private key is written as swift-crypto writes it`() {
        for _ in 0..<50 {
            let key = P256.Signing.PrivateKey()
            let written = LeafTemplate.privateKey(
                Array(key.rawRepresentation),
                Array(key.publicKey.x963Representation)
            )
            #expect(written == Array(key.derRepresentation))
        }
    }
}
