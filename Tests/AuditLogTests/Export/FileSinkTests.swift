import AuditLog
import Foundation
import Testing
import ZeroTrust

@Suite struct `Files of records` {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/out" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func records(_ range: Range<UInt64>) -> [ExportedRecord] {
        range.map { index in
            let completion = Sample.completion(id: Sample.id(index))
            return ExportedRecord(index: index, entry: completion.encoded(), record: .completion(completion))
        }
    }

    private func sink(_ name: String = "out", _ format: ExportFormat = .jsonl) -> FileSink {
        FileSink(
            path: directory.path + "/" + name,
            format: format,
            exporter: OCSFExporter(origin: "o", productVersion: "1")
        )
    }

    private func lines(_ name: String = "out") throws -> Int { try directory.read(name).count { $0 == 0x0a } }

    @Test func `a new file is nobody else's business`() async throws {
        _ = try await sink().take(records(0..<1), after: SinkMark())
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(try #require(mode) & 0o137 == 0)
    }

    @Test func `a file that was moved away is begun anew, and one that was emptied goes on`() async throws {
        var mark = try await sink().take(records(0..<10), after: SinkMark())
        try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
        mark = try await sink().take(records(10..<12), after: mark)
        #expect(try lines() == 2 && lines("out.1") == 10)
        // A rotation that makes the new file itself.
        try FileManager.default.moveItem(atPath: path, toPath: path + ".2")
        try directory.write([], to: "out")
        mark = try await sink().take(records(12..<15), after: mark)
        #expect(try lines() == 3 && lines("out.2") == 2)
        // What a crash left in the new file is written again, also where the cursor is of the one before.
        let stale = mark
        try FileManager.default.moveItem(atPath: path, toPath: path + ".3")
        _ = try await sink().take(records(15..<19), after: stale)
        mark = try await sink().take(records(15..<19), after: stale)
        #expect(try lines() == 4)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.truncate(atOffset: 0)
        try handle.close()
        mark = try await sink().take(records(19..<20), after: mark)
        #expect(try lines() == 1 && mark.length == UInt64(directory.read("out").count))
    }

    @Test(arguments: ExportFormat.allCases)
    func `what the sink did not write is never cut off`(_ format: ExportFormat) async throws {
        let mark = try await sink("out", format).take(records(0..<2), after: SinkMark())
        let foreign = Array(String(repeating: "somebody's notes\n", count: 500).utf8)
        // Another path, another file in the place of the own one, the own file with something added, and no cursor.
        try directory.write(foreign, to: "other")
        let own = try directory.read("out")
        try directory.write(own + foreign, to: "longer")
        let cases: [(String, SinkMark)] = [
            ("other", mark), ("longer", mark), ("other", SinkMark()), ("other", SinkMark(length: 20)),
        ]
        for (name, mark) in cases {
            let before = try directory.read(name)
            let error = await #expect(throws: AuditLogError.self) {
                try await sink(name, format).take(records(2..<4), after: mark)
            }
            #expect(try error?.code == .malformed && directory.read(name) == before, "\(name)")
        }
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(foreign))
        try handle.close()
        await #expect(throws: AuditLogError.self) { try await sink("out", format).take(records(2..<4), after: mark) }
        #expect(try directory.read("out") == own + foreign)
        // An export of its own that is there already, and did not begin with this record.
        try directory.write(own, to: "mine")
        await #expect(throws: AuditLogError.self) {
            try await sink("mine", format).take(records(2..<4), after: SinkMark())
        }
    }

    @Test func `bytes that the disk did not get before a loss of power are written again`() async throws {
        let mark = try await sink().take(records(0..<2), after: SinkMark())
        let own = try directory.read("out")
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.truncate(atOffset: UInt64(own.count + 300))
        try handle.close()
        _ = try await sink().take(records(2..<3), after: mark)
        #expect(try lines() == 3 && directory.read("out").starts(with: own))
    }
}
