import Glibc
import SPIFFE
import Synchronization

@testable import Gateway

/// Says of local processes what a test wants.
final class FakeModels: LocalModelAttestor {
    struct Silent: Error {}
    struct Unknown: Error {}

    enum Answer: Sendable {
        case models([ModelClaim])
        /// The one who knows cannot be asked.
        case silence
        /// Of one socket nobody can say anything; the others' processes have loaded these.
        case silenceOf(UInt64, others: [ModelClaim])
        /// The process is nobody that can be looked at.
        case refusal
    }

    private struct State {
        var answer: Answer
        var asked: [LocalPeer] = []
    }

    /// Guards what is answered, and what was asked.
    private let state: Mutex<State>

    init(_ answer: Answer) {
        state = Mutex(State(answer: answer))
    }

    /// Who was asked about.
    var asked: [LocalPeer] { state.withLock { $0.asked } }

    func answer(_ answer: Answer) { state.withLock { $0.answer = answer } }

    func models(of peer: LocalPeer) async throws -> [ModelClaim] {
        let answer = state.withLock { state in
            state.asked.append(peer)
            return state.answer
        }
        switch answer {
        case .models(let models): return models
        case .silence: throw Silent()
        case .silenceOf(let silent, let others):
            if case .socket(let inode, _) = peer, inode == silent { throw Silent() }
            return others
        case .refusal: throw Unknown()
        }
    }

    func isSilence(_ error: any Error) -> Bool { error is Silent }

    /// The digest whose digits are all the same.
    static func digest(_ digit: Character) -> String { "sha256:" + String(repeating: digit, count: 64) }

    static func claim(_ digit: Character, _ signer: String = "trainer") throws -> ModelClaim {
        struct NoClaim: Error {}
        guard let claim = ModelClaim(digest: digest(digit), signer: signer) else { throw NoClaim() }
        return claim
    }
}
