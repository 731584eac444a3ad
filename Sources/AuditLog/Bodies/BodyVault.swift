import CLinux
import Crypto
import Foundation
import Glibc
import Synchronization
public import ZeroTrust

/// Keeps bodies of requests and answers apart from the log, sealed so that a tenant's can be destroyed for good.
///
/// Each tenant has a key, and for each day a data key that is kept only wrapped by it; bodies are sealed with AES-256-GCM
/// under keys derived from the data key, and the log holds an HMAC-SHA256 under another. Who destroys the tenant's key
/// destroys all bodies of that tenant, and no proof of the log changes.
///
/// ```swift
/// let vault = try BodyVault(directory: "/var/lib/lapwing/bodies")
/// let part = try vault.seal(body, of: id, .request, tenant: "ml-api", length: UInt64(body.count), at: .now())
/// try vault.synchronize()
/// ```
public final class BodyVault: Sendable {
    /// Which body of a request it is.
    public enum Side: String, Sendable {
        /// What the client sent.
        case request
        /// What it was sent.
        case response
    }

    /// Where the bodies lie.
    public let directory: String
    private let files: any FileSystem
    private let lock: FileLock
    /// Guards the keys in use and the ends of the files.
    private let state = Mutex(State())

    private struct State {
        var days: [String: DayKey] = [:]
        /// The files that were written to since the last synchronisation.
        var unsynchronized: Set<String> = []
    }

    /// Opens the bodies in a directory, for writing; one process at a time does.
    ///
    /// - Throws: ``AuditLogError`` where it cannot be used.
    public convenience init(directory: String) throws {
        try self.init(directory: directory, files: SystemFiles())
    }

    package init(directory: String, files: any FileSystem) throws {
        self.directory = directory
        self.files = files
        do {
            try files.makeDirectories(directory)
            guard unsafe chmod(directory, 0o700) == 0 else {
                throw FileError(number: errno, operation: "change mode of", path: directory)
            }
            lock = try FileLock(directory + "/.lock")
            for tenant in try files.names(directory) ?? [] where Self.isTenant(tenant) {
                try TenantKey.finishDestruction(in: directory + "/" + tenant, files: files)
            }
        } catch let error as FileError {
            throw Self.failure(error)
        }
    }

    /// The longest name of a tenant.
    public static let maximumTenantLength = 63

