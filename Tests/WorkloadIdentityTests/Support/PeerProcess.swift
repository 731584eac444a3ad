import Foundation
import Testing

/// A program of `Tests/Peers`, run by the Python that has the outside peers, with which a test talks line by line.
final class PeerProcess {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let ends: AsyncStream<Int32>
    private var buffer = Data()

    /// The Python of the peers, or nil where they are not installed.
    static var python: String? {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let environment = ProcessInfo.processInfo.environment
        let folder = environment["LAPWING_PEERS"] ?? root.appendingPathComponent(".venv").path
        let python = folder + "/bin/python"
        return FileManager.default.isExecutableFile(atPath: python) ? python : nil
    }

    /// Whether tests with peers can run; in CI they must.
    static var isAvailable: Bool {
        if python != nil || ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        print("peers: skipped, there is no Python in LAPWING_PEERS or .venv; run scripts/setup-test-peers")
        return false
    }

    init(_ script: String, _ arguments: [String] = [], socket: String) throws {
        let (ends, continuation) = AsyncStream.makeStream(of: Int32.self)
        self.ends = ends
        process.terminationHandler = {
            continuation.yield($0.terminationStatus)
            continuation.finish()
        }
        let python = try #require(Self.python, "the peers are not installed")
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Peers")
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [folder.appendingPathComponent(script).path] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["SPIFFE_ENDPOINT_SOCKET"] = "unix://" + socket
        environment["GRPC_VERBOSITY"] = "NONE"
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.standardError
        try process.run()
    }

    deinit {
        process.end()
    }

    var pid: Int32 { process.processIdentifier }

    /// The next line that the peer prints; nil at its end, and where the test's time is over before.
    func line() async -> String? {
        nonisolated(unsafe) let peer = self
        let process = process
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async { continuation.resume(returning: unsafe peer.readLine()) }
            }
        } onCancel: {
            process.end()
        }
    }

    private func readLine() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0a) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer = Data(buffer[(end + 1)...])
                return line
            }
            let chunk = output.fileHandleForReading.availableData
            if chunk.isEmpty { return nil }
            buffer += chunk
        }
    }

    /// Lines up to and with the first that begins so; fails where the peer ends before.
    func line(beginning prefix: String) async throws -> String {
        while let line = await line() {
            if line.hasPrefix(prefix) { return line }
        }
        Issue.record("the peer ended without a line that begins with `\(prefix)`")
        throw CancellationError()
    }

    /// Tells the peer something.
    func tell(_ text: String) throws {
        try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8))
    }

    /// Tells the peer something, and gives the line that it answers with.
    func ask(_ text: String) async throws -> String? {
        try tell(text)
        return await line()
    }

    /// Asks the peer to come to its end.
    func quit() throws {
        try tell("quit")
    }

    /// Waits for the end.
    func wait() async -> Int32 {
        for await status in ends { return status }
        return -1
    }

}

extension Process {
    /// Ends the process whatever signals it blocks: a child takes over what its parent's worker threads block.
    func end() {
        if isRunning { kill(processIdentifier, SIGKILL) }
    }
}
