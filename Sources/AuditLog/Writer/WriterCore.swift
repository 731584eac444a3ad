import Glibc
import Synchronization

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
    /// How many entries are on the disk: each with a lower index is.
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
        /// Who is told, where somebody is.
        let onDurable: (@Sendable (Result<UInt64, AuditLogError>) -> Void)?
    }

    struct Shared {
        /// Entries that wait to be written.
        var queue: [Pending] = []
        var queueBytes = 0
        /// The index of the next entry that comes.
        var nextIndex: UInt64
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
        let recovery = try Recovery(layout: layout, origin: origin, files: files)
        let spare = try SegmentFile.reserve(
            in: layout.segments,
            length: max(options.segmentSize, 1 << 20),
            files: files
        )
        let segment = try SegmentFile(spare: spare, first: recovery.next, directory: layout.segments, files: files)
        var shared = Shared(
            nextIndex: recovery.next,
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
        self.shared = Monitor(shared, conditions: Thread.allCases.count)
        self.durable = Atomic(recovery.next)
        self.commit = Monitor(CommitState(segment: segment, next: recovery.next))
        let index = RecordIndex.Writer(layout: layout, edge: recovery.edge, files: files)
        self.integration = Monitor(IntegrationState(edge: recovery.edge, index: index))
    }

    static func nanoseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(clamping: seconds) * 1_000_000_000 + UInt64(clamping: attoseconds / 1_000_000_000)
    }

    /// The failure that a caller is told when a file could not be written.
    static func failure(_ error: FileError) -> AuditLogError {
        error.number == ENOSPC || error.number == EDQUOT
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

    /// Puts an entry in the queue and returns its index, or says why not.
    func enqueue(
        _ entry: [UInt8],
        immediately: Bool = false,
        onDurable: (@Sendable (Result<UInt64, AuditLogError>) -> Void)? = nil
    ) throws(AuditLogError) -> UInt64 {
        let (result, wakes) = shared.withLock { shared -> (Result<UInt64, AuditLogError>, Bool) in
            if let refusal = self.refusal(of: entry, shared) {
                shared.stats.refused += 1
                return (.failure(refusal), false)
            }
            let index = shared.nextIndex
            shared.nextIndex += 1
            shared.queue.append(Pending(entry: entry, onDurable: onDurable))
            let before = shared.queueBytes
            shared.queueBytes += entry.count + 2
            let isUrgent = immediately || before < Self.batchLimit && shared.queueBytes >= Self.batchLimit
            if isUrgent { shared.isUrgent = true }
            defer { shared.isParked = false }
            return (.success(index), isUrgent || shared.isParked)
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
        commit.withLock { $0.segment.close(files: files) }
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
        while !rest.isEmpty {
            var bytes = 0
            let batch = rest.prefix { pending in
                bytes += pending.entry.count + 2
                return bytes <= Self.batchLimit || bytes == pending.entry.count + 2
            }
            rest = rest[batch.endIndex...]
            do {
                // A failure is final: nothing is written after one.
                if let failure = shared.withLock({ $0.failure }) { throw failure }
                let entries = batch.map(\.entry)
                let first = try commitBatch(entries)
                tellWatchers()
                for tap in taps.withLock({ $0 }) { tap.add(entries, first: first) }
                for (offset, pending) in batch.enumerated() {
                    pending.onDurable?(.success(first + UInt64(offset)))
                }
            } catch {
                fail(error)
                let failure = shared.withLock { shared -> AuditLogError? in
                    shared.stats.refused += UInt64(batch.count)
                    return shared.failure
                }
                for pending in batch {
                    pending.onDurable?(.failure(failure ?? AuditLogError(.io, "the audit log cannot be written")))
                }
            }
        }
    }

    /// Brings a batch to the disk; returns the index of its first entry.
    private func commitBatch(_ entries: [[UInt8]]) throws -> UInt64 {
        let (first, end) = try commit.withLock { state -> (UInt64, Int) in
            let payload = entries.reduce(0) { $0 + $1.count + 2 }
            if !state.segment.hasRoom(for: payload) {
                try rotate(&state)
            }
            try state.segment.commit(entries, first: state.next, files: files)
            defer { state.next += UInt64(entries.count) }
            return (state.next, state.segment.end)
        }
        let next = first + UInt64(entries.count)
        durable.store(next, ordering: .sequentiallyConsistent)
        let fillsTreeBatch = shared.withLock { shared -> Bool in
            shared.durable += entries
            let before = shared.durableBytes
            shared.durableBytes += entries.reduce(0) { $0 + $1.count }
            shared.segmentEnd = end
            shared.stats.acknowledged = next
            shared.stats.syncs += 1
            if shared.uncoveredSince == nil { shared.uncoveredSince = monotonicNow() }
            return before < Self.treeBatch && shared.durableBytes >= Self.treeBatch
        }
        if fillsTreeBatch { signal(.integration) }
        return first
    }

    private func rotate(_ state: inout CommitState) throws {
        let reserved = shared.withLock { shared -> SegmentFile.Spare? in
            defer { shared.spare = nil }
            return shared.spare
        }
        let spare = try reserved ?? reserveSpare()
        let segment = try SegmentFile(spare: spare, first: state.next, directory: layout.segments, files: files)
        state.segment.close(files: files)
        let (path, end) = (state.segment.path, state.next)
        state.segment = segment
        shared.withLock { shared in
            shared.segments.append((path, end))
            shared.needsSpare = true
        }
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
                guard shared.isCommitted || shared.durableBytes >= Self.treeBatch || monotonicNow() >= next else {
                    return .wait(until: next)
                }
                let entries = Self.takeBatch(&shared.durable)
                let isLast = shared.isCommitted && shared.durable.isEmpty
                return .go((entries, shared.needsSpare && shared.spare == nil, isLast))
            }
            isLast = step.last
            next = monotonicNow() + interval
            do {
                try integrate(step.entries)
            } catch {
                fail(error)
                break
            }
            if step.spare, !isLast, let spare = try? reserveSpareAhead() {
                shared.withLock { shared in
                    shared.spare = spare
                    shared.needsSpare = false
                }
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
            let written = state.edge.append(entries)
            try install(written)
            let root = state.edge.root
            try files.install(Array("\(state.edge.size)\n\(root)\n".utf8), at: layout.treeState)
            try files.synchronizeDirectory(layout.state)
            // The index is an aid for readers and can be made again: its loss is no failure of the log.
            state.index.append(entries)
            return (state.edge.size, root)
        }
        shared.withLock { shared in
            shared.tree = tree
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
