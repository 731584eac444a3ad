import AuditLog
import Crypto
import Foundation
import Glibc
import SPIFFE
import Storage
import WorkloadIdentity
import ZeroTrust

/// What the authority cannot be made again without: its keys, and the database of its certificates, entries, revocations
/// and bundles, as files in a directory that only their owner may enter.
///
/// The manifest names every file with its digest, so that what was cut short, mixed up or changed is found before any of
/// it counts. It does not make the copy safe to leave lying about: whoever has it is the authority.
struct AuthorityBackup {
    /// The file of the database.
    private static let database = "authority.sqlite"
    /// What stands for the processes of this machine: it means nothing on another, and is in no backup.
    static let standing = "standing.sqlite"
    /// The file of the key that signs the log.
    private static let signingKey = "log/signing.key"
    /// The file that names the others.
    private static let manifest = "manifest.json"
    /// The most files in a backup: a trust domain has few keys.
    private static let maximumFiles = 1024
    /// The largest file.
    private static let maximumFile = 256 * 1024 * 1024

    private struct Manifest: Codable {
        let version: Int
        let trustDomain: String
        let made: Date
        /// The SHA-256 of each file, by its path.
        let files: [String: String]
    }

    /// The directory of the copy.
    let directory: String

    // MARK: Making one

