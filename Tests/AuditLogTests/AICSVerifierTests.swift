import AuditLog
import Foundation
import Testing

/// The verifier of PyPI's `aics-tlog`, another implementation of the same specifications, in Python 3.12.
///
/// `scripts/setup-test-peers` installs it where it finds that Python; elsewhere what needs it is skipped, and said to be.
enum AICSVerifier {
    /// The program; nil, with a line that says so, where it is not there.
    static let program: URL? = {
        let peers =
            ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? FileManager.default.currentDirectoryPath + "/.venv"
        let path = peers + "/aics/bin/aics-tlog"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            print("aics-tlog: skipped, it is not installed (scripts/setup-test-peers, with a Python 3.12)")
            return nil
        }
        return URL(filePath: path)
    }()

    /// What the program says of a log: its checkpoint, an entry of it, and that it continues an older checkpoint, where one
    /// is given; the first that is refused, else the last.
    static func verify(
        log: String,
        key: NoteVerifier,
        entry: UInt64?,
        older: String? = nil
    ) throws -> (status: Int32, output: String)? {
        guard let program else { return nil }
        var questions = [["verify-checkpoint"]]
        let copy = FileManager.default.temporaryDirectory.path + "/lapwing-aics-\(UInt64.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        if let entry { questions.append(["verify-inclusion", "--index", "\(entry)", "--entry-out", copy]) }
        if let older { questions.append(["verify-consistency", "--old-checkpoint", older]) }
        var answer: (status: Int32, output: String) = (0, "")
        for question in questions {
            answer = try GoVerifier.run(program, question + ["--tiles", log, "--log-key", key.description])
            guard answer.status == 0 else { break }
        }
        return answer
    }
}

@Suite struct `aics-tlog verifies` {
    private let fixture: LogFixture

    init() throws {
        fixture = try LogFixture()
    }

    @Test(arguments: [1, 256, 700, 66_000])
    func `logs of all sizes, and how they grew`(count: Int) throws {
        try fixture.fill(LogFixture.entries(count, length: 20))
        let older = fixture.directory.path + "/older"
        try fixture.directory.write(fixture.directory.read("log/checkpoint"), to: "older")
        try fixture.fill(LogFixture.entries(300, from: count))
        let key = fixture.authority.verifier
        guard let answer = try AICSVerifier.verify(log: fixture.log, key: key, entry: UInt64(count), older: older)
        else {
            return
        }
        #expect(answer.status == 0 && answer.output.contains(#""new_size": \#(count + 300)"#), "\(answer.output)")
    }

    @Test(arguments: ["log/tile/entries/001", "log/tile/0/001", "log/checkpoint"])
    func `nothing that was changed`(file: String) throws {
        try fixture.fill(LogFixture.entries(700))
        try fixture.directory.flip(file, at: 40)
        let key = fixture.authority.verifier
        guard let answer = try AICSVerifier.verify(log: fixture.log, key: key, entry: 257) else { return }
        #expect(answer.status != 0, "\(answer.output)")
    }

    @Test func `no other key's log, and no other past`() throws {
        try fixture.fill(LogFixture.entries(300))
        let other = try LogFixture()
        try other.fill(LogFixture.entries(200, from: 9))
        guard
            let answer = try AICSVerifier.verify(log: fixture.log, key: other.authority.verifier, entry: nil)
        else { return }
        #expect(answer.status != 0, "\(answer.output)")
        let past = other.log + "/checkpoint"
        let key = fixture.authority.verifier
        #expect(try AICSVerifier.verify(log: fixture.log, key: key, entry: nil, older: past)?.status != 0)
    }
}
