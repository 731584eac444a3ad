import Synchronization
import ZeroTrust

/// Carries a request to a witness.
public protocol WitnessTransport: Sendable {
    /// Posts a body and returns the answer.
    ///
    /// It bounds its own time, and the length of what it returns.
    ///
    /// - Throws: where no answer came.
    func post(_ url: String, body: [UInt8]) async throws -> (status: Int, body: [UInt8])
}

/// Has a log's checkpoints cosigned by the witnesses of a policy, and keeps the newest that its quorum covers.
///
/// The log goes on whatever the witnesses do: a record is durable, and in a signed tree, before any of them is asked.
public final class WitnessFollower: Sendable {
    /// How the witnesses stand, as of the last round.
    public struct Status: Hashable, Sendable {
        /// How many entries the newest checkpoint has that the quorum covers; zero where there is none.
        public var witnessedSize: UInt64 = 0
        /// What is wrong with a witness, by its name; a witness that cosigned is not in it.
        public var faults: [String: Fault] = [:]
    }

    /// What is wrong with a witness.
    public enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        /// It could not be reached, or did not answer in the protocol's terms.
        case unreachable(String)
        /// It answered, and does not cosign.
        case refused(status: Int, reason: String)
        /// It has cosigned more entries than the log has, or other ones: the log was rolled back or rewritten.
        case contradicted(size: UInt64)
        /// What it returned is not its signature over the checkpoint.
        case badSignature