    /// Copies what an authority has, whether or not it runs.
    ///
    /// - Returns: how many files there are.
    /// - Throws: ``CommandError`` where the directory is there already, or anything cannot be read.
    func make(of settings: Settings) throws -> Int {
        let source = settings.authorityDirectory
        guard settings.authority.keyStorage == .disk else {
            throw CommandError(.usage, "the keys are kept in memory (`keyStorage: memory`), and cannot be copied")
        }
        guard FileManager.default.fileExists(atPath: source + "/" + Self.database) else {
            throw CommandError(.usage, "there is no authority at `\(source)`")
        }
        // The directory is made by us, so that nobody else can have put anything there.
        guard unsafe mkdir(directory, 0o700) == 0 else {
            throw CommandError(.usage, "`\(directory)` cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
        do {
            try SQLiteDatabase.copy(source + "/" + Self.database, to: directory + "/" + Self.database)
            var names = [Self.database]
            // Keys that were made since are copied as well, and do no harm; those that went meanwhile have signed their last.
            for folder in ["keys", "log"] {
                let from = source + "/" + folder
                guard FileManager.default.fileExists(atPath: from) else { continue }
                let content = try FileManager.default.contentsOfDirectory(atPath: from)
                guard unsafe mkdir(directory + "/" + folder, 0o700) == 0 else {
                    throw CommandError(.unreachable, "`\(directory)/\(folder)` cannot be made")
                }
                for name in content.sorted() where name.hasSuffix(".pem") || name == "signing.key" {
                    let text = try PrivateFile.read(from + "/" + name, maximum: 64 * 1024)
                    try PrivateFile.write(text, to: "\(directory)/\(folder)/\(name)")
                    names.append("\(folder)/\(name)")
                }
            }
            if let missing = Self.missing(in: names, of: settings) {
                throw CommandError(.unreachable, "the authority at `\(source)` has no \(missing)")
            }
            let manifest = Manifest(
                version: 1,
                trustDomain: settings.trustDomain.value.name,
                made: Date(),
                files: Dictionary(uniqueKeysWithValues: try names.map { ($0, try digest(of: $0)) })
            )
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            encoder.dateEncodingStrategy = .iso8601
            let text = String(decoding: try encoder.encode(manifest), as: UTF8.self) + "\n"
            // It is written last: without it there is no backup.
            try PrivateFile.write(text, to: directory + "/" + Self.manifest)
            return names.count
        } catch {
            try? FileManager.default.removeItem(atPath: directory)
            throw error
        }
    }

    private func digest(of name: String) throws -> String {
        let path = directory + "/" + name
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        guard let size = attributes?[.size] as? UInt64 else {
            throw CommandError(.unreachable, "`\(path)` cannot be read")
        }
        guard size <= Self.maximumFile else {
            throw CommandError(
                .unreachable,
                "`\(path)` has \(size) bytes; a file of a backup has \(Self.maximumFile) at most"
            )
        }
        guard let bytes = FileManager.default.contents(atPath: path) else {
            throw CommandError(.unreachable, "`\(path)` cannot be read")
        }
        return Hexadecimal.text(Array(SHA256.hash(data: bytes)))
    }

    /// What no authority can go on without, in words; nil where the files have it all.
    private static func missing(in names: [String], of settings: Settings) -> String? {
        if !names.contains(database) { return "`\(database)`" }
        if !names.contains(signingKey) { return "`\(signingKey)`" }
        // Where another Workload API gives the identities, no key of ours signs any, and keys in memory end with their process.
        let keepsKeys = settings.workloadAPI.value == nil && settings.authority.keyStorage == .disk
        let hasKeys = names.contains { $0.hasPrefix("keys/") && $0.hasSuffix(".pem") }
        if keepsKeys && !hasKeys { return "key in `keys`" }
        return nil
    }

    // MARK: Taking one back

    /// Refuses what is no backup at all, `/etc` for one, which is not to be closed to others on our advice.
    ///
    /// - Throws: ``CommandError`` with `unverified`.
    func requireManifest() throws {
        guard FileManager.default.fileExists(atPath: directory + "/" + Self.manifest) else {
            throw CommandError(
                .unverified,
                "`\(directory)` is no backup: there is no `\(Self.manifest)` in it; name a directory that `lapwing backup` made"
            )
        }
    }

    /// Checks that the copy is whole, and nobody else's.
    ///
    /// - Returns: the files, and when they were copied.
    /// - Throws: ``CommandError`` with `unverified` where it is not.
    func check(for settings: Settings) throws -> (files: [String], made: Date) {
        try requireManifest()
        let manifest: Manifest
        do {
            try PrivateFile.checkDirectory(directory)
            let decoder = JSONDecoder()
            decoder.dateDecodingStrategy = .iso8601
            let text = try PrivateFile.read(directory + "/" + Self.manifest, maximum: 1024 * 1024)
            manifest = try decoder.decode(Manifest.self, from: Data(text.utf8))
        } catch let error as IdentityError {
            throw CommandError(.unverified, "`\(directory)` is no backup that can be relied on: \(error.message)")
        } catch {
            throw CommandError(.unverified, "the manifest in `\(directory)` cannot be read: \(error)")
        }
        guard manifest.version == 1, manifest.files.count <= Self.maximumFiles else {
            throw CommandError(.unverified, "the manifest in `\(directory)` is of another Lapwing")
        }
        guard manifest.trustDomain == settings.trustDomain.value.name else {
            throw CommandError(
                .unverified,
                "the backup is of the trust domain `\(manifest.trustDomain)`, not of `\(settings.trustDomain.value)`"
            )
        }
        if let missing = Self.missing(in: Array(manifest.files.keys), of: settings) {
            throw CommandError(.unverified, "the backup has no \(missing)")
        }
        for (name, digest) in manifest.files {
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            guard
                name == Self.database
                    || (parts.count == 2 && ["keys", "log"].contains(parts[0]) && Self.isName(parts[1]))
            else { throw CommandError(.unverified, "the backup names a file that none has") }
            do { try PrivateFile.check(directory + "/" + name) } catch {
                throw CommandError(.unverified, error.message)
            }
            guard try self.digest(of: name) == digest else {
                throw CommandError(.unverified, "`\(name)` is not what was copied")
            }
        }
        return (manifest.files.keys.sorted(), manifest.made)
    }

    private static func isName(_ name: Substring) -> Bool {
        !name.isEmpty && !name.hasPrefix(".")
            && name.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7a).contains($0 | 0x20) || ".-_".utf8.contains($0)
            }
    }

