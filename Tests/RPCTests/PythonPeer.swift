import Foundation
import Testing

/// A Python program from `Peers/`, run by the interpreter that has the test peers' packages.
struct PythonPeer {
    let script: String

    static var interpreter: String? {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../..")
        let environment = ProcessInfo.processInfo.environment["LAPWING_PEERS"]
        let folder = environment ?? root.appendingPathComponent(".venv").standardizedFileURL.path
        let path = "\(folder)/bin/python"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }

    /// Whether the peers' packages are there; under CI they have to be.
    static let isAvailable: Bool = {
        if PythonPeer.interpreter != nil { return true }
        if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        print("skipped: the Python test peers are not installed (scripts/setup-test-peers)")
        return false
    }()

    struct Outcome {
        var status: Int32
        var errors: String
    }

    /// Runs the script to its end.
    func run(_ arguments: String...) async throws -> Outcome {
        let interpreter = try #require(Self.interpreter, "the Python test peers are not installed")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: interpreter)
        process.arguments =
            [
                URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
                    "Peers/\(self.script)"
                )
                .path
            ] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["GRPC_VERBOSITY"] = "NONE"
        process.environment = environment
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data().write(to: errors)
        defer { try? FileManager.default.removeItem(at: errors) }
        process.standardError = try FileHandle(forWritingTo: errors)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                process.terminationHandler = { _ in continuation.resume() }
                do { try process.run() } catch { continuation.resume(throwing: error) }
                if Task.isCancelled { process.end() }
            }
        } onCancel: {
            process.end()
        }
        return Outcome(
            status: process.terminationStatus,
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self)
        )
    }
}

extension Process {
    /// Ends it, whatever it waits for: the test that waits for it has had its time.
    func end() {
        if isRunning { kill(processIdentifier, SIGKILL) }
    }
}

/// A folder that is gone at the end of a test.
func withTemporaryFolder<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = "/tmp/lapwing-rpc-\(UUID().uuidString.prefix(8))"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    return try await body(folder)
}
