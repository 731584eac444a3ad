import Crypto
import Foundation
import Synchronization
import Testing

@testable import AuditLog

/// Reaches witnesses in this process, and does to their answers what a test says.
private final class LocalWitnesses: WitnessTransport {
    struct Down: Error {}

    private let witnesses = Mutex<[String: Witness]>([:])
    private let changes = Mutex<[String: @Sendable (Witness.Answer) throws -> (Int, [UInt8])]>([:])
    private let asked = Mutex(0)

    var requests: Int { asked.withLock { $0 } }

    func add(_ witness: Witness, at url: String) { witnesses.withLock { $0[url] = witness } }

    func change(_ url: String, _ body: (@Sendable (Witness.Answer) throws -> (Int, [UInt8]))?) {
        changes.withLock { $0[url] = body }
    }

    func post(_ url: String, body: [UInt8]) async throws -> (status: Int, body: [UInt8]) {
        asked.withLock { $0 += 1 }
        let prefix = String(url.dropLast("/add-checkpoint".count))
        guard url.hasSuffix("/add-checkpoint"), let witness = witnesses.withLock({ $0[prefix] }) else { throw Down() }
        let answer = witness.addCheckpoint(body)
        if let change = changes.withLock({ $0[prefix] }) { return try change(answer) }
        return (answer.status, answer.body)
    }
}

@Suite("Having a log witnessed")
struct WitnessFollowerTests {
    private let fixture: LogFixture
    private let transport = LocalWitnesses()
    private let policy: LogPolicy

    init() throws {
        fixture = try LogFixture()
        var text = "log \(fixture.authority.verifier)\n"
        for name in ["w0", "w1", "w2"] {
            let witness = try Self.witness(fixture, name)
            transport.add(witness, at: "http://\(name)")
            text += "witness \(name) \(witness.verifier) http://\(name)/\n"
        }
        policy = try LogPolicy(Array((text + "group g 2 w0 w1 w2\nquorum g\n").utf8), file: "policy")
    }

    private static func witness(_ fixture: LogFixture, _ name: String, directory: String? = nil) throws -> Witness {
        try Witness(
            directory: fixture.directory.path + "/" + (directory ?? name),
            name: name,
            logs: [fixture.authority.verifier],
            now: { 1_700_000_000 }
        )
    }

    private var follower: WitnessFollower {
        WitnessFollower(directory: fixture.log, policy: policy, transport: transport)
    }

    @Test("A growing log is cosigned by all, and its proofs verify by the policy")
    func grows() async throws {
        let follower = follower
        try await follower.round()
        #expect(transport.requests == 0)
        var count: UInt64 = 0
        for more in [3, 300, 1] {
            try fixture.fill(LogFixture.entries(more, from: Int(count)))
            count += UInt64(more)
            let status = try await follower.round()
            #expect(status == .init(witnessedSize: count, faults: [:]))
        }
        #expect(transport.requests == 9)
        // Nothing new, so nobody is asked.
        try await follower.round()
        #expect(transport.requests == 9)
        let note = try #require(try fixture.reader.witnessedNote())
        #expect(policy.judge(note) == .accepted(try Checkpoint(text: note.text), cosigners: ["w0", "w1", "w2"]))
        let proof = try fixture.reader.proof(of: 150)
        guard case .verified = proof.verify(policy: policy) else {
            Issue.record("\(proof.verify(policy: policy))")
            return
        }
        // A newer entry is proved by the log's own checkpoint, in which the policy has no trust.
        try fixture.fill(LogFixture.entries(1, from: 304))
        let newest = try fixture.reader.proof(of: 304)
        guard case .verified = newest.verify(keys: fixture.keys), case .refused = newest.verify(policy: policy) else {
            Issue.record("an entry that no witness saw")
            return
        }
        _ = try fixture.reader.proof(of: 150).verify(policy: policy)
        #expect(throws: AuditLogError.self) { try fixture.reader.proof(of: .max) }
    }

