import Glibc
import Synchronization
import ZeroTrust

/// The state that a ``LogWriter`` and its three threads share, and what each thread does.
final class WriterCore: Sendable {
    let layout: Layout
    let origin: String
    let signer: any CheckpointSigner
    let options: LogWriter.Options
    let files: any FileSystem
    let window: UInt64
    let interval: UInt64

    /// Guards everything that the threads and the callers share.
    let shared: Monitor<Shared>
    /// How many entries are settled: each with a lower number is on the disk, or counted there as one of a gap.
    let durable: Atomic<UInt64>
    /// Whether the writer takes no more entries, and those that wait will never be durable.
    let hasFailed = Atomic<Bool>(false)
    /// Guards who is told of durable entries; they come and go rarely.
    private let watchers = Mutex<[DurabilityWatcher]>([])
    /// Guards who is handed durable entries.
    private let taps = Mutex<[LogTap]>([])
    /// What only the thread that commits uses.
    private let commit: Monitor<CommitState>
    /// What only the thread that integrates uses.
    let integration: Monitor<IntegrationState>

    /// The threads, by the conditions on which they wait.
    enum Thread: Int, CaseIterable {
        case commit, integration, publication
    }

    /// Entries are written in batches of at most this, so that a segment can hold any.
    private static let batchLimit = 512 << 10

    /// From how many bytes on the tree takes entries in before its moment has come, and how many it takes in at a time.
    ///
    /// A large batch holds up the checkpoint of its first entry until its last is on the disk, and the synchronisations of
    /// the write-ahead log with it.
    static let treeBatch = 8 << 20

    /// Entries that are written as one.
    struct Batch: Sendable {
        var entries = EntryRun()
        /// Who is told of an entry, by its place, where somebody is.
        var waiting: [(place: Int, onDurable: @Sendable (Result<UInt64, AuditLogError>) -> Void)] = []
    }

    struct Shared {
        /// Entries that wait to be written.
        var queue: [Batch] = []
        var queueBytes = 0
        /// How much the queue held when it was taken last, for which room is made in the next.
        var usual = (bytes: 0, count: 0)
        /// The number of the next entry that comes.
        var nextNumber: UInt64
        /// When the queue is written next; nil while the committing thread sleeps until it is signalled.
        var due: UInt64?
        /// Whether the queue shall be written at once.
        var isUrgent = false
        /// Whether the committing thread sleeps until it is signalled.
        var isParked = false
        /// Entries that are durable and not in the tree.
        var durable: [EntryRun] = []
        var durableBytes = 0
        /// The tree as it lies on the disk.
        var tree: (size: UInt64, root: MerkleHash)
        var published: Checkpoint?
        var publishedAt: UInt64?
        /// When the oldest entry that no checkpoint covers became durable.
        var uncoveredSince: UInt64?
        /// A file reserved for the next segment.
        var spare: SegmentFile.Spare?
        /// Segments that are no longer needed and whose files are kept for the next ones.
        var used: [String] = []
        /// Whether the thread that integrates shall reserve one.
        var needsSpare = true
        /// Whether a gap can be recorded now.
        var isGapDue = false
        /// When the tree is tried again, after the disk had no room for it.
        var treeRetry: UInt64?
        /// How much of the current segment is written.
        var segmentEnd = Segment.headerLength
        /// The segments that are complete.
        var segments: [(path: String, end: UInt64)]
        var isClosed = false
        var isCommitted = false
        var isIntegrated = false
        var failure: AuditLogError?
        var stats = LogStats()
        var lock: FileLock?
    }

    struct CommitState {
        var segment: SegmentFile
        var next: UInt64
        /// What there was no room for; nil where that is refused.
        var gaps: GapFile?
    }

    struct IntegrationState {
        var edge: TreeEdge
        var index: RecordIndex.Writer
    }

