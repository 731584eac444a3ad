import Crypto
import Foundation
import Glibc
import ZeroTrust

/// The key that wraps a tenant's data keys: without it nothing that was sealed for the tenant can be read.
struct TenantKey: Sendable {
    /// The id, 16 digits of hexadecimal; a key that takes the place of a destroyed one has another.
    let id: String
    private let key: SymmetricKey

    private static let head = "lapwing-tenant-key-v1"

    /// How the name of a key ends that is about to be destroyed.
    private static let taken = ".destroyed"

    static func path(in directory: String) -> String { directory + "/tenant.key" }

    /// A tenant's key; nil where there is none, or none any more.
    static func read(in directory: String, files: any FileSystem) throws -> TenantKey? {
        try read(file: path(in: directory), files: files)
    }

    private static func read(file path: String, files: any FileSystem) throws -> TenantKey? {
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
        let id = Hexadecimal.text((0..<8).map { _ in UInt8.random(in: .min ... .max) })
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

    /// Destroys a tenant's key for good.
    ///
    /// It is taken away under a name that nobody else uses, its bytes are overwritten, and then the file is gone: a key that
    /// another process makes meanwhile is not touched.
    ///
    /// - Returns: the key's id; nil where there was none.
    static func destroy(in directory: String, files: any FileSystem) throws -> String? {
        let leftover = try finishDestruction(in: directory, files: files)
        let path = path(in: directory)
        guard try files.contents(path) != nil else { return leftover }
        // What is no key is not touched.
        _ = try read(in: directory, files: files)
        let own = "\(path).\(Hexadecimal.text((0..<8).map { _ in UInt8.random(in: .min ... .max) }))\(taken)"
        do { try files.rename(path, to: own) } catch {
            // Another process was faster.
            guard error.number == ENOENT else { throw error }
            return leftover
        }
        // From then on nobody finds it, also after a loss of power.
        try files.synchronizeDirectory(directory)
        return try finishDestruction(in: directory, files: files) ?? leftover
    }

    /// Destroys what was taken away to be destroyed, where that was cut short.
    ///
    /// - Returns: the id of a key that was; nil where there was none.
    @discardableResult
    static func finishDestruction(in directory: String, files: any FileSystem) throws -> String? {
        var destroyed: String?
        for name in try files.names(directory) ?? [] where name.hasPrefix("tenant.key.") && name.hasSuffix(taken) {
            let path = directory + "/" + name
            do {
                let id = (try? read(file: path, files: files))?.id
                let length = try files.contents(path)?.count ?? 0
                let file = try files.open(path, create: false)
                do {
                    defer { files.close(file) }
                    try files.writeAll([UInt8](repeating: 0, count: length), to: file, at: 0, path: path)
                    try files.synchronize(file, path: path)
                }
                try files.remove(path)
                try files.synchronizeDirectory(directory)
                destroyed = id ?? destroyed
            } catch {
                // Another process was faster.
                guard error.number == ENOENT else { throw error }
            }
        }
        return destroyed
    }

    /// Whether a tenant has a key, or one whose destruction was cut short.
    static func exists(in directory: String, files: any FileSystem) throws(FileError) -> Bool {
        try files.names(directory)?.contains {
            $0 == "tenant.key" || $0.hasPrefix("tenant.key.") && $0.hasSuffix(taken)
        }
            ?? false
    }
}
