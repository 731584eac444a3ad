import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// The proofs within a certificate that it was put into a certificate log before it was issued (RFC 6962 §3.2, §3.3).
struct CertificateTimestamps {
    /// The list's extension.
    static let identifier: ASN1ObjectIdentifier = [1, 3, 6, 1, 4, 1, 11129, 2, 4, 2]

    let logs: [LogKey]

    /// Checks that a log that is trusted has the certificate.
    func check(_ certificate: Certificate, issuer: Certificate) throws(ModelRefusal) {
        guard let list = certificate.extensions[oid: Self.identifier],
            let octets = try? ASN1OctetString(derEncoded: Array(list.value))
        else { throw ModelRefusal(.transparency, "the certificate has no proof of a certificate log") }
        let entry = try Self.signedEntry(certificate, issuer: issuer)
        for timestamp in try Self.timestamps(Array(octets.bytes)) {
            for log in logs
            where log.id == timestamp.log && log.validity.contains(timestamp.time)
                && log.verifies(timestamp.signature, of: timestamp.signedBytes(entry))
            { return }
        }
        throw ModelRefusal(.transparency, "the certificate's proof is by none of the certificate logs that are trusted")
    }

    private struct SignedTimestamp {
        let log: [UInt8]
        let milliseconds: [UInt8]
        let extensions: [UInt8]
        let signature: [UInt8]

        var time: Date {
            Date(timeIntervalSince1970: Double(milliseconds.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }) / 1000)
        }

        /// What is signed: version 1, `certificate_timestamp`, the time, `precert_entry`, the entry, the extensions.
        func signedBytes(_ entry: [UInt8]) -> [UInt8] {
            [0, 0] + milliseconds + [0, 1] + entry + [UInt8(extensions.count >> 8), UInt8(extensions.count & 0xff)]
                + extensions
        }
    }

    private static func timestamps(_ list: [UInt8]) throws(ModelRefusal) -> [SignedTimestamp] {
        let broken = ModelRefusal(.transparency, "the certificate's proof of a certificate log is broken")
        var rest = list[...]
        func take(_ count: Int, from bytes: inout ArraySlice<UInt8>) throws(ModelRefusal) -> [UInt8] {
            guard bytes.count >= count else { throw broken }
            defer { bytes = bytes.dropFirst(count) }
            return Array(bytes.prefix(count))
        }
        func number(_ length: Int, from bytes: inout ArraySlice<UInt8>) throws(ModelRefusal) -> Int {
            try take(length, from: &bytes).reduce(0) { $0 << 8 | Int($1) }
        }
        guard try number(2, from: &rest) == rest.count else { throw broken }
        var timestamps: [SignedTimestamp] = []
        while !rest.isEmpty {
            guard timestamps.count < 16 else { throw broken }
            var one = try take(try number(2, from: &rest), from: &rest)[...]
            guard try take(1, from: &one) == [0] else { continue }
            let log = try take(32, from: &one)
            let milliseconds = try take(8, from: &one)
            let extensions = try take(try number(2, from: &one), from: &one)
            // The hash and signature algorithms; what they have to be follows from the log's key.
            _ = try take(2, from: &one)
            let signature = try take(try number(2, from: &one), from: &one)
            guard one.isEmpty else { throw broken }
            timestamps.append(
                SignedTimestamp(log: log, milliseconds: milliseconds, extensions: extensions, signature: signature)
            )
        }
        return timestamps
    }

    /// The issuer's key and the certificate as it was before the proofs were put into it.
    private static func signedEntry(_ certificate: Certificate, issuer: Certificate) throws(ModelRefusal) -> [UInt8] {
        let broken = ModelRefusal(.transparency, "the certificate cannot be held against its proof")
        guard let body = try? DER.parse(Array(certificate.tbsCertificateBytes)) else { throw broken }
        var bytes: [UInt8] = []
        for part in body.parts {
            guard part.isTagged(3) else {
                bytes += part.encodedBytes
                continue
            }
            var kept: [UInt8] = []
            for candidate in part.parts.first?.parts ?? [] where candidate.parts.first?.objectIdentifier != identifier {
                kept += candidate.encodedBytes
            }
            bytes += wrap(0xa3, wrap(0x30, kept))
        }
        let stripped = wrap(0x30, bytes)
        guard stripped.count < 1 << 24 else { throw broken }
        let key = Array(SHA256.hash(data: try CertificateChain.keyInfo(of: issuer)))
        return key + [UInt8(stripped.count >> 16), UInt8(stripped.count >> 8 & 0xff), UInt8(stripped.count & 0xff)]
            + stripped
    }

    /// A DER value with its tag and length.
    private static func wrap(_ tag: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        if bytes.count < 0x80 { return [tag, UInt8(bytes.count)] + bytes }
        var length: [UInt8] = []
        var rest = bytes.count
        while rest > 0 {
            length.insert(UInt8(rest & 0xff), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(length.count)] + length + bytes
    }
}
