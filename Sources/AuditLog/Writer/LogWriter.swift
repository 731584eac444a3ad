import Synchronization

/// Writes a tamper-evident log: entries become durable in groups, join a Merkle tree, and are covered by a checkpoint.
///
/// An entry passes three threads. The first collects what arrives within a window, writes it to the write-ahead log with
/// one synchronisation, and tells each entry's index to who added it. The second brings the entries into bundles and
/// tiles. The third has the tree's root signed and publishes the checkpoint. Only the first stands between an entry and
/// its acknowledgement; an authority that does not answer delays checkpoints and nothing else.
///
/// ```swift
/// let log = try LogWriter(directory: "/var/lib/lapwing/audit", origin: "lapwing.example/node-1", signer: authority)
/// log.append(record.encoded()) { result in
///     // on the disk, or refused: now the response may leave, or must not
/// }
/// ```
///
/// After a failing write or synchronisation the writer takes no more entries, for good: what a failed synchronisation
/// left on the disk cannot be known. A new writer recovers the log. The same goes for a full disk, unless
/// ``Options/fullDisk`` says that gaps are recorded.
public final class LogWriter: Sendable {
    /// The name of the log.
    public let origin: String
    /// Where the log lies.
    public let directory: String

    private let core: WriterCore
    private let threads: [WorkerThread]
    private let isClosed = Mutex(false)

    /// How a writer works.
    public struct Options: Sendable {
        /// How long the first entry of a group waits for others.
        public var window: Duration = .milliseconds(4)
        /// How often the tree takes in entries and a checkpoint is published: an entry is covered within twice this, on a disk
        /// that keeps up.
        public var checkpointInterval: Duration = .milliseconds(500)
        /// The size of a segment of the write-ahead log, which is reserved ahead: at least 1 MiB.
        public var segmentSize = 16 << 20
        /// The most bytes that may wait for the disk, or for the tree, before entries are refused.
        public var maximumPendingBytes = 256 << 20
        /// What becomes of entries for which the disk has no room.
        public var fullDisk = FullDisk.refuse
        /// Makes the entry that tells of a gap which a writer with ``FullDisk/recordGap(_:)`` left, where this one refuses what
        /// there is no room for; nil where a log with such a gap is not to be opened.
        public var leftGap: (@Sendable (LogGap) -> [UInt8])?
        /// The key that checkpoints have to verify with; nil leaves that to the readers.
        public var verifier: NoteVerifier?

        /// The defaults.
        public init() {}
    }

    /// Opens a log, or begins one in an empty or missing directory, and recovers what a crash left.
    ///
    /// - Parameters:
    ///   - directory: where the log lies. All but its `.state` may be served to readers.
    ///   - origin: the name of the log, which its checkpoints begin with.
    ///   - signer: signs the checkpoints.
    ///   - options: how to work.
    /// - Throws: ``AuditLogError``: `locked` where another writer has the log, `corrupt` where its files contradict each
    ///   other, `io` or `diskFull` where they cannot be read or written.
    public convenience init(
        directory: String,
        origin: String,
        signer: any CheckpointSigner,
        options: Options = Options()
    ) throws {
        try self.init(directory: directory, origin: origin, signer: signer, options: options, files: SystemFiles())
    }

    package init(
        directory: String,
        origin: String,
        signer: any CheckpointSigner,
        options: Options = Options(),
        files: any FileSystem
    ) throws {
        self.directory = directory
        self.origin = origin
        do {
            self.core = try WriterCore(
                layout: Layout(directory: directory),
                origin: origin,
                signer: signer,
                options: options,
                files: files
            )
        } catch let error as FileError {
            throw WriterCore.failure(error)
        }
        let core = core
        self.threads = [
            try WorkerThread(name: "audit-commit") { core.commitLoop() },
            try WorkerThread(name: "audit-tree") { core.integrationLoop() },
            try WorkerThread(name: "audit-publish") { core.publicationLoop() },
        ]
    }

    deinit {
        close()
    }

    /// Adds an entry.
    ///
    /// - Parameters:
    ///   - entry: at most 65,535 bytes.
    ///   - immediately: whether the group that it joins is written at once, without waiting for others.
    ///   - onDurable: called once: with the entry's index when it is on the disk, on the writer's thread and in the
    ///     order of the entries; or with the reason why it will not be, which may be at once and on this thread. It must
    ///     not block, and must not close the writer.
    public func append(
        _ entry: [UInt8],
        immediately: Bool = false,
        onDurable: @escaping @Sendable (Result<UInt64, AuditLogError>) -> Void
    ) {
        do throws(AuditLogError) {
            _ = try core.enqueue(RecordEntry(bytes: entry), immediately: immediately, onDurable: onDurable)
        } catch {
            onDurable(.failure(error))
        }
    }

