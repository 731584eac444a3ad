import NIOCore
import SwiftProtobuf

/// A message behind its five bytes of prefix, serialised straight into the buffer that is sent.
struct FramedMessage: SwiftProtobufContiguousBytes {
    /// Prefix and message; the reader index stands at the message while it is written.
    private var buffer: ByteBuffer

    private static let prefixLength = 5

    init(repeating byte: UInt8, count: Int) {
        self.buffer = ByteBufferAllocator().buffer(capacity: Self.prefixLength + count)
        self.buffer.writeInteger(0 as UInt8)
        self.buffer.writeInteger(UInt32(clamping: count))
        self.buffer.writeRepeatingByte(byte, count: count)
        self.buffer.moveReaderIndex(to: Self.prefixLength)
    }

    init<Bytes: Sequence>(_ sequence: Bytes) where Bytes.Element == UInt8 {
        let bytes = Array(sequence)
        self.init(repeating: 0, count: bytes.count)
        self.buffer.setBytes(bytes, at: Self.prefixLength)
    }

    var count: Int { self.buffer.readableBytes }

    // Sound: the pointer that the body gets is NIO's, for as long as NIO lends it.
    func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try unsafe self.buffer.withUnsafeReadableBytes(body)
    }

    mutating func withUnsafeMutableBytes<Result>(
        _ body: (UnsafeMutableRawBufferPointer) throws -> Result
    ) rethrows -> Result {
        try unsafe self.buffer.withUnsafeMutableReadableBytes(body)
    }

    /// Serialises a message with its prefix.
    static func encode(_ message: some Message) throws -> ByteBuffer {
        var framed: FramedMessage = try message.serializedBytes()
        guard framed.count <= Int(UInt32.max) else {
            throw RPCStatus(.internalError, "a message of \(framed.count) bytes cannot be framed")
        }
        framed.buffer.moveReaderIndex(to: 0)
        return framed.buffer
    }

    /// Reads a message from the bytes behind a prefix.
    static func decode<Decoded: Message>(_ bytes: ByteBuffer, as type: Decoded.Type = Decoded.self) throws(RPCStatus)
        -> Decoded
    {
        do {
            return try Decoded(serializedBytes: bytes.readableBytesSpan)
        } catch {
            throw RPCStatus(.internalError, "a message is not a well-formed `\(Decoded.protoMessageName)`")
        }
    }
}
