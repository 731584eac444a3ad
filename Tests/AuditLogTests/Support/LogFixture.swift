import Crypto
import Dispatch
import Synchronization
import Testing

@testable import AuditLog

/// A log in a directory of its own, with the authority that signs for it.
struct LogFixture {
    static let origin = "log.example/node-1"
    let directory: TemporaryDirectory
    let authority: CheckpointAuthority
    var log: String { directory.path + "/log" }
    var keys: [NoteVerifier] { [authority.verifier] }

    init() throws {
        directory = try TemporaryDirectory()
        authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: Self.origin)
    }

    /// A writer that takes little time: short windows and intervals, small segments.
    func writer(
        files: any FileSystem = SystemFiles(),
        signer: (any CheckpointSigner)? = nil,
        configure: (inout LogWriter.Options) -> Void = { _ in }
    ) throws -> LogWriter {
        var options = LogWriter.Options()
        options.window = .microseconds(200)
        options.checkpointInterval = .milliseconds(5)
        options.segmentSize = 1 << 20
        options.verifier = authority.verifier
        configure(&options)
        return try LogWriter(
            directory: log,
            origin: Self.origin,
            signer: signer ?? authority,
            options: options,
            files: files
        )
    }

    var reader: LogReader { LogReader(directory: log) }

    func verify() throws -> LogVerifier.Report { try LogVerifier(directory: log, keys: keys).verify() }

    /// Writes entries and closes the log.
    func fill(_ entries: [[UInt8]]) throws {
        let writer = try writer()
        _ = writer.appendAndWait(entries)
        writer.close()
    }

    static func entries(_ count: Int, from first: Int = 0, length: Int = 40) -> [[UInt8]] {
        (first..<(first + count)).map { index in
            let text = Array("entry \(index) ".utf8)
            return text + [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: max(0, length - text.count))
        }
    }

    /// Entries as the writer hands them on.
    static func run(_ entries: [[UInt8]]) -> EntryRun {
        var run = EntryRun()
        for entry in entries { run.append(entry) }
        return run
    }
}

/// Collects the answers to appended entries.
final class Answers: Sendable {
    private let results = Mutex<[(number: Int, result: Result<UInt64, AuditLogError>)]>([])
    private let semaphore = DispatchSemaphore(value: 0)

    /// Takes the answer to an entry; where the entries are numbered, answers are put into their order.
    func take(_ result: Result<UInt64, AuditLogError>, of number: Int = 0) {
        results.withLock { $0.append((number, result)) }
        semaphore.signal()
    }

    /// Waits until so many answers have come; returns all, in the order of the entries' numbers, else in that in which
    /// they came.
    ///
    /// For one that never comes there is a failure, and the test has one, too.
    func wait(for count: Int) -> [Result<UInt64, AuditLogError>] {
        for _ in 0..<count where semaphore.wait(timeout: .now() + .seconds(240)) == .timedOut {
            Issue.record("an entry has had no answer for four minutes")
            break
        }
        let missing = Result<UInt64, AuditLogError>.failure(AuditLogError(.closed, "there was no answer"))
        let given = results.withLock { results in
            results.enumerated().sorted { ($0.element.number, $0.offset) < ($1.element.number, $1.offset) }
        }
        return given.map(\.element.result) + Array(repeating: missing, count: max(0, count - given.count))
    }
}

extension LogWriter {
    /// Appends entries and waits for all answers.
    func appendAndWait(_ entries: [[UInt8]]) -> [Result<UInt64, AuditLogError>] {
        let answers = Answers()
        // One that is refused at once is answered before those that the disk has still to take.
        for (number, entry) in entries.enumerated() { append(entry) { answers.take($0, of: number) } }
        return answers.wait(for: entries.count)
    }
}

extension Result where Success == UInt64, Failure == AuditLogError {
    var index: UInt64? { try? get() }

    var code: AuditLogError.Code? {
        if case .failure(let error) = self { return error.code }
        return nil
    }
}

/// A signer that does what the test says.
final class ScriptedSigner: CheckpointSigner {
    private let body: Mutex<@Sendable (CheckpointRequest) throws -> [UInt8]>
    private let requests = Mutex<[CheckpointRequest]>([])
    private let semaphore = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable (CheckpointRequest) throws -> [UInt8]) {
        self.body = Mutex(body)
    }

    func answer(_ body: @escaping @Sendable (CheckpointRequest) throws -> [UInt8]) {
        self.body.withLock { $0 = body }
    }

    func sign(_ request: CheckpointRequest) throws -> [UInt8] {
        requests.withLock { $0.append(request) }
        semaphore.signal()
        let body = body.withLock { $0 }
        return try body(request)
    }

    func waitForRequest() {
        if semaphore.wait(timeout: .now() + .seconds(240)) == .timedOut {
            Issue.record("nothing was asked for four minutes")
        }
    }

    var asked: [CheckpointRequest] { requests.withLock { $0 } }
}

/// What an authority that cannot be reached throws.
struct Unreachable: Error {}
