import AuditLog
import Foundation
import Glibc
import Logging
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
    /// Guards the file and how far it was handed over.
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Opens the file of acts that wait, and makes it where it is missing; a line that a crash cut short is dropped.
    ///
    /// - Throws: ``CommandError`` where the file cannot be used.
    init(path: String, remote: RemoteActLog, logger: Logger, limit: Int = ActSpool.limit) throws {
        self.path = path
        self.limit = limit
        self.remote = remote
        self.logger = logger
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Self.failure("open", path) }
        let length = Int(lseek(file, 0, SEEK_END))
        // No line is longer than a record.
        let start = max(0, length - 2 * RecordEncoding.maximumLength)
        let whole =
            try Self.read(file, from: start, limit: length - start, path).lastIndex(of: 0x0a).map { start + $0 + 1 }
            ?? 0
        guard ftruncate(file, whole) == 0 else {
            Glibc.close(file)
            throw Self.failure("cut", path)
        }
        self.state = Mutex(State(file: file, length: whole))
        (self.wakes, self.wake) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    deinit {
        state.withLock { _ = Glibc.close($0.file) }
    }

    /// Returns once the act is on the disk; what was refused may be told as a number, once the second is over.
    func record(_ act: ActRecord) async throws {
        try state.withLock { state in
            let acts = act.outcome == .deny ? state.denied.add(act) : [act]
            try append(acts, within: share(of: act), &state)
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
        // The buffer is read only within the closure.
        let written = unsafe lines.withUnsafeBytes { unsafe pwrite(state.file, $0.baseAddress, $0.count, state.length) }
        guard written == lines.count, fdatasync(state.file) == 0 else {
            let failure = Self.failure("write", path)
            // What is only half there must not stand before the next.
            _ = ftruncate(state.file, state.length)
            throw failure
        }
        let before = state.waiting
        state.length += lines.count
        if state.waiting / Self.warning > before / Self.warning {
            logger.warning(
                "no gateway of this node takes acts into its log; they wait on the disk",
                metadata: ["file": "\(path)", "bytes": "\(state.waiting)", "limit": "\(limit)"]
            )
        }
    }

    /// Records the numbers of refusals once their second is over, until cancelled.
    private func tell() async {
        while (try? await Task.sleep(for: .seconds(1))) != nil { flush { $0.take(at: .now()) } }
        flush { $0.drain() }
    }

    private func flush(_ counted: (inout DeniedActs) -> [ActRecord]) {
        do {
            try state.withLock { state in
                let acts = counted(&state.denied)
                try append(acts, within: limit / 4, &state)
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
        wake.yield()
        for await _ in wakes {
            while !Task.isCancelled {
                do {
                    try await handOverAll()
                    break
                } catch {
                    logger.debug("acts wait for the log", metadata: ["error": "\(error)"])
                    do { try await Task.sleep(for: Self.retryDelay) } catch { return }
                }
            }
        }
    }

    private func handOverAll() async throws {
        while true {
            let waiting = try state.withLock { state in
                try Self.read(state.file, from: state.sent, limit: min(Self.portion, state.length - state.sent), path)
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
            guard ftruncate(state.file, 0) == 0 else { return }
            (state.length, state.sent) = (0, 0)
        } else if state.sent >= max(limit / 32, state.waiting) {
            do { try cut(&state) } catch {
                logger.warning("acts that the log has could not be cut off", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Puts a file of what waits in the place of the one that has all.
    private func cut(_ state: inout State) throws {
        let rest = try Self.read(state.file, from: state.sent, limit: state.waiting, path)
        let temporary = path + ".tmp"
        unsafe unlink(temporary)
        let file = unsafe open(temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Self.failure("create", temporary) }
        // The buffer is read only within the closure.
        let written = unsafe rest.withUnsafeBytes { unsafe pwrite(file, $0.baseAddress, $0.count, 0) }
        guard written == rest.count, fsync(file) == 0, unsafe rename(temporary, path) == 0 else {
            let failure = Self.failure("write", temporary)
            Glibc.close(file)
            throw failure
        }
        Glibc.close(state.file)
        state.file = file
        (state.length, state.sent) = (rest.count, 0)
        // Until the new name is on the disk, a loss of power brings back the old file: its acts come twice, and those that
        // follow would be missing.
        let directory = unsafe open(
            URL(filePath: path).deletingLastPathComponent().path,
            O_RDONLY | O_DIRECTORY | O_CLOEXEC
        )
        defer { if directory >= 0 { Glibc.close(directory) } }
        guard directory >= 0, fsync(directory) == 0 else { throw Self.failure("sync the directory of", path) }
    }

    private static func read(_ file: Int32, from offset: Int, limit: Int, _ path: String) throws -> [UInt8] {
        let end = offset + limit
        var failed = false
        // Reads only into the part of the buffer that is left.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: end - offset) { buffer, count in
            while count < end - offset {
                let read = unsafe pread(
                    file,
                    buffer.baseAddress.map { unsafe $0 + count },
                    end - offset - count,
                    offset + count
                )
                guard read > 0 else {
                    failed = true
                    return
                }
                count += read
            }
        }
        if failed { throw failure("read", path) }
        return bytes
    }

    private static func failure(_ operation: String, _ path: String) -> CommandError {
        CommandError(.unreachable, "cannot \(operation) `\(path)`: \(unsafe String(cString: strerror(errno)))")
    }
}
