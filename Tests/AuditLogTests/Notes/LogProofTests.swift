import AuditLog
import Crypto
import Testing

@Suite struct `Log proof` {
    private let entry = Array("entry 300".utf8)
    private let fixture: LogFixture
    private let proof: LogProof

    init() throws {
        fixture = try LogFixture()
        var entries = LogFixture.entries(700)
        entries[300] = entry
        try fixture.fill(entries)
        proof = try fixture.reader.proof(of: 300)
    }

    @Test func `verifies offline, with the entry that it carries or the one that is given`() throws {
        let read = try LogProof(proof.bytes)
        #expect(read == proof)
        guard case .verified(let checkpoint) = read.verify(keys: fixture.keys) else {
            Issue.record("refused")
            return
        }
        #expect(checkpoint.size == 700)
        #expect(read.verify(entry: entry, keys: fixture.keys) == .verified(checkpoint))
        #expect(proof.bytes.count < 2048)
        #expect(proof.path.count <= 24)
    }

    @Test func `another entry, another key and no key are refused`() throws {
        let other = try NoteSigner(name: LogFixture.origin, key: Curve25519.Signing.PrivateKey())
        let stranger = try NoteSigner(name: "other.example", key: Curve25519.Signing.PrivateKey())
        for (entry, keys) in [
            (Array("entry 301".utf8), fixture.keys), (entry, []), (entry, [other.verifier]), (entry, [stranger.verifier]),
        ] {
            guard case .refused = proof.verify(entry: entry, keys: keys) else {
                Issue.record("verified")
                continue
            }
        }
        let bare = LogProof(index: proof.index, path: proof.path, extra: nil, note: proof.note)
        #expect(bare.verify(keys: fixture.keys) == .refused("the proof carries no entry, and none was given"))
    }

    @Test func `every changed bit is noticed`() throws {
        for index in proof.bytes.indices {
            var bytes = proof.bytes
            bytes[index] ^= 1
            guard let read = try? LogProof(bytes), case .verified = read.verify(keys: fixture.keys) else { continue }
            Issue.record("byte \(index) does not matter")
        }
    }

    @Test func `truncated and damaged files are refused or read, never worse`() throws {
        for count in 0..<proof.bytes.count {
            if let read = try? LogProof(Array(proof.bytes.prefix(count))) {
                if case .verified = read.verify(keys: fixture.keys) { Issue.record("\(count) bytes verify") }
            }
        }
        var generator = SeededGenerator(state: 2)
        for _ in 0..<(500 * scale) {
            var bytes = proof.bytes
            for _ in 0..<Int.random(in: 1...8, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: .min ... .max, using: &generator)
            }
            if let read = try? LogProof(bytes) { _ = read.verify(keys: fixture.keys) }
        }
    }

    @Test(arguments: [
        "", "c2sp.org/tlog-proof@v1", "c2sp.org/tlog-proof@v2\nindex 0\n\n", "c2sp.org/tlog-proof@v1\nindex 00\n\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n\n", "c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\nAAAA\n\n", "c2sp.org/tlog-proof@v1\nindex 0\n\nnot a note",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + String(repeating: "\(MerkleHash.emptyRoot)\n", count: 64) + "\n",
    ])
    func `what is not a proof is refused`(text: String) {
        #expect(throws: AuditLogError.self) { try LogProof(Array(text.utf8)) }
    }
}
