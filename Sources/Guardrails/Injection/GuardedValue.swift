import ZeroTrust

/// A value that no answer may show, and the ways in which a model may write it: plainly, with anything between its
/// letters, reversed, in rot13, hexadecimal or base 64 whatever stands before it, or in a code that a normaliser reads.
public struct GuardedValue: Sendable, Hashable {
    /// Forms in lower-case letters and digits, searched with all else left out.
    private let folded: [[UInt8]]
    /// Forms in base 64, whose case counts.
    private let exact: [[UInt8]]

    /// - Parameter text: the value. Fewer than six letters and digits are found by chance, and are not looked for.
    public init(_ text: String) {
        let word = SqueezedText(text, reads: false).bytes
        guard word.count >= 6 else {
            folded = []
            exact = []
            return
        }
        let rot13 = word.map { UInt8(truncatingIfNeeded: Ciphers.shift(UInt32($0), by: 13)) }
        func hex(_ bytes: [UInt8]) -> [UInt8] {
            SqueezedText(Hexadecimal.text(bytes), reads: false).bytes
        }
        let raw = Array(text.utf8)
        folded = [word, word.reversed(), rot13, rot13.reversed(), hex(word), hex(raw)]
        var exact: [[UInt8]] = []
        for spelling in Set([raw, word, Array(text.uppercased().utf8), Array(text.lowercased().utf8)]) {
            exact += Self.base64Forms(spelling)
        }
        self.exact = exact.sorted { $0.lexicographicallyPrecedes($1) }
    }

    /// What stays the same in base 64 whatever stands before: one form for each of three alignments.
    private static func base64Forms(_ word: [UInt8]) -> [[UInt8]] {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        return (0..<3).compactMap { shift in
            let padded = [UInt8](repeating: 0, count: shift) + word
            var form: [UInt8] = []
            var index = 0
            while index + 3 <= padded.count {
                let value = UInt32(padded[index]) << 16 | UInt32(padded[index + 1]) << 8 | UInt32(padded[index + 2])
                for place in [18, 12, 6, 0] as [UInt32] { form.append(digits[Int(value >> place & 63)]) }
                index += 3
            }
            let kept = Array(form.dropFirst(shift == 0 ? 0 : shift + 1))
            return kept.count >= 6 ? kept : nil
        }
    }

    /// The bytes of a text in which the value stands, in any of its forms; nil where it does not.
    public func range(in text: String) -> Range<Int>? {
        guard !folded.isEmpty else { return nil }
        let bytes = Array(text.utf8)
        let solid = bytes.indices.filter { bytes[$0] > 0x20 }
        if let found = Self.find(exact, in: solid.map { bytes[$0] }) {
            return solid[found.lowerBound]..<solid[found.upperBound - 1] + 1
        }
        for reads in [false, true] {
            let squeezed = SqueezedText(text, reads: reads)
            if let found = Self.find(folded, in: squeezed.bytes) { return squeezed.origin(found) }
        }
        return nil
    }

    private static func find(_ forms: [[UInt8]], in bytes: [UInt8]) -> Range<Int>? {
        for form in forms {
            if let start = ByteSearch(form).first(in: bytes) { return start..<start + form.count }
        }
        return nil
    }
}

/// Finds bytes within bytes in linear time (Knuth, Morris and Pratt).
struct ByteSearch {
    private let wanted: [UInt8]
    private let fallback: [Int]

    init(_ wanted: [UInt8]) {
        self.wanted = wanted
        var fallback = [Int](repeating: 0, count: wanted.count)
        var length = 0
        for index in wanted.indices.dropFirst() {
            while length > 0, wanted[index] != wanted[length] { length = fallback[length - 1] }
            if wanted[index] == wanted[length] { length += 1 }
            fallback[index] = length
        }
        self.fallback = fallback
    }

    /// Where they stand first; nil where they do not.
    func first(in bytes: [UInt8], from start: Int = 0) -> Int? {
        guard !wanted.isEmpty else { return nil }
        var length = 0
        var index = start
        while index < bytes.count {
            while length > 0, bytes[index] != wanted[length] { length = fallback[length - 1] }
            if bytes[index] == wanted[length] { length += 1 }
            index += 1
            if length == wanted.count { return index - length }
        }
        return nil
    }
}
