import Crypto
import Synchronization

/// Holds a log's signing key and what it signed last, and never signs two trees that contradict each other.
///
/// It lives in another process than the log: whoever takes over the log can add to it, but cannot have a rewritten log
/// signed. The size and root signed last are brought to the disk before a signature leaves.
///
/// ```swift
/// let authority = try CheckpointAuthority(directory: "/var/lib/lapwing/authority/log", origin: "lapwing.example/node-1")
/// print(authority.verifier)  // what those who verify the log have to know
/// ```
public final class CheckpointAuthority: CheckpointSigner {
    /// The key that verifies the checkpoints.
    public let verifier: NoteVerifier

    private let signer: NoteSigner
    private let directory: String
    private let files: any FileSystem
    private let lock: FileLock
    /// Guards the checkpoint signed last, and that one signature is made at a time.
    private let last: Mutex<Checkpoint?>

    /// Reads the key of a log, or makes one where there is none.
    ///
    /// - Parameters:
    ///   - directory: where the key (mode 0600) and the state lie; it is made where it is missing.
    ///   - origin: the name of the log.
    /// - Throws: ``AuditLogError`` where the files cannot be read, are another log's, or are in use.
    public convenience init(directory: String, origin: String) throws {
        try self.init(directory: directory, origin: origin, files: SystemFiles())
    }

    package init(directory: String, origin: String, files: any FileSystem) throws {
        self.directory = directory
        self.files = files
        do {
            try files.makeDirectories(directory)
            self.lock = try FileLock(directory + "/lock")
            self.signer = try Self.signer(directory: directory, origin: origin, files: files)
            self.verifier = signer.verifier
            self.last = Mutex(try Self.last(directory: directory, origin: origin, signer.verifier, files))
        } catch let error as FileError {
            throw AuditLogError(.io, "cannot open the log's signing key", cause: error)
        }
    }

    /// The size that was signed last; nil where none was.
    public var lastSize: UInt64? { last.withLock { $0?.size } }

    /// Signs a checkpoint that continues the one signed last; asked again for the same one, signs it again.
    ///
    /// - Throws: ``CheckpointRefusal`` where it does not continue it; ``AuditLogError`` where the state cannot be kept.
    public func sign(_ request: CheckpointRequest) throws -> [UInt8] {
        guard request.origin == verifier.name else { throw CheckpointRefusal.unknownOrigin }
        return try last.withLock { last in
            let checkpoint = Checkpoint(origin: request.origin, size: request.size, root: request.root)
            if checkpoint != last {
                try Self.check(request, continues: last)
            }
            let note = try signer.sign(checkpoint.text).bytes
            if checkpoint != last {
                do {
                    try files.install(note, at: Self.lastPath(directory))
                    try files.synchronizeDirectory(directory)
                } catch {
                    throw AuditLogError(.io, "cannot keep the checkpoint that was to be signed", cause: error)
                }
                last = checkpoint
            }
            return note
        }
    }

    private static func check(_ request: CheckpointRequest, continues last: Checkpoint?) throws {
        let oldSize = last?.size ?? 0
        guard request.oldSize == oldSize else { throw CheckpointRefusal.conflict(lastSize: oldSize) }
        guard let last, oldSize > 0 else {
            // Every tree continues the empty one; only the empty one itself has a root that is known.
            guard request.size > 0 || request.root == .emptyRoot else { throw CheckpointRefusal.inconsistent }
            return
        }
        let isConsistent = MerkleProof.verifyConsistency(
            oldSize: oldSize,
            oldRoot: last.root,
            size: request.size,
            root: request.root,
            path: request.consistencyProof
        )
        guard isConsistent else { throw CheckpointRefusal.inconsistent }
    }

    private static func lastPath(_ directory: String) -> String { directory + "/last-signed" }

    /// The checkpoint that was signed last, which has to bear this key's signature.
    private static func last(
        directory: String,
        origin: String,
        _ verifier: NoteVerifier,
        _ files: any FileSystem
    ) throws -> Checkpoint? {
        guard let bytes = try files.contents(lastPath(directory)) else { return nil }
        let note = try SignedNote(bytes)
        guard note.verify(with: [verifier]) else {
            throw AuditLogError(.corrupt, "`\(lastPath(directory))` does not bear the signature of the log's key")
        }
        return try Checkpoint(text: note.text)
    }

    private static func signer(directory: String, origin: String, files: any FileSystem) throws -> NoteSigner {
        let path = directory + "/signing.key"
        if let text = try SecretFile.read(path, files: files) {
            let signer = try NoteSigner(privateText: text)
            guard signer.verifier.name == origin else {
                throw AuditLogError(.malformed, "the key in `\(path)` is of the log `\(signer.verifier.name)`")
            }
            return signer
        }
        guard try files.contents(lastPath(directory)) == nil else {
            throw AuditLogError(.corrupt, "the signing key `\(path)` is missing, and checkpoints were signed with it")
        }
        let signer = try NoteSigner(name: origin, key: Curve25519.Signing.PrivateKey())
        try SecretFile.create(path, text: signer.privateText, files: files)
        return signer
    }
}
