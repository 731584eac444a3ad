import NIOCore

/// Takes the bytes of a stream and gives the messages in them.
///
/// Each message stands behind five bytes: a flag that says whether it is compressed, and its length (gRPC over
/// HTTP/2, "Length-Prefixed-Message"). A length above the limit is refused before a byte of the message is kept,
/// and memory grows only with bytes that have arrived.
struct MessageDeframer {
    /// The largest message that is accepted.
    let maximumMessageSize: Int
    private var buffer = ByteBuffer()

    init(maximumMessageSize: Int) {
        self.maximumMessageSize = maximumMessageSize
    }

    /// How many bytes have arrived that are not yet part of a whole message.
    var bufferedBytes: Int { self.buffer.readableBytes }

    /// Adds bytes that have arrived.
    mutating func append(_ bytes: consuming ByteBuffer) {
        if self.buffer.readableBytes == 0 {
            self.buffer = bytes
        } else {
            self.buffer.writeBuffer(&bytes)
        }
    }

    /// The next message, or nil until more bytes arrive.
    mutating func next() throws(RPCStatus) -> ByteBuffer? {
        let start = self.buffer.readerIndex
        guard let flag = self.buffer.getInteger(at: start, as: UInt8.self) else { return nil }
        switch flag {
        case 0: break
        case 1: throw RPCStatus(.internalError, "a message is compressed, and the stream names no compression")
        default: throw RPCStatus(.internalError, "a message begins with the flag \(flag), which is not defined")
        }
        guard let length = self.buffer.getInteger(at: start + 1, as: UInt32.self) else { return nil }
        guard Int(length) <= self.maximumMessageSize else {
            throw RPCStatus(
                .resourceExhausted,
                "a message of \(length) bytes is larger than the limit of \(self.maximumMessageSize)"
            )
        }
        guard self.buffer.readableBytes >= 5 + Int(length) else { return nil }
        self.buffer.moveReaderIndex(forwardBy: 5)
        let message = self.buffer.readSlice(length: Int(length))
        if self.buffer.readableBytes == 0 {
            self.buffer = ByteBuffer()
        }
        return message
    }
}
