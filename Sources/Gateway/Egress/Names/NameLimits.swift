import Glibc

/// How much of a name below a wildcard a caller may choose: every label that it makes up is a message to whoever serves
/// the zone.
///
/// Names that an entry declares whole are not held to this; nobody chose them but the operator.
struct NameLimits: Hashable, Sendable {
    /// The labels below the wildcard.
    var labels = 2
    /// The bytes of one such label.
    var labelLength = 32
    /// The bytes of them together.
    var length = 48
    /// The length from which a label must look like a word.
    var entropyLength = 16
    /// The bits for each byte that such a label may have; words with hyphens have about 3.5, random letters about 4.
    var entropy = 3.7
    /// How often such a label may change between letters and digits; an encoding does so all the time.
    var alternations = 4
    /// The different names that one caller may ask for below one wildcard within an hour.
    var names = 64

    /// Whether a name below a suffix could be a tunnel.
    func suspects(_ name: DestinationName, below suffix: DestinationName) -> Bool {
        let chosen = name.text.dropLast(suffix.text.utf8.count + 1)
        let parts = chosen.split(separator: ".")
        guard parts.count <= labels, chosen.utf8.count <= length else { return true }
        return parts.contains { label in
            label.utf8.count > labelLength
                || label.utf8.count >= entropyLength
                    && (Self.entropy(of: label.utf8) > entropy || Self.alternations(in: label.utf8) > alternations)
        }
    }

    /// How often letters follow digits or digits letters.
    static func alternations(in bytes: some Collection<UInt8>) -> Int {
        zip(bytes, bytes.dropFirst()).count { one, next in
            one != UInt8(ascii: "-") && next != UInt8(ascii: "-") && ByteClass.isDigit(one) != ByteClass.isDigit(next)
        }
    }

    /// Shannon's entropy of the bytes' frequencies, in bits for each byte.
    static func entropy(of bytes: some Collection<UInt8>) -> Double {
        var counts = [Double](repeating: 0, count: 256)
        for byte in bytes { counts[Int(byte)] += 1 }
        let total = Double(bytes.count)
        return counts.reduce(0) { sum, count in
            guard count > 0 else { return sum }
            return sum - count / total * log2(count / total)
        }
    }
}
