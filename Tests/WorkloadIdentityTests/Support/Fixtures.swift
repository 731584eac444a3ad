import Foundation
import Logging
import Storage
import Synchronization
import Testing
import WorkloadIdentity
import ZeroTrust

/// A clock that stands still until it is told.
final class TestClock: Sendable {
    // Guards the moment.
    private let moment: Mutex<Date>

    init(_ start: Date = Date(timeIntervalSince1970: 1_800_000_000)) {
        self.moment = Mutex(start)
    }

    var now: Date { moment.withLock { $0 } }

    func advance(by interval: TimeInterval) {
        moment.withLock { $0 += interval }
    }
}

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// An authority with its store in a directory of its own.
struct AuthorityFixture {
    let directory: TemporaryDirectory
    let database: SQLiteDatabase
    let store: SQLiteAuthorityStore
    let keys: any KeyStore
    let clock: TestClock
    let authority: Authority

    init(
        schedule: RotationSchedule = RotationSchedule(),
        upstream: UpstreamAuthority? = nil,
        keys: any KeyStore = MemoryKeyStore(),
        tokens: TokenOptions = TokenOptions(),
        clock: TestClock = TestClock()
    ) throws {
        self.directory = try TemporaryDirectory()
        self.database = try SQLiteDatabase(path: directory.path + "/lapwing.db")
        self.store = SQLiteAuthorityStore(database)
        self.keys = keys
        self.clock = clock
        self.authority = Authority(
            Authority.Options(
                trustDomain: try TrustDomain("cluster.local"),
                schedule: schedule,
                upstream: upstream,
                tokens: tokens
            ),
            store: store,
            keys: keys,
            clock: { clock.now },
            logger: quietLogger
        )
    }
}

/// Runs a program to its end.
///
/// Its output goes to a file: a pipe would stay open for as long as any child that another test starts meanwhile.
func run(_ program: String, _ arguments: [String]) async throws -> (status: Int32, output: String) {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/output"
    _ = FileManager.default.createFile(atPath: path, contents: nil)
    let output = try #require(FileHandle(forWritingAtPath: path))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    let status = try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
            if Task.isCancelled { process.end() }
        }
    } onCancel: {
        process.end()
    }
    return (status, try String(contentsOfFile: path, encoding: .utf8))
}
