import NIOCore
import ZeroTrust

/// The bodies of one request, as they pass; there is one only where a policy has bodies kept.
final class KeptBodies {
    let id: RequestID
    /// Whether the request is one of those whose bodies are kept in any case.
    let isSampled: Bool
    let framing: MessageFraming
    let method: HTTP1Method
    let policy: BodyPolicy
    /// The room that both take, given back when neither this nor a job holds it any more.
    let room: HeldRoom
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
    /// What the gathering of a request's bodies and its job take beside the bytes themselves.
    private static let overhead = 1 << 10

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
        self.room = HeldRoom(budget)
    }

    /// Whether they may be kept once the request is over; if not, they take no room from those that are.
    private var mayBeKept: Bool { isSampled || policy.keepsRefused }

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
        guard mayBeKept, !isOverloaded else { return nil }
        let left = policy.maximumBytes + Self.framingRoom - length
        guard left > 0, let piece = bytes.getSlice(at: bytes.readerIndex, length: min(left, bytes.readableBytes)) else {
            return nil
        }
        let overhead = request.readableBytes + answer.readableBytes == 0 ? Self.overhead : 0
        guard room.take(piece.readableBytes + overhead, of: policy.maximumHeld) else {
            isOverloaded = true
            request = ByteBuffer()
            answer = ByteBuffer()
            room.giveBack()
            return nil
        }
        return piece
    }
}