        /// What is wrong, in words.
        public var description: String {
            switch self {
            case .unreachable(let reason): "cannot be asked: \(reason)"
            case .refused(let status, let reason): "does not cosign: \(status) \(reason)"
            case .contradicted(let size):
                "has cosigned \(size) entries of which this log is no continuation; it was rolled back or rewritten"
            case .badSignature: "returned a signature that is not its own over the checkpoint"
            }
        }
    }

    /// Where the log lies.
    public let directory: String
    private let policy: LogPolicy
    private let transport: any WitnessTransport
    private let files: any FileSystem
    /// Guards how far each witness has come, by its index, and the status.
    private let state = Mutex((sizes: [Int: UInt64](), status: Status()))

    /// A follower of the log in a directory.
    ///
    /// - Parameters:
    ///   - directory: where the log lies.
    ///   - policy: the witnesses that are asked are those with a URL.
    ///   - transport: how they are reached.
    public convenience init(directory: String, policy: LogPolicy, transport: any WitnessTransport) {
        self.init(directory: directory, policy: policy, transport: transport, files: SystemFiles())
    }

    package init(directory: String, policy: LogPolicy, transport: any WitnessTransport, files: any FileSystem) {
        self.directory = directory
        self.policy = policy
        self.transport = transport
        self.files = files
    }

    /// How the witnesses stood when they were last asked.
    public var status: Status { state.withLock { $0.status } }

    /// Asks every witness for the newest checkpoint, all at once.
    ///
    /// - Returns: how they stand then.
    /// - Throws: ``AuditLogError`` where the log cannot be read, or the cosigned checkpoint not be written.
    @discardableResult
    public func round() async throws -> Status {
        let layout = Layout(directory: directory)
        guard let note = try LogReader(directory: directory, files: files).note() else { return status }
        let checkpoint = try Checkpoint(text: note.text)
        guard checkpoint.size > 0, checkpoint.size > status.witnessedSize || !status.faults.isEmpty else {
            return status
        }
        typealias Answer = (index: Int, result: Result<SignedNote.Signature, Fault>)
        let answers = await withTaskGroup(of: Answer.self) { group in
            for (index, witness) in policy.witnesses.enumerated() {
                guard let url = witness.url else { continue }
                group.addTask { (index, await self.ask(index, witness, url, note, checkpoint)) }
            }
            return await group.reduce(into: [Answer]()) { $0.append($1) }
        }
        var faults: [String: Fault] = [:]
        var signatures: [(index: Int, signature: SignedNote.Signature)] = []
        for answer in answers {
            switch answer.result {
            case .success(let signature): signatures.append((answer.index, signature))
            case .failure(let fault): faults[policy.witnesses[answer.index].name] = fault
            }
        }
        let isCovered = policy.quorum.holds(Set(signatures.map(\.index)))
        if isCovered, !signatures.isEmpty {
            let lines = signatures.sorted { $0.index < $1.index }.map(\.signature)
            let witnessed = try SignedNote(text: note.text, signatures: note.signatures + lines)
            do {
                try files.install(witnessed.bytes, at: layout.witnessedCheckpoint)
                try files.synchronizeDirectory(directory)
            } catch {
                throw AuditLogError(.io, "the cosigned checkpoint cannot be written", cause: error)
            }
        }
        return state.withLock { state in
            if isCovered { state.status.witnessedSize = max(state.status.witnessedSize, checkpoint.size) }
            state.status.faults = faults
            return state.status
        }
    }

    /// Asks one witness, and again from where it says that it stands.
    private func ask(
        _ index: Int,
        _ witness: LogPolicy.WitnessEntry,
        _ url: String,
        _ note: SignedNote,
        _ checkpoint: Checkpoint
    ) async -> Result<SignedNote.Signature, Fault> {
        let known = state.withLock { $0.sizes[index] ?? 0 }
        // From a size that this log does not have there is no proof; the witness then says how far it has come.
        var oldSize = known <= checkpoint.size ? known : 0
        for _ in 0..<3 {
            let status: Int
            let body: [UInt8]
            do {
                let proof = try proof(from: oldSize, to: checkpoint.size)
                let request = AddCheckpoint(oldSize: oldSize, consistencyProof: proof, note: note)
                (status, body) = try await transport.post(Self.address(url), body: request.bytes)
            } catch let error as AuditLogError {
                return .failure(.unreachable("the proof cannot be made: \(error)"))
            } catch {
                return .failure(.unreachable("\(error)"))
            }
            switch status {
            case 200:
                guard let signature = Self.cosignature(in: body, by: witness.key, over: note.text) else {
                    return .failure(.badSignature)
                }
                state.withLock { $0.sizes[index] = checkpoint.size }
                return .success(signature)
            case 409:
                guard let size = Checkpoint.size(Substring(Self.reason(body))) else {
                    return .failure(.unreachable("it answers 409 without a size"))
                }
                state.withLock { $0.sizes[index] = size }
                guard size <= checkpoint.size else { return .failure(.contradicted(size: size)) }
                guard size != oldSize else {
                    return .failure(.refused(status: 409, reason: "it names the size that it was asked from"))
                }
                oldSize = size
            case 422: return .failure(.contradicted(size: oldSize))
            default: return .failure(.refused(status: status, reason: Self.reason(body)))
            }
        }
        return .failure(.unreachable("it names another size each time that it is asked"))
    }

    private func proof(from oldSize: UInt64, to size: UInt64) throws -> [MerkleHash] {
        guard oldSize > 0 else { return [] }
        return try MerkleTree.consistencyProof(
            oldSize: oldSize,
            size: size,
            from: TileReader(directory: directory, size: size, files: files)
        )
    }

    private static func address(_ prefix: String) -> String {
        (prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix) + "/add-checkpoint"
    }

    /// The witness's own line among those of an answer, where it verifies; others are passed over.
    private static func cosignature(
        in body: [UInt8],
        by key: CosignatureVerifier,
        over text: String
    ) -> SignedNote.Signature? {
        guard body.count <= SignedNote.maximumLength, let lines = try? SignedNote.signatures(body[...]) else {
            return nil
        }
        return lines.first { key.made($0) && key.time(of: $0.bytes[4...], over: text) != nil }
    }

    /// The first line of an answer, shortened.
    private static func reason(_ body: [UInt8]) -> String {
        PrintableLine.of(String(decoding: body.prefix { $0 != 0x0a }.prefix(200), as: UTF8.self))
    }
}
