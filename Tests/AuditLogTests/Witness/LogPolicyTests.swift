import Crypto
import Testing

@testable import AuditLog

@Suite("A log policy")
struct LogPolicyTests {
    private let log: NoteSigner
    private let witnesses: [CosignatureSigner]
    private let checkpoint = Checkpoint(origin: "log.example/a", size: 3, root: .leaf([1]))

    init() throws {
        log = try NoteSigner(name: "log.example/a", key: Curve25519.Signing.PrivateKey())
        witnesses = try (0..<6).map {
            try CosignatureSigner(name: "witness.example/w\($0)", key: Curve25519.Signing.PrivateKey())
        }
    }

    private func policy(_ text: String) throws -> LogPolicy { try LogPolicy(Array(text.utf8), file: "log.policy") }

    private var header: String {
        "log \(log.verifier) https://log.example\n"
            + witnesses.enumerated().map { "witness w\($0) \($1.verifier) https://witness.example/w\($0)\n" }.joined()
    }

    private func note(_ cosigners: [Int]) throws -> SignedNote {
        let signed = try log.sign(checkpoint.text)
        let lines = try cosigners.map { try witnesses[$0].cosign(checkpoint.text, time: 1_700_000_000) }
        return try SignedNote(text: signed.text, signatures: signed.signatures + lines)
    }

    private func isAccepted(_ policy: LogPolicy, _ cosigners: [Int]) throws -> Bool {
        if case .accepted = policy.judge(try note(cosigners)) { return true }
        return false
    }

    @Test("Groups of groups: two of three, and one of the others")
    func nested() throws {
        let policy = try policy(
            """
            # two levels
            \(header)
            group\tX 2 w0 w1 w2
              group Y any w3 w4 w5
            group both all X Y
            quorum both

            """
        )
        #expect(policy.logs.count == 1 && policy.witnesses.count == 6 && !policy.isUnwitnessed)
        #expect(policy.witnesses[2].url == "https://witness.example/w2")
        for cosigners in [[], [0, 1], [0, 1, 2], [3, 4, 5], [0, 3], [1, 4, 5]] {
            #expect(try !isAccepted(policy, cosigners), "\(cosigners)")
        }
        for cosigners in [[0, 1, 3], [2, 1, 5], [0, 1, 2, 3, 4, 5]] {
            #expect(try isAccepted(policy, cosigners), "\(cosigners)")
        }
        guard case .accepted(_, let names) = policy.judge(try note([5, 2, 1])) else {
            Issue.record("refused")
            return
        }
        #expect(names == ["w1", "w2", "w5"])
    }

    @Test("A witness that signs twice counts once, and unknown signatures count nothing")
    func countedOnce() throws {
        let two = try policy(header + "group g 2 w0 w1\nquorum g\n")
        #expect(try !isAccepted(two, [0, 0, 0]))
        #expect(try !isAccepted(two, [0, 4, 5]))
        let none = try policy(header + "quorum none\n")
        #expect(none.isUnwitnessed)
        #expect(try isAccepted(none, []))
    }

