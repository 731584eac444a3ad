import Crypto
import FoundationEssentials
import SPIFFE
import SwiftASN1
import X509
import ZeroTrust

/// What is signed of an X.509-SVID (`TBSCertificate`, RFC 5280 §4.1), written as DER at once.
///
/// All that two leaves of one issuer have in common is encoded when the issuer is opened; of the rest, which is two names,
/// two keys and three numbers, only the lengths have to be counted. Building the certificate from parts and encoding each of
/// them costs more than the key and the signature together. What comes out is what the library would have written, bit for
/// bit, which the tests compare.
struct LeafTemplate: Sendable {
    /// Version 3 (§4.1.2.1).
    private static let version: [UInt8] = [0xa0, 0x03, 0x02, 0x01, 0x02]
    /// `ecdsa-with-SHA256` (RFC 5758 §3.2).
    private static let signatureAlgorithm: [UInt8] = [
        0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
    ]
    /// A `SubjectPublicKeyInfo` of P-256 up to the point itself (RFC 5480 §2).
    private static let publicKey: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48,
        0xce,
        0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
    ]
    /// The identifiers of the two extensions that differ from leaf to leaf (§4.2.1.2, §4.2.1.6).
    private static let subjectKeyIdentifier: [UInt8] = [0x06, 0x03, 0x55, 0x1d, 0x0e]
    private static let subjectAlternativeName: [UInt8] = [0x06, 0x03, 0x55, 0x1d, 0x11]

    private enum Tag {
        static let integer: UInt8 = 0x02
        static let bitString: UInt8 = 0x03
        static let octetString: UInt8 = 0x04
        static let utcTime: UInt8 = 0x17
        static let generalizedTime: UInt8 = 0x18
        static let sequence: UInt8 = 0x30
        static let dnsName: UInt8 = 0x82
        static let uri: UInt8 = 0x86
        static let extensions: UInt8 = 0xa3
    }

    /// The issuer's name.
    private let issuer: [UInt8]
    /// What every leaf may be used for.
    private let uses: [UInt8]
    /// Whose key has signed it.
    private let authorityKeyIdentifier: [UInt8]

    /// What the leaves of an issuer have in common.
    init(issuer: DistinguishedName, keyIdentifier: [UInt8]) throws {
        self.issuer = try Self.encode(issuer)
        self.uses =
            try Self.encode(Certificate.Extension(BasicConstraints.notCertificateAuthority, critical: true))
            + Self.encode(Certificate.Extension(KeyUsage(digitalSignature: true), critical: true))
            + Self.encode(Certificate.Extension(ExtendedKeyUsage([.serverAuth, .clientAuth]), critical: false))
        self.authorityKeyIdentifier = try Self.encode(
            Certificate.Extension(AuthorityKeyIdentifier(keyIdentifier: keyIdentifier[...]), critical: false)
        )
    }

    /// The part of a leaf that is signed.
    ///
    /// - Parameters:
    ///   - request: whose it is.
    ///   - serialNumber: a positive number, in as few bytes as there are.
    ///   - key: the leaf's key, as a point that is not compressed.
    ///   - start: when it begins to hold.
    ///   - end: when it ends.
    /// - Returns: the DER of a TBSCertificate.
    /// - Throws: where the subject or the claim of a model cannot be written.
    func signedPart(
        of request: SVIDRequest,
        serialNumber: [UInt8],
        key: [UInt8],
        from start: Date,
        until end: Date
    ) throws -> [UInt8] {
        let subject = try request.subject.map { try Self.encode($0.distinguishedName()) } ?? [Tag.sequence, 0]
        var names = Self.node(Tag.uri, Array(request.id.description.utf8))
        for name in request.dnsNames { names += Self.node(Tag.dnsName, Array(name.utf8)) }
        let identifier = Self.node(Tag.octetString, Array(SHA256.hash(data: key).prefix(20)))
        var extensions = uses
        extensions += Self.node(
            Tag.sequence,
            Self.subjectKeyIdentifier + Self.node(Tag.octetString, identifier)
        )
        extensions += authorityKeyIdentifier
        // Critical where the subject is empty (§4.2.1.6).
        let critical: [UInt8] = request.subject == nil ? [0x01, 0x01, 0xff] : []
        extensions += Self.node(
            Tag.sequence,
            Self.subjectAlternativeName + critical
                + Self.node(Tag.octetString, Self.node(Tag.sequence, names))
        )
        if let model = request.model { extensions += try Self.encode(ModelExtension.encode(model)) }
        var fields = Self.version
        fields.reserveCapacity(1024)
        fields += Self.node(Tag.integer, serialNumber)
        fields += Self.signatureAlgorithm
        fields += issuer
        fields += Self.node(Tag.sequence, Self.time(start) + Self.time(end))
        fields += subject
        fields += Self.publicKey
        fields += key
        fields += Self.node(Tag.extensions, Self.node(Tag.sequence, extensions))
        return Self.node(Tag.sequence, fields)
    }

    /// The certificate: what was signed, by what, and the signature as DER.
    static func certificate(_ signedPart: [UInt8], signature: [UInt8]) -> [UInt8] {
        // A bit string begins with how many bits of its last byte are none.
        node(Tag.sequence, signedPart + signatureAlgorithm + node(Tag.bitString, [0] + signature))
    }

    /// A P-256 key as PKCS#8 (RFC 5958, RFC 5915), as swift-crypto writes it.
    static func privateKey(_ scalar: [UInt8], _ point: [UInt8]) -> [UInt8] {
        [
            0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
            0x08,
            0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02, 0x01, 0x01, 0x04, 0x20,
        ] + scalar + [0xa1, 0x44, 0x03, 0x42, 0x00] + point
    }

    // MARK: DER

    private static func node(_ tag: UInt8, _ content: [UInt8]) -> [UInt8] {
        var node: [UInt8] = [tag]
        node.reserveCapacity(content.count + 6)
        if content.count < 0x80 {
            node.append(UInt8(content.count))
        } else {
            var digits: [UInt8] = []
            var rest = content.count
            while rest > 0 {
                digits.append(UInt8(truncatingIfNeeded: rest))
                rest >>= 8
            }
            node.append(0x80 | UInt8(digits.count))
            node += digits.reversed()
        }
        node += content
        return node
    }

    /// A moment in whole seconds: `UTCTime` through the year 2049, `GeneralizedTime` from then on (§4.1.2.5).
    static func time(_ date: Date) -> [UInt8] {
        let seconds = Int64(date.timeIntervalSince1970.rounded(.down))
        let day = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        let rest = seconds - day * 86400
        let (year, month, dayOfMonth) = civil(day)
        let isShort = (1950..<2050).contains(year)
        var digits: [UInt8] = []
        func append(_ number: Int64, _ count: Int) {
            var power: Int64 = 1
            for _ in 1..<count { power *= 10 }
            while power > 0 {
                digits.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / power % 10))
                power /= 10
            }
        }
        append(isShort ? year % 100 : year, isShort ? 2 : 4)
        append(month, 2)
        append(dayOfMonth, 2)
        append(rest / 3600, 2)
        append(rest / 60 % 60, 2)
        append(rest % 60, 2)
        digits.append(UInt8(ascii: "Z"))
        return node(isShort ? Tag.utcTime : Tag.generalizedTime, digits)
    }

    /// Year, month and day of a number of days since 1970, in the Gregorian calendar: years are counted from March on, so
    /// that the day that some have more is their last.
    private static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * fromMarch + 2) / 5 + 1
        )
    }

    private static func encode(_ element: some DERSerializable) throws -> [UInt8] {
        var serializer = DER.Serializer()
        try serializer.serialize(element)
        return serializer.serializedBytes
    }
}