    /// Adds an entry, of which nobody is told when it is on the disk: it is once ``durable`` is higher than its number.
    ///
    /// - Parameter entry: at most 65,535 bytes.
    /// - Returns: the entry's number: its index, as long as the log has had no gap since it was opened.
    /// - Throws: ``AuditLogError`` where the entry is not taken.
    public func append(_ entry: [UInt8]) throws(AuditLogError) -> UInt64 {
        try core.enqueue(RecordEntry(bytes: entry))
    }

    /// The same, with what the entry tells those who follow the log: see ``LogFollower``.
    public func append(_ entry: RecordEntry) throws(AuditLogError) -> UInt64 {
        try core.enqueue(entry)
    }

    /// How many entries are settled: each with a lower number is on the disk or, where gaps are recorded, counted there.
    public var durable: UInt64 { core.durable.load(ordering: .sequentiallyConsistent) }

    /// Whether the writer takes no more entries; those at or above ``durable`` will never be on the disk.
    public var hasFailed: Bool { core.hasFailed.load(ordering: .sequentiallyConsistent) }

    /// Has a watcher told of durable entries from now on.
    public func watch(_ watcher: DurabilityWatcher) { core.watch(watcher) }

    /// Hands what becomes durable to a tap, or no longer does.
    func attach(_ tap: LogTap) { core.attach(tap) }
    func detach(_ tap: LogTap) { core.detach(tap) }

    /// How many taps are attached.
    package var tapCount: Int { core.tapCount }

    /// What the writer has done so far.
    public var stats: LogStats { core.stats }

    /// Takes note of how the log's witnesses stand, for ``stats``; nil where it has none.
    public func report(witnesses: LogStats.Witnesses?) {
        core.shared.withLock { $0.stats.witnesses = witnesses }
    }

    /// Writes what waits, brings it into the tree, publishes a checkpoint if it is signed at the first try, and stops.
    ///
    /// Entries that come later are refused with `closed`. It must not be called from a callback.
    public func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        core.close()
        for thread in threads { thread.join() }
        core.release()
    }
}

/// Figures of a ``LogWriter``, for metrics.
public struct LogStats: Hashable, Sendable {
    /// How many entries are durable: the index of the next.
    public var acknowledged: UInt64 = 0
    /// How many entries the tree holds.
    public var integrated: UInt64 = 0
    /// How many entries the published checkpoint covers.
    public var checkpointSize: UInt64 = 0
    /// When the checkpoint was published, in seconds of the monotonic clock before now; nil before the first.
    public var checkpointAge: Double?
    /// For how many seconds the oldest durable entry has been waiting for a checkpoint; zero where none waits.
    public var checkpointLag: Double = 0
    /// How many bytes the write-ahead log takes on the disk.
    public var walBytes: UInt64 = 0
    /// How many entries wait to be written.
    public var pendingEntries: UInt64 = 0
    /// How often the write-ahead log was synchronised.
    public var syncs: UInt64 = 0
    /// How many entries were refused.
    public var refused: UInt64 = 0
    /// How many entries were let go of for want of room, and counted instead.
    public var lost: UInt64 = 0
    /// Whether entries are let go of now.
    public var isInGap = false
    /// How often the signer could not be asked.
    public var signerFailures: UInt64 = 0
    /// What the signer said when it could not be asked last; nil once it answers.
    public var signerError: String?
    /// Why the writer takes no more entries; nil while it does.
    public var failure: String?
    /// How the log's witnesses stand; nil where it has none.
    public var witnesses: Witnesses?

    /// The figures of a log that holds nothing.
    public init() {}

    /// How the witnesses of a log stand.
    public struct Witnesses: Hashable, Sendable {
        /// How many entries the newest checkpoint covers that a quorum cosigned.
        public var size: UInt64
        /// How many witnesses did not cosign when they were asked last.
        public var faults: Int

        /// The state of witnesses.
        public init(size: UInt64, faults: Int) {
            self.size = size
            self.faults = faults
        }
    }
}
