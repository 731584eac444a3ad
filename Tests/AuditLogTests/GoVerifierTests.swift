import AuditLog
import Foundation
import Testing

/// The verifier in `Tests/Verifiers/tlogverify`, whose hashing and signatures are those of Go's checksum database.
enum GoVerifier {
    /// The built program; nil, with a line that says so, where Go or its package `x/mod` is not installed.
    static let program: URL? = {
        let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Verifiers/tlogverify")
        let output = FileManager.default.temporaryDirectory.appending(path: "lapwing-tlogverify-\(getpid())")
        let go = "/usr/bin/go"
        let library = "/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog"
        let files = FileManager.default
        guard files.isExecutableFile(atPath: go), files.fileExists(atPath: library) else {
            print("tlogverify: skipped, the packages golang-go and golang-golang-x-mod-dev are not installed")
            return nil
        }
        var environment = ProcessInfo.processInfo.environment
        environment["GO111MODULE"] = "off"
        environment["GOPATH"] = "/usr/share/gocode"
        environment["GOCACHE"] = environment["GOCACHE"] ?? NSTemporaryDirectory() + "/lapwing-go-cache"
        environment["GOFLAGS"] = ""
        let built = try? run(
            URL(filePath: go),
            ["build", "-o", output.path, "."],
            in: source,
            environment: environment
        )
        guard built?.status == 0 else {
            Issue.record("tlogverify does not build: \(built?.output ?? "")")
            return nil
        }
        return output
    }()

    static var isMissingAllowed: Bool { ProcessInfo.processInfo.environment["CI"] != "true" }

    static func run(
        _ program: URL,
        _ arguments: [String],
        in directory: URL? = nil,
        environment: [String: String]? = nil
    ) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = directory
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    /// What the program says of a log, which has to continue the checkpoint in a file where there is one; nil where it is
    /// skipped.
    static func verify(
        log: String,
        key: NoteVerifier,
        older: String? = nil
    ) throws -> (status: Int32, output: String)? {
        guard let program else {
            #expect(isMissingAllowed, "Go has to be installed in CI")
            return nil
        }
        return try run(program, ["log", log, key.description] + [older].compactMap(\.self))
    }

    /// What the program says of a witness's signature on a checkpoint; nil where it is skipped.
    static func verify(cosigned: String, key: CosignatureVerifier) throws -> (status: Int32, output: String)? {
        guard let program else {
            #expect(isMissingAllowed, "Go has to be installed in CI")
            return nil
        }
        return try run(program, ["cosigned", cosigned, key.description])
    }

    static func verify(proof: String, key: NoteVerifier) throws -> (status: Int32, output: String)? {
        guard let program else {
            #expect(isMissingAllowed, "Go has to be installed in CI")
            return nil
        }
        return try run(program, ["proof", proof, key.description])
    }
}

@Suite struct `Go verifies` {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    @Test(arguments: [1, 255, 256, 257, 700, 66_000])
    func `logs of all sizes`(count: Int) throws {
        try fixture.fill(LogFixture.entries(count, length: 20))
        guard let answer = try GoVerifier.verify(log: fixture.log, key: fixture.authority.verifier) else { return }
        #expect(answer.status == 0, "\(answer.output)")
        #expect(answer.output.hasPrefix("verified: \(count) entries"))
    }

    @Test func `a log that grew in many sessions`() throws {
        var count = 0
        for more in [3, 250, 10, 400, 1] {
            try fixture.fill(LogFixture.entries(more, from: count))
            count += more
            guard let answer = try GoVerifier.verify(log: fixture.log, key: fixture.authority.verifier) else { return }
            #expect(answer.output.hasPrefix("verified: \(count) entries"))
        }
    }

    @Test func `that a log continues what it was, and no other log's past`() throws {
        let other = fixture.directory.path + "/other"
        try FileManager.default.createDirectory(atPath: other, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: fixture.directory.path + "/authority", toPath: other + "/authority")
        try fixture.fill(LogFixture.entries(300))
        try fixture.directory.write(fixture.directory.read("log/checkpoint"), to: "older")
        try fixture.fill(LogFixture.entries(400, from: 300))
        let older = fixture.directory.path + "/older"
        let key = fixture.authority.verifier
        guard let answer = try GoVerifier.verify(log: fixture.log, key: key, older: older) else { return }
        #expect(answer.status == 0, "\(answer.output)")
        // The same key signed another past, before it was copied.
        let authority = try CheckpointAuthority(directory: other + "/authority", origin: LogFixture.origin)
        let log = try LogWriter(directory: other + "/log", origin: LogFixture.origin, signer: authority)
        _ = log.appendAndWait(LogFixture.entries(300, from: 1))
        log.close()
        try fixture.directory.write(fixture.directory.read("other/log/checkpoint"), to: "older")
        #expect(try GoVerifier.verify(log: fixture.log, key: key, older: older)?.status == 4)
    }

    @Test func `proofs, and no other entry's`() throws {
        try fixture.fill(LogFixture.entries(700))
        let file = fixture.directory.path + "/entry.tlog-proof"
        for index in [0, 255, 512, 699] as [UInt64] {
            let proof = try fixture.reader.proof(of: index)
            try Data(proof.bytes).write(to: URL(filePath: file))
            guard let answer = try GoVerifier.verify(proof: file, key: fixture.authority.verifier) else { return }
            #expect(answer.output == "verified: entry \(index) of 700\n")
            let other = LogProof(index: proof.index, path: proof.path, extra: [1], note: proof.note)
            try Data(other.bytes).write(to: URL(filePath: file))
            #expect(try GoVerifier.verify(proof: file, key: fixture.authority.verifier)?.status == 4)
        }
    }

    static let damages = ["entry", "tile", "upper tile", "checkpoint", "truncated", "missing tile", "other key"]

    @Test(arguments: damages)
    func `nothing that was changed`(damage: String) throws {
        try fixture.fill(LogFixture.entries(700))
        let older = try fixture.directory.read("log/tile/entries/001")
        var key = fixture.authority.verifier
        switch damage {
        case "entry": try fixture.directory.flip("log/tile/entries/001", at: 50)
        case "tile": try fixture.directory.flip("log/tile/0/000", at: 50)
        case "upper tile": try fixture.directory.flip("log/tile/1/000.p/2", at: 50)
        case "checkpoint": try fixture.directory.flip("log/checkpoint", at: 40)
        case "truncated": try fixture.directory.write(Array(older.prefix(older.count / 2)), to: "log/tile/entries/001")
        case "missing tile": try FileManager.default.removeItem(atPath: fixture.log + "/tile/0/001")
        default:
            let path = fixture.directory.path + "/other"
            key = try CheckpointAuthority(directory: path, origin: LogFixture.origin).verifier
        }
        guard let answer = try GoVerifier.verify(log: fixture.log, key: key) else { return }
        #expect(answer.status == 4, "\(answer.output)")
        #expect(answer.output.hasPrefix("refused: "))
    }
}
