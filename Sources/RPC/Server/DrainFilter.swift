import NIOCore

/// Follows the frames of a connection and, once it drains, leaves out those that belong to calls it does not take.
///
/// A client that has not heard the GOAWAY yet may send a call: RFC 9113 §6.8 has us ignore it. NIO ignores its HEADERS
/// (which it must read, since they change the state of header compression) but takes its DATA for an error of the
/// connection, which would end the calls in flight. This filter stands in front of NIO and drops what it would
/// stumble on.
struct DrainFilter {
    /// The highest stream that is taken; nil until the connection drains.
    var lastStreamID: UInt32?

    private var prefaceLeft = 24
    private var header: [UInt8] = []
    /// Bytes of a header that have been passed on before it was whole: such a frame goes through.
    private var headerBytesPassed = 0
    private var payloadLeft = 0
    private var isDropping = false

    private static let headerLength = 9

    /// Gives what of the bytes is to be passed on.
    mutating func filter(_ bytes: ByteBuffer) -> ByteBuffer {
        self.lastStreamID == nil ? self.follow(bytes) : self.separate(bytes)
    }

    /// Notes where the frames lie, and passes all on.
    private mutating func follow(_ bytes: ByteBuffer) -> ByteBuffer {
        var rest = bytes
        while rest.readableBytes > 0 {
            guard self.passOver(&rest) == nil else { continue }
            self.readHeader(&rest)
            if self.header.count < Self.headerLength {
                self.headerBytesPassed = self.header.count
            } else {
                self.beginPayload()
            }
        }
        return bytes
    }

    /// Passes on the frames of calls that are taken.
    private mutating func separate(_ bytes: ByteBuffer) -> ByteBuffer {
        var rest = bytes
        var kept = ByteBuffer()
        while rest.readableBytes > 0 {
            if var passed = self.passOver(&rest) {
                if !self.isDropping { kept.writeBuffer(&passed) }
                continue
            }
            self.readHeader(&rest)
            guard self.header.count == Self.headerLength else { break }
            let held = self.header[self.headerBytesPassed...]
            self.isDropping = self.headerBytesPassed == 0 && self.isUnwanted
            if !self.isDropping { kept.writeBytes(held) }
            self.beginPayload()
        }
        return kept
    }

    /// Goes over the preface, or over what is left of a frame's payload; nil where a header is next.
    private mutating func passOver(_ rest: inout ByteBuffer) -> ByteBuffer? {
        if self.prefaceLeft > 0 {
            let count = min(self.prefaceLeft, rest.readableBytes)
            self.prefaceLeft -= count
            return rest.readSlice(length: count)
        }
        guard self.payloadLeft > 0 else { return nil }
        let count = min(self.payloadLeft, rest.readableBytes)
        self.payloadLeft -= count
        return rest.readSlice(length: count)
    }

    private mutating func readHeader(_ rest: inout ByteBuffer) {
        let count = min(Self.headerLength - self.header.count, rest.readableBytes)
        self.header += rest.readBytes(length: count) ?? []
    }

    private mutating func beginPayload() {
        self.payloadLeft = self.header[0..<3].reduce(0) { $0 << 8 | Int($1) }
        self.header.removeAll(keepingCapacity: true)
        self.headerBytesPassed = 0
    }

    /// Whether the frame of the header is DATA, RST_STREAM or WINDOW_UPDATE of a call that is not taken.
    private var isUnwanted: Bool {
        guard let lastStreamID = self.lastStreamID, [0x0, 0x3, 0x8].contains(self.header[3]) else { return false }
        let stream = self.header[5..<9].reduce(0) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
        return stream > lastStreamID
    }
}