    init(
        layout: Layout,
        origin: String,
        signer: any CheckpointSigner,
        options: LogWriter.Options,
        files: any FileSystem
    ) throws {
        guard !origin.isEmpty, SignedNote.isName(origin) else {
            throw AuditLogError(.malformed, "`\(origin)` is not a log's name: it is empty or holds a space or `+`")
        }
        self.layout = layout
        self.origin = origin
        self.signer = signer
        self.options = options
        self.files = files
        self.window = Self.nanoseconds(options.window)
        self.interval = Self.nanoseconds(options.checkpointInterval)
        try files.makeDirectories(layout.segments)
        let lock = try FileLock(layout.lock)
        let gaps = try Self.gapFile(layout, options, files)
        let recovery = try Recovery(layout: layout, origin: origin, files: files)
        // What the writer before kept may have its old name back, or as well.
        for name in SegmentFile.usedNames { try? files.remove("\(layout.segments)/\(name)") }
        let spare = try SegmentFile.reserve(
            in: layout.segments,
            length: max(options.segmentSize, 1 << 20),
            files: files
        )
        let segment = try SegmentFile(spare: spare, first: recovery.next, directory: layout.segments, files: files)
        var shared = Shared(
            nextNumber: recovery.next,
            tree: (recovery.edge.size, recovery.edge.root),
            segments: recovery.segments
        )
        shared.durable = EntryRun.pieces(recovery.pending, of: Self.batchLimit)
        shared.durableBytes = shared.durable.reduce(0) { $0 + $1.bytes.count }
        shared.published = recovery.checkpoint
        shared.uncoveredSince = recovery.next > recovery.checkpoint?.size ?? 0 ? monotonicNow() : nil
        shared.stats.acknowledged = recovery.next
        shared.stats.integrated = recovery.edge.size
        shared.stats.checkpointSize = recovery.checkpoint?.size ?? 0
        shared.lock = lock
        shared.isGapDue = gaps?.gap != nil
        self.shared = Monitor(shared, conditions: Thread.allCases.count)
        self.durable = Atomic(recovery.next)
        self.commit = Monitor(CommitState(segment: segment, next: recovery.next, gaps: gaps))
        let index = RecordIndex.Writer(layout: layout, edge: recovery.edge, files: files)
        self.integration = Monitor(IntegrationState(edge: recovery.edge, index: index))
    }

