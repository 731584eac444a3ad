import Foundation
import Testing
import ZeroTrust

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct FileKeyStoreTests {
    static let key = Redacted<[UInt8]>([0x30, 0x03, 0x02, 0x01, 0x00])

    @Test func `a key comes back until it is removed, and its file is for the owner alone`() throws {
        let directory = try TemporaryDirectory()
        let store = try FileKeyStore(directory: directory.path + "/keys")
        #expect(try store.key(for: "ab") == nil)
        try store.save(Self.key, for: "ab")
        #expect(try store.key(for: "ab")?.value == Self.key.value)
        #expect(try store.ids() == ["ab"])
        let attributes = try FileManager.default.attributesOfItem(atPath: directory.path + "/keys/ab.key.pem")
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let folder = try FileManager.default.attributesOfItem(atPath: directory.path + "/keys")
        #expect(folder[.posixPermissions] as? Int == 0o700)
        try store.remove("ab")
        try store.remove("ab")
        #expect(try store.ids().isEmpty)
    }

    @Test(arguments: [0o644, 0o640, 0o602, 0o4600])
    func `a key file that is open to others is refused`(_ mode: Int) throws {
        let directory = try TemporaryDirectory()
        let store = try FileKeyStore(directory: directory.path + "/keys")
        try store.save(Self.key, for: "ab")
        let path = directory.path + "/keys/ab.key.pem"
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        let failure = #expect(throws: IdentityError.self) { try store.key(for: "ab") }
        #expect(failure?.message.contains("chmod 0600 \(path)") == true)
    }

    @Test func `a directory that others may enter is refused`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(
            atPath: directory.path + "/keys",
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o755]
        )
        let failure = #expect(throws: IdentityError.self) { try FileKeyStore(directory: directory.path + "/keys") }
        #expect(failure?.message.contains("chmod 0700 \(directory.path)/keys") == true)
    }

    @Test(arguments: ["", "../x", "a/b", "key", String(repeating: "a", count: 129)])
    func `a name that is no key identifier never becomes a path`(_ name: String) throws {
        let directory = try TemporaryDirectory()
        let store = try FileKeyStore(directory: directory.path + "/keys")
        #expect(throws: IdentityError.self) { try store.save(Self.key, for: name) }
        #expect(throws: IdentityError.self) { try store.remove(name) }
    }

    @Test func `a file that holds no key is an error`() throws {
        let directory = try TemporaryDirectory()
        let store = try FileKeyStore(directory: directory.path + "/keys")
        _ = FileManager.default.createFile(
            atPath: directory.path + "/keys/ab.key.pem",
            contents: Data("nonsense".utf8),
            attributes: [.posixPermissions: 0o600]
        )
        #expect(throws: IdentityError.self) { try store.key(for: "ab") }
    }
}
