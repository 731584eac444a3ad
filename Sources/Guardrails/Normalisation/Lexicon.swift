/// Words that texts are made of, as a Bloom filter that training makes from its corpus.
///
/// It tells whether a decoded text reads like one. About one word in a thousand is taken for known wrongly.
package struct Lexicon: Sendable {
    static let shared = InjectionModel.shared.lexicon

    /// Bits, a power of two of them, in words of 64.
    package let bits: [UInt64]
    /// The same for the words that most texts have, by which it is told where words part that are written together.
    package let common: [UInt64]

    /// Whether words of this hash are known.
    package func contains(_ hash: UInt64) -> Bool { Self.contains(hash, in: bits) }

    /// Whether words of this hash are among those that most texts have.
    package func isCommon(_ hash: UInt64) -> Bool { Self.contains(hash, in: common) }

    private static func contains(_ hash: UInt64, in bits: [UInt64]) -> Bool {
        guard !bits.isEmpty else { return false }
        let mask = UInt64(bits.count * 64 - 1)
        var probe = hash
        for _ in 0..<3 {
            let bit = probe & mask
            if bits[Int(bit >> 6)] >> (bit & 63) & 1 == 0 { return false }
            probe = probe >> 21 | probe << 43
        }
        return true
    }

    package func contains(_ word: some Collection<UInt8>) -> Bool {
        contains(Self.hash(word))
    }

    /// A filter of some words: about twenty bits for each.
    package init(words: [[UInt8]], bitCount: Int, common: [[UInt8]] = [], commonBitCount: Int = 64) {
        bits = Self.filter(words, bitCount)
        self.common = Self.filter(common, commonBitCount)
    }

    private static func filter(_ words: [[UInt8]], _ bitCount: Int) -> [UInt64] {
        var bits = [UInt64](repeating: 0, count: bitCount / 64)
        for word in words {
            var probe = hash(word)
            for _ in 0..<3 {
                let bit = probe & UInt64(bitCount - 1)
                bits[Int(bit >> 6)] |= 1 << (bit & 63)
                probe = probe >> 21 | probe << 43
            }
        }
        return bits
    }

    package init(bits: [UInt64], common: [UInt64] = []) {
        self.bits = bits
        self.common = common
    }

    /// FNV-1a of 64 bits, stirred once more so that its low bits are as good as its high ones.
    package static func hash(_ word: some Collection<UInt8>) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in word { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        return stir(hash)
    }

    package static func stir(_ value: UInt64) -> UInt64 {
        var hash = value
        hash ^= hash >> 33
        hash = hash &* 0xFF51_AFD7_ED55_8CCD
        hash ^= hash >> 33
        return hash
    }
}
