import AuditLog
import Foundation
import Testing

/// Kills a writer at random points and looks for every entry that it acknowledged.
@Suite(.serialized) struct `Crashes` {
    /// The program that writes until it is killed; it is built beside the tests.
    private static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "audit-crash-writer")

    private struct Acknowledgement {
        let index: Int
        let entry: [UInt8]

        /// Parses `INDEX SEED NUMBER`; the entry follows from seed and number as in the program.
        init?(_ line: Substring) {
            let fields = line.split(separator: " ").compactMap { UInt64($0) }
            guard fields.count == 3 else { return nil }
            index = Int(fields[0])
            let (seed, number) = (fields[1], fields[2])
            let text = Array("\(seed) \(number) ".utf8)
            let length = Int((number &* 2_654_435_761 >> 7) % 3000)
            entry = text + [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: length)
        }
    }

    /// Lets a writer run until it has acknowledged so many entries, and kills it with them and those that it still
    /// managed to acknowledge.
    private func crash(directory: String, origin: String, seed: Int, after count: Int) throws -> [Acknowledgement] {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = [directory, origin, "\(seed)"]
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var output = Data()
        var lines = 0
        while lines < count {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { break }
            output += data
            lines += data.count { $0 == 0x0a }
        }
        #expect(process.isRunning, "the writer ended by itself")
        kill(process.processIdentifier, SIGKILL)
        output += pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self).split(separator: "\n").compactMap { Acknowledgement($0) }
    }

    @Test func `kill -9 under load loses no acknowledged entry`() throws {
        let directory = try TemporaryDirectory()
        let origin = LogFixture.origin
        var generator = SeededGenerator(state: 5)
        var acknowledged: [Int: [UInt8]] = [:]
        var checked = 0
        let rounds = 12 * scale
        for round in 0..<rounds {
            let count = Int.random(in: 1...(round % 4 == 3 ? 1500 : 300), using: &generator)
            let answers = try crash(directory: directory.path, origin: origin, seed: round, after: count)
            #expect(answers.count >= count)
            let indices = answers.map(\.index)
            #expect(indices == indices.sorted())
            for answer in answers {
                #expect(acknowledged[answer.index] == nil, "index \(answer.index) was given twice")
                acknowledged[answer.index] = answer.entry
            }
            // Every other time the next writer recovers under load; else it is looked at at once.
            guard round % 2 == 1 || round == rounds - 1 else { continue }
            let authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: origin)
            let log = try LogWriter(directory: directory.path + "/log", origin: origin, signer: authority)
            log.close()
            #expect(log.stats.failure == nil)
            let entries = try LogReader(directory: directory.path + "/log").entries(in: 0..<UInt64.max)
            for (index, entry) in acknowledged where index >= entries.count || entries[index].bytes != entry {
                Issue.record("entry \(index) was acknowledged and is lost")
            }
            checked += acknowledged.count
            let report = try LogVerifier(directory: directory.path + "/log", keys: [authority.verifier]).verify()
            #expect(report.fault == nil)
            #expect(report.verified == UInt64(entries.count))
            if round == rounds - 1, let answer = try GoVerifier.verify(log: directory.path + "/log", key: authority.verifier) {
                #expect(answer.status == 0, "\(answer.output)")
            }
        }
        print("audit crashes: \(rounds) kills, \(acknowledged.count) entries acknowledged, 0 lost")
    }
}
