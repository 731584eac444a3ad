import Foundation
import Glibc
import Testing

/// `Tests/Peers/model_workload.py`, started by some program, with which a test talks line by line.
final class ModelWorkload {
    let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let errors = Pipe()
    private var buffer = Data()
    private var waiting: [String] = []

    static var root: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
    }

    /// The Python that has py-spiffe, or nil.
    static var python: String? {
        let folder = ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? root + "/.venv"
        let python = folder + "/bin/python"
        return FileManager.default.isExecutableFile(atPath: python) ? python : nil
    }

    /// Whether tests with py-spiffe can run; in CI they must.
    static var isAvailable: Bool {
        if python != nil || ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        print("skipped: there is no Python in LAPWING_PEERS or .venv; run scripts/setup-test-peers")
        return false
    }

    /// Its command line.
    static var command: [String] {
        get throws { [try #require(python, "the peers are not installed"), root + "/Tests/Peers/model_workload.py"] }
    }

    /// Starts it by another program, or by itself.
    init(by program: [String] = [], socket: String) throws {
        let command = try program + Self.command
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = ProcessInfo.processInfo.environment.merging([
            "SPIFFE_ENDPOINT_SOCKET": "unix://" + socket, "GRPC_VERBOSITY": "NONE", "PYTHONDONTWRITEBYTECODE": "1",
        ]) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        try? output.fileHandleForWriting.close()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// The next line; nil at the end, and where none comes for a minute.
    func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0a) {
                let line = String(decoding: buffer[..<end], as: UTF8.self)
                buffer = Data(buffer[(end + 1)...])
                return line
            }
            var awaited = pollfd(fd: output.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard unsafe poll(&awaited, 1, 60_000) > 0 else { return nil }
            let chunk = output.fileHandleForReading.availableData
            if chunk.isEmpty { return nil }
            buffer += chunk
        }
    }

    /// The first line, of those that come or have come, that begins with one of these; nil at the end.
    func line(beginning prefixes: String...) -> String? {
        func fits(_ line: String) -> Bool { prefixes.contains { line.hasPrefix($0) } }
        if let index = waiting.firstIndex(where: fits) { return waiting.remove(at: index) }
        while let line = line() {
            if fits(line) { return line }
            waiting.append(line)
        }
        return nil
    }

    /// Tells it something.
    func say(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data((text + "\n").utf8)) }

    /// Tells it something, and gives the next line.
    func ask(_ text: String) throws -> String? {
        try say(text)
        return line()
    }

    /// Waits for its end, and says what stood on standard error.
    func end() -> (status: Int32, errors: String) {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        let said = errors.fileHandleForReading.availableData
        return (process.terminationStatus, String(decoding: said, as: UTF8.self))
    }
}