    @Test("A follower that starts anew asks where the witnesses stand")
    func restarted() async throws {
        try fixture.fill(LogFixture.entries(5))
        try await follower.round()
        try fixture.fill(LogFixture.entries(5, from: 5))
        let status = try await follower.round()
        #expect(status == .init(witnessedSize: 10, faults: [:]))
        #expect(transport.requests == 3 + 6)
    }

    @Test("One witness that is down does not hold up a quorum of two; two that are down do")
    func down() async throws {
        try fixture.fill(LogFixture.entries(5))
        transport.change("http://w1") { _ in throw LocalWitnesses.Down() }
        let follower = follower
        var status = try await follower.round()
        #expect(status.witnessedSize == 5 && Array(status.faults.keys) == ["w1"])
        transport.change("http://w2") { _ in (502, Array("bad gateway\u{1b}[2J\u{9b}2J\u{202e}\n".utf8)) }
        try fixture.fill(LogFixture.entries(5, from: 5))
        status = try await follower.round()
        #expect(status.witnessedSize == 5)
        #expect(status.faults["w2"] == .refused(status: 502, reason: "bad gateway [2J 2J "))
        #expect(try Checkpoint(text: try #require(try fixture.reader.witnessedNote()).text).size == 5)
        transport.change("http://w1", nil)
        transport.change("http://w2", nil)
        status = try await follower.round()
        #expect(status == .init(witnessedSize: 10, faults: [:]))
    }

    @Test("Answers that lie are no cosignatures")
    func lies() async throws {
        try fixture.fill(LogFixture.entries(5))
        let stranger = try CosignatureSigner(name: "w0", key: Curve25519.Signing.PrivateKey())
        let text = try #require(try fixture.reader.note()).text
        let foreign = try stranger.cosign(text, time: 1).line
        let lies: [@Sendable (Witness.Answer) -> (Int, [UInt8])] = [
            { _ in (200, []) }, { _ in (200, Array("ok\n".utf8)) }, { _ in (200, Array(foreign.utf8)) },
            { _ in (409, Array("5x\n".utf8)) }, { _ in (409, Array("0\n".utf8)) },
            { _ in (200, [UInt8](repeating: 0x41, count: 1 << 20)) }, { answer in (201, answer.body) },
        ]
        for (index, lie) in lies.enumerated() {
            transport.change("http://w0", lie)
            let status = try await follower.round()
            #expect(Array(status.faults.keys) == ["w0"], "lie \(index)")
        }
        transport.change("http://w0") { _ in (409, Array("7\n".utf8)) }
        #expect(try await follower.round().faults["w0"] == .contradicted(size: 7))
    }

    @Test("A log that was rewritten gets no cosignature, and is said to be")
    func rewritten() async throws {
        try fixture.fill(LogFixture.entries(300))
        let follower = follower
        try await follower.round()
        // The same key signs another history, as somebody who took over the node and its authority could.
        let forged = try LogFixture()
        let directory = fixture.directory.path
        let files = FileManager.default
        try files.removeItem(atPath: fixture.log)
        try files.removeItem(atPath: directory + "/authority/last-signed")
        let authority = try CheckpointAuthority(
            directory: copy(of: directory + "/authority"),
            origin: LogFixture.origin
        )
        let writer = try forged.writer(signer: authority) {
            $0.verifier = authority.verifier
        }
        _ = writer.appendAndWait(LogFixture.entries(400, from: 7))
        writer.close()
        let second = WitnessFollower(directory: forged.log, policy: policy, transport: transport)
        var status = try await second.round()
        #expect(status.witnessedSize == 0)
        #expect(status.faults.count == 3)
        for fault in status.faults.values { #expect(fault == .contradicted(size: 300)) }
        // It still says so where it is asked again, and where the log is shorter than what was seen.
        status = try await second.round()
        #expect(status.faults.count == 3)
        #expect(try forged.reader.witnessedNote() == nil)
    }

    private func copy(of directory: String) throws -> String {
        let copy = directory + "-copy"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: directory + "/signing.key", toPath: copy + "/signing.key")
        return copy
    }
}
