import AuditLog
import Foundation
import Glibc
import Testing

/// Many short lives of a log, each ended by a fault at a random place: what was acknowledged is there, in order, and
/// continues what was signed before.
@Suite(.serialized) struct `Campaigns` {
    /// What one campaign counted.
    private struct Tally {
        var runs = 0
        var acknowledged = 0
        var powerCuts = 0
        var failures = 0
        var verified = 0
    }

    /// Writes until the disk fails or enough is written; returns what was acknowledged, by its index.
    private func live(
        _ writer: LogWriter,
        _ generator: inout SeededGenerator,
        round: Int
    ) -> [(index: UInt64, entry: [UInt8])] {
        var acknowledged: [(UInt64, [UInt8])] = []
        for burst in 0..<Int.random(in: 1...12, using: &generator) {
            let entries = (0..<Int.random(in: 1...60, using: &generator)).map { number in
                Array("\(round) \(burst) \(number) ".utf8)
                    + [UInt8](repeating: 0x41, count: Int.random(in: 0...900, using: &generator))
            }
            let answers = writer.appendAndWait(entries)
            for (answer, entry) in zip(answers, entries) {
                if let index = answer.index { acknowledged.append((index, entry)) }
            }
            if answers.contains(where: { $0.index == nil }) { break }
        }
        return acknowledged
    }

