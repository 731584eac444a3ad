import NIOCore
import NIOHPACK
import NIOHTTP2

/// Turns the HTTP/1 response that a ``Pipeline`` writes into HTTP/2 frames.
///
/// A value that takes bytes and gives frames. It reads what it is given as strictly as what an upstream says: a
/// response that cannot be read is never sent.
struct ResponseTranslator {
    private var scanner = ResponseScanner(limits: HTTP1Limits(headBytes: 128 * 1024, fields: 300))
    private var body: BodyScanner?
    private var inbox = ByteBuffer()
    /// Whether the whole response was given out.
    private(set) var isWhole = false

    /// Takes bytes of the response.
    mutating func take(_ bytes: ByteBuffer) {
        if inbox.readableBytes == 0 { inbox = bytes } else { inbox.writeImmutableBuffer(bytes) }
    }

    /// Fields behind the body are the end of the response.
    mutating func end() {
        isWhole = true
    }

    /// The next frame of the response to a request of that method, or nil until more has come.
    mutating func next(answering method: HTTP1Method) throws(HTTP1Refusal) -> HTTP2Frame.FramePayload? {
        while !isWhole, inbox.readableBytes > 0 {
            guard body == nil else {
                if let frame = try nextData() { return frame }
                continue
            }
            let bytes = inbox
            guard try scanner.scan(bytes.readableBytesUInt8Span, answering: method),
                let head = inbox.readSlice(length: scanner.length)
            else { return nil }
            let fields = fields(head)
            guard !scanner.isInterim else {
                scanner.reset()
                return .headers(.init(headers: fields))
            }
            let body = try BodyScanner(scanner.framing, keepsChunks: false)
            self.body = body
            isWhole = body.isComplete
            return .headers(.init(headers: fields, endStream: isWhole))
        }
        // The storage goes back to whoever reads next.
        if inbox.readableBytes == 0 { inbox = ByteBuffer() }
        return nil
    }

    private mutating func nextData() throws(HTTP1Refusal) -> HTTP2Frame.FramePayload? {
        guard var body else { return nil }
        let bytes = inbox
        let step = try body.next(bytes.readableBytesUInt8Span)
        self.body = body
        let content = inbox.readSlice(length: step.forward) ?? ByteBuffer()
        inbox.moveReaderIndex(forwardBy: step.drop)
        isWhole = step.isEnd
        guard step.forward > 0 || step.isEnd else { return nil }
        return .data(.init(data: .byteBuffer(content), endStream: step.isEnd))
    }

    /// The fields, none of which enters the table that header compression keeps: a client could have it grow, and
    /// another response's secrets be guessed by it.
    private func fields(_ head: ByteBuffer) -> HPACKHeaders {
        var fields = HPACKHeaders()
        fields.reserveCapacity(scanner.fields.lines.count + 1)
        fields.add(name: ":status", value: String(scanner.status), indexing: .nonIndexable)
        for line in scanner.fields.lines {
            switch line.name {
            // They speak of the connection behind us, or say in HTTP/1's words what frames say.
            case .transferEncoding, .connection, .upgrade, .hopByHop: continue
            default: break
            }
            let start = head.readerIndex
            fields.add(
                name: (head.getString(at: start + line.nameRange.lowerBound, length: line.nameRange.count) ?? "")
                    .lowercased(),
                value: head.getString(at: start + line.value.lowerBound, length: line.value.count) ?? "",
                indexing: .nonIndexable
            )
        }
        return fields
    }
}
