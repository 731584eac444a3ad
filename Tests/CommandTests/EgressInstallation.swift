import Foundation
import Glibc
import Testing

/// A running `lapwing serve` with egress listeners, whose program and sockets an unprivileged user can reach.
final class EgressInstallation {
    /// The user that workloads run as: `nobody`.
    static let uid = 65534

    let directory: TemporaryDirectory
    /// A copy of the program where that user can run it.
    let program: String
    private var processes: [Process] = []
    private let prefix: [String]

    /// Starts it, in a network namespace where one is named.
    init(configuration: String, namespace: String? = nil) throws {
        directory = try TemporaryDirectory()
        prefix = namespace.map { ["ip", "netns", "exec", $0] } ?? []
        program = directory.path + "/lapwing"
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
        try FileManager.default.copyItem(atPath: Program.path, toPath: program)
        try FileManager.default.createDirectory(atPath: directory.path + "/c", withIntermediateDirectories: true)
        _ = try directory.write(configuration.replacing("DIR", with: directory.path), to: "c/all.yaml")
        start([program, "serve"] + places)
        let egress = directory.path + "/r/egress.sock"
        try #require(wait { FileManager.default.fileExists(atPath: egress) }, "the listener did not come up")
    }

    var places: [String] {
        ["--config", directory.path + "/c", "--state", directory.path + "/s", "--run", directory.path + "/r"]
    }

    /// Runs something beside the test, until the end of it.
    @discardableResult
    func start(_ command: [String], errors: String? = nil) -> Process { startOutside(prefix + command, errors: errors) }

    /// The same, outside of the installation's namespace.
    @discardableResult
    func startOutside(_ command: [String], errors: String? = nil) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        if let errors {
            _ = FileManager.default.createFile(atPath: errors, contents: nil)
            process.standardError = FileHandle(forWritingAtPath: errors)
        }
        try? process.run()
        processes.append(process)
        return process
    }

    /// Runs a command to its end, inside.
    func run(_ command: [String], input: String = "") throws -> Program.Result {
        try Program.run(prefix + command, input: input, program: "/usr/bin/env")
    }

    /// Runs a command as the workloads' user.
    func asWorkload(_ command: [String], uid: Int = EgressInstallation.uid) throws -> Program.Result {
        try run(["setpriv", "--reuid", "\(uid)", "--regid", "\(uid)", "--clear-groups", "timeout", "20"] + command)
    }

    /// The records behind a place in the log, a line each.
    func records(after index: Int = -1) throws -> [String] {
        try run([program, "audit", "tail"] + places).output.split(separator: "\n").map(String.init).filter {
            Int($0.prefix { $0.isNumber }).map { $0 > index } ?? false
        }
    }

    /// The place of the last record; -1 before the first.
    var lastRecord: Int {
        get throws { try records().last.flatMap { Int($0.prefix { $0.isNumber }) } ?? -1 }
    }

    /// Waits until a condition holds; false when 30 seconds are over first.
    func wait(_ condition: () throws -> Bool) rethrows -> Bool {
        try wait(.seconds(30), condition)
    }

    private func wait(_ time: Duration, _ condition: () throws -> Bool) rethrows -> Bool {
        let end = ContinuousClock.now + time
        while ContinuousClock.now < end {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.05)
        }
        return false
    }

    deinit {
        for process in processes.reversed() where process.isRunning { process.terminate() }
        _ = wait(.seconds(3)) { processes.allSatisfy { !$0.isRunning } }
        // A child may have been born with the signal blocked.
        for process in processes where process.isRunning { kill(process.processIdentifier, SIGKILL) }
        for process in processes { process.waitUntilExit() }
    }
}
