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
            (Array("entry 301".utf8), fixture.keys), (entry, []), (entry, [other.verifier]),
            (entry, [stranger.verifier]),
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
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(
                    in: .min ... .max,
                    using: &generator
                )
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

/// Proofs of logs of others, of sizes at the edge of the numbers.
@Suite struct `Log proofs of any size` {
    private let signer: NoteSigner
    private let entry = Array("an entry".utf8)

    init() throws { signer = try NoteSigner(name: "log.example/a", key: Curve25519.Signing.PrivateKey()) }

    private func proof(_ index: UInt64, of size: UInt64, _ path: [MerkleHash], root: MerkleHash) throws -> LogProof {
        let note = try signer.sign("log.example/a\n\(size)\n\(root)\n")
        return LogProof(index: index, path: path, extra: entry, note: note.bytes)
    }

    /// Whether it verifies, after it went through its file.
    private func holds(_ index: UInt64, of size: UInt64, _ path: [MerkleHash], root: MerkleHash) throws -> Bool {
        let read = try LogProof(proof(index, of: size, path, root: root).bytes)
        guard case .verified(let checkpoint) = read.verify(keys: [signer.verifier]) else { return false }
        return checkpoint.size == size
    }

    private let siblings = (0..<63).map { MerkleHash.leaf([UInt8($0)]) }

    @Test func `a log of one entry has a proof without hashes, and an empty log has none`() throws {
        let leaf = MerkleHash.leaf(entry)
        #expect(try holds(0, of: 1, [], root: leaf))
        #expect(try !holds(0, of: 1, [leaf], root: leaf))
        #expect(try !holds(1, of: 1, [], root: leaf))
        #expect(try !holds(0, of: 2, [], root: leaf))
        for root in [leaf, .emptyRoot] { #expect(try !holds(0, of: 0, [], root: root)) }
    }

    @Test func `the largest trees have proofs, with neither a hash more nor one less`() throws {
        let left = siblings.prefix(62).reduce(MerkleHash.leaf(entry)) { .node($0, $1) }
        #expect(try holds(0, of: 1 << 62, Array(siblings.prefix(62)), root: left))
        #expect(try !holds(0, of: 1 << 62, Array(siblings.prefix(61)), root: left))
        #expect(try !holds(0, of: 1 << 62, siblings, root: left))
        #expect(try !holds(1, of: 1 << 62, Array(siblings.prefix(62)), root: left))
        #expect(try !holds(1 << 62, of: 1 << 62, Array(siblings.prefix(62)), root: left))
        // The last leaf of the largest tree is the right child all the way up.
        let largest = UInt64(Int64.max)
        let right = siblings.prefix(62).reduce(MerkleHash.leaf(entry)) { .node($1, $0) }
        #expect(try holds(largest - 1, of: largest, Array(siblings.prefix(62)), root: right))
        #expect(try !holds(largest, of: largest, Array(siblings.prefix(62)), root: right))
        #expect(try !holds(largest - 1, of: largest, siblings, root: right))
    }

    @Test func `a file with other lines, line ends or numbers than the specification's is refused`() throws {
        let leaf = MerkleHash.leaf(entry)
        let root = MerkleHash.node(leaf, siblings[0])
        let file = String(decoding: try proof(0, of: 2, [siblings[0]], root: root).bytes, as: UTF8.self)
        guard case .verified = try LogProof(Array(file.utf8)).verify(keys: [signer.verifier]) else {
            Issue.record("the proof does not hold")
            return
        }
        let extra = try #require(file.split(separator: "\n").first { $0.hasPrefix("extra ") })
        let hash = siblings[0].description
        for (what, other) in [
            ("CRLF", file.replacing("\n", with: "\r\n")), ("no last line feed", String(file.dropLast())),
            ("two extras", file.replacing(extra, with: "\(extra)\n\(extra)")),
            ("an unknown line", file.replacing(extra, with: "\(extra)\nmore AAAA")),
            ("extra after index", file.replacing("index 0\n", with: "index 0\n\(extra)\n")),
            ("extra without padding", file.replacing(extra, with: "extra YQ")),
            ("extra with bits left over", file.replacing(extra, with: "extra YR==")),
            ("leading zero", file.replacing("index 0", with: "index 00")),
            ("a sign", file.replacing("index 0", with: "index +0")),
            ("two blanks", file.replacing("index 0", with: "index  0")),
            ("a blank behind", file.replacing("index 0", with: "index 0 ")),
            ("too large", file.replacing("index 0", with: "index 9223372036854775808")),
            ("larger than any", file.replacing("index 0", with: "index 18446744073709551616")),
            ("no number", file.replacing("index 0", with: "index ")),
            ("a blank behind a hash", file.replacing(hash, with: "\(hash) ")),
            ("a hash without padding", file.replacing(hash, with: String(hash.dropLast()))),
            ("a hash in the other alphabet", file.replacing(hash, with: "-\(hash.dropFirst())")),
            ("a byte order mark", "\u{feff}" + file), ("a line before", "\n" + file), ("a line behind", file + "\n"),
            ("another version", file.replacing("@v1", with: "@v1.1")),
        ] {
            #expect(other != file, "\(what) changes nothing")
            #expect(throws: AuditLogError.self, "\(what)") { try LogProof(Array(other.utf8)) }
        }
        let bare = file.replacing("\(extra)\n", with: "")
        let read = try LogProof(Array(bare.utf8))
        #expect(read.extra == nil)
        guard case .verified = read.verify(entry: entry, keys: [signer.verifier]) else {
            Issue.record("the proof without extra data does not hold")
            return
        }
    }
}

@Suite struct `Log proofs with other lines in their checkpoint` {
    private let signer: NoteSigner
    private let root = MerkleHash.leaf([7])

    init() throws { signer = try NoteSigner(name: "log.example/a", key: Curve25519.Signing.PrivateKey()) }

    private func verdict(_ checkpoint: String, _ more: String = "") throws -> LogProof.Verdict {
        let note = try signer.sign(checkpoint).bytes + Array(more.utf8)
        return LogProof(index: 0, path: [], extra: [7], note: note).verify(keys: [signer.verifier])
    }

    @Test func `extension lines and signatures of unknown kinds are passed over`() throws {
        let text = "log.example/a\n1\n\(root)\n"
        let expected = LogProof.Verdict.verified(Checkpoint(origin: "log.example/a", size: 1, root: root))
        #expect(try verdict(text) == expected)
        #expect(try verdict(text + "extension 1\nand another — with a dash\n") == expected)
        let unknown = (0..<40).map { "— other.example/\($0) AAAAAAB\($0 % 10)\n" }.joined()
        #expect(try verdict(text, unknown) == expected)
        // The log's own line twice over is one signature.
        let own = try #require(String(decoding: signer.sign(text).bytes, as: UTF8.self).split(separator: "\n").last)
        #expect(try verdict(text, own + "\n" + own + "\n") == expected)
        // A second line in the log's name that is not its signature spoils the note.
        let forged = own.dropLast(4) + (own.hasSuffix("AAA=") ? "BBA=" : "AAA=")
        guard case .refused = try verdict(text, forged + "\n") else {
            Issue.record("a forged second line of the log's key is passed over")
            return
        }
    }

    @Test(arguments: ["01", "+1", "1 ", "1\n", "0x1", "", "9223372036854775808", "18446744073709551617"])
    func `a size that is not written as the specification says proves nothing`(size: String) throws {
        guard case .refused = try verdict("log.example/a\n\(size)\n\(root)\n") else {
            Issue.record("`\(size)` is a size")
            return
        }
    }
}
