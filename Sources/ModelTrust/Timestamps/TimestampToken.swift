import Crypto
import FoundationEssentials
import SwiftASN1
import X509
import ZeroTrust

/// A signed statement of when some bytes existed (RFC 3161 §2.4.2), in the CMS form that it comes in (RFC 5652 §5).
///
/// swift-certificates verifies CMS of other content types only, so its parts are taken apart here; the signatures are
/// checked by swift-certificates all the same.
struct TimestampToken {
    /// The largest token that is read, in bytes.
    static let maximumSize = 64 << 10

    let time: Date
    private let imprintAlgorithm: ASN1ObjectIdentifier
    private let imprint: [UInt8]
    private let content: [UInt8]
    private let certificates: [[UInt8]]
    private let signer: Signer

    private struct Signer {
        let digestAlgorithm: ASN1ObjectIdentifier
        /// The signed attributes as the SET that is signed.
        let attributes: [UInt8]
        let messageDigest: [UInt8]
        /// The SHA-256 of the signer's certificate, where the token binds it (RFC 5035 §3).
        let certificateHash: [UInt8]?
        let signatureAlgorithm: ASN1ObjectIdentifier
        let signature: [UInt8]
    }

    /// Parses a token, or the answer of an authority that holds one.
    init(_ der: [UInt8]) throws(ModelRefusal) {
        let broken = ModelRefusal(.timestamp, "the timestamp is not an RFC 3161 token that is read here")
        guard der.count <= Self.maximumSize, let root = try? DER.parse(der) else { throw broken }
        var parts = root.parts
        if parts.first?.identifier == .sequence, parts.count == 2 {
            // TimeStampResp: the status, which has to be granted (0 or 1), then the token.
            guard let status = parts[0].parts.first?.primitive, status == [0] || status == [1] else {
                throw ModelRefusal(.timestamp, "the timestamping authority did not grant the timestamp")
            }
            parts = parts[1].parts
        }
        guard parts.count == 2, parts[0].objectIdentifier == [1, 2, 840, 113_549, 1, 7, 2], parts[1].isTagged(0),
            let signed = parts[1].parts.first?.parts, signed.count >= 4
        else { throw broken }
        let encapsulated = signed[2].parts
        guard encapsulated.count == 2, encapsulated[0].objectIdentifier == Self.contentType,
            let content = encapsulated[1].parts.first?.primitive
        else { throw broken }
        self.content = content
        certificates = signed.first { $0.isTagged(0) }?.parts.map { Array($0.encodedBytes) } ?? []
        guard let infos = signed.last, infos.identifier == .set, infos.parts.count == 1,
            let signer = Self.signer(infos.parts[0])
        else { throw broken }
        self.signer = signer
        guard let info = try? DER.parse(content).parts, info.count >= 5, info[0].primitive == [1],
            let imprintAlgorithm = info[2].parts.first?.parts.first?.objectIdentifier,
            let imprint = info[2].parts.last?.primitive, let time = Self.time(info[4])
        else { throw broken }
        self.imprintAlgorithm = imprintAlgorithm
        self.imprint = imprint
        self.time = time
    }

    /// id-ct-TSTInfo.
    private static let contentType: ASN1ObjectIdentifier = [1, 2, 840, 113_549, 1, 9, 16, 1, 4]

    private static func signer(_ node: ASN1Node) -> Signer? {
        let parts = node.parts
        guard parts.count >= 6, parts[3].isTagged(0), let digest = parts[2].parts.first?.objectIdentifier,
            let algorithm = parts[4].parts.first?.objectIdentifier, let signature = parts[5].primitive
        else { return nil }
        var values: [ASN1ObjectIdentifier: ASN1Node] = [:]
        for attribute in parts[3].parts {
            guard let type = attribute.parts.first?.objectIdentifier, attribute.parts.count == 2,
                let value = attribute.parts[1].parts.first, attribute.parts[1].parts.count == 1,
                values.updateValue(value, forKey: type) == nil
            else { return nil }
        }
        guard values[[1, 2, 840, 113_549, 1, 9, 3]]?.objectIdentifier == contentType,
            let messageDigest = values[[1, 2, 840, 113_549, 1, 9, 4]]?.primitive
        else { return nil }
        // The attributes are signed as a SET and sent under a tag of their own (RFC 5652 §5.4).
        let attributes = [0x31] + parts[3].encodedBytes.dropFirst()
        return Signer(
            digestAlgorithm: digest,
            attributes: attributes,
            messageDigest: messageDigest,
            certificateHash: values[[1, 2, 840, 113_549, 1, 9, 16, 2, 47]].flatMap(certificateHash),
            signatureAlgorithm: algorithm,
            signature: signature
        )
    }

