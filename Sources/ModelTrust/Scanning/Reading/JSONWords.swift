/// Short texts that stand many times in a document, and are kept once: `"dtype"`, `"shape"`.
struct JSONWords {
    private static let longest = 32
    private static let slots = 256
    /// Documents of fewer are too short for it.
    private static let few = 32

    private var words: [[UInt8]] = []
    private var count = 0

    /// The text as an array, one that is known already where there is one.
    mutating func word(_ text: ArraySlice<UInt8>) -> [UInt8] {
        guard !text.isEmpty, text.count <= Self.longest else { return Array(text) }
        count += 1
        guard count > Self.few else { return Array(text) }
        if words.isEmpty { words = [[UInt8]](repeating: [], count: Self.slots) }
        var hash: UInt32 = 2_166_136_261
        for byte in text { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
        let slot = Int((hash ^ hash >> 16) % UInt32(Self.slots))
        if words[slot].count == text.count, words[slot].elementsEqual(text) { return words[slot] }
        let word = Array(text)
        words[slot] = word
        return word
    }
}
