import Crypto
import Foundation
import Glibc
public import ZeroTrust

/// Reads bodies that were kept, and destroys a tenant's.
public struct BodyArchive: Sendable {
    /// Where the bodies lie.
    public let directory: String
    private let files: any FileSystem

    /// The bodies in a directory.
    public init(directory: String) {
        self.init(directory: directory, files: SystemFiles())
    }

    package init(directory: String, files: any FileSystem) {
        self.directory = directory
        self.files = files
    }

    /// What can be said of a body that a record names.
    public enum Outcome: Hashable, Sendable {
        /// The body, which has the digest that the log has for it.
        case body([UInt8])
        /// The tenant's key was destroyed, and with it the body.
        case shredded
        /// The file of that day was removed.
        case removed
    }

    /// A body that a record names.
    ///
    /// - Throws: ``AuditLogError`` with `unverified` where the bytes are not those that were sealed, with `malformed` where
    ///   the reference is none, and with `io` where a file cannot be read.
    public func open(_ part: BodyRecord.Part, of id: RequestID, _ side: BodyVault.Side) throws -> Outcome {
        guard let reference = BodyReference(part.reference) else {
            throw AuditLogError(.malformed, "`\(part.reference.prefix(200))` is no reference to a body")
        }
        do {
            let place = directory + "/" + reference.tenant
            guard let own = try TenantKey.read(in: place, files: files),
                reference.name.hasSuffix("." + own.id)
            else { return .shredded }
            let keyFile = directory + "/" + reference.name + ".key"
            guard let text = try SecretFile.read(keyFile, files: files),
                let sealed = try read(reference)
            else { return .removed }
            let date = String(reference.name.dropFirst(reference.tenant.count + 1).prefix(10))
            let secret = try own.unwrap(text, for: reference.name, file: keyFile)
            let day = DayKey(secret, date: date, tenantKey: own.id, name: reference.name)
            guard let box = try? AES.GCM.SealedBox(combined: sealed),
                let body = try? AES.GCM.open(
                    box,
                    using: day.sealing,
                    authenticating: BodyVault.context(reference.tenant, id, side)
                ),
                Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: body, using: day.digesting)) == part.digest
            else { throw AuditLogError(.unverified, "`\(reference)` is not the body that was recorded") }
            return .body(Array(body))
        } catch let error as FileError {
            throw AuditLogError(.io, "the body cannot be read", cause: error)
        }
    }

    private func read(_ reference: BodyReference) throws(FileError) -> [UInt8]? {
        let path = directory + "/" + reference.file
        let file = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            guard errno == ENOENT else { throw FileError(number: errno, operation: "open", path: path) }
            return nil
        }
        defer { close(file) }
        var failure: FileError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: reference.length) { buffer, count in
            while count < reference.length {
                // Reads only into the part of the buffer that is left.
                let read = unsafe pread(
                    file,
                    buffer.baseAddress.map { unsafe $0 + count },
                    reference.length - count,
                    reference.offset + count
                )
                if read > 0 {
                    count += read
                } else if read == 0 {
                    return
                } else if errno != EINTR {
                    failure = FileError(number: errno, operation: "read", path: path)
                    return
                }
            }
        }
        if let failure { throw failure }
        return bytes
    }

    /// The tenants that have a key, or one whose destruction was cut short.
    ///
    /// - Throws: ``AuditLogError`` where the directory cannot be read.
    public func tenants() throws -> [String] {
        do {
            return try (files.names(directory) ?? []).filter { name in
                guard BodyVault.isTenant(name) else { return false }
                return try TenantKey.exists(in: directory + "/" + name, files: files)
            }
        } catch {
            throw AuditLogError(.io, "the bodies in `\(directory)` cannot be read", cause: error)
        }
    }

    /// Destroys a tenant's key, and with it every body that was kept for the tenant; what is kept from then on has
    /// another key.
    ///
    /// Whoever calls this has it recorded first.
    ///
    /// - Returns: the id of the key; nil where the tenant has none.
    /// - Throws: ``AuditLogError`` where it cannot be destroyed.
    public func shred(_ tenant: String) throws -> String? {
        guard BodyVault.isTenant(tenant) else { throw AuditLogError(.malformed, "`\(tenant.prefix(80))` is no tenant") }
        do {
            return try TenantKey.destroy(in: directory + "/" + tenant, files: files)
        } catch let error as FileError {
            throw AuditLogError(.io, "the key of `\(tenant)` cannot be destroyed", cause: error)
        }
    }

    /// Removes the files of days before one, and the wrapped keys of those days.
    ///
    /// - Parameters:
    ///   - day: the first day that is kept, `2026-11-26`.
    ///   - held: tenants whose bodies are not removed.
    /// - Returns: the files that were removed, below the directory.
    /// - Throws: ``AuditLogError`` where one cannot be.
    public func removeBodies(before day: String, except held: Set<String> = []) throws -> [String] {
        do {
            var removed: [String] = []
            for tenant in try files.names(directory) ?? [] where BodyVault.isTenant(tenant) && !held.contains(tenant) {
                let place = directory + "/" + tenant
                for name in try files.names(place) ?? [] {
                    guard name.hasSuffix(".bodies") || name.hasSuffix(".key"), name != "tenant.key",
                        name.prefix(10) < day
                    else { continue }
                    try files.remove(place + "/" + name)
                    removed.append(tenant + "/" + name)
                }
                try files.synchronizeDirectory(place)
            }
            return removed
        } catch {
            throw AuditLogError(.io, "old bodies cannot be removed", cause: error)
        }
    }
}
