import Foundation
import Testing

/// What the process that scans can do: read what it scans, and nothing else.
@Suite struct ConfinementTests {
    @Test(arguments: [nil, "65534"]) func `a confined process reads its folder and does nothing else`(
        user: String?
    ) throws {
        guard user == nil || geteuid() == 0 else { return }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("confined-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("model".utf8).write(to: folder.appendingPathComponent("inside"))
        let results = try probe([folder.path] + (user.map { [$0] } ?? []))
        let refused = String(EPERM)
        #expect(results["read-inside"] == "done")
        #expect(results["write-inside"] == refused)
        #expect(results["create-inside"] == refused)
        #expect(results["socket"] == refused)
        #expect(results["unix-socket"] == refused)
        // The filter holds for the threads that were there before it as well.
        #expect(results["other-thread-socket"] == refused)
        #expect(results["fork"] == refused)
        #expect(results["unlink"] == refused)
        #expect(results["executable-memory"] == refused)
        // A kernel without Landlock leaves files outside readable, which the scanner has no way to send anywhere.
        #expect(results["read-outside"] == (results["landlock"] == "1" ? String(EACCES) : "done"))
    }

    private func probe(_ arguments: [String]) throws -> [String: String] {
        let process = Process()
        process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "confinement-probe")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0, "\(String(decoding: data, as: UTF8.self))")
        var results: [String: String] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2 { results[String(parts[0])] = String(parts[1]) }
        }
        return results
    }
}
