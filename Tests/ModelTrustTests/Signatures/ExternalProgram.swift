import Foundation
import Testing

/// Programs that these tests talk to.
enum ExternalProgram {
    /// The Python of the peers, or nil, with a line that says so, where it is not there.
    static let python: String? = find("peers") {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
        let folder = ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? root.appendingPathComponent(".venv").path
        return folder + "/bin/python"
    }

    /// OpenSSL's program, or nil, with a line that says so, where it is not there.
    static let openssl: String? = find("openssl") { "/usr/bin/openssl" }

    private static func find(_ name: String, _ path: () -> String) -> String? {
        let path = path()
        if FileManager.default.isExecutableFile(atPath: path) { return path }
        if ProcessInfo.processInfo.environment["CI"] == "true" {
            Issue.record("there is no \(path)")
        } else {
            print("\(name): skipped, there is no \(path)")
        }
        return nil
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String], in folder: String) throws -> (
        status: Int32, output: String
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
