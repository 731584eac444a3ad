import CBLAKE3

/// Joins the chaining values of a message's pieces into its BLAKE3 hash (BLAKE3 §2.1: the left child is the largest
/// complete subtree that leaves something to the right).
enum ChainingValues {
    /// How many bytes a piece has; all but the last are whole, and a power of two of chunks.
    static let piece: UInt64 = 16 << 20

    /// The hash of a message of at least two pieces.
    static func digest(_ pieces: ArraySlice<[UInt8]>) -> [UInt8] { join(pieces, isRoot: true) }

    private static func join(_ pieces: ArraySlice<[UInt8]>, isRoot: Bool) -> [UInt8] {
        guard pieces.count > 1, let first = pieces.first else { return pieces.first ?? [] }
        precondition(first.count == Int(LAPWING_BLAKE3_LENGTH))
        var half = 1
        while half * 2 < pieces.count { half *= 2 }
        let left = join(pieces.prefix(half), isRoot: false)
        let right = join(pieces.dropFirst(half), isRoot: false)
        var value = [UInt8](repeating: 0, count: Int(LAPWING_BLAKE3_LENGTH))
        // Sound: all three arrays have 32 bytes, and the pointers do not outlive the call.
        unsafe lapwing_blake3_parent(left, right, isRoot ? 1 : 0, &value)
        return value
    }
}
