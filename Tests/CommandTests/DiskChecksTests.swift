import Foundation
import Testing

/// What `lapwing doctor` says of disks.
@Suite(.timeLimit(.minutes(5))) struct `The doctor, of the room on disks` {
    private func doctor(_ directory: TemporaryDirectory, before script: String = "") throws -> String {
        let command = try [
            Program.path, "doctor", "--config", directory.path + "/c", "--state", directory.path + "/s", "--run",
            directory.path + "/r",
        ]
        guard !script.isEmpty else { return try Program.run(Array(command.dropFirst())).output }
        return try Program.run(
            ["--map-root-user", "--mount", "sh", "-c", script + "; exec " + command.joined(separator: " ")],
            program: "/usr/bin/unshare"
        ).output
    }

    private func configured() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        try FileManager.default.createDirectory(
            atPath: directory.path + "/s/audit",
            withIntermediateDirectories: true
        )
        return directory
    }

    @Test func `each file system is told of once`() throws {
        let directory = try configured()
        let other = "/dev/shm/lapwing-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: other) }
        #expect(!(try doctor(directory)).contains("disk of the"))
        _ = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: AuditPolicy
            metadata: {name: audit}
            spec:
              sinks:
              - {name: far, type: jsonl, path: \(other)/records.jsonl}
              - {name: beside, type: ocsf, path: \(other)/events.jsonl}
              - {name: near, type: jsonl, path: \(directory.path)/records.jsonl}
            """,
            to: "c/audit.yaml"
        )
        let said = try doctor(directory)
        #expect(said.contains("disk: "), "\(said)")
        #expect(said.components(separatedBy: "disk of the sink: ").count == 2, "\(said)")
        #expect(said.contains("free at `\(other)`"), "\(said)")
    }

    /// Whether a process may make mounts that it alone sees.
    static let canMount =
        (try? Program.run(
            ["--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"],
            program: "/usr/bin/unshare"
        ))?.status == 0

    @Test(.enabled(if: canMount, "a mount namespace cannot be made here"))
    func `a full disk of the record is a fault beside a large one of the state`() throws {
        let directory = try configured()
        let audit = directory.path + "/s/audit"
        let full = try doctor(directory, before: "mount -t tmpfs -o size=8m none \(audit)")
        #expect(full.contains("fault  disk of the record: 8 MiB free at `\(audit)`; requests are refused"), "\(full)")
        let files = try doctor(directory, before: "mount -t tmpfs -o size=3g,nr_inodes=100 none \(audit)")
        #expect(files.contains("fault  disk of the record: only 99 more files can be made at `\(audit)`"), "\(files)")
        let readOnly = try doctor(directory, before: "mount -t tmpfs -o ro,size=3g none \(audit)")
        #expect(
            readOnly.contains(
                "fault  directory of the record: `\(audit)` lies on a file system that is mounted read-only"
            ),
            "\(readOnly)"
        )
    }
}
