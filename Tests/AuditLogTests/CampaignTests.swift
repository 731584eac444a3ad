import AuditLog
import Foundation
import Glibc
import Testing

/// Many short lives of a log, each ended by a fault at a random place: what was acknowledged is there, in order, and
/// continues what was signed before.
///
/// `LAPWING_SCALE` says how many: 8 makes more than a thousand, 50 several thousand. Kills by the system are in ``Crashes``.
@Suite(.serialized) struct `Campaigns` {
    /// What one campaign counted.
    private struct Tally {
        var runs = 0
        var acknowledged = 0
        var powerCuts = 0
        var failures = 0
        var acceptedByGo = 0
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

    private static func options(_ authority: CheckpointAuthority) -> LogWriter.Options {
        var options = LogWriter.Options()
        options.window = .microseconds(100)
        options.checkpointInterval = .milliseconds(2)
        options.segmentSize = 1 << 20
        options.verifier = authority.verifier
        return options
    }

    @Test(.timeLimit(.minutes(60)))
    func `a disk that forgets, tears and lies loses no acknowledged entry`() throws {
        var tally = Tally()
        for seed in 0..<UInt64(25 * scale) {
            let place = try TemporaryDirectory()
            let directory = place.path + "/log"
            try FileManager.default.createDirectory(atPath: directory + "/.state", withIntermediateDirectories: true)
            let authority = try CheckpointAuthority(directory: place.path + "/authority", origin: LogFixture.origin)
            let disk = VolatileDisk(seed: seed)
            var judge = CampaignJudge(key: authority.verifier)
            var generator = SeededGenerator(state: seed &+ 1_000)
            func writer() throws -> LogWriter {
                try LogWriter(
                    directory: directory,
                    origin: LogFixture.origin,
                    signer: authority,
                    options: Self.options(authority),
                    files: disk
                )
            }
            func copy(to target: String) throws {
                for (path, bytes) in disk.files where !path.hasPrefix(directory + "/.state") {
                    let file = target + path.dropFirst(directory.count)
                    try FileManager.default.createDirectory(
                        atPath: VolatileDisk.parent(file),
                        withIntermediateDirectories: true
                    )
                    try Data(bytes).write(to: URL(filePath: file))
                }
            }
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
                if let writer = try? writer() {
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
                // Readers may have seen what the power then took back.
                try judge.see(directory, files: disk)
                if disk.isDown { tally.powerCuts += 1 }
                disk.restart()
                let mended = try writer()
                mended.close()
                #expect(mended.stats.failure == nil, "seed \(seed): \(mended.stats.failure ?? "")")
                // What survived without having been acknowledged is part of the log from now on.
                known = try judge.judge(directory, files: disk, copy: copy, known: known, run: "seed \(seed)")
            }
            tally.acknowledged += known.count
            tally.acceptedByGo += judge.acceptedByGo
        }
        #expect(tally.powerCuts > 0 && tally.failures > 0)
        print(
            "audit campaign, a disk that forgets: \(tally.runs) runs, \(tally.powerCuts) power cuts, \(tally.failures) "
                + "failing disks, \(tally.acknowledged) entries acknowledged, 0 lost; Go accepted \(tally.acceptedByGo)"
        )
    }

    @Test(.timeLimit(.minutes(60)))
    func `failing and short writes and synchronisations lose no acknowledged entry`() throws {
        var tally = Tally()
        for seed in 0..<UInt64(scale) {
            let fixture = try LogFixture()
            var judge = CampaignJudge(key: fixture.authority.verifier)
            var generator = SeededGenerator(state: seed &+ 3)
            var known: [[UInt8]] = []
            for round in 0..<20 {
                tally.runs += 1
                let files = FaultyFiles()
                let operations: [FaultyFiles.Operation] = [
                    .write, .write, .sync, .sync, .rename, .syncFileSystem, .syncDirectory, .allocate, .truncate,
                ]
                let operation = operations.randomElement(using: &generator) ?? .write
                let effects: [FaultyFiles.Effect] =
                    operation == .write
                    ? [.error(EIO), .error(ENOSPC), .torn(70, EIO), .torn(5, ENOSPC), .short(1), .short(13), .short(0)]
                    : [.error(EIO), .error(ENOSPC)]
                files.inject(
                    .init(
                        operation: operation,
                        path: "",
                        skip: .random(in: 0..<60, using: &generator),
                        effect: effects.randomElement(using: &generator) ?? .error(EIO),
                        // A disk may work again afterwards.
                        isLasting: .random(using: &generator)
                    )
                )
                if let writer = try? fixture.writer(files: files) {
                    for (index, entry) in live(writer, &generator, round: round) {
                        #expect(index == UInt64(known.count), "seed \(seed)")
                        known.append(entry)
                    }
                    writer.close()
                    if writer.stats.failure != nil { tally.failures += 1 }
                }
                try judge.see(fixture.log)
                let mended = try fixture.writer()
                mended.close()
                #expect(mended.stats.failure == nil, "seed \(seed): \(mended.stats.failure ?? "")")
                known = try judge.judge(fixture.log, known: known, run: "seed \(seed)")
            }
            tally.acknowledged += known.count
            tally.acceptedByGo += judge.acceptedByGo
        }
        #expect(tally.failures > 0)
        print(
            "audit campaign, failing calls: \(tally.runs) runs, \(tally.failures) failing disks, \(tally.acknowledged) "
                + "entries acknowledged, 0 lost; Go accepted \(tally.acceptedByGo)"
        )
    }