    static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
    }

    /// Where gaps are counted; nil where they are refused, and no writer before left one that is not recorded yet.
    private static func gapFile(
        _ layout: Layout,
        _ options: LogWriter.Options,
        _ files: any FileSystem
    ) throws -> GapFile? {
        if case .recordGap = options.fullDisk { return try GapFile(path: layout.gap, in: layout.state, files: files) }
        guard try files.contents(layout.gap) != nil else { return nil }
        let file = try GapFile(path: layout.gap, in: layout.state, files: files)
        guard let gap = file.gap else {
            file.close(files: files)
            return nil
        }
        guard options.leftGap != nil else {
            file.close(files: files)
            throw AuditLogError(
                .diskFull,
                "\(gap.count) entries for which there was no room are not on record yet: `leftGap` has to say how"
            )
        }
        return file
    }

    /// The entry that tells of a gap.
    private func entry(of gap: LogGap) -> [UInt8]? {
        if case .recordGap(let entry) = options.fullDisk { return entry(gap) }
        return options.leftGap?(gap)
    }

    private static func isFull(_ error: FileError) -> Bool { error.number == ENOSPC || error.number == EDQUOT }

    /// Whether what failed can be done again once there is room, as the owner chose.
    ///
    /// A synchronisation cannot: what it left on the disk is not known.
    func waitsForRoom(_ error: any Error) -> Bool {
        guard case .recordGap = options.fullDisk else { return false }
        return Self.lacksRoom(error)
    }

    /// Whether what failed can be done again once there is room.
    static func lacksRoom(_ error: any Error) -> Bool {
        guard let error = error as? FileError else { return false }
        return isFull(error) && !error.operation.hasPrefix("sync")
    }

    /// The failure that a caller is told when a file could not be written.
    static func failure(_ error: FileError) -> AuditLogError {
        isFull(error)
            ? AuditLogError(.diskFull, "the audit log's disk is full", cause: error)
            : AuditLogError(.io, "the audit log cannot be written", cause: error)
    }

    /// Ends the writer's service: every entry that waits or comes is refused.
    func fail(_ error: any Error) {
        let failure =
            (error as? FileError).map(Self.failure) ?? error as? AuditLogError
            ?? AuditLogError(.io, "the audit log cannot be written", cause: error)
        shared.withLock { shared in
            if shared.failure == nil {
                shared.failure = failure
                shared.stats.failure = failure.description
            }
        }
        hasFailed.store(true, ordering: .sequentiallyConsistent)
        tellWatchers()
        signalAll()
    }

    func signal(_ thread: Thread) { shared.signal(thread.rawValue) }

    private func signalAll() {
        for thread in Thread.allCases { signal(thread) }
    }

    // MARK: - Callers

    /// Puts an entry in the queue and returns its number, or says why not.
    func enqueue(
        _ entry: RecordEntry,
        immediately: Bool = false,
        onDurable: (@Sendable (Result<UInt64, AuditLogError>) -> Void)? = nil
    ) throws(AuditLogError) -> UInt64 {
        let (result, wakes) = shared.withLock { shared -> (Result<UInt64, AuditLogError>, Bool) in
            if let refusal = self.refusal(of: entry, shared) {
                shared.stats.refused += 1
                return (.failure(refusal), false)
            }
            let number = shared.nextNumber
            shared.nextNumber += 1
            let before = shared.queueBytes
            shared.queueBytes += shared.add(entry, onDurable, batchLimit: Self.batchLimit)
            let isUrgent = immediately || before < Self.batchLimit && shared.queueBytes >= Self.batchLimit
            if isUrgent { shared.isUrgent = true }
            defer { shared.isParked = false }
            return (.success(number), isUrgent || shared.isParked)
        }
        if wakes { signal(.commit) }
        return try result.get()
    }

    var tapCount: Int { taps.withLock { $0.count } }

    func attach(_ tap: LogTap) { taps.withLock { $0.append(tap) } }

    func detach(_ tap: LogTap) { taps.withLock { $0.removeAll { $0 === tap } } }

    func watch(_ watcher: DurabilityWatcher) {
        watchers.withLock { watchers in
            watchers.removeAll { $0.isCancelled }
            watchers.append(watcher)
        }
    }

    private func tellWatchers() {
        let durable = durable.load(ordering: .sequentiallyConsistent)
        let hasFailed = hasFailed.load(ordering: .sequentiallyConsistent)
        for watcher in watchers.withLock({ $0 }) { watcher.tell(durable: durable, hasFailed: hasFailed) }
    }

    private func refusal(of entry: RecordEntry, _ shared: Shared) -> AuditLogError? {
        if let failure = shared.failure { return failure }
        if shared.isClosed { return AuditLogError(.closed, "the audit log was closed") }
        if entry.room > EntryBundle.maximumEntryLength {
            return AuditLogError(.entryTooLong, "an entry of \(entry.room) bytes; at most 65535 are possible")
        }
        if shared.queueBytes + shared.durableBytes + entry.room > options.maximumPendingBytes {
            return AuditLogError(.overloaded, "more than \(options.maximumPendingBytes) bytes wait for the audit log")
        }
        return nil
    }

    var stats: LogStats {
        shared.withLock { shared in
            let now = monotonicNow()
            var stats = shared.stats
            stats.pendingEntries = shared.queue.reduce(0) { $0 + UInt64($1.entries.count) }
            stats.checkpointAge = shared.publishedAt.map { Double(now - $0) / 1e9 }
            stats.checkpointLag = shared.uncoveredSince.map { Double(now - $0) / 1e9 } ?? 0
            stats.walBytes = UInt64(shared.segments.count * max(options.segmentSize, 1 << 20) + shared.segmentEnd)
            return stats
        }
    }

    func close() {
        shared.withLock { $0.isClosed = true }
        signal(.commit)
    }

    /// Gives back the files and the lock, once the threads have ended.
    func release() {
        commit.withLock { state in
            state.segment.close(files: files)
            state.gaps?.close(files: files)
        }
        shared.withLock { shared in
            if let spare = shared.spare { files.close(spare.file) }
            shared.spare = nil
            shared.lock = nil
        }
    }

    // MARK: - The thread that commits

    func commitLoop() {
        while let group = nextGroup() {
            commitGroup(group)
        }
        shared.withLock { $0.isCommitted = true }
        signal(.integration)
    }

    /// The entries of the next group; nil at the end.
    ///
    /// An entry that comes after a pause wakes the thread and waits for the window. While entries keep coming a group is
    /// written in every window, and nobody need be woken for it.
    private func nextGroup() -> [Batch]? {
        shared.wait(on: Thread.commit.rawValue) { shared in
            let now = monotonicNow()
            if shared.isGapDue, shared.failure == nil {
                shared.isGapDue = false
                return .go([])
            }
            guard !shared.queue.isEmpty else {
                if shared.isClosed { return .go(nil) }
                if let due = shared.due, now < due { return .wait(until: due) }
                shared.due = nil
                shared.isParked = true
                return .wait(until: nil)
            }
            let due = shared.due ?? now + window
            guard shared.isClosed || shared.failure != nil || shared.isUrgent || now >= due else {
                shared.due = due
                return .wait(until: due)
            }
            var group: [Batch] = []
            swap(&group, &shared.queue)
            if let batch = group.last { shared.usual = (batch.entries.bytes.count, batch.entries.count) }
            shared.queueBytes = 0
            shared.isUrgent = false
            shared.due = now + window
            return .go(group)
        }
    }

    private func commitGroup(_ group: [Batch]) {
        // An empty group is there for the gap that is due.
        for batch in group.isEmpty ? [Batch()] : group {
            do {
                // A failure is final: nothing is written after one.
                if let failure = shared.withLock({ $0.failure }) { throw failure }
                guard let first = try commitBatch(batch) else { continue }
                for waiter in batch.waiting { waiter.onDurable(.success(first + UInt64(waiter.place))) }
            } catch {
                fail(error)
                refuse(batch)
            }
        }
    }

    private func refuse(_ batch: Batch) {
        let failure = shared.withLock { shared -> AuditLogError? in
            shared.stats.refused += UInt64(batch.entries.count)
            return shared.failure
        }
        for waiter in batch.waiting {
            waiter.onDurable(.failure(failure ?? AuditLogError(.io, "the audit log cannot be written")))
        }
    }

    /// Brings a batch to the disk, behind a gap that is not recorded yet; returns the index of its first entry, or nil where
    /// there was no room and the batch was let go of.
    private func commitBatch(_ batch: Batch) throws -> UInt64? {
        /// What was written, and where the segment ends behind it.
        struct Written {
            let entries: EntryRun
            let first: UInt64
            let end: Int
            let hasGap: Bool
        }
        let written = try commit.withLock { state -> Written? in
            var entries = batch.entries
            let gap = state.gaps?.gap
            if let gap, let entry = entry(of: gap) {
                entries = EntryRun()
                entries.append(entry)
                entries.append(contentsOf: batch.entries)
            }
            guard !entries.isEmpty else { return Written(entries: entries, first: state.next, end: 0, hasGap: false) }
            if !state.segment.hasRoom(for: entries.bytes.count) {
                guard try rotate(&state) else {
                    try state.gaps?.add(batch.unawaited, at: .now(), files: files)
                    return nil
                }
            }
            entries.hash()
            try state.segment.commit(entries, first: state.next, files: files)
            defer { state.next += UInt64(entries.count) }
            if gap != nil { try state.gaps?.clear(files: files) }
            return Written(entries: entries, first: state.next, end: state.segment.end, hasGap: gap != nil)
        }
        durable.wrappingAdd(UInt64(batch.entries.count), ordering: .sequentiallyConsistent)
        guard let written else {
            letGo(batch)
            return nil
        }
        guard !written.entries.isEmpty else {
            // Nothing was let go of but what somebody waited for, and there is room again.
            shared.withLock { $0.stats.isInGap = false }
            return nil
        }
        let next = written.first + UInt64(written.entries.count)
        let fillsTreeBatch = shared.withLock { shared -> Bool in
            let before = shared.durableBytes
            shared.durable.append(written.entries)
            shared.durableBytes += written.entries.bytes.count
            shared.segmentEnd = written.end
            shared.stats.acknowledged = next
            shared.stats.syncs += 1
            shared.stats.isInGap = false
            if shared.uncoveredSince == nil { shared.uncoveredSince = monotonicNow() }
            return before < Self.treeBatch && shared.durableBytes >= Self.treeBatch
        }
        if fillsTreeBatch { signal(.integration) }
        tellWatchers()
        for tap in taps.withLock({ $0 }) { tap.add(written.entries, first: written.first) }
        return written.first + (written.hasGap ? 1 : 0)
    }

    /// Lets a batch go that was counted as one of a gap; whoever waits for a call is refused.
    private func letGo(_ batch: Batch) {
        shared.withLock { shared in
            shared.stats.lost += UInt64(batch.entries.count - batch.waiting.count)
            shared.stats.refused += UInt64(batch.waiting.count)
            shared.stats.isInGap = true
            shared.needsSpare = true
        }
        tellWatchers()
        for waiter in batch.waiting {
            waiter.onDurable(.failure(AuditLogError(.diskFull, "the audit log's disk is full")))
        }
    }

    /// Goes on with another segment; returns false where there is no room for one and gaps are recorded.
    private func rotate(_ state: inout CommitState) throws -> Bool {
        let (reserved, isInGap) = shared.withLock { shared -> (SegmentFile.Spare?, Bool) in
            defer { shared.spare = nil }
            return (shared.spare, shared.stats.isInGap)
        }
        // Once there is none, the thread that integrates looks for room.
        if reserved == nil, isInGap { return false }
        let spare: SegmentFile.Spare
        do { spare = try reserved ?? reserveSpare() } catch  where waitsForRoom(error) { return false }
        let segment = try SegmentFile(spare: spare, first: state.next, directory: layout.segments, files: files)
        state.segment.close(files: files)
        let (path, end) = (state.segment.path, state.next)
        state.segment = segment
        shared.withLock { shared in
            shared.segments.append((path, end))
            shared.needsSpare = true
        }
        return true
    }

    private func reserveSpare() throws(FileError) -> SegmentFile.Spare {
        try SegmentFile.reserve(
            in: layout.segments,
            length: max(options.segmentSize, 1 << 20),
            files: files,
            reusing: takeUsed()
        )
    }
}

extension WriterCore.Batch {
    /// The entries of which nobody waits to be told.
    fileprivate var unawaited: [[UInt8]] {
        let awaited = Set(waiting.map(\.place))
        return (0..<entries.count).filter { !awaited.contains($0) }.map { Array(entries[$0]) }
    }
}

extension WriterCore.Shared {
    /// Adds an entry to the batch that is being filled, and says how many bytes it takes there.
    fileprivate mutating func add(
        _ entry: RecordEntry,
        _ onDurable: (@Sendable (Result<UInt64, AuditLogError>) -> Void)?,
        batchLimit: Int
    ) -> Int {
        if let filled = queue.last?.entries.bytes.count, filled + entry.room + 2 <= batchLimit {
            // There is room in it.
        } else {
            queue.append(WriterCore.Batch(entries: EntryRun(bytes: usual.bytes, count: usual.count)))
        }
        let last = queue.count - 1
        if let onDurable { queue[last].waiting.append((queue[last].entries.count, onDurable)) }
        let before = queue[last].entries.bytes.count
        queue[last].entries.append(entry)
        return queue[last].entries.bytes.count - before
    }
}
