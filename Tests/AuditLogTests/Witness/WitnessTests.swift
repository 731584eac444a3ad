import Crypto
import Foundation
import Synchronization
import Testing

@testable import AuditLog

/// A log of leaves, its key, and a witness that knows it.
struct WitnessFixture {
    let directory: TemporaryDirectory
    let log: NoteSigner
    let clock = Clock()
    let witness: Witness
    static let origin = "log.example/a"

    final class Clock: Sendable {
        let time = Mutex<UInt64>(1_700_000_000)
        func set(_ value: UInt64) { time.withLock { $0 = value } }
    }

    struct Leaves: HashSource {
        let leaves: [MerkleHash]

        func hash(level: Int, index: UInt64) throws -> MerkleHash {
            guard level > 0 else { return leaves[Int(index)] }
            return .node(try hash(level: level - 1, index: 2 * index), try hash(level: level - 1, index: 2 * index + 1))
        }
    }

    static let honest = Leaves(leaves: (0..<40).map { .leaf([UInt8($0)]) })
    static let other = Leaves(leaves: (0..<40).map { .leaf([UInt8($0), 1]) })

    init() throws {
        directory = try TemporaryDirectory()
        log = try NoteSigner(name: Self.origin, key: Curve25519.Signing.PrivateKey())
        witness = try Self.open(directory, log, clock)
    }

    static func open(_ directory: TemporaryDirectory, _ log: NoteSigner, _ clock: Clock) throws -> Witness {
        try Witness(
            directory: directory.path + "/witness",
            name: "witness.example/w1",
            logs: [log.verifier],
            now: { clock.time.withLock { $0 } }
        )
    }

    func request(
        _ oldSize: UInt64,
        _ size: UInt64,
        of leaves: Leaves = honest,
        root: MerkleHash? = nil,
        signer: NoteSigner? = nil,
        origin: String? = nil,
        proof: [MerkleHash]? = nil
    ) throws -> [UInt8] {
        let root = try root ?? (size == 0 ? .emptyRoot : MerkleTree.root(size: size, from: leaves))
        let checkpoint = Checkpoint(origin: origin ?? Self.origin, size: size, root: root)
        let proof =
            try proof
            ?? (oldSize <= size ? MerkleTree.consistencyProof(oldSize: oldSize, size: size, from: leaves) : [])
        let note = try (signer ?? log).sign(checkpoint.text)
        return AddCheckpoint(oldSize: oldSize, consistencyProof: proof, note: note).bytes
    }
}

@Suite("A witness")
struct WitnessTests {
    private let fixture: WitnessFixture

    init() throws { fixture = try WitnessFixture() }

    @Test("It cosigns a log as it grows, and says when")
    func grows() throws {
        for (old, new) in [(0, 5), (5, 8), (8, 8), (8, 40)] as [(UInt64, UInt64)] {
            let answer = fixture.witness.addCheckpoint(try fixture.request(old, new))
            #expect(answer.status == 200, "\(String(decoding: answer.body, as: UTF8.self))")
            let signature = try #require(SignedNote.signatures(answer.body[...]).first)
            let text = Checkpoint(
                origin: WitnessFixture.origin,
                size: new,
                root: try MerkleTree.root(size: new, from: WitnessFixture.honest)
            ).text
            let time = fixture.witness.verifier.time(of: signature.bytes[4...], over: text)
            #expect(fixture.witness.verifier.made(signature) && time == 1_700_000_000)
        }
        #expect(fixture.witness.sizes == [WitnessFixture.origin: 40])
    }

