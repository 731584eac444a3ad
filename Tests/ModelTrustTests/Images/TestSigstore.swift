import Crypto
import Foundation
import SwiftASN1
import X509

@testable import ModelTrust

/// A Sigstore instance of the tests' own: an authority that vouches for names, its certificate log, and a log of signatures.
struct TestSigstore {
    let root = P256.Signing.PrivateKey()
    let certificateLog = P256.Signing.PrivateKey()
    let log = P256.Signing.PrivateKey()
    let authority: Certificate
    let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws {
        let name = try DistinguishedName { CommonName("test fulcio") }
        authority = try Certificate(
            version: .v3,
            serialNumber: .init(bytes: [1]),
            publicKey: .init(root.publicKey),
            notValidBefore: now - 86400,
            notValidAfter: now + 86400,
            issuer: name,
            subject: name,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(root)
        )
    }

    /// What a verifier pins.
    func trustedRoot() throws -> TrustedRoot {
        func log(_ key: P256.Signing.PrivateKey) -> [String: Any] {
            [
                "publicKey": ["rawBytes": key.publicKey.derRepresentation.base64EncodedString()],
                "logId": ["keyId": Self.id(of: key).base64EncodedString()],
            ]
        }
        return try TrustedRoot(
            json: try Self.json([
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "certificateAuthorities": [
                    ["certChain": ["certificates": [["rawBytes": try Self.der(authority).base64EncodedString()]]]]
                ],
                "tlogs": [log(self.log)], "ctlogs": [log(certificateLog)],
            ])
        )
    }

    /// The bundle of a statement that somebody signed whose name an issuer vouched for, changed before it is written.
    func sign(
        _ payload: [UInt8],
        as subject: String,
        by issuer: String,
        change: (inout [String: Any]) throws -> Void = { _ in }
    ) throws -> [UInt8] {
        let key = P256.Signing.PrivateKey()
        let certificate = try Self.der(certificate(of: key, subject, issuer))
        let unsigned = SignatureEnvelope(payload: payload, signature: [])
        let signature = try key.signature(for: SHA256.hash(data: unsigned.signedBytes)).derRepresentation
        let pem = PEMDocument(type: "CERTIFICATE", derBytes: Array(certificate)).pemString
        let body = try Self.json([
            "apiVersion": "0.0.1", "kind": "dsse",
            "spec": [
                "payloadHash": [
                    "algorithm": "sha256",
                    "value": SHA256.hash(data: payload).map { String(format: "%02x", $0) }.joined(),
                ],
                "signatures": [
                    [
                        "signature": signature.base64EncodedString(),
                        "verifier": Data(pem.utf8).base64EncodedString(),
                    ]
                ],
            ],
        ])
        let time = Int(now.timeIntervalSince1970)
        let id = Self.id(of: log)
        let promised =
            #"{"body":"\#(Data(body).base64EncodedString())","integratedTime":\#(time),"#
            + #""logID":"\#(id.map { String(format: "%02x", $0) }.joined())","logIndex":7}"#
        let promise = try log.signature(for: SHA256.hash(data: Data(promised.utf8))).derRepresentation
        var bundle: [String: Any] = [
            "mediaType": SignatureBundle.mediaType,
            "dsseEnvelope": [
                "payload": Data(payload).base64EncodedString(), "payloadType": SignatureEnvelope.payloadType,
                "signatures": [["sig": signature.base64EncodedString()]],
            ],
            "verificationMaterial": [
                "certificate": ["rawBytes": certificate.base64EncodedString()],
                "tlogEntries": [
                    [
                        "logIndex": "7", "logId": ["keyId": id.base64EncodedString()],
                        "kindVersion": ["kind": "dsse", "version": "0.0.1"], "integratedTime": "\(time)",
                        "inclusionPromise": ["signedEntryTimestamp": promise.base64EncodedString()],
                        "canonicalizedBody": Data(body).base64EncodedString(),
                    ]
                ],
            ],
        ]
        try change(&bundle)
        return try Self.json(bundle)
    }

    /// A certificate that is in the certificate log.
    private func certificate(of key: P256.Signing.PrivateKey, _ subject: String, _ issuer: String) throws -> Certificate
    {
        func made(_ proof: [Certificate.Extension]) throws -> Certificate {
            var extensions = [
                try Certificate.Extension(KeyUsage(digitalSignature: true), critical: true),
                try Certificate.Extension(try ExtendedKeyUsage([.codeSigning]), critical: false),
                try Certificate.Extension(SubjectAlternativeNames([.rfc822Name(subject)]), critical: true),
            ]
            var text = DER.Serializer()
            try text.serialize(ASN1UTF8String(issuer))
            extensions.append(
                Certificate.Extension(
                    oid: [1, 3, 6, 1, 4, 1, 57264, 1, 8],
                    critical: false,
                    value: text.serializedBytes[...]
                )
            )
            return try Certificate(
                version: .v3,
                serialNumber: .init(bytes: [2]),
                publicKey: .init(key.publicKey),
                notValidBefore: now - 300,
                notValidAfter: now + 300,
                issuer: authority.subject,
                subject: try DistinguishedName {},
                signatureAlgorithm: .ecdsaWithSHA256,
                extensions: try Certificate.Extensions(extensions + proof),
                issuerPrivateKey: .init(root)
            )
        }
        let body = Array(try made([]).tbsCertificateBytes)
        let time = UInt64(now.timeIntervalSince1970 * 1000)
        let milliseconds = (0..<8).reversed().map { UInt8(truncatingIfNeeded: time >> (8 * UInt64($0))) }
        let entry =
            Array(SHA256.hash(data: root.publicKey.derRepresentation))
            + [UInt8(body.count >> 16), UInt8(body.count >> 8 & 0xff), UInt8(body.count & 0xff)] + body
        let signed = [0, 0] + milliseconds + [0, 1] + entry + [0, 0]
        let signature = Array(try certificateLog.signature(for: SHA256.hash(data: signed)).derRepresentation)
        func counted(_ bytes: [UInt8]) -> [UInt8] { [UInt8(bytes.count >> 8), UInt8(bytes.count & 0xff)] + bytes }
        let timestamp =
            [0] + Array(Self.id(of: certificateLog)) + milliseconds + [0, 0] + [4, 3] + counted(signature)
        var list = DER.Serializer()
        try list.serialize(ASN1OctetString(contentBytes: counted(counted(timestamp))[...]))
        return try made([
            Certificate.Extension(
                oid: CertificateTimestamps.identifier,
                critical: false,
                value: list.serializedBytes[...]
            )
        ])
    }

    private static func id(of key: P256.Signing.PrivateKey) -> Data {
        Data(SHA256.hash(data: key.publicKey.derRepresentation))
    }

    private static func der(_ certificate: Certificate) throws -> Data {
        var serializer = DER.Serializer()
        try serializer.serialize(certificate)
        return Data(serializer.serializedBytes)
    }

    static func json(_ object: [String: Any]) throws -> [UInt8] {
        Array(try JSONSerialization.data(withJSONObject: object, options: [.sortedKeys, .withoutEscapingSlashes]))
    }
}
