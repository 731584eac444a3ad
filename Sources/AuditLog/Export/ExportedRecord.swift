public import ZeroTrust

/// A record on its way to a sink.
public struct ExportedRecord: Sendable {
    /// The entry's index in the log.
    public let index: UInt64
    /// The entry as it is in the log.
    public let entry: [UInt8]
    /// The record.
    public let record: AuditRecord
    /// For a completion, the decision about the same request, where the log has it.
    public internal(set) var decision: DecisionRecord?

    /// A record with what belongs to it.
    public init(index: UInt64, entry: [UInt8], record: AuditRecord, decision: DecisionRecord? = nil) {
        self.index = index
        self.entry = entry
        self.record = record
        self.decision = decision
    }
}

/// Reads a log from a place on, and finds for each completion the decision that it belongs to.
///
/// It remembers decisions whose end has not been read, within bounds; others are looked up in the log, so that an export
/// that resumes in the middle says the same as one from the beginning.
public struct ExportReader {
    private let reader: LogReader
    private var open: [RequestID: DecisionRecord] = [:]
    /// The ids of `open` in the order of their decisions, to forget the oldest.
    private var order: [RequestID] = []

    private static let maximumOpen = 16_384

    /// A reader of a log.
    public init(_ reader: LogReader) {
        self.reader = reader
    }

    /// The records of up to so many entries, from an index on; entries of other kinds are passed over.
    ///
    /// - Parameters:
    ///   - first: the first entry.
    ///   - end: the entry before which it stops, such as the first that is not on the disk yet.
    ///   - limit: how many entries are read at most.
    ///   - maximumBytes: from how many bytes on no further entry is read.
    /// - Returns: the records, the index of the first entry that was not looked at, and the leaf hash of the one before.
    /// - Throws: ``AuditLogError`` where the log cannot be read.
    public mutating func next(
        from first: UInt64,
        before end: UInt64 = .max,
        limit: Int,
        maximumBytes: Int = 4 << 20
    ) throws -> (records: [ExportedRecord], next: UInt64, tip: MerkleHash?) {
        var entries: [(index: UInt64, bytes: [UInt8])] = []
        var next = first
        var bytes = 0
        try reader.scan(from: first) { index, entry, _ in
            guard index < end else { return false }
            entries.append((index, Array(entry)))
            next = index + 1
            bytes += entry.count
            return entries.count < limit && bytes < maximumBytes
        }
        var records: [ExportedRecord] = []
        records.reserveCapacity(entries.count)
        // Completions whose decisions were made before what this reader remembers.
        var unknown: [(position: Int, id: RequestID)] = []
        for (index, entry) in entries {
            guard let record = try? AuditRecord(entry: entry) else { continue }
            var decision: DecisionRecord?
            switch record {
            case .decision(let made): remember(made)
            case .completion(let completion):
                decision = known(completion.id)
                if decision == nil { unknown.append((records.count, completion.id)) }
            case .refusals, .act, .bodies, .sampling: break
            }
            records.append(ExportedRecord(index: index, entry: entry, record: record, decision: decision))
        }
        let found = try decisions(Set(unknown.map(\.id)))
        for (position, id) in unknown { records[position].decision = found[id] }
        return (records, next, entries.last.map { MerkleHash.leaf($0.bytes[...]) })
    }

    private mutating func remember(_ decision: DecisionRecord) {
        if open.count >= Self.maximumOpen {
            for id in order.prefix(order.count / 2) { open[id] = nil }
            order.removeFirst(order.count / 2)
        }
        if open.updateValue(decision, forKey: decision.id) == nil { order.append(decision.id) }
    }

    /// The decision of a request that has ended, where it is remembered.
    private mutating func known(_ id: RequestID) -> DecisionRecord? {
        guard let known = open.removeValue(forKey: id) else { return nil }
        if order.count > 4 * Self.maximumOpen { order.removeAll { open[$0] == nil } }
        return known
    }

    /// Decisions from the log, all looked up at once.
    private func decisions(_ ids: Set<RequestID>) throws -> [RequestID: DecisionRecord] {
        try reader.findAll(ids).compactMapValues { entries in
            for entry in entries {
                if case .decision(let record)? = try? entry.record() { return record }
            }
            return nil
        }
    }
}
