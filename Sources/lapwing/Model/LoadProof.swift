import Foundation
import ModelTrust
import RPC
import SPIFFE
import Synchronization
import WireProtos
import WorkloadIdentity
import ZeroTrust

/// Proves to the authority that a command has loaded a model, for as long as this process lives and the model stays what
/// was signed.
///
/// The proof has a lease, which is renewed for as long as somebody says with ``looked()`` that the model was looked at: what
/// nobody checks any more is not vouched for. Where the authority goes away, the proof is offered again once it is back.
/// After ``fail(_:)`` it never is.
final class LoadProof: Sendable {
    private static let retry = Duration.seconds(1)
    /// How long one that was refused waits at most.
    private static let longestRetry = Duration.seconds(60)
    /// How long the first offer waits for an authority, and a log, that are about to start.
    private static let patience = Duration.seconds(15)

    /// How old the last look at the model may be where the proof is renewed or offered again.
    private static let staleness = Duration.seconds(10)

    private let socket: String
    private let provenance: ModelProvenance
    /// Whether the model can change, so that it has to be looked at.
    private let isWatched: Bool
    private struct State {
        /// When the model was last looked at.
        var look = SuspendingClock.now
        /// Why the model is no longer what was signed; nil while it is.
        var failure: String?
        /// Who tells the authority of it.
        var listener: AsyncStream<String>.Continuation?
    }

    /// Guards the failure, and who hears of it.
    private let state = Mutex(State())

    /// A proof that is not offered yet.
    ///
    /// - Parameters:
    ///   - endpoint: Where the authority listens for workloads.
    ///   - provenance: What was proven of the model.
    ///   - isWatched: Whether the proof depends on ``looked()``; not where the model cannot change any more.
    /// - Throws: ``CommandError`` for an endpoint that is no Unix socket.
    init(_ endpoint: WorkloadEndpoint, _ provenance: ModelProvenance, isWatched: Bool) throws {
        guard case .unix(let path) = endpoint else {
            throw CommandError(.usage, "a proof of load needs the Workload API's Unix socket: TCP says not who calls")
        }
        socket = path
        self.provenance = provenance
        self.isWatched = isWatched
    }

    /// Offers the proof for a command, waits until the authority holds it, and goes on holding it.
    ///
    /// - Throws: ``CommandError`` where the authority does not take it.
    func hold(command: Int32) throws {
        let answer = Answer()
        Task.detached { await self.keep(command, answer) }
        answer.answered.wait()
        switch answer.result.withLock({ $0 }) {
        case .success: return
        case .failure(let status):
            throw CommandError(
                status.code == .permissionDenied || status.code == .invalidArgument ? .refused : .unreachable,
                "the authority does not take the proof of load: \(status.message)"
            )
        case nil: throw CommandError(.unreachable, "the authority did not answer")
        }
    }

    /// Says that the model is no longer what was signed; the authority withdraws the proof for good.
    func fail(_ reason: String) {
        let listener = state.withLock { state in
            state.failure = state.failure ?? reason
            return state.listener
        }
        listener?.yield(reason)
    }

    /// Says that the model is what was signed, as far as it was looked at until now.
    func looked() { state.withLock { $0.look = SuspendingClock.now } }

    /// Whether somebody still checks what is vouched for.
    private var isFresh: Bool { !isWatched || state.withLock { $0.look } + Self.staleness > SuspendingClock.now }

    private var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// What became of the first offer, told once.
    private final class Answer: Sendable {
        let answered = DispatchSemaphore(value: 0)
        let result = Mutex<Result<Void, RPCStatus>?>(nil)

        func tell(_ answer: Result<Void, RPCStatus>) {
            let isFirst = result.withLock { result in
                guard result == nil else { return false }
                result = answer
                return true
            }
            if isFirst { answered.signal() }
        }

        var isTold: Bool { result.withLock { $0 != nil } }
    }

    private func keep(_ command: Int32, _ answer: Answer) async {
        let started = ContinuousClock.now
        var wait = Self.retry
        while !hasFailed {
            // What was not looked at for a while is not offered before it was.
            guard isFresh else {
                try? await Task.sleep(for: .milliseconds(100))
                continue
            }
            var end = RPCStatus(.unavailable, "the authority ended the call")
            do { try await offer(command, answer) } catch let status as RPCStatus { end = status } catch {
                end = RPCStatus(.unavailable, "\(error)")
            }
            if !answer.isTold, end.code != .unavailable || ContinuousClock.now - started > Self.patience {
                return answer.tell(.failure(end))
            }
            if end.code == .aborted || end.code == .permissionDenied {
                // An entry may come back; whoever is refused need not ask every second.
                if wait == Self.retry {
                    StandardError.write(
                        "lapwing: the command has no identity by its model any more: \(end.message); a WorkloadEntry "
                            + "with `modelLoader` has to fit this process"
                    )
                }
                wait = min(wait * 2, Self.longestRetry)
            } else {
                wait = Self.retry
            }
            try? await Task.sleep(for: wait)
        }
        // A model that failed before the authority answered is not to be run.
        answer.tell(.failure(RPCStatus(.permissionDenied, "the model was changed meanwhile")))
    }

    /// Offers the proof over a connection of its own; returns once a failure was told.
    private func offer(_ command: Int32, _ answer: Answer) async throws {
        // A stream of its own for each offer: one whose reader was cancelled hears nothing any more.
        let (failures, listener) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(1))
        let hasFailed = state.withLock { state in
            state.listener = listener
            return state.failure != nil
        }
        guard !hasFailed else { return }
        let client = try await RPCClient.connect(unixSocket: socket, timeout: .seconds(3))
        defer { Task { await client.close() } }
        let call = try await client.bidirectional(
            "/\(ServiceName.loader)/HoldProof",
            metadata: [WorkloadAPIService.securityHeader: "true"],
            sending: Loader_LoaderMessage.self,
            receiving: Loader_AuthorityMessage.self
        )
        var message = Loader_LoaderMessage()
        message.proof.digest = provenance.digest.description
        message.proof.signer = provenance.signer.identity
        message.proof.method = provenance.signer.method.rawValue
        message.proof.command = command
        try await call.write(message)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var renewing: Task<Void, Never>?
                defer { renewing?.cancel() }
                for try await response in call.responses {
                    answer.tell(.success(()))
                    guard renewing == nil, response.leaseMs > 0 else { continue }
                    let interval = Duration.milliseconds(max(1, Int64(response.leaseMs) / 5))
                    renewing = Task { await self.renew(call, every: interval) }
                }
                throw RPCStatus(.unavailable, "the authority ended the call")
            }
            group.addTask {
                for await reason in failures {
                    var message = Loader_LoaderMessage()
                    message.failure.reason = reason
                    try await call.write(message)
                    call.finishWriting()
                    return
                }
            }
            // Either the authority ended the call, or a failure was told; the authority then ends it, and is waited for.
            while try await group.next() != nil {}
        }
    }

    /// Renews a proof for as long as the model is looked at.
    private func renew(_ call: RPCCall<Loader_LoaderMessage, Loader_AuthorityMessage>, every interval: Duration) async {
        var message = Loader_LoaderMessage()
        message.renewal = Loader_Renewal()
        while !Task.isCancelled, !hasFailed {
            try? await Task.sleep(for: interval, clock: .suspending)
            guard isFresh else { continue }
            // A call that is over says so to whoever reads its answers.
            do { try await call.write(message) } catch { return }
        }
    }
}
