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
    private let integration: Monitor<IntegrationState>

    /// The threads, by the conditions on which they wait.
    private enum Thread: Int, CaseIterable {
        case commit, integration, publication
    }

    /// Batches are written in pieces of at most this, so that a segment can hold any.
    private static let batchLimit = 512 << 10

    /// From how many bytes on the tree takes entries in before its moment has come, and how many it takes in at a time.
    ///
    /// A large batch holds up the checkpoint of its first entry until its last is on the disk, and the synchronisations of
    /// the write-ahead log with it.
    private static let treeBatch = 8 << 20

    struct Pending {
        let entry: [UInt8]
        /// What it tells, where that is known.
        let gist: RecordGist?
        /// Who is told, where somebody is.
        let onDurable: (@Sendable (Result<UInt64, AuditLogError>) -> Void)?
    }

    struct Shared {
        /// Entries that wait to be written.
        var queue: [Pending] = []
        var queueBytes = 0
        /// The number of the next entry that comes.
        var nextNumber: UInt64
        /// When the queue is written next; nil while the committing thread sleeps until it is signalled.
        var due: UInt64?
        /// Whether the queue shall be written at once.
        var isUrgent = false
        /// Whether the committing thread sleeps until it is signalled.
        var isParked = false
        /// Entries that are durable and not in the tree.
        var durable: [[UInt8]] = []
        var durableBytes = 0
        /// The tree as it lies on the disk.
        var tree: (size: UInt64, root: MerkleHash)
        var published: Checkpoint?
        var publishedAt: UInt64?
        /// When the oldest entry that no checkpoint covers became durable.
        var uncoveredSince: UInt64?
        /// A file reserved for the next segment.
        var spare: SegmentFile.Spare?
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
        shared.durable = recovery.pending
        shared.durableBytes = recovery.pending.reduce(0) { $0 + $1.count }
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
    private func waitsForRoom(_ error: any Error) -> Bool {
        guard case .recordGap = options.fullDisk, let error = error as? FileError else { return false }
        return Self.isFull(error) && !error.operation.hasPrefix("sync")
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

    private func signal(_ thread: Thread) { shared.signal(thread.rawValue) }

    private func signalAll() {
        for thread in Thread.allCases { signal(thread) }
    }

    // MARK: - Callers

    /// Puts an entry in the queue and returns its number, or says why not.
    func enqueue(
        _ entry: [UInt8],
        gist: RecordGist? = nil,
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
            shared.queue.append(Pending(entry: entry, gist: gist, onDurable: onDurable))
            let before = shared.queueBytes
            shared.queueBytes += entry.count + 2
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

    private func refusal(of entry: [UInt8], _ shared: Shared) -> AuditLogError? {
        if let failure = shared.failure { return failure }
        if shared.isClosed { return AuditLogError(.closed, "the audit log was closed") }
        if entry.count > EntryBundle.maximumEntryLength {
            return AuditLogError(.entryTooLong, "an entry of \(entry.count) bytes; at most 65535 are possible")
        }
        if shared.queueBytes + shared.durableBytes + entry.count > options.maximumPendingBytes {
            return AuditLogError(.overloaded, "more than \(options.maximumPendingBytes) bytes wait for the audit log")
        }
        return nil
    }

    var stats: LogStats {
        shared.withLock { shared in
            let now = monotonicNow()
            var stats = shared.stats
            stats.pendingEntries = UInt64(shared.queue.count)
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
    private func nextGroup() -> [Pending]? {
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
            var group: [Pending] = []
            swap(&group, &shared.queue)
            shared.queue.reserveCapacity(min(group.count, 4096))
            shared.queueBytes = 0
            shared.isUrgent = false
            shared.due = now + window
            return .go(group)
        }
    }

    private func commitGroup(_ group: [Pending]) {
        var rest = group[...]
        // An empty group is there for the gap that is due.
        repeat {
            var bytes = 0
            let batch = rest.prefix { pending in
                bytes += pending.entry.count + 2
                return bytes <= Self.batchLimit || bytes == pending.entry.count + 2
            }
            rest = rest[batch.endIndex...]
            do {
                // A failure is final: nothing is written after one.
                if let failure = shared.withLock({ $0.failure }) { throw failure }
                guard let first = try commitBatch(batch) else { continue }
                for (offset, pending) in batch.enumerated() {
                    pending.onDurable?(.success(first + UInt64(offset)))
                }
            } catch {
                fail(error)
                refuse(batch)
            }
        } while !rest.isEmpty
    }

    private func refuse(_ batch: ArraySlice<Pending>) {
        let failure = shared.withLock { shared -> AuditLogError? in
            shared.stats.refused += UInt64(batch.count)
            return shared.failure
        }
        for pending in batch {
            pending.onDurable?(.failure(failure ?? AuditLogError(.io, "the audit log cannot be written")))
        }
    }

    /// Brings a batch to the disk, behind a gap that is not recorded yet; returns the index of its first entry, or nil where
    /// there was no room and the batch was let go of.
    private func commitBatch(_ batch: ArraySlice<Pending>) throws -> UInt64? {
        /// What was written, and where the segment ends behind it.
        struct Written {
            let entries: [[UInt8]]
            let gists: [RecordGist?]
            let first: UInt64
            let end: Int
            let hasGap: Bool
        }
        let written = try commit.withLock { state -> Written? in
            var entries = batch.map(\.entry)
            var gists = batch.map(\.gist)
            let gap = state.gaps?.gap
            if let gap, let entry = entry(of: gap) {
                entries.insert(entry, at: 0)
                gists.insert(nil, at: 0)
            }
            guard !entries.isEmpty else {
                return Written(entries: [], gists: [], first: state.next, end: 0, hasGap: false)
            }
            if !state.segment.hasRoom(for: entries.reduce(0) { $0 + $1.count + 2 }) {
                guard try rotate(&state) else {
                    let lost = batch.filter { $0.onDurable == nil }.map(\.entry)
                    try state.gaps?.add(lost, at: .now(), files: files)
                    return nil
                }
            }
            try state.segment.commit(entries, first: state.next, files: files)
            defer { state.next += UInt64(entries.count) }
            if gap != nil { try state.gaps?.clear(files: files) }
            return Written(
                entries: entries,
                gists: gists,
                first: state.next,
                end: state.segment.end,
                hasGap: gap != nil
            )
        }
        durable.wrappingAdd(UInt64(batch.count), ordering: .sequentiallyConsistent)
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
            shared.durable += written.entries
            let before = shared.durableBytes
            shared.durableBytes += written.entries.reduce(0) { $0 + $1.count }
            shared.segmentEnd = written.end
            shared.stats.acknowledged = next
            shared.stats.syncs += 1
            shared.stats.isInGap = false
            if shared.uncoveredSince == nil { shared.uncoveredSince = monotonicNow() }
            return before < Self.treeBatch && shared.durableBytes >= Self.treeBatch
        }
        if fillsTreeBatch { signal(.integration) }
        tellWatchers()
        for tap in taps.withLock({ $0 }) { tap.add(written.entries, written.gists, first: written.first) }
        return written.first + (written.hasGap ? 1 : 0)
    }

    /// Lets a batch go that was counted as one of a gap; whoever waits for a call is refused.
    private func letGo(_ batch: ArraySlice<Pending>) {
        let waiting = batch.filter { $0.onDurable != nil }
        shared.withLock { shared in
            shared.stats.lost += UInt64(batch.count - waiting.count)
            shared.stats.refused += UInt64(waiting.count)
            shared.stats.isInGap = true
            shared.needsSpare = true
        }
        tellWatchers()
        for pending in waiting {
            pending.onDurable?(.failure(AuditLogError(.diskFull, "the audit log's disk is full")))
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
        try SegmentFile.reserve(in: layout.segments, length: max(options.segmentSize, 1 << 20), files: files)
    }

    // MARK: - The thread that integrates

    func integrationLoop() {
        var next = monotonicNow()
        var isLast = false
        while !isLast {
            let step = shared.wait(on: Thread.integration.rawValue) {
                shared -> Monitor<Shared>.Step<(entries: [[UInt8]], spare: Bool, last: Bool)> in
                if shared.failure != nil { return .go(([], false, true)) }
                // What is being taken in has left `durableBytes` by the time this is asked.
                let isFull = shared.durableBytes >= Self.treeBatch && shared.treeRetry == nil
                guard shared.isCommitted || isFull || monotonicNow() >= next else { return .wait(until: next) }
                let entries = Self.takeBatch(&shared.durable)
                let isLast = shared.isCommitted && shared.durable.isEmpty
                return .go((entries, shared.needsSpare && shared.spare == nil, isLast))
            }
            isLast = step.last
            next = monotonicNow() + interval
            do {
                try integrate(step.entries)
            } catch  where waitsForRoom(error) {
                // They are in the write-ahead log, and are taken in once there is room: now, or by the next writer.
                let isOver = shared.withLock { shared in
                    shared.durable.insert(contentsOf: step.entries, at: 0)
                    shared.treeRetry = next
                    return shared.isCommitted
                }
                if isOver { break }
                isLast = false
            } catch {
                fail(error)
                break
            }
            if step.spare, !isLast, let spare = try? reserveSpareAhead() {
                let isAwaited = shared.withLock { shared in
                    shared.spare = spare
                    shared.needsSpare = false
                    // One that was left by the writer before is due from the start.
                    if shared.stats.isInGap { shared.isGapDue = true }
                    return shared.isGapDue
                }
                if isAwaited { signal(.commit) }
            }
        }
        shared.withLock { $0.isIntegrated = true }
        signal(.publication)
    }

    /// The first of the entries that wait for the tree, as many as it takes in at a time.
    private static func takeBatch(_ waiting: inout [[UInt8]]) -> [[UInt8]] {
        var bytes = 0
        let end = waiting.firstIndex { entry in
            bytes += entry.count
            return bytes > 2 * treeBatch
        }
        guard let end else {
            defer { waiting = [] }
            return waiting
        }
        defer { waiting.removeFirst(end) }
        return Array(waiting[..<end])
    }

    /// A spare of its own name, so that it cannot meet one that the committing thread reserves for itself.
    private func reserveSpareAhead() throws(FileError) -> SegmentFile.Spare {
        try SegmentFile.reserve(
            in: layout.segments,
            length: max(options.segmentSize, 1 << 20),
            files: files,
            name: "spare-ahead"
        )
    }

    private func integrate(_ entries: [[UInt8]]) throws {
        guard !entries.isEmpty else { return }
        let tree = try integration.withLock { state -> (size: UInt64, root: MerkleHash) in
            let before = state.edge
            let written = state.edge.append(entries)
            let root = state.edge.root
            do {
                try install(written)
                try files.install(Array("\(state.edge.size)\n\(root)\n".utf8), at: layout.treeState)
                try files.synchronizeDirectory(layout.state)
            } catch {
                state.edge = before
                throw error
            }
            // The index is an aid for readers and can be made again: its loss is no failure of the log.
            state.index.append(entries)
            return (state.edge.size, root)
        }
        shared.withLock { shared in
            shared.tree = tree
            shared.treeRetry = nil
            shared.durableBytes -= entries.reduce(0) { $0 + $1.count }
            shared.stats.integrated = tree.size
        }
        signal(.publication)
    }

    /// From how many new files on the whole file system is synchronised, once, and not each file.
    private static let manyFiles = 8

    /// Puts the files of a grown tree in place, and brings them to the disk with their names.
    ///
    /// They are written where they belong: nobody looks for a file of a tree before the tree's state, or its checkpoint,
    /// is there. A crash before that leaves files that may be cut short, so what is found is written again, except what a
    /// checkpoint has covered: that never changes.
    private func install(_ written: [TreeEdge.File]) throws {
        var directories: [String] = []
        let isMany = written.count >= Self.manyFiles
        // Errors of writing are reported to files that were open before.
        let anchor = isMany ? try files.open(layout.lock, create: false) : nil
        defer { if let anchor { files.close(anchor) } }
        let covered = shared.withLock { $0.published?.size ?? 0 }
        for file in written {
            let path = layout.file(file.path)
            let directory = SystemFiles.parent(path)
            if directories.last != directory, !directories.contains(directory) {
                try files.makeDirectories(directory)
                directories.append(directory)
            }
            guard let new = try files.create(path) else {
                try replace(path, with: file, covered: covered)
                continue
            }
            defer { files.close(new) }
            try files.writeAll(file.bytes, to: new, at: 0, path: path)
            if !isMany { try files.synchronize(new, path: path) }
        }
        if let anchor { return try files.synchronizeFileSystem(anchor, path: layout.directory) }
        for directory in directories { try files.synchronizeDirectory(directory) }
    }

    /// Writes a file again that a crash may have left cut short.
    private func replace(_ path: String, with file: TreeEdge.File, covered: UInt64) throws {
        if try files.contents(path) == file.bytes {
            // Who wrote it may have been killed before it was on the disk.
            let present = try files.open(path, create: false)
            defer { files.close(present) }
            return try files.synchronize(present, path: path)
        }
        guard !file.path.isCovered(by: covered) else {
            throw AuditLogError(.corrupt, "`\(path)` exists and holds other bytes")
        }
        try files.write(file.bytes, whole: path)
    }

    // MARK: - The thread that publishes

    func publicationLoop() {
        var next: UInt64 = 0
        while true {
            let step = shared.wait(on: Thread.publication.rawValue) {
                shared -> Monitor<Shared>.Step<(size: UInt64, root: MerkleHash, last: Bool)?> in
                if shared.failure != nil { return .go(nil) }
                let isDone = shared.published?.size == shared.tree.size
                if shared.isIntegrated {
                    return .go(isDone ? nil : (shared.tree.size, shared.tree.root, true))
                }
                if isDone { return .wait(until: nil) }
                guard monotonicNow() >= next else { return .wait(until: next) }
                return .go((shared.tree.size, shared.tree.root, false))
            }
            guard let step else { return }
            let start = monotonicNow()
            let oldSize = shared.withLock { $0.published?.size ?? 0 }
            do {
                if try publish(size: step.size, root: step.root) {
                    // A tree that grows in many batches has one checkpoint for several of them.
                    next = start + interval / 5
                    tidy(from: oldSize, to: step.size)
                } else {
                    next = start + interval
                }
            } catch  where waitsForRoom(error) {
                next = start + interval
            } catch {
                fail(error)
                return
            }
            if step.last { return }
        }
    }

    /// Has a checkpoint signed and puts it in place; returns false where the signer could not be asked.
    private func publish(size: UInt64, root: MerkleHash) throws -> Bool {
        let reader = TileReader(directory: layout.directory, size: size, files: files)
        var oldSize = shared.withLock { $0.published?.size ?? 0 }
        for _ in 0..<2 {
            let proof = try MerkleTree.consistencyProof(oldSize: oldSize, size: size, from: reader)
            let request = CheckpointRequest(
                origin: origin,
                size: size,
                root: root,
                oldSize: oldSize,
                consistencyProof: proof
            )
            do {
                try install(note: signer.sign(request), for: Checkpoint(origin: origin, size: size, root: root))
                return true
            } catch CheckpointRefusal.conflict(let lastSize) where lastSize <= size && lastSize != oldSize {
                // A crash came between a signature and its publication, or the state is an older copy.
                oldSize = lastSize
            } catch let refusal as CheckpointRefusal {
                throw AuditLogError(.rolledBack, "the log's authority refuses its checkpoint", cause: refusal)
            } catch let error as FileError {
                throw error
            } catch {
                shared.withLock { shared in
                    shared.stats.signerFailures += 1
                    shared.stats.signerError = "\(error)"
                }
                return false
            }
        }
        throw AuditLogError(.rolledBack, "the log's authority names another size each time it is asked")
    }

    private func install(note bytes: [UInt8], for checkpoint: Checkpoint) throws {
        guard let note = try? SignedNote(bytes), note.text == checkpoint.text,
            options.verifier.map({ note.verify(with: [$0]) }) ?? true
        else { throw AuditLogError(.unverified, "the log's authority returned another note than the one asked for") }
        try files.install(bytes, at: layout.checkpoint)
        try files.synchronizeDirectory(layout.directory)
        shared.withLock { shared in
            let now = monotonicNow()
            shared.published = checkpoint
            shared.publishedAt = now
            shared.stats.checkpointSize = checkpoint.size
            shared.stats.signerError = nil
            // What became durable since the tree was taken waits from then on; the moment is a lower bound.
            shared.uncoveredSince = shared.stats.acknowledged > checkpoint.size ? now : nil
        }
    }

    /// Removes what a published checkpoint has made superfluous: segments that it covers, and partial forms of tiles
    /// that are full.
    ///
    /// What cannot be removed stays until the next time.
    private func tidy(from oldSize: UInt64, to size: UInt64) {
        let covered = shared.withLock { shared -> [(path: String, end: UInt64)] in
            let covered = shared.segments.filter { $0.end <= size }
            shared.segments.removeAll { $0.end <= size }
            return covered
        }
        for segment in covered { try? files.remove(segment.path) }
        var level: Int?
        while true {
            let shift = UInt64(8 * (level ?? 0) + 8)
            for index in (oldSize >> shift)..<(size >> shift) {
                let directory = layout.directory + "/" + TilePath(level: level, index: index).partialDirectory
                guard let names = try? files.names(directory) else { continue }
                for name in names { try? files.remove("\(directory)/\(name)") }
                try? files.removeDirectory(directory)
            }
            guard size >> shift > 0 else { return }
            level = level.map { $0 + 1 } ?? 0
        }
    }
}
