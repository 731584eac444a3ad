import AuditLog
import Crypto
import Foundation
import Testing

@Suite struct `Signed note` {
    private let signer: NoteSigner
    private let note: SignedNote

    init() throws {
        let seed = [UInt8](repeating: 7, count: 32)
        signer = try NoteSigner(name: "log.example/a", key: Curve25519.Signing.PrivateKey(rawRepresentation: seed))
        note = try signer.sign("log.example/a\n5\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n")
    }

    @Test func `is written, read and verified`() throws {
        let read = try SignedNote(note.bytes)
        #expect(read == note)
        #expect(read.verify(with: [signer.verifier]))
        #expect(try NoteVerifier(signer.verifier.description) == signer.verifier)
        let checkpoint = try Checkpoint(text: read.text)
        #expect(checkpoint == Checkpoint(origin: "log.example/a", size: 5, root: .leaf([])))
        #expect(checkpoint.text == read.text)
    }

    @Test func `every changed bit is noticed`() throws {
        for index in note.bytes.indices {
            for bit in 0..<8 {
                var bytes = note.bytes
                bytes[index] ^= 1 << UInt8(bit)
                let verifies = (try? SignedNote(bytes))?.verify(with: [signer.verifier]) ?? false
                #expect(!verifies, "bit \(bit) of byte \(index)")
            }
        }
    }

    @Test func `unknown signatures are passed over, a known key's bad one spoils the note`() throws {
        let other = try NoteSigner(name: "witness.example", key: Curve25519.Signing.PrivateKey())
        let lines = String(decoding: note.bytes, as: UTF8.self)
        let foreign = try other.sign(note.text)
        let both = Array(
            (lines + String(decoding: foreign.bytes, as: UTF8.self).split(separator: "\n").suffix(1).joined() + "\n")
                .utf8
        )
        let read = try SignedNote(both)
        #expect(read.signatures.count == 2)
        #expect(read.verify(with: [signer.verifier]))
        #expect(read.verify(with: [other.verifier]))
        #expect(!read.verify(with: []))
        var spoilt = both
        // Another letter of base64, so that it is the signature that is wrong and not its form.
        let place = spoilt.count - 10
        spoilt[place] = spoilt[place] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let reread = try SignedNote(spoilt)
        #expect(reread.verify(with: [signer.verifier]))
        #expect(!reread.verify(with: [signer.verifier, other.verifier]))
        // The same name with another key, and so another id, is unknown.
        let namesake = try NoteSigner(name: "log.example/a", key: Curve25519.Signing.PrivateKey())
        #expect(!read.verify(with: [namesake.verifier]))
    }

    static let signature = "— a AAAAAAAA\n"
    static let malformed = [
        "", "\n", "\n\n", "text\n", "text\n\n", "text\n\n\n", "text\n— a AAAAAAAA\n", "text\n\n— a AAAAAAAA",
        "text\n\n- a AAAAAAAA\n", "text\n\n—  AAAAAAAA\n", "text\n\n— a+b AAAAAAAA\n", "text\n\n— a b AAAAAAAA\n",
        "text\n\n— a AAAAAAA\n", "text\n\n— a AAAA\n", "text\n\n— a AAAAAA==\n", "text\n\n— a AAAAAAB=\n",
        "te\u{0}xt\n\n\(signature)", "te\txt\n\n\(signature)", "text\r\n\n\(signature)",
        "text\n\n\(signature)\n", "text\n\n— a\u{a0}b AAAAAAAA\n",
        "text\n\n" + String(repeating: signature, count: 65),
        String(repeating: "x", count: SignedNote.maximumLength) + "\n\n\(signature)",
    ]

    @Test(arguments: malformed)
    func `what is not a note is refused`(text: String) {
        #expect(throws: AuditLogError.self) { try SignedNote(Array(text.utf8)) }
    }

