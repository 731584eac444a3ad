/// Splits DER values that stand one after another, as the Workload API sends chains and bundles (proto `x509_svid`).
///
/// Only the outermost length of each value is read, so that the work is bounded by the number of values.
enum ConcatenatedDER {
    /// The longest single certificate that is looked at, in bytes.
    static let maximumCertificate = 16 * 1024

    /// The values, each a SEQUENCE with its header.
    ///
    /// - Throws: ``SVIDError`` where a value is cut short, is no SEQUENCE, has an indefinite or padded length, or where
    ///   there are more than `limit`.
    static func split(_ bytes: [UInt8], limit: Int) throws(SVIDError) -> [[UInt8]] {
        var values: [[UInt8]] = []
        var start = 0
        while start < bytes.count {
            guard values.count < limit else {
                throw SVIDError(.chainTooLong, "there are more than \(limit) certificates")
            }
            guard let length = length(of: bytes[start...]) else {
                throw SVIDError(.malformedCertificate, "the bytes at \(start) are not a DER certificate")
            }
            guard length <= maximumCertificate else {
                throw SVIDError(
                    .tooLarge,
                    "a certificate has \(length) bytes; at most \(maximumCertificate) are allowed"
                )
            }
            guard length <= bytes.count - start else {
                throw SVIDError(.malformedCertificate, "the certificate at byte \(start) is cut short")
            }
            values.append(Array(bytes[start..<start + length]))
            start += length
        }
        return values
    }

    /// The length of the SEQUENCE at the front, header included, or nil where there is none (X.690 §8.1.3, §10.1).
    private static func length(of bytes: ArraySlice<UInt8>) -> Int? {
        var rest = bytes
        guard rest.popFirst() == 0x30, let first = rest.popFirst() else { return nil }
        guard first & 0x80 != 0 else { return 2 + Int(first) }
        let count = Int(first & 0x7f)
        guard (1...4).contains(count), rest.count >= count else { return nil }
        var length = 0
        for byte in rest.prefix(count) { length = length << 8 | Int(byte) }
        guard length >= 0x80, length >> (8 * (count - 1)) != 0 else { return nil }
        return 2 + count + length
    }
}
