import Foundation

/// A server that other people's code makes, run beside a test until the test is over.
final class PythonServer {
    private let process = Process()
    private let input = Pipe()

    /// Whether the test peers' packages of a name are there; under CI they have to be.
    static func has(_ module: String) async throws -> ExternalTool? {
        guard let python = ExternalTool.python else { return nil }
        guard try await python.run(["-c", "import \(module)"]).status != 0 else { return python }
        guard ProcessInfo.processInfo.environment["CI"] != "true" else { return python }
        print("skipped: the test peers lack \(module) (scripts/setup-test-peers)")
        return nil
    }

    /// Starts a script from `Peers/`, and comes back once it has said `ready`.
    init(_ python: ExternalTool, _ script: String, _ arguments: [String]) async throws {
        let output = Pipe()
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Peers/\(script)").standardizedFileURL.path
        process.executableURL = URL(fileURLWithPath: python.path)
        process.arguments = [file] + arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        let line = Observed("")
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            let text = data.isEmpty ? "\n" : String(decoding: data, as: UTF8.self)
            line.update { $0 += text }
        }
        try process.run()
        let said = await line.wait { $0.contains("\n") }
        output.fileHandleForReading.readabilityHandler = nil
        struct NotReady: Error { let said: String }
        guard said == "ready\n" else {
            process.terminate()
            throw NotReady(said: said)
        }
    }

    /// Waits until it has ended by itself, or the test's time is over.
    func waitUntilEnded() async {
        let process = process
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    process.waitUntilExit()
                    continuation.resume()
                }
            }
        } onCancel: {
            process.end()
        }
    }

    /// Ends it.
    func stop() async {
        try? input.fileHandleForWriting.close()
        await waitUntilEnded()
    }
}
