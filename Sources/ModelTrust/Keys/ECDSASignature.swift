import SwiftASN1

/// Reads ECDSA signatures (RFC 3279 §2.2.3) in the one DER form that each has.
enum ECDSASignatureDER {
    /// `r` and `s`, each of the curve's length in bytes, or nil for anything but strict DER of two positive numbers.
    static func raw(_ der: [UInt8], length: Int) -> [UInt8]? {
        guard let root = try? DER.parse(der), root.identifier == .sequence, root.encodedBytes.count == der.count,
            case .constructed(let children) = root.content
        else { return nil }
        let numbers = Array(children)
        guard numbers.count == 2 else { return nil }
        var raw: [UInt8] = []
        for number in numbers {
            guard number.identifier == .integer, case .primitive(var bytes) = number.content, let first = bytes.first,
                first < 0x80
            else { return nil }
            if first == 0 {
                bytes = bytes.dropFirst()
                // A zero in front stands only where the number would be negative without it; zero itself never signs.
                guard let next = bytes.first, next >= 0x80 else { return nil }
            }
            guard bytes.count <= length else { return nil }
            raw += Array(repeating: 0, count: length - bytes.count) + bytes
        }
        return raw
    }
}