    @Test("What does not continue it has the status of the specification")
    func refuses() throws {
        let stranger = try NoteSigner(name: WitnessFixture.origin, key: Curve25519.Signing.PrivateKey())
        #expect(fixture.witness.addCheckpoint(try fixture.request(0, 10)).status == 200)
        var flipped = try fixture.request(10, 20)
        // Another letter of base64, so that it is still a signature.
        let letter = flipped.count - 10
        flipped[letter] = flipped[letter] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
        let cases: [(String, [UInt8], Int)] = [
            ("nothing", [], 400), ("not a request", Array("old\n\n".utf8), 400),
            ("leading zero", Array("old 010\n".utf8) + (try fixture.request(10, 20)).dropFirst(7), 400),
            ("too many hashes", try fixture.request(10, 20, proof: Array(repeating: .emptyRoot, count: 64)), 400),
            ("old above new", try fixture.request(20, 10), 400),
            ("unknown log", try fixture.request(10, 20, origin: "log.example/b"), 404),
            ("another key", try fixture.request(10, 20, signer: stranger), 403),
            ("a smaller old size", try fixture.request(5, 20), 409),
            ("an unknown old size", try fixture.request(0, 20), 409),
            ("rolled back", try fixture.request(5, 5), 409),
            ("a larger old size", try fixture.request(15, 20), 409),
            ("another history", try fixture.request(10, 20, of: WitnessFixture.other), 422),
            ("no proof", try fixture.request(10, 20, proof: []), 422),
            ("same size, another root", try fixture.request(10, 10, of: WitnessFixture.other), 422),
            ("same size, a proof", try fixture.request(10, 10, proof: [.emptyRoot]), 422),
            ("a broken signature", flipped, 403),
        ]
        for (name, body, status) in cases {
            let answer = fixture.witness.addCheckpoint(body)
            #expect(answer.status == status, "\(name): \(String(decoding: answer.body, as: UTF8.self))")
            if status == 409 {
                #expect(answer.body == Array("10\n".utf8) && answer.contentType == "text/x.tlog.size")
            }
        }
        #expect(fixture.witness.addCheckpoint(try fixture.request(10, 20)).status == 200)
    }

    @Test("The first checkpoint comes without a proof, and an empty tree has the empty tree's root")
    func first() throws {
        #expect(fixture.witness.addCheckpoint(try fixture.request(0, 3, proof: [.emptyRoot])).status == 422)
        let root = MerkleHash.leaf([1])
        #expect(fixture.witness.addCheckpoint(try fixture.request(0, 0, root: root)).status == 422)
        #expect(fixture.witness.addCheckpoint(try fixture.request(0, 0)).status == 200)
        #expect(fixture.witness.addCheckpoint(try fixture.request(0, 3)).status == 200)
    }

