/// Keeps what records are searched by, so that a search need not read the log.
///
/// All of it is derived from the log and proves nothing: it can be thrown away and made again.
public protocol RecordSearchStore: Sendable {
    /// How far the log has been taken in; nil where nothing was.
    func position() throws -> SearchPosition?
    /// Forgets everything.
    func reset() throws
    /// Takes in what follows a position, whole or not at all.
    ///
    /// A completion adds to the decision of the same id, whenever that was taken in.
    ///
    /// - Returns: false where the store is not at that position any more, since another process was faster.
    func add(_ records: [IndexedRecord], from old: SearchPosition?, to new: SearchPosition) throws -> Bool
    /// Forgets the records before an entry, which were removed from the log.
    func forget(before entry: UInt64) throws
    /// The records that a query asks for, in the order of a page.
    func find(_ query: RecordQuery, _ page: SearchPage) throws -> [SearchHit]
    /// How many records a query asks for.
    func count(_ query: RecordQuery) throws -> UInt64
}

/// How far a log has been taken in.
public struct SearchPosition: Hashable, Sendable {
    /// How many entries were.
    public var size: UInt64
    /// The leaf hash of the last of them, by which another log is told from this one; empty where there is none.
    public var tip: [UInt8]

    /// A position.
    public init(size: UInt64, tip: [UInt8]) {
        self.size = size
        self.tip = tip
    }
}

/// An entry that is taken in.
public struct IndexedRecord: Sendable {
    /// The entry's index.
    public var entry: UInt64
    /// What it is searched by.
    public var keys: RecordKeys

    /// An entry and its keys.
    public init(entry: UInt64, keys: RecordKeys) {
        self.entry = entry
        self.keys = keys
    }
}

/// A part of what a search finds.
public struct SearchPage: Hashable, Sendable {
    /// How many records at most.
    public var limit: Int
    /// Whether the oldest come first.
    public var isAscending: Bool
    /// The entry behind which the page begins, in its order; nil for the first page.
    public var behind: UInt64?

    /// A page.
    public init(limit: Int = 50, isAscending: Bool = false, behind: UInt64? = nil) {
        self.limit = limit
        self.isAscending = isAscending
        self.behind = behind
    }
}

/// Where a record that was found stands in the log.
public struct SearchHit: Hashable, Sendable {
    /// The entry: for a request, its decision.
    public var entry: UInt64
    /// The entry of the request's completion, where it has ended.
    public var completion: UInt64?

    /// A record that was found.
    public init(entry: UInt64, completion: UInt64?) {
        self.entry = entry
        self.completion = completion
    }
}
