public import ZeroTrust

extension LogReader {
    /// Reads entry after entry, as the log stands at the beginning.
    ///
    /// - Parameters:
    ///   - first: the index of the first entry wanted.
    ///   - body: gets each entry with its index and how many entries the log holds; it returns whether to go on.
    /// - Returns: how many entries the log held.
    /// - Throws: ``AuditLogError`` where an entry cannot be read, and what the body throws.
    @discardableResult
    public func scan(
        from first: UInt64,
        _ body: (_ index: UInt64, _ entry: ArraySlice<UInt8>, _ size: UInt64) throws -> Bool
    ) throws -> UInt64 {
        try scan(from: first, of: snapshot(), body)
    }

    /// Reads entry after entry of a snapshot.
    @discardableResult
    func scan(
        from first: UInt64,
        of snapshot: Snapshot,
        _ body: (_ index: UInt64, _ entry: ArraySlice<UInt8>, _ size: UInt64) throws -> Bool
    ) throws -> UInt64 {
        // What was pruned is passed over.
        var index = max(first, snapshot.minimum)
        while index < snapshot.covered {
            let bundle = try reading { try snapshot.reader.entries(bundle: index / 256) }
            for position in index..<min(snapshot.covered, (index / 256 + 1) * 256) {
                guard try body(position, bundle[Int(position % 256)], snapshot.size) else { return snapshot.size }
                index = position + 1
            }
        }
        while index < snapshot.size {
            guard try body(index, snapshot.recent[Int(index - snapshot.first)], snapshot.size) else { break }
            index += 1
        }
        return snapshot.size
    }

    /// How many entries stand before the first of a time or later, of those that the published checkpoint covers.
    ///
    /// Bundles are read from the newest back, to one all of whose records are older.
    ///
    /// - Parameter time: the time.
    /// - Returns: the index of the first such entry; where there is none, how many entries the checkpoint covers.
    /// - Throws: ``AuditLogError`` where an entry cannot be read.
    public func size(before time: Timestamp) throws -> UInt64 {
        let snapshot = try snapshot()
        var first = snapshot.covered
        var bundle = (snapshot.covered + 255) / 256
        while bundle > snapshot.minimum / 256 {
            bundle -= 1
            let entries = try reading { try snapshot.reader.entries(bundle: bundle) }
            let times = entries.map { (try? AuditRecord(entry: Array($0)))?.time }
            if let offset = times.firstIndex(where: { $0.map { $0.nanoseconds >= time.nanoseconds } ?? false }) {
                first = bundle * 256 + UInt64(offset)
            } else if times.contains(where: { $0 != nil }) {
                return first
            }
        }
        return first
    }

    /// The entries with these indices, as far as the log has them.
    ///
    /// - Throws: ``AuditLogError`` where they cannot be read.
    public func entries(at indices: Set<UInt64>) throws -> [UInt64: Entry] {
        guard !indices.isEmpty else { return [:] }
        let snapshot = try snapshot()
        var entries: [UInt64: Entry] = [:]
        var bundle: (number: UInt64, entries: [ArraySlice<UInt8>])?
        for index in indices.sorted() where index >= snapshot.minimum && index < snapshot.size {
            guard index < snapshot.covered else {
                let bytes = Array(snapshot.recent[Int(index - snapshot.first)])
                entries[index] = Entry(index: index, bytes: bytes, isCovered: false)
                continue
            }
            if bundle?.number != index / 256 {
                bundle = (index / 256, try reading { try snapshot.reader.entries(bundle: index / 256) })
            }
            if let bytes = bundle?.entries[Int(index % 256)] {
                entries[index] = Entry(index: index, bytes: Array(bytes), isCovered: true)
            }
        }
        return entries
    }
}
