import Crypto
import Synchronization
import ZeroTrust

/// A witness: cosigns the checkpoints of the logs that it knows, as long as each continues what it cosigned before
/// (C2SP tlog-witness).
///
/// Who takes over a log and its key can still not show one history to some and another to others: the witness, which
/// stands elsewhere, never cosigns two that contradict each other. What it cosigned last is on the disk before a
/// cosignature leaves.
///
/// ```swift
/// let witness = try Witness(directory: "/var/lib/witness", name: "witness.example/w1", logs: [log])
/// let answer = witness.addCheckpoint(body)  // answer.status is 200, 409, …
/// ```
public final class Witness: Sendable {
    /// The key that verifies the cosignatures.
    public let verifier: CosignatureVerifier

    /// An answer to a request, in HTTP's terms.
    public struct Answer: Hashable, Sendable {
        /// 200, or why not: 400, 403, 404, 409, 422, 500 or 503.
        public let status: Int
        /// The type of the body.
        public let contentType: String
        /// The cosignature lines, the size that was cosigned last, or a reason.
        public let body: [UInt8]

        static func refused(_ status: Int, _ reason: String) -> Answer {
            Answer(status: status, contentType: "text/plain; charset=utf-8", body: Array((reason + "\n").utf8))
        }
    }

    private struct Cosigned {
        let checkpoint: Checkpoint
        let note: SignedNote
    }

    private struct State {
        /// What was cosigned last, by origin.
        var last: [String: Cosigned] = [:]
        /// The latest time that was signed, in seconds since 1970.
        var time: UInt64 = 0
    }

    private let signer: CosignatureSigner
    private let logs: [String: [NoteVerifier]]
    private let directory: String
    private let files: any FileSystem
    private let lock: FileLock
    private let now: @Sendable () -> UInt64
    /// Guards what was cosigned last: a check and what follows from it are one.
    private let state: Mutex<State>

    /// Reads the key and the state of a witness, or makes a key where there is none.
    ///
    /// - Parameters:
    ///   - directory: where the key (mode 0600) and the state lie; it is made where it is missing.
    ///   - name: the name of the witness, such as `witness.example/w1`.
    ///   - logs: the keys of the logs that it cosigns; a log's origin is the name of its key.
    ///   - now: the time in seconds since 1970.
    /// - Throws: ``AuditLogError`` where the files cannot be read, are another witness's, or are in use.
    public convenience init(
        directory: String,
        name: String,
        logs: [NoteVerifier],
        now: @escaping @Sendable () -> UInt64
    ) throws {
        try self.init(directory: directory, name: name, logs: logs, now: now, files: SystemFiles())
    }

    package init(
        directory: String,
        name: String,
        logs: [NoteVerifier],
        now: @escaping @Sendable () -> UInt64,
        files: any FileSystem
    ) throws {
        self.directory = directory
        self.files = files
        self.now = now
        self.logs = Dictionary(grouping: logs, by: \.name)
        do {
            try files.makeDirectories(directory + "/logs")
            self.lock = try FileLock(directory + "/lock")
            self.signer = try Self.signer(directory: directory, name: name, files: files)
            self.verifier = signer.verifier
            var state = State()
            for (origin, keys) in self.logs {
                let path = Self.path(directory, Self.hash(of: origin))
                guard let bytes = try files.contents(path) else { continue }
                let (last, time) = try Self.cosigned(bytes, by: signer.verifier, keys: keys, path: path)
                state.last[origin] = last
                state.time = max(state.time, time)
            }
            self.state = Mutex(state)
        } catch let error as FileError {
            throw AuditLogError(.io, "cannot open the witness's files", cause: error)
        }
    }

