import Guardrails
import NIOCore
import ZeroTrust

/// What an answer says of the tokens that it took, read as it comes from the upstream.
///
/// Of an answer that is looked at, the ``AnswerPassage`` reads it, which takes the framing away already. A class, since few
/// requests have one.
final class AnswerTokens {
    private(set) var reader: AnswerUsage
    /// What takes the framing of chunks away, where there is any.
    private var frame: BodyScanner?

    init(_ reader: AnswerUsage) {
        self.reader = reader
    }

    /// What was stated so far; nil where nothing was.
    var usage: TokenUsage? { reader.usage }

    /// Takes a piece of the body, which was scanned when it came.
    func take(_ bytes: ByteBuffer, isChunked: Bool) {
        guard isChunked else { return reader.feed(bytes.readableBytesUInt8Span) }
        if frame == nil { frame = try? BodyScanner(.chunked, keepsChunks: false) }
        var rest = bytes
        while rest.readableBytes > 0, frame?.isComplete == false {
            guard let step = try? frame?.next(rest.readableBytesUInt8Span), step.forward + step.drop > 0 else { return }
            reader.feed(rest.readableBytesUInt8Span.extracting(first: step.forward))
            rest.moveReaderIndex(forwardBy: step.forward + step.drop)
        }
    }
}