    @Test("It shows what it cosigned last, with the log's signature and its own alone")
    func monitoring() throws {
        let hash = Witness.hash(of: WitnessFixture.origin)
        #expect(fixture.witness.checkpoint(originHash: hash) == nil)
        let stranger = try NoteSigner(name: "other.example", key: Curve25519.Signing.PrivateKey())
        let root = try MerkleTree.root(size: 7, from: WitnessFixture.honest)
        let text = Checkpoint(origin: WitnessFixture.origin, size: 7, root: root).text
        let note = try SignedNote(
            text: text,
            signatures: fixture.log.sign(text).signatures + stranger.sign(text).signatures
        )
        let body = AddCheckpoint(oldSize: 0, consistencyProof: [], note: note).bytes
        #expect(fixture.witness.addCheckpoint(body).status == 200)
        let shown = try SignedNote(try #require(fixture.witness.checkpoint(originHash: hash)))
        #expect(shown.signatures.map(\.name) == [WitnessFixture.origin, "witness.example/w1"])
        #expect(shown.verify(with: [fixture.log.verifier]))
        #expect(fixture.witness.checkpoint(originHash: String(repeating: "0", count: 64)) == nil)
    }

    @Test("It remembers over a restart, is alone in its directory, and goes back in no clock")
    func restart() throws {
        let fixture = try WitnessFixture()
        var witness: Witness? = try WitnessFixture.open(try TemporaryDirectory(), fixture.log, fixture.clock)
        let directory = try TemporaryDirectory()
        witness = try WitnessFixture.open(directory, fixture.log, fixture.clock)
        let key = try #require(witness?.verifier)
        #expect(witness?.addCheckpoint(try fixture.request(0, 9)).status == 200)
        #expect(throws: AuditLogError.self) { try WitnessFixture.open(directory, fixture.log, fixture.clock) }
        witness = nil
        let again = try WitnessFixture.open(directory, fixture.log, fixture.clock)
        #expect(again.verifier == key)
        #expect(again.addCheckpoint(try fixture.request(0, 12, of: WitnessFixture.other)).status == 409)
        fixture.clock.set(1_699_999_999)
        #expect(again.addCheckpoint(try fixture.request(9, 12)).status == 503)
        fixture.clock.set(1_700_000_001)
        #expect(again.addCheckpoint(try fixture.request(9, 12)).status == 200)
    }

    @Test("A state that somebody changed is not started from")
    func tampered() throws {
        let directory = try TemporaryDirectory()
        var witness: Witness? = try WitnessFixture.open(directory, fixture.log, fixture.clock)
        #expect(witness?.addCheckpoint(try fixture.request(0, 9)).status == 200)
        witness = nil
        let path = "witness/logs/" + Witness.hash(of: WitnessFixture.origin)
        let bytes = try directory.read(path)
        let text = String(decoding: bytes, as: UTF8.self).replacing("\n9\n", with: "\n5\n")
        try directory.write(Array(text.utf8), to: path)
        #expect(throws: AuditLogError.self) { try WitnessFixture.open(directory, fixture.log, fixture.clock) }
        try directory.write(bytes, to: path)
        try FileManager.default.removeItem(atPath: directory.path + "/witness/cosigning.key")
        #expect(throws: AuditLogError.self) { try WitnessFixture.open(directory, fixture.log, fixture.clock) }
    }

    @Test("Where the disk fails nothing is cosigned")
    func diskFails() throws {
        let files = FaultyFiles()
        let directory = try TemporaryDirectory()
        let witness = try Witness(
            directory: directory.path + "/witness",
            name: "witness.example/w1",
            logs: [fixture.log.verifier],
            now: { 1 },
            files: files
        )
        files.inject(.init(operation: .sync, path: "logs/", effect: .error(EIO)))
        #expect(witness.addCheckpoint(try fixture.request(0, 9)).status == 500)
        #expect(witness.sizes.isEmpty)
        files.clear()
        #expect(witness.addCheckpoint(try fixture.request(0, 9)).status == 200)
    }

    @Test("Of two requests at once from one size, one is cosigned")
    func race() async throws {
        let bodies = [try fixture.request(0, 9), try fixture.request(0, 12), try fixture.request(0, 30)]
        let statuses = await withTaskGroup(of: Int.self) { group in
            for body in bodies { group.addTask { fixture.witness.addCheckpoint(body).status } }
            return await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.sorted() == [200, 409, 409])
    }

    @Test("Go's Ed25519 verifies its cosignature, and not another witness's")
    func goVerifies() throws {
        #expect(fixture.witness.addCheckpoint(try fixture.request(0, 9)).status == 200)
        let hash = Witness.hash(of: WitnessFixture.origin)
        let path = fixture.directory.path + "/cosigned"
        try Data(try #require(fixture.witness.checkpoint(originHash: hash))).write(to: URL(filePath: path))
        guard let answer = try GoVerifier.verify(cosigned: path, key: fixture.witness.verifier) else { return }
        #expect(answer.output == "verified: cosigned at 1700000000\n")
        let other = try CosignatureSigner(name: "witness.example/w1", key: Curve25519.Signing.PrivateKey())
        #expect(try GoVerifier.verify(cosigned: path, key: other.verifier)?.status == 4)
        let logVerifier = try GoVerifier.run(
            try #require(GoVerifier.program),
            ["cosigned", path, fixture.log.verifier.description]
        )
        #expect(logVerifier.status == 4)
    }

    @Test("Bytes that were changed at random are refused, and end no program")
    func fuzzed() throws {
        var random = SeededGenerator(state: 11)
        let body = try fixture.request(0, 20)
        for _ in 0..<4000 {
            var bytes = body
            for _ in 0...Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0...2, using: &random) {
                case 0: bytes[index] = UInt8.random(in: .min ... .max, using: &random)
                case 1: bytes.remove(at: index)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: index)
                }
            }
            guard bytes != body else { continue }
            #expect(fixture.witness.addCheckpoint(bytes).status != 200, "\(String(decoding: bytes, as: UTF8.self))")
        }
    }
}