    @Test("A witness's name over a signature that is not the witness's spoils the checkpoint")
    func spoiled() throws {
        let policy = try policy(header + "quorum w0\n")
        let good = try note([0])
        var lines = good.signatures
        var bytes = lines[1].bytes
        bytes[bytes.count - 1] ^= 1
        lines.append(.init(name: lines[1].name, bytes: bytes))
        let spoiled = try SignedNote(text: good.text, signatures: lines)
        #expect(
            policy.judge(spoiled)
                == .refused("the checkpoint bears a witness's name over a signature that is not the witness's")
        )
        // The time is part of what is signed.
        bytes = good.signatures[1].bytes
        bytes[11] ^= 1
        let moved = try SignedNote(
            text: good.text,
            signatures: [good.signatures[0], .init(name: good.signatures[1].name, bytes: bytes)]
        )
        if case .accepted = policy.judge(moved) { Issue.record("a cosignature whose time was changed is accepted") }
    }

    @Test("A log that the policy does not name, or whose signature is missing, is refused")
    func otherLog() throws {
        let policy = try policy(header + "quorum none\n")
        let other = try NoteSigner(name: "log.example/a", key: Curve25519.Signing.PrivateKey())
        #expect(
            policy.judge(try other.sign(checkpoint.text))
                == .refused("the checkpoint is not signed by the key of the log `log.example/a`")
        )
        let elsewhere = Checkpoint(origin: "log.example/b", size: 3, root: .leaf([1]))
        #expect(
            policy.judge(try other.sign(elsewhere.text)) == .refused("no key of the log `log.example/b` is trusted")
        )
    }

    @Test("What is wrong in a file is said with its place")
    func faults() throws {
        let w0 = "witness w0 \(witnesses[0].verifier)\n"
        let column = 12 + witnesses[0].verifier.description.utf8.count + 1
        let cases: [(String, String)] = [
            ("", "log.policy: the policy has no `quorum` line"),
            ("quorum\n", "log.policy:1:7: `quorum` needs the name"),
            ("quorum a\n", "log.policy:1:8: no line above defines `a`"),
            ("quorum none\nquorum none\n", "log.policy:2:1: a policy has one `quorum` line"),
            ("  witnes a b\n", "log.policy:1:3: `witnes` begins no line of a policy"),
            ("log x\n", "log.policy:1:5: this is not the key of a log"),
            ("log \(witnesses[0].verifier)\n", "log.policy:1:5: this is not the key of a log"),
            ("witness a \(log.verifier)\n", "log.policy:1:11: this is not the key of a witness"),
            (w0 + w0, "log.policy:2:12: this key stands in the policy already"),
            (w0 + "witness w0 \(witnesses[1].verifier)\n", "log.policy:2:9: the name `w0` is taken"),
            ("witness none \(witnesses[1].verifier)\n", "log.policy:1:9: the name `none` is taken"),
            ("witness w0 \(witnesses[0].verifier) u x\n", "log.policy:1:\(column + 2): nothing may follow here"),
            (w0 + "group g 2 w0\n", "log.policy:2:9: expected `all`, `any`, or a number from 1 to 1"),
            (w0 + "group g 0 w0\n", "log.policy:2:9: expected `all`"),
            (w0 + "group g 01 w0\n", "log.policy:2:9: expected `all`"),
            (w0 + "group g all\n", "log.policy:2:12: `group` needs at least one member"),
            (w0 + "group g any w0 w0\n", "log.policy:2:16: `w0` is a member of a group already"),
            (w0 + "group g any none\n", "log.policy:2:13: no line above defines `none`"),
            (w0 + "group g any g\n", "log.policy:2:13: no line above defines `g`"),
            ("log \u{1b}[2J\n", "log.policy:1:5: a control character"),
            ("quorum none\r\n", "log.policy:1:12: a control character"),
        ]
        for (text, expected) in cases {
            let error = #expect(throws: AuditLogError.self) { try policy(text) }
            #expect(error?.message.hasPrefix(expected) == true, "\(error?.message ?? "") for \(text)")
        }
    }

    @Test("Names are bytes: a Kelvin sign is no K")
    func opaqueNames() throws {
        let kelvin = "\u{212A}"
        let both = "witness K \(witnesses[0].verifier)\nwitness \(kelvin) \(witnesses[1].verifier)\n"
        #expect(try policy(both + "quorum \(kelvin)\n").witnesses.count == 2)
    }

    @Test("Limits hold")
    func limits() throws {
        #expect(throws: AuditLogError.self) { try LogPolicy([UInt8](repeating: 0x20, count: 1 << 20 | 1), file: "p") }
        var chain = "witness w \(witnesses[0].verifier)\n"
        for index in 0..<1100 { chain += "group g\(index) any \(index == 0 ? "w" : "g\(index - 1)")\n" }
        #expect(throws: AuditLogError.self) { try policy(chain + "quorum g1099\n") }
    }
}
