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
/// A crash between the two can bring a record into the log twice, under the same id; it never loses one.
final class ActSpool: ActLog {
    private struct State {
        let file: Int32
        /// How many bytes of whole lines the file holds.
        var length: Int
        /// How many of them the log has.
        var sent = 0
    }

    /// How many bytes may wait, a million acts or so; an act that would not fit is not done.
    private static let limit = 512 << 20
    /// From how many bytes on a warning is given: no gateway of this node has taken acts for long.
    private static let warning = 16 << 20
    /// How many bytes are handed over at a time.
    private static let portion = 1 << 20
    private static let retryDelay = Duration.seconds(1)

    private let path: String
    private let remote: RemoteActLog
    private let logger: Logger
    /// Guards the file and how far it was handed over.
    private let state: Mutex<State>
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation

    /// Opens the file of acts that wait, and makes it where it is missing; a line that a crash cut short is dropped.
    ///
    /// - Throws: ``CommandError`` where the file cannot be used.
    init(path: String, remote: RemoteActLog, logger: Logger) throws {
        self.path = path
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

    /// Returns once the act is on the disk.
    func record(_ act: ActRecord) async throws {
        let line = act.encoded() + [0x0a]
        try state.withLock { state in
            guard state.length + line.count <= Self.limit else {
                throw CommandError(.unreachable, "too many acts wait for the gateway's log to take them")
            }
            // The buffer is read only within the closure.
            let written = unsafe line.withUnsafeBytes {
                unsafe pwrite(state.file, $0.baseAddress, $0.count, state.length)
            }
            guard written == line.count, fdatasync(state.file) == 0 else {
                let failure = Self.failure("write", path)
                // What is only half there must not stand before the next.
                _ = ftruncate(state.file, state.length)
                throw failure
            }
            let before = state.length
            state.length += line.count
            if state.length / Self.warning > before / Self.warning {
                logger.warning(
                    "no gateway of this node takes acts into its log; they wait on the disk",
                    metadata: ["file": "\(path)", "bytes": "\(state.length)", "limit": "\(Self.limit)"]
                )
            }
        }
        wake.yield()
    }

    /// Hands over what waits, until cancelled.
    func run() async {
        wake.yield()
        for await _ in wakes {
            while !Task.isCancelled {
                do {
                    try await handOver()
                    break
                } catch {
                    logger.debug("acts wait for the log", metadata: ["error": "\(error)"])
                    do { try await Task.sleep(for: Self.retryDelay) } catch { return }
                }
            }
        }
    }

    private func handOver() async throws {
        while true {
            let waiting = try state.withLock { state in
                try Self.read(state.file, from: state.sent, limit: min(Self.portion, state.length - state.sent), path)
            }
            // What is behind the last line feed is the beginning of a line that comes with the next portion.
            guard let end = waiting.lastIndex(of: 0x0a) else { return }
            let lines = waiting[...end].split(separator: 0x0a).map { Array($0) }
            var taken = 0
            defer { state.withLock { state in advance(&state, by: lines[..<taken].reduce(0) { $0 + $1.count + 1 }) } }
            try await remote.append(lines) { taken += 1 }
        }
    }

    /// Forgets what the log has, once it has everything.
    private func advance(_ state: inout State, by count: Int) {
        state.sent += count
        guard state.sent == state.length, ftruncate(state.file, 0) == 0 else { return }
        (state.length, state.sent) = (0, 0)
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
