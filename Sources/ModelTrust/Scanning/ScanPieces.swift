/// The pieces of a file that were read last.
///
/// Many formats are records of a few bytes each, which lie beside one another: none of them needs a system call of its
/// own.
struct ScanPieces {
    private static let size = 4096
    private static let slots = 16
    /// The longest run of bytes that is worth it.
    private static let longest = 1024

    private var places: [UInt64] = []
    private var pieces: [[UInt8]] = []

    /// The piece that some bytes lie in, of a file of a size; nil where they are many, or lie in two.
    func piece(of offset: UInt64, count: Int, outOf size: UInt64) -> Range<UInt64>? {
        guard count > 0, count <= Self.longest else { return nil }
        let start = offset / UInt64(Self.size) * UInt64(Self.size)
        let end = min(start + UInt64(Self.size), size)
        guard UInt64(count) <= end - offset else { return nil }
        return start..<end
    }

    /// Bytes of a piece that is kept; nil where it is not.
    func kept(_ offset: UInt64, _ count: Int) -> [UInt8]? {
        let number = offset / UInt64(Self.size)
        let slot = Int(number % UInt64(Self.slots))
        guard !places.isEmpty, places[slot] == number else { return nil }
        let start = Int(offset % UInt64(Self.size))
        return Array(pieces[slot][start..<(start + count)])
    }

    /// Keeps a piece, in the place of another.
    mutating func keep(_ bytes: [UInt8], at offset: UInt64) {
        let number = offset / UInt64(Self.size)
        let slot = Int(number % UInt64(Self.slots))
        if places.isEmpty {
            places = [UInt64](repeating: .max, count: Self.slots)
            pieces = [[UInt8]](repeating: [], count: Self.slots)
        }
        places[slot] = number
        pieces[slot] = bytes
    }
}
