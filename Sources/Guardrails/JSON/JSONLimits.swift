/// How large and how deep a JSON text may be.
///
/// Whatever a text holds, reading it takes time in proportion to its length, and memory in proportion to the number of
/// values that these limits allow.
public struct JSONLimits: Hashable, Sendable {
    /// The bytes of the whole text.
    public var bytes: Int
    /// How many arrays and objects may stand in one another.
    public var depth: Int
    /// The values and keys in all.
    public var values: Int
    /// The bytes of one string as written, without its quotes.
    public var stringBytes: Int
    /// The bytes of one key as written, without its quotes.
    public var keyBytes: Int
    /// The characters of one number as written.
    public var numberBytes: Int

    /// Limits; the defaults hold a request of 16 MiB.
    public init(
        bytes: Int = 16 << 20,
        depth: Int = 64,
        values: Int = 1 << 20,
        stringBytes: Int = 16 << 20,
        keyBytes: Int = 1024,
        numberBytes: Int = 256
    ) {
        // Places are kept in 32 bits.
        self.bytes = min(bytes, Int(Int32.max))
        // What walks a tree calls itself for each level.
        self.depth = min(depth, 512)
        self.values = values
        self.stringBytes = stringBytes
        self.keyBytes = keyBytes
        self.numberBytes = numberBytes
    }
}
