import Crypto
import Foundation
import SwiftASN1
import X509

/// A certificate authority of the web, a server's certificate by it, and both in files.
final class WebCertificates {
    let directory: String
    var authoritiesFile: String { directory + "/ca.pem" }
    var certificateFile: String { directory + "/server.pem" }
    var keyFile: String { directory + "/server.key" }

    /// A certificate for an address, four bytes.
    init(for address: [UInt8] = [127, 0, 0, 1]) throws {
        directory = FileManager.default.temporaryDirectory.path + "/lapwing-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try renew(for: address)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// Makes everything anew, the authority too.
    func renew(for address: [UInt8] = [127, 0, 0, 1]) throws {
        let (authorityKey, serverKey) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        let name = try DistinguishedName { CommonName("the web") }
        let authority = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(authorityKey.publicKey),
            notValidBefore: Date() - 60,
            notValidAfter: Date() + 3600,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(authorityKey)
        )
        let server = try Certificate(
            version: .v3,
            serialNumber: .init(),
            publicKey: .init(serverKey.publicKey),
            notValidBefore: Date() - 60,
            notValidAfter: Date() + 3600,
            issuer: name,
            subject: try DistinguishedName { CommonName("server") },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try .init {
                Critical(KeyUsage(digitalSignature: true))
                SubjectAlternativeNames([.ipAddress(ASN1OctetString(contentBytes: address[...]))])
            },
            issuerPrivateKey: .init(authorityKey)
        )
        try authority.serializeAsPEM().pemString.write(toFile: authoritiesFile, atomically: true, encoding: .utf8)
        try server.serializeAsPEM().pemString.write(toFile: certificateFile, atomically: true, encoding: .utf8)
        try serverKey.pemRepresentation.write(toFile: keyFile, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: keyFile)
    }
}
