import Guardrails
import NIOCore
import ZeroTrust

/// An answer that is looked at on its way to the client.
///
/// Its head waits until something of its content may go out, so that an answer which is refused as a whole is answered
/// with an error instead.
final class AnswerPassage {
    /// What is to be done with a piece.
    struct Outcome {
        /// What is sent, framed in chunks; empty where nothing is.
        var bytes = ByteBuffer()
        /// The content among it.
        var content = 0
        /// Why nothing more is sent.
        var refusal: DialectRefusal?
    }

    /// What the answer says of the tokens that it took, where its API states them.
    var tokens: AnswerUsage?
    private let filter: any AnswerFilter
    private var frame: BodyScanner
    private let budget: GuardBudget
    private let limit: Int
    /// The bytes that were taken since something was last given out: the filter holds no more.
    private var held = 0
    private var head: ByteBuffer?
    private var takesHead = true
    /// Whether the client has been sent anything.
    private(set) var hasBegun = false
    /// Whether nothing more is taken.
    private(set) var isOver = false

    /// An answer that is framed so; what ends with its connection comes in chunks.
    ///
    /// What the filter holds counts against a budget of so many bytes.
    init(
        _ filter: any AnswerFilter,
        _ framing: MessageFraming,
        budget: GuardBudget = GuardBudget(),
        limit: Int = .max
    ) throws(HTTP1Refusal) {
        self.filter = filter
        self.budget = budget
        self.limit = limit
        self.frame = try BodyScanner(framing == .untilClose ? .chunked : framing, keepsChunks: false)
    }

    deinit { budget.giveBack(held) }

    /// What was found so far.
    var notes: [AnswerNote] { filter.notes }

    /// Takes what the upstream said: the head first, and then pieces of the body, as they are framed.
    func take(_ bytes: ByteBuffer) -> Outcome {
        guard !isOver else { return Outcome() }
        guard !takesHead else {
            takesHead = false
            head = bytes
            return Outcome()
        }
        var content: [UInt8] = []
        var rest = bytes
        while rest.readableBytes > 0, !frame.isComplete {
            // It was scanned when it came.
            guard let step = try? frame.next(rest.readableBytesUInt8Span), step.forward + step.drop > 0 else { break }
            content += rest.readBytes(length: step.forward) ?? []
            rest.moveReaderIndex(forwardBy: step.drop)
        }
        guard !content.isEmpty else { return Outcome() }
        tokens?.feed(content)
        guard budget.take(content.count, of: limit) else {
            let refusal = DialectRefusal(
                status: 503,
                rule: LimitRule.guardOverloaded.rawValue,
                message: "too many answers are being looked at",
                retryAfter: 1
            )
            return outcome(.refused([], refusal), isLast: false)
        }
        held += content.count
        return outcome(filter.feed(content), isLast: false)
    }

    /// The answer is whole.
    func finish() -> Outcome {
        guard !isOver else { return Outcome() }
        return outcome(filter.finish(), isLast: true)
    }

    private func outcome(_ piece: AnswerPiece, isLast: Bool) -> Outcome {
        var outcome = Outcome()
        var ends = isLast
        let content: [UInt8]
        switch piece {
        case .bytes(let bytes): content = bytes
        case .refused(let bytes, let refusal):
            outcome.refusal = refusal
            content = bytes
            // What has begun is brought to its end; what has not is answered with an error.
            ends = hasBegun || !bytes.isEmpty
            isOver = true
        }
        guard !content.isEmpty || ends else { return outcome }
        budget.giveBack(held)
        held = 0
        hasBegun = true
        isOver = isOver || ends
        if let head = head.take() { outcome.bytes = head }
        if !content.isEmpty {
            outcome.bytes.writeString(String(content.count, radix: 16) + "\r\n")
            outcome.bytes.writeBytes(content)
            outcome.bytes.writeStaticString("\r\n")
        }
        if ends { outcome.bytes.writeStaticString("0\r\n\r\n") }
        outcome.content = content.count
        return outcome
    }
}
