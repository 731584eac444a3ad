/// A fingerprint in which similar texts differ in few bits (Charikar 2002), over groups of three words.
public enum SimHash {
    /// The fingerprint of a text; at most the first 16 KiB of it are read.
    ///
    /// - Parameters:
    ///   - text: the text.
    ///   - key: a secret, without which nobody can say whether a text has the fingerprint; nil for everybody's.
    /// - Returns: the fingerprint; those of different keys have nothing to do with one another.
    public static func of(_ text: String, key: PromptKey? = nil) -> UInt64 {
        var sums = [Int32](repeating: 0, count: 64)
        var (beforeLast, last): (UInt64, UInt64) = (0, 0)
        var word: UInt64 = 0
        var length = 0
        func add(_ hash: UInt64) {
            for bit in 0..<64 { sums[bit] += hash >> UInt64(bit) & 1 == 1 ? 1 : -1 }
        }
        func end() {
            guard length > 0 else { return }
            let hash = key?.hash(word) ?? StableHash.mix(word)
            add(key?.hash(beforeLast, last, hash) ?? StableHash.of(StableHash.of(beforeLast, last), hash))
            add(hash)
            (beforeLast, last) = (last, hash)
            (word, length) = (0, 0)
        }
        for byte in text.utf8.prefix(16_384) {
            let folded = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
            if (0x61...0x7a).contains(folded) || (0x30...0x39).contains(folded) || folded >= 0x80 {
                word = (word ^ UInt64(folded)) &* 0x100_0000_01b3
                length += 1
            } else {
                end()
            }
        }
        end()
        var fingerprint: UInt64 = 0
        for bit in 0..<64 where sums[bit] > 0 { fingerprint |= 1 << UInt64(bit) }
        return fingerprint
    }

    /// In how many bits two fingerprints differ, 0 to 64.
    public static func distance(_ left: UInt64, _ right: UInt64) -> Int { (left ^ right).nonzeroBitCount }
}