    /// Answers `POST /add-checkpoint`.
    ///
    /// - Returns: the cosignature where the checkpoint continues what was cosigned last, which then is this one; or the
    ///   refusal that the specification has for the case.
    public func addCheckpoint(_ body: [UInt8]) -> Answer {
        let request: AddCheckpoint
        let checkpoint: Checkpoint
        do {
            request = try AddCheckpoint(body)
            checkpoint = try Checkpoint(text: request.note.text)
        } catch {
            return .refused(400, "\(error)")
        }
        // A name that only looks the same finds the keys, and is none of theirs.
        let keys = (logs[checkpoint.origin] ?? []).filter { $0.text.isNamed(checkpoint.origin) }
        guard !keys.isEmpty else {
            return .refused(404, "this witness does not know the log `\(checkpoint.origin)`")
        }
        guard request.note.verify(with: keys) else {
            return .refused(403, "the checkpoint is not signed by a trusted key of the log `\(checkpoint.origin)`")
        }
        guard request.oldSize <= checkpoint.size else {
            return .refused(400, "the old size is \(request.oldSize), and the checkpoint has \(checkpoint.size)")
        }
        return state.withLock { state in
            let last = state.last[checkpoint.origin]
            let lastSize = last?.checkpoint.size ?? 0
            guard request.oldSize == lastSize else {
                return Answer(status: 409, contentType: "text/x.tlog.size", body: Array("\(lastSize)\n".utf8))
            }
            guard Self.continues(checkpoint, last?.checkpoint, proof: request.consistencyProof) else {
                return .refused(
                    422,
                    "the tree does not begin with the one of \(lastSize) entries that was cosigned last"
                )
            }
            let time = now()
            guard time > 0, time >= state.time else {
                return .refused(503, "the witness's clock is behind what it has signed")
            }
            do {
                let cosignature = try signer.cosign(request.note.text, time: time)
                // Signatures by others say nothing that was checked here, and are not passed on.
                let own = request.note.signatures.filter { signature in
                    keys.contains { $0.made(signature) }
                }
                let note = try SignedNote(text: request.note.text, signatures: own + [cosignature])
                try files.install(note.bytes, at: Self.path(directory, Self.hash(of: checkpoint.origin)))
                try files.synchronizeDirectory(directory + "/logs")
                state.last[checkpoint.origin] = Cosigned(checkpoint: checkpoint, note: note)
                state.time = time
                return Answer(
                    status: 200,
                    contentType: "text/plain; charset=utf-8",
                    body: Array(cosignature.line.utf8)
                )
            } catch {
                return .refused(500, "the checkpoint could not be kept, and so was not cosigned")
            }
        }
    }

    /// Answers `GET /HASH/checkpoint`: what was cosigned last of a log, with the log's signature and the witness's.
    ///
    /// - Parameter originHash: the SHA-256 of the log's name, in lower-case hexadecimal.
    /// - Returns: the note; nil where none was cosigned.
    public func checkpoint(originHash: String) -> [UInt8]? {
        state.withLock { state in
            state.last.first { Self.hash(of: $0.key) == originHash }?.value.note.bytes
        }
    }

    /// How many entries of each log were cosigned last, by origin.
    public var sizes: [String: UInt64] {
        state.withLock { $0.last.mapValues(\.checkpoint.size) }
    }

    /// Whether a checkpoint continues what was cosigned last.
    private static func continues(_ checkpoint: Checkpoint, _ last: Checkpoint?, proof: [MerkleHash]) -> Bool {
        if checkpoint.size == 0, checkpoint.root != .emptyRoot { return false }
        guard let last, last.size > 0 else { return proof.isEmpty }
        return MerkleProof.verifyConsistency(
            oldSize: last.size,
            oldRoot: last.root,
            size: checkpoint.size,
            root: checkpoint.root,
            path: proof
        )
    }

    /// The SHA-256 of a log's name in hexadecimal, by which the log is found.
    public static func hash(of origin: String) -> String {
        Hexadecimal.text(SHA256.hash(data: Array(origin.utf8)))
    }

    private static func path(_ directory: String, _ originHash: String) -> String {
        "\(directory)/logs/\(originHash)"
    }

    /// What an earlier run cosigned; it has to bear the witness's signature, and one of the log.
    private static func cosigned(
        _ bytes: [UInt8],
        by verifier: CosignatureVerifier,
        keys: [NoteVerifier],
        path: String
    ) throws -> (Cosigned, time: UInt64) {
        let note = try SignedNote(bytes)
        let times = note.signatures.filter { verifier.made($0) }.compactMap {
            verifier.time(of: $0.bytes[4...], over: note.text)
        }
        guard let time = times.max(), note.verify(with: keys) else {
            throw AuditLogError(.corrupt, "`\(path)` does not bear this witness's signature and the log's")
        }
        return (Cosigned(checkpoint: try Checkpoint(text: note.text), note: note), time)
    }

    private static func signer(
        directory: String,
        name: String,
        files: any FileSystem
    ) throws -> CosignatureSigner {
        let path = directory + "/cosigning.key"
        if let text = try SecretFile.read(path, files: files) {
            let signer = try CosignatureSigner(privateText: text)
            guard signer.verifier.name == name else {
                throw AuditLogError(.malformed, "the key in `\(path)` is of the witness `\(signer.verifier.name)`")
            }
            return signer
        }
        guard try files.names(directory + "/logs")?.isEmpty ?? true else {
            throw AuditLogError(.corrupt, "the key `\(path)` is missing, and checkpoints were cosigned with it")
        }
        let signer = try CosignatureSigner(name: name, key: Curve25519.Signing.PrivateKey())
        try SecretFile.create(path, text: signer.privateText, files: files)
        return signer
    }
}
