import AuditLog
import Foundation
import Testing

@Suite struct `Checkpoint authority` {
    private let directory: TemporaryDirectory
    private let origin = "log.example/a"
    private let leaves = (0..<20).map { MerkleHash.leaf([UInt8($0)]) }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private struct Leaves: HashSource {
        let leaves: [MerkleHash]

        func hash(level: Int, index: UInt64) throws -> MerkleHash {
            guard level > 0 else { return leaves[Int(index)] }
            return .node(try hash(level: level - 1, index: 2 * index), try hash(level: level - 1, index: 2 * index + 1))
        }
    }

    private func request(_ oldSize: UInt64, _ size: UInt64, of leaves: [MerkleHash]? = nil) throws -> CheckpointRequest {
        let source = Leaves(leaves: leaves ?? self.leaves)
        return CheckpointRequest(
            origin: origin,
            size: size,
            root: try MerkleTree.root(size: size, from: source),
            oldSize: oldSize,
            consistencyProof: try MerkleTree.consistencyProof(oldSize: oldSize, size: size, from: source)
        )
    }

    private func open(files: any FileSystem = SystemFiles()) throws -> CheckpointAuthority {
        try CheckpointAuthority(directory: directory.path + "/key", origin: origin, files: files)
    }

    @Test func `signs what grows, and the same again`() throws {
        let authority = try open()
        #expect(authority.lastSize == nil)
        for (old, size) in [(0, 0), (0, 5), (0, 5), (5, 5), (5, 16), (16, 20)] as [(UInt64, UInt64)] {
            let request = try request(old, size)
            let note = try SignedNote(authority.sign(request))
            #expect(note.verify(with: [authority.verifier]))
            #expect(try Checkpoint(text: note.text).size == size)
        }
        #expect(authority.lastSize == 20)
    }

    @Test func `never signs two trees that contradict each other`() throws {
        let authority = try open()
        _ = try authority.sign(request(0, 5))
        var other = leaves
        other[3] = .leaf([99])
        #expect(throws: CheckpointRefusal.inconsistent) { try authority.sign(request(5, 5, of: other)) }
        #expect(throws: CheckpointRefusal.inconsistent) { try authority.sign(request(5, 9, of: other)) }
        #expect(throws: CheckpointRefusal.conflict(lastSize: 5)) { try authority.sign(request(0, 9, of: other)) }
        #expect(throws: CheckpointRefusal.conflict(lastSize: 5)) { try authority.sign(request(0, 3)) }
        #expect(throws: CheckpointRefusal.conflict(lastSize: 5)) { try authority.sign(request(3, 4)) }
        var shrunk = try request(0, 3)
        shrunk.oldSize = 5
        #expect(throws: CheckpointRefusal.inconsistent) { try authority.sign(shrunk) }
        var foreign = try request(5, 9)
        foreign.origin = "log.example/b"
        #expect(throws: CheckpointRefusal.unknownOrigin) { try authority.sign(foreign) }
        #expect(authority.lastSize == 5)
    }

    @Test func `remembers its key and what it signed over a restart`() throws {
        var authority: CheckpointAuthority? = try open()
        let key = authority?.verifier
        _ = try authority?.sign(request(0, 5))
        authority = nil
        let again = try open()
        #expect(again.verifier == key)
        #expect(again.lastSize == 5)
        #expect(throws: CheckpointRefusal.conflict(lastSize: 5)) { try again.sign(request(0, 9)) }
    }

    @Test func `does not sign what it cannot remember`() throws {
        let files = FaultyFiles()
        let authority = try open(files: files)
        files.inject(.init(operation: .sync, path: "last-signed", effect: .error(5)))
        #expect(throws: AuditLogError.self) { try authority.sign(request(0, 5)) }
        #expect(authority.lastSize == nil)
        files.clear()
        _ = try authority.sign(request(0, 6))
    }

    @Test func `has its key for itself`() throws {
        let authority = try open()
        let path = directory.path + "/key/signing.key"
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(throws: AuditLogError.self, "a second one in use") { try open() }
        _ = authority
    }

    @Test(arguments: ["mode", "name", "garbage", "missing", "signature"])
    func `refuses files that are not as it left them`(fault: String) throws {
        var authority: CheckpointAuthority? = try open()
        _ = try authority?.sign(request(0, 5))
        authority = nil
        let path = directory.path + "/key/signing.key"
        switch fault {
        case "mode": try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        case "name": break
        case "garbage": try Data("PRIVATE+KEY+x".utf8).write(to: URL(filePath: path))
        case "missing": try FileManager.default.removeItem(atPath: path)
        default: try directory.flip("key/last-signed", at: 15)
        }
        if fault == "garbage" {
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
        }
        let name = fault == "name" ? "log.example/other" : origin
        #expect(throws: AuditLogError.self) { try CheckpointAuthority(directory: directory.path + "/key", origin: name) }
    }
}