    /// The hash of the first certificate of a SigningCertificateV2, whose algorithm is SHA-256 where none is said.
    private static func certificateHash(_ node: ASN1Node) -> [UInt8]? {
        guard let identifier = node.parts.first?.parts.first?.parts else { return nil }
        if let hash = identifier.first?.primitive { return hash }
        guard identifier.count > 1, identifier[0].parts.first?.objectIdentifier == sha256 else { return nil }
        return identifier[1].primitive
    }

    private static func time(_ node: ASN1Node) -> Date? {
        guard node.identifier == .generalizedTime, let bytes = node.primitive,
            bytes.count >= 15, bytes.allSatisfy({ (0x2e...0x5a).contains($0) })
        else { return nil }
        let digits = Array(bytes)
        func part(_ range: Range<Int>) -> String { String(decoding: digits[range], as: UTF8.self) }
        let rest = String(decoding: digits[14...], as: UTF8.self)
        let form =
            "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))\(rest)"
        return Timestamp(form).map { Date(timeIntervalSince1970: Double($0.nanoseconds) / 1e9) }
    }

    // MARK: Checks

    private static let sha256: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 1]

    private static func digest(_ bytes: [UInt8], _ algorithm: ASN1ObjectIdentifier) throws(ModelRefusal) -> [UInt8] {
        switch algorithm {
        case sha256: Array(SHA256.hash(data: bytes))
        case [2, 16, 840, 1, 101, 3, 4, 2, 2]: Array(SHA384.hash(data: bytes))
        case [2, 16, 840, 1, 101, 3, 4, 2, 3]: Array(SHA512.hash(data: bytes))
        default: throw ModelRefusal(.timestamp, "the timestamp uses a hash that is not accepted here")
        }
    }

    /// Checks that the token is about these bytes.
    func checkImprint(of bytes: [UInt8]) throws(ModelRefusal) {
        guard try Self.digest(bytes, imprintAlgorithm) == imprint else {
            throw ModelRefusal(.timestamp, "the timestamp is of another signature")
        }
    }

    /// Checks that an authority signed it.
    func verify(by authority: TimestampTrust.Authority) throws(ModelRefusal) {
        guard try Self.digest(content, signer.digestAlgorithm) == signer.messageDigest else {
            throw ModelRefusal(.timestamp, "the timestamp's digest is not the one of its content")
        }
        let algorithm = try algorithm()
        let inside = certificates.isEmpty ? [] : try CertificateChain(der: certificates).certificates
        let candidates = inside + authority.others
        guard
            let leaf = candidates.first(where: {
                $0.publicKey.isValidSignature(signer.signature, for: signer.attributes, signatureAlgorithm: algorithm)
            })
        else { throw ModelRefusal(.timestamp, "the timestamp's signature is by none of the authority's certificates") }
        if let expected = signer.certificateHash {
            var serializer = DER.Serializer()
            guard (try? serializer.serialize(leaf)) != nil,
                Array(SHA256.hash(data: serializer.serializedBytes)) == expected
            else {
                throw ModelRefusal(.timestamp, "the timestamp names another certificate than the one that signed it")
            }
        }
        _ = try CertificateChain(certificates: [leaf]).verify(
            anchors: [authority.anchor],
            intermediates: candidates.filter { $0 != leaf && $0 != authority.anchor },
            usage: .timeStamping,
            at: time
        )
    }

    private func algorithm() throws(ModelRefusal) -> Certificate.SignatureAlgorithm {
        switch signer.signatureAlgorithm {
        case [1, 2, 840, 10045, 4, 3, 2]: return .ecdsaWithSHA256
        case [1, 2, 840, 10045, 4, 3, 3]: return .ecdsaWithSHA384
        case [1, 2, 840, 10045, 4, 3, 4]: return .ecdsaWithSHA512
        case [1, 2, 840, 113_549, 1, 1, 11]: return .sha256WithRSAEncryption
        case [1, 2, 840, 113_549, 1, 1, 12]: return .sha384WithRSAEncryption
        case [1, 2, 840, 113_549, 1, 1, 13]: return .sha512WithRSAEncryption
        case [1, 2, 840, 113_549, 1, 1, 1]:
            switch signer.digestAlgorithm {
            case Self.sha256: return .sha256WithRSAEncryption
            case [2, 16, 840, 1, 101, 3, 4, 2, 2]: return .sha384WithRSAEncryption
            default: return .sha512WithRSAEncryption
            }
        default: throw ModelRefusal(.timestamp, "the timestamp is signed by an algorithm that is not accepted here")
        }
    }
}
