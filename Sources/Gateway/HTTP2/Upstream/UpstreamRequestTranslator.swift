import NIOCore
import NIOHPACK
import NIOHTTP2

/// Turns the HTTP/1 request that a ``Pipeline`` writes into HTTP/2 frames.
///
/// A value that takes bytes and gives frames. It reads what was written for upstreams of HTTP/1 with the same scanners,
/// so that an upstream of HTTP/2 gets the request that was decided on and nothing else.
struct UpstreamRequestTranslator {
    /// We wrote what is read here, within limits of its own.
    private static let limits = HTTP1Limits(headBytes: 1 << 30, fields: 1 << 20, targetBytes: 1 << 29)

    private let scheme: String
    private var scanner = RequestScanner(limits: limits)
    private var body: BodyScanner?
    private var inbox = ByteBuffer()
    /// Whether the whole request was given out.
    private(set) var isWhole = false

    /// A request that goes over TLS or not.
    init(isSecure: Bool) {
        scheme = isSecure ? "https" : "http"
    }

    /// Takes bytes of the request.
    mutating func take(_ bytes: ByteBuffer) {
        if inbox.readableBytes == 0 { inbox = bytes } else { inbox.writeImmutableBuffer(bytes) }
    }

    /// The next frame, or nil until more has come.
    mutating func next() throws(HTTP1Refusal) -> HTTP2Frame.FramePayload? {
        while !isWhole, inbox.readableBytes > 0 {
            guard body == nil else {
                if let frame = try nextData() { return frame }
                continue
            }
            let bytes = inbox
            guard try scanner.scan(bytes.readableBytesUInt8Span), let head = inbox.readSlice(length: scanner.length)
            else { return nil }
            let body = try BodyScanner(scanner.framing, keepsChunks: false)
            self.body = body
            isWhole = body.isComplete
            return .headers(.init(headers: fields(head), endStream: isWhole))
        }
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

    /// The fields, none of which enters the table that header compression keeps: requests of all callers share the
    /// connection, and one must not be able to guess another's from its length.
    private func fields(_ head: ByteBuffer) -> HPACKHeaders {
        func text(_ range: Range<Int>) -> String {
            head.getString(at: head.readerIndex + range.lowerBound, length: range.count) ?? ""
        }
        var fields = HPACKHeaders()
        fields.reserveCapacity(scanner.fields.lines.count + 4)
        fields.add(name: ":method", value: scanner.method.rawValue)
        fields.add(name: ":scheme", value: scheme)
        fields.add(name: ":authority", value: text(scanner.authority), indexing: .nonIndexable)
        fields.add(name: ":path", value: text(scanner.path), indexing: .nonIndexable)
        for line in scanner.fields.lines {
            let name = text(line.nameRange).lowercased()
            switch line.name {
            case .host, .transferEncoding, .connection, .upgrade, .expect: continue
            // The one such field that may stand in a request of HTTP/2 (RFC 9113 §8.2.2); we wrote it.
            case .hopByHop: guard name == "te" else { continue }
            default: break
            }
            fields.add(name: name, value: text(line.value), indexing: .nonIndexable)
        }
        return fields
    }
}
