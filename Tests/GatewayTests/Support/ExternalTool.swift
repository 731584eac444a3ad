import Foundation
import SPIFFE
import TestIdentities
import ZeroTrust

/// A program that somebody else wrote, run by a test to its end.
struct ExternalTool {
    let path: String

    /// What it said.
    struct Outcome {
        let status: Int32
        let output: String
    }

    /// The program of this name where systems have theirs, or nil; under CI it has to be there.
    static func installed(_ name: String) -> ExternalTool? {
        for folder in ["/usr/bin", "/usr/local/bin", "/bin"] {
            let path = "\(folder)/\(name)"
            if FileManager.default.isExecutableFile(atPath: path) { return ExternalTool(path: path) }
        }
        return missing(name, "scripts/setup --tests")
    }

    /// The Python that has the test peers' packages, or nil; under CI it has to be there.
    static var python: ExternalTool? {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
        let folder =
            ProcessInfo.processInfo.environment["LAPWING_PEERS"]
            ?? root.appendingPathComponent(".venv").standardizedFileURL.path
        let path = "\(folder)/bin/python"
        if FileManager.default.isExecutableFile(atPath: path) { return ExternalTool(path: path) }
        return missing("the Python of the test peers", "scripts/setup-test-peers")
    }

    /// The Envoy among the test peers, or nil; under CI it has to be there.
    static var envoy: ExternalTool? {
        guard let python else { return nil }
        let path = python.path.replacing("/bin/python", with: "/bin/envoy")
        if FileManager.default.isExecutableFile(atPath: path) { return ExternalTool(path: path) }
        return missing("the Envoy of the test peers", "scripts/setup-test-peers")
    }

    private static func missing(_ what: String, _ remedy: String) -> ExternalTool? {
        // It is run then, and the test fails for want of it.
        if ProcessInfo.processInfo.environment["CI"] == "true" { return ExternalTool(path: "/nonexistent/\(what)") }
        print("skipped: \(what) is not installed (\(remedy))")
        return nil
    }

    func run(_ arguments: [String]) async throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID())")
        try Data().write(to: output)
        defer { try? FileManager.default.removeItem(at: output) }
        let handle = try FileHandle(forWritingTo: output)
        process.standardOutput = handle
        process.standardError = handle
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
            output: String(decoding: try Data(contentsOf: output), as: UTF8.self)
        )
    }
}

extension Process {
    /// Ends it, whatever it waits for: the test that waits for it has had its time.
    func end() {
        if isRunning { kill(processIdentifier, SIGKILL) }
    }
}

/// A folder with a caller's certificate and key, gone at the end of a test.
func withCredentials<Result>(
    _ gateway: TestGateway,
    _ caller: String = "/ns/ml-api/sa/api-gateway",
    _ body: (_ folder: URL, _ certificate: String, _ key: String) async throws -> Result
) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let svid = try gateway.authority.svid(caller)
    let certificate = folder.appendingPathComponent("svid.pem")
    let key = folder.appendingPathComponent("key.pem")
    try Data(svid.chainPEM.utf8).write(to: certificate)
    try Data(svid.keyPEM.value.utf8).write(to: key)
    return try await body(folder, certificate.path, key.path)
}