    @Test func `invalid UTF-8 is refused`() {
        #expect(throws: AuditLogError.self) { try SignedNote([0xff, 0x0a, 0x0a] + Array(Self.signature.utf8)) }
    }

    @Test func `up to 64 signatures and empty lines in the text are read`() throws {
        let text = "one\n\ntwo\n\n" + String(repeating: Self.signature, count: 64)
        let note = try SignedNote(Array(text.utf8))
        #expect(note.text == "one\n\ntwo\n")
        #expect(note.signatures.count == 64)
    }

    /// The specification asks for 16 signatures, of which each may have nearly 5,000 bytes.
    @Test func `16 signatures of the longest kind are read beside the log's own`() throws {
        let long = Data([1, 2, 3, 4] + [UInt8](repeating: 9, count: 4_996)).base64EncodedString()
        let others = (0..<15).map { "— witness.example/\($0) \(long)\n" }.joined()
        let read = try SignedNote(note.bytes + Array(others.utf8))
        #expect(read.signatures.count == 16 && read.verify(with: [signer.verifier]))
    }

    /// To Swift the two spellings of `ä` are one text; to a note they are the names of two keys.
    @Test func `names are compared byte by byte`() throws {
        let key = Curve25519.Signing.PrivateKey()
        let composed = try NoteSigner(name: "l\u{e4}g.example", key: key)
        let decomposed = "la\u{308}g.example"
        let note = try composed.sign("\(composed.verifier.name)\n0\n\(MerkleHash.emptyRoot)\n")
        #expect(note.verify(with: [composed.verifier]))
        let line = String(decoding: note.bytes, as: UTF8.self).replacing("— l\u{e4}g", with: "— la\u{308}g")
        #expect(try !SignedNote(Array(line.utf8)).verify(with: [composed.verifier]))
        let other = try composed.sign("\(decomposed)\n0\n\(MerkleHash.emptyRoot)\n")
        let policy = try LogPolicy(Array("log \(composed.verifier)\nquorum none\n".utf8), file: "policy")
        guard case .accepted = policy.judge(note), case .refused = policy.judge(other) else {
            Issue.record("the log of another name was believed, or the log itself was not")
            return
        }
        let directory = try TemporaryDirectory()
        let witness = try Witness(directory: directory.path, name: "w.example", logs: [composed.verifier]) { 1 }
        func status(_ note: SignedNote) -> Int {
            witness.addCheckpoint(AddCheckpoint(oldSize: 0, consistencyProof: [], note: note).bytes).status
        }
        #expect(status(note) == 200 && status(other) == 404)
    }

    @Test(arguments: [
        "", "a+33d7b496", "a+33d7b496+", "a+00000000+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        "example.com/log/testdata+33D7B496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        "example.com/log/testdata+33d7b496+BOHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
        "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkS=",
        "+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx",
    ])
    func `verifier keys that are not well formed are refused`(text: String) {
        #expect(throws: AuditLogError.self) { try NoteVerifier(text) }
    }
}

@Suite struct `Checkpoints` {
    private static let root = "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0="

    @Test func `extension lines are passed over`() throws {
        #expect(try Checkpoint(text: "o\n0\n\(Self.root)\nmore\nand more\n").size == 0)
    }

    @Test(arguments: [
        "", "\n", "o\n1\n", "o\n1\n\(root)", "\n1\n\(root)\n", "o\n01\n\(root)\n", "o\n-1\n\(root)\n",
        "o\n+1\n\(root)\n",
        "o\n\n\(root)\n", "o\n1 \n\(root)\n", "o\n9223372036854775808\n\(root)\n", "o\n1\n\(root)=\n", "o\n1\nAAAA\n",
        "o\n1\n\(root)\n\n", "o\n1\n\(root)\n\nx\n", "o\n٣\n\(root)\n",
    ])
    func `what is not a checkpoint is refused`(text: String) {
        #expect(throws: AuditLogError.self) { try Checkpoint(text: text) }
    }
}
