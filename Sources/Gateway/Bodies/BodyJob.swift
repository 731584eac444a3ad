import NIOCore
import ZeroTrust

/// The bodies of a request that has ended, on their way to be sealed.
struct BodyJob: Sendable {
    let id: RequestID
    let tenant: String
    let framing: MessageFraming
    let method: HTTP1Method
    let request: ByteBuffer
    let answer: ByteBuffer
    let requestBytes: UInt64
    let answerBytes: UInt64
    /// How many bytes of each are kept.
    let limit: Int
    /// The room that the bytes take until they are sealed, or are not.
    let room: HeldRoom

    /// What the client sent, without its framing, as far as it is kept.
    var requestContent: [UInt8] {
        guard let scanner = try? BodyScanner(framing, keepsChunks: false) else { return [] }
        return content(of: request, scanner)
    }

    /// What the client was sent, without head and framing, as far as it is kept.
    var answerContent: [UInt8] {
        var rest = answer
        var scanner = ResponseScanner(limits: HTTP1Limits())
        // It was written by this gateway, and the head is whole where there is any body.
        guard (try? scanner.scan(rest.readableBytesUInt8Span, answering: method)) == true,
            let body = try? BodyScanner(scanner.framing, keepsChunks: false)
        else { return [] }
        rest.moveReaderIndex(forwardBy: scanner.length)
        return content(of: rest, body)
    }

    private func content(of bytes: ByteBuffer, _ scanner: BodyScanner) -> [UInt8] {
        var (rest, scanner) = (bytes, scanner)
        var content: [UInt8] = []
        while rest.readableBytes > 0, !scanner.isComplete, content.count < limit {
            guard let step = try? scanner.next(rest.readableBytesUInt8Span), step.forward + step.drop > 0 else { break }
            content += rest.readBytes(length: step.forward) ?? []
            rest.moveReaderIndex(forwardBy: step.drop)
        }
        return Array(content.prefix(limit))
    }
}
