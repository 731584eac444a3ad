/// A header block of a tar archive (POSIX.1-1988, with GNU's large numbers).
struct TarHeader {
    private let bytes: [UInt8]

    /// Takes the 512 bytes of a block.
    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isZero: Bool { bytes.allSatisfy { $0 == 0 } }

    /// Whether the checksum is right: the sum of all bytes, with blanks in its own place.
    var isWhole: Bool {
        guard let declared = number(148..<156), !isZero else { return false }
        var sum: UInt64 = 8 * 0x20
        for index in bytes.indices where index < 148 || index >= 156 { sum += UInt64(bytes[index]) }
        return sum == declared
    }

    var name: String {
        let name = text(0..<100)
        let prefix = bytes[257..<263].elementsEqual("ustar\0".utf8) ? text(345..<500) : ""
        return prefix.isEmpty ? name : prefix + "/" + name
    }

    var size: UInt64? { number(124..<136) }
    var type: Character { Character(Unicode.Scalar(bytes[156])) }
    var link: String { text(157..<257) }

    private func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range].prefix { $0 != 0 }, as: UTF8.self)
    }

    /// Octal digits, or, where the first bit is set, a number to the base 256.
    private func number(_ range: Range<Int>) -> UInt64? {
        let field = bytes[range]
        if field.first == 0x80 {
            guard field.dropFirst().dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
            return field.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
        }
        let digits = field.drop { $0 == 0x20 }.prefix { 0x30...0x37 ~= $0 }
        let rest = field.drop { $0 == 0x20 }.dropFirst(digits.count)
        guard rest.allSatisfy({ $0 == 0 || $0 == 0x20 }), !digits.isEmpty || field.allSatisfy({ $0 == 0 || $0 == 0x20 })
        else { return nil }
        return digits.reduce(0) { $0 << 3 | UInt64($1 - 0x30) }
    }
}
