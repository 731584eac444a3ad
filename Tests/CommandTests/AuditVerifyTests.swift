import AuditLog
import Foundation
import Testing
import ZeroTrust

@Suite("What came since an earlier time is verified alone", .timeLimit(.minutes(5)))
struct AuditVerifyTests {
    private let directory: TemporaryDirectory
    private let authority: CheckpointAuthority

    init() throws {
        directory = try TemporaryDirectory()
        authority = try CheckpointAuthority(directory: directory.path + "/key", origin: "log.example/a")
    }

    private func add(_ numbers: Range<Int>) throws {
        let log = try LogWriter(directory: directory.path + "/audit", origin: "log.example/a", signer: authority)
        for number in numbers {
            let act = ActRecord(
                id: RequestID(milliseconds: 1_795_300_801_000, random: UInt128(number)),
                time: Timestamp(nanoseconds: 1_795_300_801_000_000_000 + Int64(number) * 1_000_000_000),
                node: "a",
                actor: "uid 0",
                action: "entry.create",
                subject: "e",
                outcome: .allow
            )
            _ = try log.append(act.encoded())
        }
        log.close()
    }

    private func verify(_ arguments: String...) throws -> Program.Result {
        let key = authority.verifier.description
        return try Program.run(["audit", "verify", "--state", directory.path, "--key", key] + arguments)
    }

    @Test("By a checkpoint, a number or a time")
    func since() throws {
        try add(0..<300)
        let kept = directory.path + "/kept"
        try FileManager.default.copyItem(atPath: directory.path + "/audit/checkpoint", toPath: kept)
        let root = try LogReader(directory: directory.path + "/audit").checkpoint()?.root.description ?? "-"
        try add(300..<700)
        for since in [kept, "300", Timestamp(nanoseconds: 1_795_300_801_000_000_000 + 300_000_000_000).description] {
            let done = try verify("--since", since)
            #expect(done.status == 0 && done.output.contains("verified: 400 entries"), "\(since): \(done)")
            #expect(done.output.contains("consistent: the first 300 entries had the root \(root)"), "\(since): \(done)")
        }
        let json = try verify("--since", kept, "-o", "json").output
        #expect(json.contains("\"since\" : 300") || json.contains("\"since\":300"), "\(json)")
        #expect(try verify().output.contains("verified: 700 entries"))
        #expect(try verify("--since", "701").status == 4)
        let other = try verify("--since", "/etc/hostname")
        #expect(other.status == 4 && other.errors.contains("is not a checkpoint"), "\(other)")
        let nothing = try verify("--since", "lately")
        #expect(nothing.status == 2 && nothing.errors.contains("`lately` is no file"), "\(nothing)")
        #expect(try verify("--since", "1", "--proof", "x").status != 0)
    }
}
