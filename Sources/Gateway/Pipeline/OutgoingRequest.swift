import NIOCore

/// What of a request waits for its upstream: the head with what of the body was copied behind it, and further pieces.
struct OutgoingRequest {
    /// The bytes of a request that wait for an upstream.
    static let waitingBytes = 64 * 1024

    var head: ByteBuffer?
    private(set) var further: [ByteBuffer] = []
    /// The bytes of the body that were taken since anything was sent.
    private var waiting = 0

    var isEmpty: Bool { head == nil && further.isEmpty }
    /// Whether more of the body can wait.
    var hasRoom: Bool { waiting < Self.waitingBytes }

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

    /// Nothing of it is of use any more.
    mutating func drop() {
        head = nil
        further = []
    }
}
