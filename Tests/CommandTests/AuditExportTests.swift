import AuditLog
import Foundation
import Testing

@Suite("Exports of the record", .timeLimit(.minutes(3)))
struct AuditExportTests {
    private static var peers: String {
        ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? FileManager.default.currentDirectoryPath + "/.venv"
    }

    /// A receiver of OTLP that other people's code parses for; nil, with a line that says so, where that is missing.
    private static func receiver(port: Int, writing file: String) throws -> (process: Process, port: Int)? {
        let python = peers + "/bin/python"
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Peers/otlp_receiver.py").path
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [script, "\(port)", file]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard FileManager.default.isExecutableFile(atPath: python) else { return missing() }
        try process.run()
        let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        guard let port = Int(said.trimmingCharacters(in: .whitespacesAndNewlines)) else { return missing() }
        return (process, port)
    }

    /// Ends a process, which may have come into the world with its signals blocked.
    private static func end(_ process: Process) {
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    private static func missing() -> (process: Process, port: Int)? {
        print("skipped: the test peers lack opentelemetry.proto (scripts/setup-test-peers)")
        #expect(ProcessInfo.processInfo.environment["CI"] != "true", "the test peers have to be installed in CI")
        return nil
    }

    private func lines(_ path: String) -> [[String: Any]] {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").compactMap {
            try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    @Test("Sinks of an AuditPolicy get every record, one that is down goes on where it was, and none holds up another")
    func sinks() throws {
        let places = try TemporaryDirectory()
        // The port of a receiver that is not there yet.
        guard let first = try Self.receiver(port: 0, writing: "/dev/null") else { return }
        Self.end(first.process)
        let headers = try places.write("x-token: of-the-test\n", to: "headers")
        let lapwing = try Installation { directory in
            try """
            apiVersion: lapwing.dev/v1alpha1
            kind: AuditPolicy
            metadata: { name: audit }
            spec:
              sinks:
                - { name: lines, type: jsonl, path: \(places.path)/lines }
                - { name: events, type: ocsf, path: \(places.path)/events }
                - { name: nowhere, type: jsonl, path: /nonexistent/lines }
                - { name: collector, type: otlp, endpoint: "http://127.0.0.1:\(first.port)", headersFile: \(headers) }

            """.write(toFile: directory + "/audit.yaml", atomically: true, encoding: .utf8)
        }
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        _ = try lapwing.run("config", "reload")
        let size = { try Int(lapwing.run("audit", "export").output.split(separator: "\n").count) }
        #expect(try lapwing.wait { try self.lines(places.path + "/lines").count == size() && size() > 1 })
        let receiver = try #require(try Self.receiver(port: first.port, writing: places.path + "/received"))
        defer { Self.end(receiver.process) }
        _ = try lapwing.run("config", "reload")
        #expect(
            try lapwing.wait {
                let received = self.lines(places.path + "/received").compactMap { $0["log"] as? Int }
                return try received == Array(0..<size())
            }
        )
        let lines = self.lines(places.path + "/lines")
        #expect(lines.compactMap { $0["entry"] as? Int } == Array(0..<lines.count))
        let events = self.lines(places.path + "/events")
        #expect(events.count == lines.count && events.allSatisfy { $0["class_uid"] != nil })
        let bodies = self.lines(places.path + "/received").compactMap { $0["body"] as? String }
        #expect(bodies.allSatisfy { $0.hasPrefix("{") && $0.contains("\"kind\"") })
    }

    @Test("An export by command goes on where the last ended, and says what is wrong")
    func command() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        let (file, cursor) = (lapwing.directory.path + "/out", lapwing.directory.path + "/out.cursor")
        for _ in 0..<3 {
            _ = try lapwing.run("config", "reload")
            let result = try lapwing.run("audit", "export", "--to", file, "--cursor", cursor)
            #expect(result.status == 0 && result.errors.contains("the next export begins at entry"), "\(result.errors)")
        }
        // What no checkpoint covers yet comes with the next.
        let isWhole = try lapwing.wait {
            _ = try lapwing.run("audit", "export", "--to", file, "--cursor", cursor)
            return lines(file).count >= 3
        }
        let entries = lines(file).compactMap { $0["entry"] as? Int }
        #expect(isWhole && entries == Array(0..<entries.count))
        #expect(try lapwing.run("audit", "export", "--since", "0s").output.isEmpty)
        let events = try lapwing.run("audit", "export", "--format", "ocsf").output.split(separator: "\n")
        #expect(events.count >= entries.count && events.allSatisfy { $0.contains("\"class_uid\":6003") })
        for (arguments, status, message) in [
            (["--format", "otlp"], 2, "needs the receiver's URL"),
            (["--format", "otlp", "--to", "http://collector.example"], 2, "not reached over TLS"),
            (["--format", "otlp", "--to", "http://127.0.0.1:1"], 3, "takes no records"),
            (["--cursor", cursor], 2, "name a file in --to"), (["--since", "soon"], 2, "expected a time"),
            (["--to", "/nonexistent/x"], 3, "takes no records"),
        ] as [([String], Int32, String)] {
            let result = try Program.run(["audit", "export"] + arguments + lapwing.places)
            #expect(result.status == status && result.errors.contains(message), "\(arguments): \(result.errors)")
        }
    }

    @Test(
        "A sink that cannot serve is refused with the place of the mistake",
        arguments: [
            ("{ name: a, type: csv, path: /x }", "audit.yaml:5:28: error: unknown value `csv`"),
            ("{ name: A, type: jsonl, path: /x }", "lower-case"),
            ("{ name: a, type: jsonl, path: x }", "begins with `/`"), ("{ name: a, type: jsonl }", "needs `path`"),
            ("{ name: a, type: otlp, endpoint: http://far.example }", "not reached over TLS"),
            ("{ name: a, type: ocsf, path: /x, color: red }", "unknown field `color`"),
            ("{ name: a, type: ocsf, path: /x }, { name: a, type: ocsf, path: /y }", "two sinks `a`"),
        ]
    )
    func badSinks(_ sinks: String, message: String) throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        try """
        apiVersion: lapwing.dev/v1alpha1
        kind: AuditPolicy
        metadata: { name: audit }
        spec:
          sinks: [\(sinks)]
        """.write(toFile: directory.path + "/c/audit.yaml", atomically: true, encoding: .utf8)
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status != 0 && result.errors.contains(message), "\(result.errors)")
    }
}
