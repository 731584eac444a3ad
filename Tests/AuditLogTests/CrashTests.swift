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

    @Test(.timeLimit(.minutes(60)))
    func `kill -9 under load loses no acknowledged entry`() throws {
        let origin = LogFixture.origin
        var generator = SeededGenerator(state: 5)
        var (runs, total, acceptedByGo) = (0, 0, 0)
        for _ in 0..<scale {
            let directory = try TemporaryDirectory()
            let log = directory.path + "/log"
            let key = try CheckpointAuthority(directory: directory.path + "/authority", origin: origin).verifier
            var judge = CampaignJudge(key: key)
            var known: [[UInt8]] = []
            for round in 0..<12 {
                let count = Int.random(in: 1...(round % 4 == 3 ? 1500 : 300), using: &generator)
                let answers = try crash(directory: directory.path, origin: origin, seed: runs, after: count)
                runs += 1
                total += answers.count
                #expect(answers.count >= count)
                #expect(answers.map(\.index) == answers.map(\.index).sorted())
                for answer in answers {
                    while known.count <= answer.index { known.append([]) }
                    #expect(known[answer.index].isEmpty, "index \(answer.index) was given twice")
                    known[answer.index] = answer.entry
                }
                try judge.see(log)
                // Every other time the next writer recovers under load; else it recovers at once.
                let isRecovered = round % 2 == 1
                if isRecovered {
                    let authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: origin)
                    let writer = try LogWriter(directory: log, origin: origin, signer: authority)
                    writer.close()
                    #expect(writer.stats.failure == nil)
                }
                let entries = try judge.judge(log, known: known, isRecovered: isRecovered, run: "kill \(runs)")
                // What survived a recovery is part of the log, though nobody was told.
                if isRecovered { known = entries }
            }
            acceptedByGo += judge.acceptedByGo
        }
        print("audit crashes: \(runs) kills, \(total) entries acknowledged, 0 lost; Go accepted \(acceptedByGo)")
    }

    @Test func `a second writer refuses to start, and the first is not disturbed`() throws {
        let directory = try TemporaryDirectory()
        func start(_ seed: String) throws -> (process: Process, output: Pipe) {
            let process = Process()
            process.executableURL = Self.program
            process.arguments = [directory.path, LogFixture.origin, seed]
            let pipe = Pipe()
            process.standardOutput = pipe
            process.standardError = FileHandle.nullDevice
            try process.run()
            return (process, pipe)
        }
        let first = try start("1")
        #expect(!first.output.fileHandleForReading.availableData.isEmpty)
        let second = try start("2")
        second.process.waitUntilExit()
        #expect(second.process.terminationStatus != 0)
        #expect(second.output.fileHandleForReading.readDataToEndOfFile().isEmpty, "it wrote to another's log")
        // Nor does one within this process, whoever signs for it.
        let signer = ScriptedSigner { _ in throw Unreachable() }
        let error = #expect(throws: AuditLogError.self) {
            try LogWriter(directory: directory.path + "/log", origin: LogFixture.origin, signer: signer)
        }
        #expect(error?.code == .locked)
        #expect(first.process.isRunning && !first.output.fileHandleForReading.availableData.isEmpty)
        kill(first.process.processIdentifier, SIGKILL)
        first.process.waitUntilExit()
        // The lock of one that was killed is gone with it.
        let authority = try CheckpointAuthority(directory: directory.path + "/authority", origin: LogFixture.origin)
        let third = try LogWriter(directory: directory.path + "/log", origin: LogFixture.origin, signer: authority)
        third.close()
        #expect(third.stats.failure == nil)
    }
}
