/// The form of a bundle of entries (C2SP tlog-tiles): each entry after its length in two bytes, the higher first.
public enum EntryBundle {
    /// The longest entry that the form can hold.
    public static let maximumEntryLength = 65_535

    /// Adds an entry of at most ``maximumEntryLength`` bytes.
    static func append(_ entry: ArraySlice<UInt8>, to bundle: inout [UInt8]) {
        precondition(entry.count <= maximumEntryLength)
        bundle.append(UInt8(truncatingIfNeeded: entry.count >> 8))
        bundle.append(UInt8(truncatingIfNeeded: entry.count))
        bundle.append(contentsOf: entry)
    }

    /// The entries of a bundle; nil where its bytes end within one, or it holds more than a full bundle does.
    public static func entries(_ bundle: ArraySlice<UInt8>) -> [ArraySlice<UInt8>]? {
        var entries: [ArraySlice<UInt8>] = []
        var rest = bundle
        while !rest.isEmpty {
            guard entries.count < TilePath.fullWidth, rest.count >= 2 else { return nil }
            let length = Int(rest[rest.startIndex]) << 8 | Int(rest[rest.startIndex + 1])
            rest = rest.dropFirst(2)
            guard rest.count >= length else { return nil }
            entries.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return entries
    }
}
