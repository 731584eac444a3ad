import ZeroTrust

/// Searches a log, by an index that is brought up to date first and trusted only to say where to look.
///
/// ```swift
/// let search = RecordSearch(reader: LogReader(directory: directory), store: store)
/// try search.update()
/// for match in try search.find(RecordQuery(terms: ["decision=deny"], now: .now())).matches { print(match) }
/// ```
public struct RecordSearch: Sendable {
    private let reader: LogReader
    private let store: any RecordSearchStore

    /// How many entries are taken in at a time.
    private static let batch: UInt64 = 16_384
    /// How often others may change the index under way before it is given up, where it gains nothing by that.
    private static let maximumOvertakings = 16

    /// A search of a log.
    public init(reader: LogReader, store: any RecordSearchStore) {
        self.reader = reader
        self.store = store
    }

    /// A record that was found, as the log has it.
    public struct Match: Hashable, Sendable {
        /// The record's entry; of a request its decision.
        public let entry: LogReader.Entry
        /// The entry of the request's completion, where it has ended.
        public let completion: LogReader.Entry?
    }

    /// What a search found.
    public struct Result: Sendable {
        /// The records, in the order of the page.
        public let matches: [Match]
        /// Behind which entry the next page begins; nil where there is none.
        public let next: UInt64?
    }

    /// Takes in what the log has gained; begins anew where the log is not the one that was taken in.
    ///
    /// - Parameter progress: called now and then with how many entries were taken in, and of how many.
    /// - Returns: how many entries were read.
    /// - Throws: ``AuditLogError`` where the log or the index cannot be read or written, or others change the index again
    ///   and again.
    @discardableResult
    public func update(progress: (UInt64, UInt64) -> Void = { _, _ in }) throws -> UInt64 {
        var position = try store.position()
        if let known = position, try !isOfThisLog(known) {
            try store.reset()
            position = nil
        }
        try forgetPruned()
        var read: UInt64 = 0
        var furthest = position?.size ?? 0
        var overtakings = 0
        while true {
            var wasOvertaken = false
            var records: [IndexedRecord] = []
            var next = SearchPosition(size: position?.size ?? 0, tip: [])
            let size = try reader.scan(from: next.size) { index, entry, size in
                if let keys = RecordKeys(entry: entry) { records.append(IndexedRecord(entry: index, keys: keys)) }
                next.size = index + 1
                guard next.size == size || next.size - (position?.size ?? 0) >= Self.batch else { return true }
                next.tip = MerkleHash.leaf(entry).bytes
                guard try store.add(records, from: position, to: next) else {
                    wasOvertaken = true
                    return false
                }
                read += next.size - (position?.size ?? 0)
                position = next
                records.removeAll(keepingCapacity: true)
                progress(next.size, size)
                return true
            }
            guard wasOvertaken else { return read }
            // Another process takes the log in as well; what it did need not be done again.
            position = try store.position()
            let reached = position?.size ?? 0
            if reached >= size { return read }
            overtakings = reached > furthest ? 0 : overtakings + 1
            furthest = max(furthest, reached)
            guard overtakings < Self.maximumOvertakings else {
                throw AuditLogError(
                    .io,
                    "the search index is changed by others again and again, and gains nothing by it"
                )
            }
        }
    }

    /// Has the index forget what was removed from the log.
    ///
    /// - Throws: ``AuditLogError`` where the log or the index cannot be read or written.
    public func forgetPruned() throws {
        let minimum = try reader.minimumIndex()
        if minimum > 0 { try store.forget(before: minimum) }
    }

    private func isOfThisLog(_ position: SearchPosition) throws -> Bool {
        guard position.size > 0 else { return true }
        guard let last = try reader.entries(in: (position.size - 1)..<position.size).first else { return false }
        return MerkleHash.leaf(last.bytes[...]).bytes == position.tip
    }

    /// The records that a query asks for, read from the log itself.
    ///
    /// What the index says and the log does not is left out: the index could hide a record, and cannot make one up.
    ///
    /// - Throws: ``AuditLogError`` where the log or the index cannot be read.
    public func find(_ query: RecordQuery, _ page: SearchPage = SearchPage()) throws -> Result {
        let hits = try store.find(query, page)
        var matches: [Match] = []
        matches.reserveCapacity(hits.count)
        var wanted = Set(hits.map(\.entry))
        wanted.formUnion(hits.compactMap(\.completion))
        let entries = try reader.entries(at: wanted)
        for hit in hits {
            guard let entry = entries[hit.entry], var keys = RecordKeys(entry: entry.bytes[...]) else { continue }
            let completion = hit.completion.flatMap { entries[$0] }
            if let completion, let end = RecordKeys(entry: completion.bytes[...]), end.id == keys.id {
                keys = keys.completed(by: end)
            }
            if query.matches(keys) { matches.append(Match(entry: entry, completion: completion)) }
        }
        return Result(matches: matches, next: hits.count == page.limit ? hits.last?.entry : nil)
    }

    /// How many records a query asks for, as the index has it.
    public func count(_ query: RecordQuery) throws -> UInt64 { try store.count(query) }
}
