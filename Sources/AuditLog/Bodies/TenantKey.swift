import Crypto
import Foundation
import Glibc

/// The key that wraps a tenant's data keys: without it nothing that was sealed for the tenant can be read.
struct TenantKey: Sendable {
    /// The id, 16 digits of hexadecimal; a key that takes the place of a destroyed one has another.
    let id: String
    private let key: SymmetricKey

    private static let head = "lapwing-tenant-key-v1"

    static func path(in directory: String) -> String { directory + "/tenant.key" }

    /// A tenant's key; nil where there is none, or none any more.
    static func read(in directory: String, files: any FileSystem) throws -> TenantKey? {
        let path = path(in: directory)
        guard let text = try SecretFile.read(path, files: files) else { return nil }
        // Its destruction was cut short: nothing of it is left.
        guard text.utf8.contains(where: { $0 != 0 }) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 3, lines[0] == head, lines[1].utf8.count == 16, let bytes = Base64.decode(lines[2]),
            bytes.count == 32
        else { throw AuditLogError(.malformed, "`\(path)` is no tenant's key") }
        return TenantKey(id: String(lines[1]), key: SymmetricKey(data: bytes))
    }

    /// Makes a tenant's key.
    static func create(in directory: String, files: any FileSystem) throws -> TenantKey {
        let key = SymmetricKey(size: .bits256)
        let id = JSONWriter.hexText((0..<8).map { _ in UInt8.random(in: .min ... .max) })
        // The buffer is copied within the closure; the key's own memory is wiped by the library.
        let bytes = unsafe key.withUnsafeBytes { unsafe Array($0) }
        let text = "\(head)\n\(id)\n\(Base64.encode(bytes))"
        try SecretFile.create(path(in: directory), text: text, files: files)
        return TenantKey(id: id, key: key)
    }

    /// A data key as it lies on the disk.
    func wrap(_ secret: SymmetricKey, for name: String) throws -> String {
        // The buffer is read only within the closure.
        let sealed = try unsafe secret.withUnsafeBytes { bytes in
            try AES.GCM.seal(unsafe Data(bytes), using: key, authenticating: Array(name.utf8))
        }
        guard let combined = sealed.combined else { throw AuditLogError(.io, "a data key could not be wrapped") }
        return "lapwing-data-key-v1\n" + Base64.encode(Array(combined))
    }

    /// A data key read back.
    func unwrap(_ text: String, for name: String, file: String) throws -> SymmetricKey {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 2, lines[0] == "lapwing-data-key-v1", let bytes = Base64.decode(lines[1]),
            let box = try? AES.GCM.SealedBox(combined: bytes),
            let secret = try? AES.GCM.open(box, using: key, authenticating: Array(name.utf8)), secret.count == 32
        else { throw AuditLogError(.unverified, "`\(file)` is no data key of this tenant") }
        return SymmetricKey(data: secret)
    }

    /// Destroys a tenant's key: its bytes are overwritten, and then the file is gone.
    ///
    /// - Returns: the key's id; nil where there was none.
    static func destroy(in directory: String, files: any FileSystem) throws -> String? {
        guard let key = try read(in: directory, files: files) else { return nil }
        let path = path(in: directory)
        let length = try files.contents(path)?.count ?? 0
        let file = try files.open(path, create: false)
        do {
            defer { files.close(file) }
            try files.writeAll([UInt8](repeating: 0, count: length), to: file, at: 0, path: path)
            try files.synchronize(file, path: path)
        }
        try files.remove(path)
        try files.synchronizeDirectory(directory)
        return key.id
    }
}
