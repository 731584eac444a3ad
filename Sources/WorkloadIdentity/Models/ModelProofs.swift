public import FoundationEssentials
import RPC
import SPIFFE
import Synchronization
import ZeroTrust

/// The proofs of load that hold now, and the certificates that were issued on each.
///
/// A proof is withdrawn once, for good: from then on no process has it, nothing can be issued on it, and the serial
/// numbers of what was issued come back to be revoked. Both happen under one lock, so that no certificate is forgotten.
public final class ModelProofs: Sendable {
    /// Announces every change.
    public let changes = ChangeFeed()

    /// The longest life of a certificate that names a model, in seconds: the bound on what an authority that was killed
    /// no longer knows to revoke.
    public static let maximumLifetime: TimeInterval = 900

    /// What was issued on a proof.
    struct Issued: Hashable, Sendable {
        let serialNumber: String
        let notAfter: Date
    }

    private struct Held {
        let proof: ModelProof
        let command: ProcessHandle
        /// Finished when the proof ends.
        let life: AsyncStream<Never>.Continuation
        /// Whether it is on record, so that anybody may go by it.
        var isRecorded = false
        var issued: [Issued] = []
    }

    private struct State {
        var held: [UInt64: Held] = [:]
        var revision: UInt64 = 0
        var next: UInt64 = 1
    }

    /// Guards the proofs.
    private let state = Mutex(State())

    /// No proofs.
    public init() {}

    /// Grows with every change.
    var revision: UInt64 { state.withLock { $0.revision } }

    /// The proofs that hold now and are on record, by their numbers.
    public var all: [ModelProof] {
        state.withLock { $0.held.values.filter(\.isRecorded).map(\.proof) }.sorted { $0.number < $1.number }
    }

    /// Holds a proof for a command that a loader started, whose selectors are those that it was attested by.
    ///
    /// Nobody sees it before ``show(_:)``.
    ///
    /// - Returns: the proof, and a sequence without elements that ends with it.
    /// - Throws: ``IdentityError`` with `processGone` where the command has ended, or is not the loader's child.
    func hold(
        _ claim: ModelClaim,
        command pid: Int32,
        by loader: WorkloadProcess,
        entry: WorkloadEntry,
        selectors: Set<Selector>
    ) throws(IdentityError) -> (proof: ModelProof, life: AsyncStream<Never>) {
        guard pid > 1, let handle = ProcessHandle(pid: pid) else {
            throw IdentityError(.processGone, "the command's process \(pid) has ended")
        }
        let status = try loader.read { () throws(IdentityError) in try ProcessStatus(pid: pid) }
        guard status.parent == loader.credentials.pid, handle.isRunning else {
            throw IdentityError(
                .processGone,
                "the process \(pid) is no child of the loader's process \(loader.credentials.pid)"
            )
        }
        let (life, continuation) = AsyncStream.makeStream(of: Never.self)
        let proof = state.withLock { state in
            let proof = ModelProof(
                number: state.next,
                claim: claim,
                loader: entry.id,
                loaderSelectors: selectors,
                loaderUser: loader.credentials.uid,
                coversLoaderUser: entry.modelLoader == .sameUser,
                command: ProcessTree.Member(pid: pid, startTime: status.startTime)
            )
            state.next += 1
            state.held[proof.number] = Held(proof: proof, command: handle, life: continuation)
            return proof
        }
        return (proof, life)
    }

    /// Lets a proof count from now on, since it is on record.
    func show(_ number: UInt64) {
        let isHeld = state.withLock { state in
            guard state.held[number] != nil else { return false }
            state.held[number]?.isRecorded = true
            state.revision += 1
            return true
        }
        if isHeld { changes.announce() }
    }

    /// Ends a proof.
    ///
    /// - Returns: what was issued on it; nil where it was withdrawn before.
    func withdraw(_ number: UInt64) -> [Issued]? {
        let held = state.withLock { state -> Held? in
            guard let held = state.held.removeValue(forKey: number) else { return nil }
            state.revision += 1
            return held
        }
        guard let held else { return nil }
        held.life.finish()
        changes.announce()
        return held.issued
    }

    /// The proofs that cover a process, by their numbers; a process that loads several models has one of each.
    ///
    /// - Throws: ``IdentityError`` with `processGone` where the process ended or changed while it was looked at.
    func proofs(of process: WorkloadProcess) throws(IdentityError) -> [ModelProof] {
        var found: [ModelProof] = []
        for held in state.withLock({ $0.held.values.filter(\.isRecorded) }) {
            let proof = held.proof
            // A workload of the loader's own user could pose as the loader, and prove anything.
            guard proof.coversLoaderUser || process.credentials.uid != proof.loaderUser else { continue }
            guard held.command.isRunning else { continue }
            let isCovered = try process.read { () throws(IdentityError) in
                try ProcessTree.holds(process.credentials.pid, below: proof.command)
            }
            if isCovered, held.command.isRunning { found.append(proof) }
        }
        return found.sorted { $0.number < $1.number }
    }

    /// Whether a certificate that was made on a proof may be given out.
    enum Note {
        /// It may.
        case noted
        /// The proof was withdrawn meanwhile.
        case withdrawn
        /// ``maximumIssued`` stand on it.
        case full
    }

    /// Notes a certificate that was made on a proof, before anybody gets it.
    func note(_ svid: IssuedSVID, under proof: ModelProof) -> Note {
        state.withLock { state in
            guard var held = state.held[proof.number] else { return .withdrawn }
            // What has expired needs no revocation.
            held.issued.removeAll { $0.notAfter < svid.issuedAt - Self.slack }
            // Each has to be revoked when the proof goes: a workload cannot make that take long.
            guard held.issued.count < Self.maximumIssued else { return .full }
            held.issued.append(Issued(serialNumber: svid.serialNumber, notAfter: svid.notAfter))
            state.held[proof.number] = held
            return .noted
        }
    }

    /// How many certificates that have not expired may stand on one proof.
    static let maximumIssued = 256

    /// How long after its end a certificate is still remembered: clocks differ.
    static let slack: TimeInterval = 300
}