    @Test(.enabled(if: geteuid() == 0, "only root can make a small file system"), .timeLimit(.minutes(60)))
    func `a disk that is really full refuses, and goes on once there is room`() throws {
        var tally = Tally()
        for _ in 0..<scale {
            guard try fillDisk(&tally) else {
                #expect(GoVerifier.isMissingAllowed, "a tmpfs has to be mountable in CI")
                return print("a full disk: skipped, a tmpfs cannot be mounted here")
            }
        }
        #expect(tally.failures > 0)
        print(
            "audit campaign, a full disk: \(tally.runs) runs, \(tally.failures) refusals, \(tally.acknowledged) entries "
                + "acknowledged, 0 lost; Go accepted \(tally.acceptedByGo)"
        )
    }

    /// Fills a small file system four times; returns whether one can be made here.
    private func fillDisk(_ tally: inout Tally) throws -> Bool {
        let place = try TemporaryDirectory()
        let mount = place.path + "/small"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        guard
            try GoVerifier.run(URL(filePath: "/bin/mount"), ["-t", "tmpfs", "-o", "size=24m", "tmpfs", mount]).status
                == 0
        else { return false }
        defer { _ = try? GoVerifier.run(URL(filePath: "/bin/umount"), ["-l", mount]) }
        let authority = try CheckpointAuthority(directory: place.path + "/authority", origin: LogFixture.origin)
        var judge = CampaignJudge(key: authority.verifier)
        func writer() throws -> LogWriter {
            try LogWriter(
                directory: mount + "/log",
                origin: LogFixture.origin,
                signer: authority,
                options: Self.options(authority)
            )
        }
        var known: [[UInt8]] = []
        for round in 0..<4 {
            // Somebody else's file takes the room, and gives it back.
            let ballast = mount + "/ballast"
            try? FileManager.default.removeItem(atPath: ballast)
            guard let log = try? writer() else { break }
            tally.runs += 1
            let fill = try GoVerifier.run(URL(filePath: "/bin/dd"), ["if=/dev/zero", "of=\(ballast)", "bs=64k"])
            #expect(fill.status != 0, "the file system was to be full")
            var isRefused = false
            for burst in 0..<2_048 where !isRefused {
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
            tally.failures += isRefused ? 1 : 0
            log.close()
            try judge.see(mount + "/log")
            try? FileManager.default.removeItem(atPath: ballast)
            // There is room again: the log goes on where it was.
            let next = try writer()
            next.close()
            #expect(next.stats.failure == nil)
            known = try judge.judge(mount + "/log", known: known, run: "round \(round)")
            if known.count > 8_000 { break }
        }
        tally.acknowledged += known.count
        tally.acceptedByGo += judge.acceptedByGo
        return true
    }

    @Test(.enabled(if: geteuid() == 0, "only root can make a small file system"), .timeLimit(.minutes(60)))
    func `a disk that is really full leaves gaps that are recorded, where that was chosen`() throws {
        var (runs, lost) = (0, UInt64(0))
        for _ in 0..<scale {
            let place = try TemporaryDirectory()
            let mount = place.path + "/small"
            try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
            let arguments = ["-t", "tmpfs", "-o", "size=24m", "tmpfs", mount]
            guard try GoVerifier.run(URL(filePath: "/bin/mount"), arguments).status == 0 else {
                #expect(GoVerifier.isMissingAllowed, "a tmpfs has to be mountable in CI")
                return print("gaps: skipped, a tmpfs cannot be mounted here")
            }
            defer { _ = try? GoVerifier.run(URL(filePath: "/bin/umount"), ["-l", mount]) }
            let authority = try CheckpointAuthority(directory: place.path + "/authority", origin: LogFixture.origin)
            var judge = CampaignJudge(key: authority.verifier)
            var options = Self.options(authority)
            options.fullDisk = .recordGap { GapText.entry($0) }
            let log = try LogWriter(
                directory: mount + "/log",
                origin: LogFixture.origin,
                signer: authority,
                options: options
            )
            let ballast = mount + "/ballast"
            var all: [[UInt8]] = []
            for round in 0..<3 {
                let before = log.stats.lost
                _ = try GoVerifier.run(URL(filePath: "/bin/dd"), ["if=/dev/zero", "of=\(ballast)", "bs=64k"])
                while log.stats.lost < before + 100, !log.hasFailed, all.count < 40_000 {
                    var last: UInt64 = 0
                    for number in 0..<32 {
                        all.append(Array("\(round) \(all.count) \(number) ".utf8) + [UInt8](repeating: 7, count: 1_000))
                        last = try log.append(all[all.count - 1])
                    }
                    while log.durable <= last, !log.hasFailed { usleep(200) }
                }
                #expect(log.stats.lost >= before + 100 && !log.hasFailed)
                try FileManager.default.removeItem(atPath: ballast)
                while log.stats.isInGap, !log.hasFailed { usleep(1_000) }
                runs += 1
            }
            log.close()
            #expect(log.stats.failure == nil)
            lost += log.stats.lost
            // All that was settled is in the log, in order, or in a gap that is told of where it was.
            var expected: [[UInt8]] = []
            var rest = all[...]
            for entry in try LogReader(directory: mount + "/log").entries(in: 0..<UInt64.max).map(\.bytes) {
                if entry.starts(with: GapText.prefix) {
                    let count = try #require(Int(String(decoding: entry, as: UTF8.self).split(separator: " ")[1]))
                    #expect(entry == Array(GapText.text(Array(rest.prefix(count))).utf8))
                    rest = rest.dropFirst(count)
                } else {
                    #expect(entry == rest.first)
                    rest = rest.dropFirst()
                }
                expected.append(entry)
            }
            #expect(rest.isEmpty)
            _ = try judge.judge(mount + "/log", known: expected, run: "gaps")
        }
        #expect(lost > 0)
        print("audit campaign, gaps: \(runs) full disks, \(lost) entries let go of, all of them counted in the log")
    }
}
