import AuditLog
import Logging
import RPC
import Registry
import Synchronization
import ZeroTrust

/// Records acts of a process that starts before the gateway, which keeps the log: each is on the disk before it is done,
/// and handed to the log as soon as that takes it.
///
/// A crash between the two can bring a record into the log twice, under the same id; it never loses one. What was refused
/// is told at most twice a second for each caller and has a part of the room alone, so that nobody can fill it by asking
/// for what is refused: identities are issued from what is left.
final class ActSpool: ActLog {
    private struct State {
        var file: Int32
        /// How many bytes of whole lines the file holds.
        var length: Int
        /// How many of them the log has.
        var sent = 0
        /// What was refused in this second.
        var denied = DeniedActs()
        /// Whether something may stand behind the whole lines that is none.
        var isTorn = false
        /// Whether the file's name may not be on the disk yet.
        var isUnnamed = false

        var waiting: Int { length - sent }
    }

    /// How many bytes may wait, a million acts or so; an act that would not fit is not done.
    static let limit = 512 << 20
    /// From how many bytes on a warning is given: no gateway of this node has taken acts for long.
    private static let warning = 16 << 20
    /// How many bytes are handed over at a time.
    private static let portion = 1 << 20
    private static let retryDelay = Duration.seconds(1)

    private let path: String
    private let remote: RemoteActLog
    private let logger: Logger
    private let limit: Int
    private let files: any FileSystem
    /// Guards the file and how far it was handed over.
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Opens the file of acts that wait, and makes it where it is missing; a line that a crash cut short is dropped.
    ///
    /// - Throws: ``CommandError`` where the file cannot be used, or holds what is no acts.
    init(
        path: String,
        remote: RemoteActLog,
        logger: Logger,
        limit: Int = ActSpool.limit,
        files: any FileSystem = SystemFiles()
    ) throws {
        self.path = path
        self.limit = limit
        self.remote = remote
        self.logger = logger
        self.files = files
        self.state = Mutex(try Self.open(path, files))
        (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    private static func open(_ path: String, _ files: any FileSystem) throws -> State {
        do {
            let file = try files.openPrivate(path)
            do {
                let length = try files.length(of: file, path: path)
                let whole = try end(of: file, length: length, path, files)
                if whole < length { try files.truncate(file, length: whole, path: path) }
                try files.synchronizeDirectory(SystemFiles.parent(path))
                return State(file: file, length: whole)
            } catch {
                files.close(file)
                throw error
            }
        } catch let error as FileError {
            throw failure(error)
        }
    }

    /// Where the last whole line ends; what a crash left behind it may be as long as many lines.
    private static func end(of file: Int32, length: Int, _ path: String, _ files: any FileSystem) throws -> Int {
        var end = length
        while end > 0 {
            let start = max(0, end - portion)
            let bytes = try files.read(file, from: start, count: end - start, path: path)
            if let place = bytes.lastIndex(of: 0x0a) { return start + place + 1 }
            end = start
        }
        // The beginning of the very first line, at most.
        guard length <= (DeniedActs.maximumActors + 2) * (RecordEncoding.maximumLength + 1) else {
            throw CommandError(.unreachable, "`\(path)` holds no acts; move it away to begin anew")
        }
        return 0
    }

    deinit {
        state.withLock { files.close($0.file) }
    }

    /// Returns once the act is on the disk; what was refused may be told as a number, once the second is over.
    func record(_ act: ActRecord) async throws {
        try state.withLock { state in
            var denied = state.denied
            let acts = act.outcome == .deny ? denied.add(act) : [act]
            try append(acts, within: share(of: act), &state)
            // What was counted is forgotten only once it is told.
            state.denied = denied
        }
        wake.yield()
    }

    /// How many bytes may wait before an act of its kind is not taken: refusals leave room for what administrators do,
    /// and both for the identities of workloads.
    private func share(of act: ActRecord) -> Int {
        if act.outcome == .deny { return limit / 4 }
        return act.action.hasPrefix("identity.") ? limit : limit / 4 * 3
    }

    private func append(_ acts: [ActRecord], within share: Int, _ state: inout State) throws {
        guard !acts.isEmpty else { return }
        var lines: [UInt8] = []
        for act in acts { lines += act.encoded() + [0x0a] }
        guard state.waiting + lines.count <= share else {
            throw CommandError(.unreachable, "too many acts wait for the gateway's log to take them")
        }
        do { try write(lines, &state) } catch { throw Self.failure(error) }
        let before = state.waiting
        state.length += lines.count
        if state.waiting / Self.warning > before / Self.warning {
            logger.warning(
                "no gateway of this node takes acts into its log; they wait on the disk",
                metadata: ["file": "\(path)", "bytes": "\(state.waiting)", "limit": "\(limit)"]
            )
        }
    }

    /// Writes behind the whole lines; where that fails, nothing of it stays.
    private func write(_ lines: [UInt8], _ state: inout State) throws(FileError) {
        if state.isUnnamed { try files.synchronizeDirectory(SystemFiles.parent(path)) }
        state.isUnnamed = false
        // What is only half there must not stand before the next.
        if state.isTorn { try files.truncate(state.file, length: state.length, path: path) }
        state.isTorn = true
        do throws(FileError) {
            try files.writeAll(lines, to: state.file, at: state.length, path: path)
            try files.synchronize(state.file, path: path)
        } catch {
            try files.truncate(state.file, length: state.length, path: path)
            state.isTorn = false
            throw error
        }
        state.isTorn = false
    }

    /// Records the numbers of refusals once their second is over, until cancelled.
    private func tell() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { flush { $0.take(at: .now()) } }
        flush { $0.drain() }
    }

    private func flush(_ counted: (inout DeniedActs) -> [ActRecord]) {
        do {
            try state.withLock { state in
                var denied = state.denied
                try append(counted(&denied), within: limit / 4, &state)
                state.denied = denied
            }
        } catch { logger.error("refused acts not recorded", metadata: ["error": "\(error)"]) }
        wake.yield()
    }

    /// Hands over what waits, until cancelled.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.tell() }
            await handOver()
            group.cancelAll()
        }
    }

    private func handOver() async {
        var isRefused = false
        wake.yield()
        for await _ in wakes {
            while !Task.isCancelled {
                do {
                    try await handOverAll()
                    isRefused = false
                    break
                } catch {
                    // What the log will never take is said aloud, once: everything behind it waits as well.
                    let status = (error as? RPCStatus)?.code
                    if status == .invalidArgument || status == .permissionDenied, !isRefused {
                        isRefused = true
                        logger.error(
                            "the log does not take the acts that wait for it",
                            metadata: [
                                "file": "\(path)", "error": "\(error)",
                                "mend":
                                    "if a newer Lapwing wrote them, run that one; else stop, and move the file aside",
                            ]
                        )
                    }
                    logger.debug("acts wait for the log", metadata: ["error": "\(error)"])
                    do { try await Task.sleep(for: Self.retryDelay) } catch { return }
                }
            }
        }
    }

    private func handOverAll() async throws {
        while true {
            let waiting = try state.withLock { state in
                try files.read(
                    state.file,
                    from: state.sent,
                    count: min(Self.portion, state.waiting),
                    path: path
                )
            }
            // What is behind the last line feed is the beginning of a line that comes with the next portion.
            guard let end = waiting.lastIndex(of: 0x0a) else { return }
            let lines = waiting[...end].split(separator: 0x0a).map { Array($0) }
            var taken = 0
            defer { forget(lines[..<taken].reduce(0) { $0 + $1.count + 1 }) }
            try await remote.append(lines) { taken += 1 }
        }
    }

    /// Forgets what the log has: at once where that is everything, and where it is much as soon as it is more than the rest.
    func forget(_ count: Int) {
        state.withLock { state in advance(&state, by: count) }
    }

    private func advance(_ state: inout State, by count: Int) {
        state.sent += count
        if state.sent == state.length {
            guard (try? files.truncate(state.file, length: 0, path: path)) != nil else { return }
            (state.length, state.sent) = (0, 0)
        } else if state.sent >= max(limit / 32, state.waiting) {
            do { try cut(&state) } catch {
                logger.warning("acts that the log has could not be cut off", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Puts a file of what waits in the place of the one that has all.
    ///
    /// Until the new name is on the disk, a loss of power brings back the old file: its acts come twice, and those that
    /// follow would be missing. None is taken before.
    private func cut(_ state: inout State) throws(FileError) {
        let rest = try files.read(state.file, from: state.sent, count: state.waiting, path: path)
        let temporary = path + ".tmp"
        try? files.remove(temporary)
        let file = try files.openPrivate(temporary)
        do {
            try files.truncate(file, length: 0, path: temporary)
            try files.writeAll(rest, to: file, at: 0, path: temporary)
            try files.synchronize(file, path: temporary)
            try files.rename(temporary, to: path)
        } catch {
            files.close(file)
            throw error
        }
        files.close(state.file)
        state.file = file
        (state.length, state.sent, state.isTorn, state.isUnnamed) = (rest.count, 0, false, true)
        try files.synchronizeDirectory(SystemFiles.parent(path))
        state.isUnnamed = false
    }

    private static func failure(_ error: FileError) -> CommandError {
        CommandError(.unreachable, "acts that wait for the log cannot be kept: \(error)")
    }
}