    /// Looks for everything that was acknowledged, and has the whole log verified.
    private func check(
        _ known: [[UInt8]],
        _ directory: String,
        _ authority: CheckpointAuthority,
        files: any FileSystem,
        seed: UInt64
    ) throws -> [[UInt8]] {
        let entries = try LogReader(directory: directory, files: files).entries(in: 0..<UInt64.max).map(\.bytes)
        #expect(
            entries.count >= known.count,
            "seed \(seed): \(known.count - entries.count) acknowledged entries are lost"
        )
        for (index, entry) in known.enumerated() where index < entries.count && entries[index] != entry {
            Issue.record("seed \(seed): entry \(index) is not the one that was acknowledged")
            break
        }
        let report = try LogVerifier(directory: directory, keys: [authority.verifier], files: files).verify()
        #expect(report.fault == nil, "seed \(seed)")
        #expect(report.verified == UInt64(entries.count), "seed \(seed)")
        return entries
    }

    @Test(.timeLimit(.minutes(60)))
    func `a disk that forgets, tears and lies loses no acknowledged entry`() throws {
        var tally = Tally()
        let seeds = UInt64(25 * scale)
        for seed in 0..<seeds {
            let place = try TemporaryDirectory()
            let directory = place.path + "/log"
            try FileManager.default.createDirectory(atPath: directory + "/.state", withIntermediateDirectories: true)
            let authority = try CheckpointAuthority(directory: place.path + "/authority", origin: LogFixture.origin)
            let disk = VolatileDisk(seed: seed)
            var generator = SeededGenerator(state: seed &+ 1_000)
            var options = LogWriter.Options()
            options.window = .microseconds(100)
            options.checkpointInterval = .milliseconds(2)
            options.segmentSize = 1 << 20
            options.verifier = authority.verifier
            var known: [[UInt8]] = []
            for round in 0..<5 {
                tally.runs += 1
                let kind = Int.random(in: 0..<4, using: &generator)
                switch kind {
                case 0: disk.failPower(after: Int.random(in: 0...400, using: &generator))
                case 1: disk.fail(oneIn: Int.random(in: 20...400, using: &generator))
                case 2: disk.resize(to: Int.random(in: (1 << 20)...(4 << 20), using: &generator))
                default: break
                }
                // A fault may come before the log is open.
                if let writer = try? LogWriter(
                    directory: directory,
                    origin: LogFixture.origin,
                    signer: authority,
                    options: options,
                    files: disk
                ) {
                    for (index, entry) in live(writer, &generator, round: round) {
                        // An index is given once, and without a gap but for what was not acknowledged and survived.
                        #expect(index == UInt64(known.count), "seed \(seed)")
                        known.append(entry)
                    }
                    if kind == 3 { disk.failPower(after: 0) }
                    writer.close()
                    if writer.stats.failure != nil { tally.failures += 1 }
                    #expect(writer.stats.failure?.contains("rolled") != true, "seed \(seed)")
                }
                if disk.isDown { tally.powerCuts += 1 }
                disk.restart()
                let writer = try LogWriter(
                    directory: directory,
                    origin: LogFixture.origin,
                    signer: authority,
                    options: options,
                    files: disk
                )
                writer.close()
                #expect(writer.stats.failure == nil, "seed \(seed): \(writer.stats.failure ?? "")")
                // What survived without having been acknowledged is part of the log from now on.
                known = try check(known, directory, authority, files: disk, seed: seed)
            }
            tally.acknowledged += known.count
            tally.verified += 1
            guard seed % 25 == 0 else { continue }
            // What is left is a log that others can verify.
            let copy = try TemporaryDirectory()
            for (path, bytes) in disk.files {
                let file = copy.path + path.dropFirst(directory.count)
                try FileManager.default.createDirectory(
                    atPath: VolatileDisk.parent(file),
                    withIntermediateDirectories: true
                )
                try Data(bytes).write(to: URL(filePath: file))
            }
            if let answer = try GoVerifier.verify(log: copy.path, key: authority.verifier) {
                #expect(answer.status == 0, "seed \(seed): \(answer.output)")
            }
        }
        #expect(tally.powerCuts > 0 && tally.failures > 0)
        print(
            "audit campaign: \(tally.runs) runs, \(tally.powerCuts) power cuts, \(tally.failures) failing disks, "
                + "\(tally.acknowledged) entries acknowledged, 0 lost"
        )
    }

    @Test(.enabled(if: geteuid() == 0, "only root can make a small file system"), .timeLimit(.minutes(10)))
    func `a disk that is really full refuses, and goes on once there is room`() throws {
        let place = try TemporaryDirectory()
        let mount = place.path + "/small"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        guard
            try GoVerifier.run(URL(filePath: "/bin/mount"), ["-t", "tmpfs", "-o", "size=6m", "tmpfs", mount]).status
                == 0
        else { return print("skipped: a tmpfs cannot be mounted here") }
        defer { _ = try? GoVerifier.run(URL(filePath: "/bin/umount"), ["-l", mount]) }
        let authority = try CheckpointAuthority(directory: place.path + "/authority", origin: LogFixture.origin)
        var options = LogWriter.Options()
        options.window = .microseconds(200)
        options.checkpointInterval = .milliseconds(5)
        options.segmentSize = 1 << 20
        options.verifier = authority.verifier
        func writer() throws -> LogWriter {
            try LogWriter(directory: mount + "/log", origin: LogFixture.origin, signer: authority, options: options)
        }
        var known: [[UInt8]] = []
        var refusals = 0
        for round in 0..<(4 * scale) {
            // Somebody else's file takes the room, and gives it back.
            let ballast = mount + "/ballast"
            try? FileManager.default.removeItem(atPath: ballast)
            guard let log = try? writer() else { break }
            let fill = try GoVerifier.run(URL(filePath: "/bin/dd"), ["if=/dev/zero", "of=\(ballast)", "bs=64k"])
            #expect(fill.status != 0, "the file system was to be full")
            var isRefused = false
            for burst in 0..<64 where !isRefused {
                let entries = (0..<32).map {
                    Array("\(round) \(burst) \($0) ".utf8) + [UInt8](repeating: 7, count: 1_000)
                }
                for (answer, entry) in zip(log.appendAndWait(entries), entries) {
                    if let index = answer.index {
                        #expect(index == UInt64(known.count))
                        known.append(entry)
                    } else {
                        isRefused = true
                    }
                }
            }
            #expect(isRefused)
            refusals += isRefused ? 1 : 0
            log.close()
            try? FileManager.default.removeItem(atPath: ballast)
            guard let next = try? writer() else { break }
            next.close()
            #expect(next.stats.failure == nil)
            known = try check(known, mount + "/log", authority, files: SystemFiles(), seed: UInt64(round))
            if known.count > 3_000 { break }
        }
        #expect(refusals > 0)
        if let answer = try GoVerifier.verify(log: mount + "/log", key: authority.verifier) {
            #expect(answer.status == 0, "\(answer.output)")
        }
        print("audit campaign: \(refusals) full disks, \(known.count) entries acknowledged, 0 lost")
    }
}