    /// Whether a text can be a tenant: it is the name of a directory.
    public static func isTenant(_ text: String) -> Bool {
        (1...maximumTenantLength).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "-")
            }
    }

    /// Seals a body and adds it to the tenant's file of the day; ``synchronize()`` brings it to the disk.
    ///
    /// - Parameters:
    ///   - body: what is kept of it.
    ///   - id: the request's id, to which the sealed bytes are bound.
    ///   - side: which body it is.
    ///   - tenant: whose it is.
    ///   - length: how many bytes the body had.
    ///   - time: which day it is, in UTC.
    /// - Returns: what the record says of it, and the id of the key.
    /// - Throws: ``AuditLogError`` where it cannot be kept.
    public func seal(
        _ body: [UInt8],
        of id: RequestID,
        _ side: Side,
        tenant: String,
        length: UInt64,
        at time: Timestamp
    ) throws -> (part: BodyRecord.Part, key: String) {
        guard Self.isTenant(tenant) else { throw AuditLogError(.malformed, "`\(tenant.prefix(80))` is no tenant") }
        do {
            return try state.withLock { state in
                var day = try key(of: tenant, at: time, &state)
                let sealed = try AES.GCM.seal(
                    body,
                    using: day.sealing,
                    authenticating: Self.context(tenant, id, side)
                )
                guard let bytes = sealed.combined else { throw AuditLogError(.io, "a body could not be sealed") }
                let path = directory + "/" + day.file
                let file = try files.open(path, create: true)
                defer { files.close(file) }
                let offset = try day.end ?? Self.length(of: file, path)
                try files.writeAll(Array(bytes), to: file, at: offset, path: path)
                day.end = offset + bytes.count
                state.days[tenant] = day
                state.unsynchronized.insert(day.file)
                let part = BodyRecord.Part(
                    bytes: length,
                    kept: UInt64(body.count),
                    digest: Hexadecimal.text(HMAC<SHA256>.authenticationCode(for: body, using: day.digesting)),
                    reference: BodyReference(file: day.file, offset: offset, length: bytes.count).description
                )
                return (part, day.id)
            }
        } catch let error as FileError {
            throw Self.failure(error)
        }
    }

    /// Brings what was sealed to the disk, with the names of new files.
    ///
    /// - Throws: ``AuditLogError`` where that fails; nothing that was sealed since may be believed to be there.
    public func synchronize() throws {
        do {
            try state.withLock { state in
                for name in state.unsynchronized {
                    let path = directory + "/" + name
                    let file = try files.open(path, create: false)
                    defer { files.close(file) }
                    try files.synchronize(file, path: path)
                    try files.synchronizeDirectory(SystemFiles.parent(path))
                }
                state.unsynchronized = []
            }
        } catch let error as FileError {
            throw Self.failure(error)
        }
    }

    /// Lets go of the keys of tenants whose own key was destroyed.
    public func forgetShredded() {
        state.withLock { state in
            for (tenant, day) in state.days where (try? tenantKey(tenant))?.id != day.tenantKey {
                state.days[tenant] = nil
            }
        }
    }

    /// The key by which requests are chosen whose bodies are kept, 32 bytes; it is made where there is none.
    ///
    /// - Throws: ``AuditLogError`` where it cannot be read or written.
    public func samplingKey() throws -> [UInt8] {
        let path = directory + "/sampling.key"
        do {
            if let text = try SecretFile.read(path, files: files) {
                guard let key = Base64.decode(text), key.count == 32 else {
                    throw AuditLogError(.malformed, "`\(path)` is no key; expected 32 bytes in base64")
                }
                return key
            }
            let key = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
            try SecretFile.create(path, text: Base64.encode(key), files: files)
            return key
        } catch let error as FileError {
            throw Self.failure(error)
        }
    }

    // MARK: Keys

    /// The tenant's key of the day, made where there is none.
    private func key(of tenant: String, at time: Timestamp, _ state: inout State) throws -> DayKey {
        let date = String(time.description.prefix(10))
        let known = try tenantKey(tenant)
        if let day = state.days[tenant], day.date == date, day.tenantKey == known?.id { return day }
        let place = directory + "/" + tenant
        try files.makeDirectories(place)
        let own: TenantKey
        if let known { own = known } else { own = try TenantKey.create(in: place, files: files) }
        let name = "\(tenant)/\(date).\(own.id)"
        let path = directory + "/" + name + ".key"
        let secret: SymmetricKey
        if let text = try SecretFile.read(path, files: files) {
            secret = try own.unwrap(text, for: name, file: path)
        } else {
            secret = SymmetricKey(size: .bits256)
            try SecretFile.create(path, text: try own.wrap(secret, for: name), files: files)
        }
        let day = DayKey(secret, date: date, tenantKey: own.id, name: name)
        state.days[tenant] = day
        return day
    }

    private func tenantKey(_ tenant: String) throws -> TenantKey? {
        try TenantKey.read(in: directory + "/" + tenant, files: files)
    }

    static func context(_ tenant: String, _ id: RequestID, _ side: Side) -> [UInt8] {
        Array("lapwing-body-v1\n\(tenant)\n\(id)\n\(side.rawValue)\n".utf8)
    }

    private static func length(of file: Int32, _ path: String) throws(FileError) -> Int {
        var facts = stat()
        guard unsafe fstat(file, &facts) == 0 else { throw FileError(number: errno, operation: "read", path: path) }
        return Int(facts.st_size)
    }

    static func failure(_ error: FileError) -> AuditLogError {
        AuditLogError(error.number == ENOSPC ? .diskFull : .io, "bodies cannot be kept", cause: error)
    }
}

/// A tenant's key of one day, and what is derived from it.
struct DayKey: Sendable {
    let date: String
    /// The id of the tenant's key that wraps it.
    let tenantKey: String
    let sealing: SymmetricKey
    let digesting: SymmetricKey
    /// The file of the day's bodies, below the vault's directory.
    let file: String
    /// The key's id, as records have it.
    let id: String
    /// Where the file ends; nil before it was looked at.
    var end: Int?

    init(_ secret: SymmetricKey, date: String, tenantKey: String, name: String) {
        self.date = date
        self.tenantKey = tenantKey
        self.file = name + ".bodies"
        self.id = "\(tenantKey)/\(date)"
        func derive(_ purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(inputKeyMaterial: secret, info: Array(purpose.utf8), outputByteCount: 32)
        }
        sealing = derive("lapwing-body-seal-v1")
        digesting = derive("lapwing-body-digest-v1")
    }
}
