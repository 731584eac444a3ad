import Guardrails
import NIOCore
import ZeroTrust

/// What an answer says of the tokens that it took, read as it comes from the upstream.
struct AnswerTokens {
    private var reader: AnswerUsage
    private var frame: BodyScanner?

    init(_ reader: AnswerUsage) {
        self.reader = reader
        self.frame = try? BodyScanner(.chunked, keepsChunks: false)
    }

    /// What was stated so far; nil where nothing was.
    var usage: TokenUsage? { reader.usage }

    /// Takes a piece of the body, which was scanned when it came.
    mutating func take(_ bytes: ByteBuffer, isChunked: Bool) {
        guard isChunked else { return reader.feed(bytes.readableBytesView) }
        var rest = bytes
        while rest.readableBytes > 0, frame?.isComplete == false {
            guard let step = try? frame?.next(rest.readableBytesUInt8Span), step.forward + step.drop > 0 else { return }
            reader.feed(rest.readableBytesView.prefix(step.forward))
            rest.moveReaderIndex(forwardBy: step.forward + step.drop)
        }
    }
}
