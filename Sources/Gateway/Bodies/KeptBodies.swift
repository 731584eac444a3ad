import NIOCore
import ZeroTrust

/// The bodies of one request, as they pass; there is one only where a policy has bodies kept.
final class KeptBodies {
    let id: RequestID
    /// Whether the request is one of those whose bodies are kept in any case.
    let isSampled: Bool
    let framing: MessageFraming
    let method: HTTP1Method
    private let policy: BodyPolicy
    private let budget: GuardBudget
    private var held = 0
    /// The request's body as it came, with its framing; and the answer with its head.
    private(set) var request = ByteBuffer()
    private(set) var answer = ByteBuffer()
    /// How many bytes of content each had.
    private(set) var requestBytes: UInt64 = 0
    private(set) var answerBytes: UInt64 = 0
    /// Whether there was no room, so that neither is kept.
    private(set) var isOverloaded = false

    /// How much longer than its content a body with its framing, or an answer with its head, may be.
    private static let framingRoom = 64 << 10

    init(
        _ id: RequestID,
        isSampled: Bool,
        _ framing: MessageFraming,
        _ method: HTTP1Method,
        _ policy: BodyPolicy,
        _ budget: GuardBudget
    ) {
        self.id = id
        self.isSampled = isSampled
        self.framing = framing
        self.method = method
        self.policy = policy
        self.budget = budget
    }

    deinit { budget.giveBack(held) }

    func takeRequest(_ bytes: ByteBuffer, content: Int) {
        requestBytes += UInt64(content)
        if let piece = piece(of: bytes, behind: request.readableBytes) { request.writeImmutableBuffer(piece) }
    }

    func takeAnswer(_ bytes: ByteBuffer, content: Int) {
        answerBytes += UInt64(content)
        if let piece = piece(of: bytes, behind: answer.readableBytes) { answer.writeImmutableBuffer(piece) }
    }

    /// What is kept of a piece behind so many bytes; where there is no room for it, nothing is kept of either body.
    private func piece(of bytes: ByteBuffer, behind length: Int) -> ByteBuffer? {
        guard !isOverloaded else { return nil }
        let room = policy.maximumBytes + Self.framingRoom - length
        guard room > 0, let piece = bytes.getSlice(at: bytes.readerIndex, length: min(room, bytes.readableBytes)) else {
            return nil
        }
        guard budget.take(piece.readableBytes, of: policy.maximumHeld) else {
            isOverloaded = true
            request = ByteBuffer()
            answer = ByteBuffer()
            budget.giveBack(held)
            held = 0
            return nil
        }
        held += piece.readableBytes
        return piece
    }
}