    /// Puts the copy where an authority has its own; what is there is moved aside.
    ///
    /// No authority runs meanwhile: the lock of its signing key is held, in the old place and in the new one.
    ///
    /// The directory of the authority is there, be it empty.
    ///
    /// - Returns: where what was there lies now, and whether its database could be read, so that what was revoked since stays
    ///   so.
    /// - Throws: ``CommandError`` where the copy is not whole, or the authority runs; then nothing has changed.
    func restore(
        to settings: Settings,
        at now: Date = Date()
    ) throws -> (aside: String, hasCarried: Bool) {
        let (files, _) = try check(for: settings)
        let target = settings.authorityDirectory
        let held = try Self.lock(target)
        defer { withExtendedLifetime(held) {} }
        let (next, lock, hasCarried) = try prepare(files, inPlaceOf: target)
        defer { withExtendedLifetime(lock) {} }
        let aside = target + ".before-" + String(Int(now.timeIntervalSince1970))
        do { try FileManager.default.moveItem(atPath: target, toPath: aside) } catch {
            try? FileManager.default.removeItem(atPath: next)
            throw error
        }
        do { try FileManager.default.moveItem(atPath: next, toPath: target) } catch {
            try? FileManager.default.moveItem(atPath: aside, toPath: target)
            try? FileManager.default.removeItem(atPath: next)
            throw error
        }
        return (aside, hasCarried)
    }

    /// Takes the lock that a running authority holds.
    private static func lock(_ authority: String) throws -> FileLock {
        do {
            try FileManager.default.createDirectory(
                atPath: authority + "/log",
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
            return try FileLock(authority + "/log/lock")
        } catch let error as AuditLogError where error.code == .locked {
            throw CommandError(.refused, "an authority runs on `\(authority)`; stop it first")
        } catch {
            throw CommandError(.unreachable, "`\(authority)/log/lock` cannot be locked: \(error)")
        }
    }

    /// Makes a directory that an authority can go on with in the place of `old`, and locks it.
    private func prepare(
        _ files: [String],
        inPlaceOf old: String
    ) throws -> (directory: String, lock: FileLock, hasCarried: Bool) {
        let next = old + ".restored"
        try? FileManager.default.removeItem(atPath: next)
        do {
            let (lock, hasCarried) = try fill(next, with: files, inPlaceOf: old)
            return (next, lock, hasCarried)
        } catch {
            // Nothing with keys in it is left lying about.
            try? FileManager.default.removeItem(atPath: next)
            throw error
        }
    }

    private func fill(
        _ next: String,
        with files: [String],
        inPlaceOf old: String
    ) throws -> (lock: FileLock, hasCarried: Bool) {
        for path in [next, next + "/keys", next + "/log"] {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: false,
                attributes: [.posixPermissions: 0o700]
            )
        }
        let lock = try Self.lock(next)
        for name in files {
            try FileManager.default.copyItem(atPath: directory + "/" + name, toPath: next + "/" + name)
        }
        // It is opened, and so checked and brought forward, before it counts.
        let database = try SQLiteDatabase(path: next + "/" + Self.database)
        let hasCarried = try database.goOn(from: old + "/" + Self.database)
        try database.close()
        // What the authority of before has given to processes of this machine ends with them still.
        if FileManager.default.fileExists(atPath: old + "/" + Self.standing) {
            do { try SQLiteDatabase.copy(old + "/" + Self.standing, to: next + "/" + Self.standing) } catch {
                guard SQLiteDatabase.isDamage(error) else { throw error }
                throw SQLiteStandingStore.damaged(old + "/" + Self.standing, error)
            }
        }
        for name in Self.lasting where FileManager.default.fileExists(atPath: old + "/" + name) {
            try FileManager.default.copyItem(atPath: old + "/" + name, toPath: next + "/" + name)
        }
        return (lock, hasCarried)
    }

    /// What is never set back: the time that was seen, the acts that no log has yet, and what the log was signed up to, as
    /// an older state would sign two histories.
    private static let lasting = ["clock.floor", "acts.spool", "log/last-signed"]
}
