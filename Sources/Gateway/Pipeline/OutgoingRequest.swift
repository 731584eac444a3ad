import NIOCore

/// What of a request waits for its upstream: the head with what of the body was copied behind it, and further pieces.
struct OutgoingRequest {
    /// The bytes of a request that wait for an upstream.
    static let waitingBytes = 64 * 1024

    var head: ByteBuffer?
    private(set) var further: [ByteBuffer] = []
    /// The bytes of the body that were taken since anything was sent.
    private var waiting = 0
    /// The bytes that may wait.
    private var limit = Self.waitingBytes

    var isEmpty: Bool { head == nil && further.isEmpty }
    /// Whether more of the body can wait.
    var hasRoom: Bool { waiting < limit }

    /// Takes a run of the body; a small one is copied behind the head, so that both leave in one write.
    mutating func take(_ bytes: ByteBuffer) {
        waiting += bytes.readableBytes
        if head != nil, further.isEmpty, bytes.readableBytes <= Pipeline.copiedBytes {
            head?.writeImmutableBuffer(bytes)
        } else {
            further.append(bytes)
        }
    }

    /// What was there of the body has gone out; the storage stays.
    mutating func bodySent() {
        further.removeAll(keepingCapacity: true)
        waiting = 0
    }

    /// Makes room for so many bytes of content, which somebody has to see before anything is sent.
    ///
    /// Content in small chunks comes with much framing around it: thirteen bytes for one, where the sizes have eight
    /// digits.
    mutating func hold(_ content: Int) {
        limit = max(limit, 16 * (content + 1))
    }

    /// Nobody has to see more of the content than there is: what was held stays, and no more than usual may wait.
    mutating func holdNoMore() {
        limit = Self.waitingBytes
    }

    /// The first bytes of the content that waits.
    func content(framed framing: MessageFraming, atMost limit: Int) -> [UInt8] {
        var content: [UInt8] = []
        guard var body = try? BodyScanner(framing, keepsChunks: false) else { return [] }
        for piece in further {
            var rest = piece
            while rest.readableBytes > 0, content.count < limit, !body.isComplete {
                // It was scanned when it came.
                guard let step = try? body.next(rest.readableBytesUInt8Span), step.forward + step.drop > 0 else {
                    break
                }
                content += rest.readBytes(length: step.forward) ?? []
                rest.moveReaderIndex(forwardBy: step.drop)
            }
        }
        return Array(content.prefix(limit))
    }

    /// Takes out what was held of the body, as it came.
    mutating func takeBack() -> [ByteBuffer] {
        defer { bodySent() }
        return further
    }

    /// Nothing of it is of use any more.
    mutating func drop() {
        head = nil
        further = []
    }
}
