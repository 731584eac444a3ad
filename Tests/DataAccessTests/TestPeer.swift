import Foundation
import Testing

/// A Python program of `Tests/Peers`, run by the interpreter that has the test peers' packages.
struct TestPeer {
    let script: String

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static let folder =
        ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? root.appending(path: ".venv").path

    /// Whether the peers are there; under CI they have to be.
    static let isAvailable: Bool = {
        if FileManager.default.isExecutableFile(atPath: folder + "/bin/python") { return true }
        if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        print("skipped: the Python test peers are not installed (scripts/setup-test-peers)")
        return false
    }()

    /// Runs the program with an input; what it prints.
    func run(_ input: String, _ arguments: [String] = []) throws -> String {
        let place = FileManager.default.temporaryDirectory.appending(path: "lapwing-peer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: place) }
        let (given, printed) = (place.appending(path: "in"), place.appending(path: "out"))
        try Data(input.utf8).write(to: given)
        try Data().write(to: printed)
        let process = Process()
        process.executableURL = URL(filePath: Self.folder + "/bin/python")
        process.arguments = [Self.root.appending(path: "Tests/Peers/\(script)").path] + arguments
        process.standardInput = try FileHandle(forReadingFrom: given)
        process.standardOutput = try FileHandle(forWritingTo: printed)
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(script) ended with \(process.terminationStatus)")
        return String(decoding: try Data(contentsOf: printed), as: UTF8.self)
    }
}
