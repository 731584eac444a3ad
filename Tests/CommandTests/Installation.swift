import Foundation
import Testing

/// A running `lapwing serve` in a directory of its own.
final class Installation {
    let directory: TemporaryDirectory
    private(set) var process = Process()
    private var arguments: [String] = []
    /// What the process says on standard error.
    let log: String
    var places: [String] { ["--state", directory.path + "/s", "--run", directory.path + "/r"] }

    init(_ arguments: String..., configure: (String) throws -> Void = { _ in }) throws {
        directory = try TemporaryDirectory()
        log = try directory.write("", to: "log")
        _ = try Program.run("init", directory.path + "/c")
        let file = directory.path + "/c/gateway.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
            .replacing("port: 8443", with: "port: 0").replacing("port: 9443", with: "port: 0")
            // Nobody listens there, whatever else runs on this machine.
            .replacing("/run/inference/model.sock", with: directory.path + "/none.sock")
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        // Tests call by certificates that a command has fetched into files.
        let identities = directory.path + "/c/identities.yaml"
        try String(contentsOfFile: identities, encoding: .utf8)
            .replacing(/(?m)^  selectors: .*$/) { "\($0.output)\n  outlivesProcess: true" }
            .write(toFile: identities, atomically: true, encoding: .utf8)
        try configure(directory.path + "/c")
        self.arguments = arguments
        try start()
    }

    /// Starts it; one that was stopped goes on where it was.
    func start() throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: try Program.path)
        process.arguments = ["serve", "--config", directory.path + "/c"] + places + arguments
        let errors = FileHandle(forWritingAtPath: log)
        _ = try errors?.seekToEnd()
        process.standardError = errors
        try process.run()
    }

    /// The process that it runs in a role, by its number; nil while there is none.
    func child(_ role: String) -> Int32? {
        let own = process.processIdentifier
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(own)/task")) ?? []
        for task in tasks {
            let text = (try? String(contentsOfFile: "/proc/\(own)/task/\(task)/children", encoding: .utf8)) ?? ""
            for pid in text.split(separator: " ").compactMap({ Int32($0) }) {
                let words = (try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8)) ?? ""
                if words.split(separator: "\0").dropFirst().first.map(String.init) == role { return pid }
            }
        }
        return nil
    }

    /// Ends it, and returns once it has ended.
    func stop() { process.stop() }

    /// The port of a listener, once it is bound.
    func port(of listener: String) -> String? {
        let text = try? String(contentsOfFile: log, encoding: .utf8)
        guard let line = text?.split(separator: "\n").first(where: { $0.contains("listener=\(listener) port=") }) else {
            return nil
        }
        return String(line.split(separator: "port=")[1].prefix { $0.isNumber })
    }

    /// Runs a command against it.
    func run(_ arguments: String...) throws -> Program.Result { try Program.run(arguments + places) }

    /// Waits until a condition holds; false when 30 seconds are over first.
    func wait(_ condition: () throws -> Bool) throws -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < end {
            if try condition() { return true }
            Thread.sleep(forTimeInterval: 0.1)
        }
        return false
    }

    deinit { stop() }
}
