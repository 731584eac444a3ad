import Foundation
import Testing

/// Runs the built program and keeps what it said.
struct Program {
    /// What one run left behind.
    struct Result {
        let status: Int32
        let output: String
        let errors: String
    }

    /// The program beside the test bundle.
    static var path: String {
        get throws {
            let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let own = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? tests
            for directory in [own, tests].map({ URL(fileURLWithPath: $0).deletingLastPathComponent() }) {
                let candidate = directory.appending(path: "lapwing").path
                if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            }
            let fallback = FileManager.default.currentDirectoryPath + "/.build/debug/lapwing"
            try #require(FileManager.default.isExecutableFile(atPath: fallback), "build the program before its tests")
            return fallback
        }
    }

    static func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Result {
        try run(arguments, environment: environment)
    }

    static func run(
        _ arguments: [String],
        input: String = "",
        environment: [String: String] = [:],
        program: String? = nil
    ) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try program ?? path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let directory = FileManager.default.temporaryDirectory.appending(path: "lapwing-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        // Files and not pipes, so that no amount of output can block the program.
        let files = try ["in", "out", "err"].map { name in
            let url = directory.appending(path: name)
            try Data(name == "in" ? Array(input.utf8) : []).write(to: url)
            return url
        }
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        return Result(
            status: process.terminationStatus,
            output: try String(contentsOf: files[1], encoding: .utf8),
            errors: try String(contentsOf: files[2], encoding: .utf8)
        )
    }
}

extension Process {
    /// Asks the process to end, waits for that, and makes it end where it does not: a child may come into the world with
    /// the signal blocked, as its parent's threads have it, and then never hears of it.
    func stop() {
        if isRunning { terminate() }
        for seconds in [10.0, 5.0] {
            let start = Date()
            while isRunning, Date() < start + seconds {
                if Date() > start + 0.5, isDeafToTermination { break }
                Thread.sleep(forTimeInterval: 0.02)
            }
            if isRunning { kill(processIdentifier, SIGKILL) }
        }
    }

    /// Whether the request to end waits for somebody to take it.
    private var isDeafToTermination: Bool {
        let status = (try? String(contentsOfFile: "/proc/\(processIdentifier)/status", encoding: .utf8)) ?? ""
        let masks = status.split(separator: "\n").filter { $0.hasPrefix("SigPnd:") || $0.hasPrefix("ShdPnd:") }
        let pending = masks.compactMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) }
        return pending.contains { $0 & 1 << (SIGTERM - 1) != 0 }
    }
}

/// A directory that is gone when the test is over.
final class TemporaryDirectory {
    let path: String

    init() throws {
        path = "/tmp/lw-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ text: String, to name: String) throws -> String {
        let file = path + "/" + name
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        return file
    }
}
