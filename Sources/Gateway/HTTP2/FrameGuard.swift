import NIOCore

/// Follows the frames of a connection before HTTP/2 takes them apart, and counts what HTTP/2 does not.
///
/// A value that does no I/O and reads no clock. It looks at frame headers alone, and once the connection drains it
/// leaves out the frames of streams that are not taken any more: those that their sender could not know to be in vain
/// (RFC 9113 §6.8) must not be errors.
struct FrameGuard {
    private struct Header {
        let length: Int
        let kind: UInt8
        let flags: UInt8
        let stream: UInt32

        init(_ bytes: ByteBuffer) {
            let start = bytes.readerIndex
            let first: UInt32 = bytes.getInteger(at: start) ?? 0
            length = Int(first >> 8)
            kind = UInt8(truncatingIfNeeded: first)
            flags = bytes.getInteger(at: start + 4) ?? 0
            stream = (bytes.getInteger(at: start + 5) ?? 0) & 0x7fff_ffff
        }
    }

    /// The kinds of frames (RFC 9113 §6).
    private enum Kind {
        static let data: UInt8 = 0x0
        static let headers: UInt8 = 0x1
        static let reset: UInt8 = 0x3
        static let settings: UInt8 = 0x4
        static let goAway: UInt8 = 0x7
        static let windowUpdate: UInt8 = 0x8
        static let continuation: UInt8 = 0x9
    }

    private static let headerLength = 9
    /// The bytes that a client begins with (RFC 9113 §3.4).
    private static let prefaceLength = 24
    private static let endStream: UInt8 = 0x1
    private static let endHeaders: UInt8 = 0x4
    private static let padded: UInt8 = 0x8
    /// DATA frames below this carry next to nothing.
    private static let smallBytes = 32

    /// The highest stream that is taken; nil until the connection drains.
    var lastStreamID: UInt32?
    /// Since when a frame or a header section is unfinished; nil where none is.
    private(set) var unfinishedSince: NIODeadline?
    /// Whether an error of the connection was told to the client.
    private(set) var hasFailed = false

    private var prefaceLeft = 0
    private var payloadLeft = 0
    private var isDropping = false
    private var isControlPayload = false
    private var isInHeaders = false
    private var continuations = 0
    /// The first bytes of a frame header that is not whole; they are held back.
    private var partial = ByteBuffer()
    private var controlFrames: FrameBudget
    private var windowUpdates: FrameBudget
    private var smallFrames: FrameBudget
    private let maximumContinuations: Int
    private var sentPayloadLeft = 0
    private var sentBytes = 0

    /// Whose frames are followed.
    enum Sender {
        case client
        case server
    }

    init(_ limits: HTTP2Limits, from sender: Sender = .client, at now: NIODeadline) {
        controlFrames = FrameBudget(limits.maximumControlFrames)
        windowUpdates = FrameBudget(limits.maximumWindowUpdates)
        smallFrames = FrameBudget(limits.maximumSmallFrames)
        maximumContinuations = limits.maximumContinuations
        switch sender {
        case .client:
            prefaceLeft = Self.prefaceLength
            unfinishedSince = now
        // It is ours to send.
        case .server: sentPayloadLeft = Self.prefaceLength
        }
    }

    // MARK: From the other end

    /// Gives what of the bytes is to be passed on, in pieces.
    mutating func receive(_ bytes: ByteBuffer, at now: NIODeadline) throws(HTTP2Abuse) -> [ByteBuffer] {
        var pieces: [ByteBuffer] = []
        var rest = bytes
        var start = rest.readerIndex
        while rest.readableBytes > 0 {
            if prefaceLeft > 0 {
                let count = min(prefaceLeft, rest.readableBytes)
                prefaceLeft -= count
                rest.moveReaderIndex(forwardBy: count)
                continue
            }
            if payloadLeft > 0 {
                let count = min(payloadLeft, rest.readableBytes)
                payloadLeft -= count
                rest.moveReaderIndex(forwardBy: count)
                if isDropping { start = rest.readerIndex }
                continue
            }
            if partial.readableBytes == 0, rest.readableBytes >= Self.headerLength {
                try begin(Header(rest), at: now)
                if isDropping { Self.cut(bytes, start..<rest.readerIndex, &pieces) }
                rest.moveReaderIndex(forwardBy: Self.headerLength)
                if isDropping { start = rest.readerIndex }
                continue
            }
            Self.cut(bytes, start..<rest.readerIndex, &pieces)
            let count = min(Self.headerLength - partial.readableBytes, rest.readableBytes)
            if let slice = rest.readSlice(length: count) { partial.writeImmutableBuffer(slice) }
            start = rest.readerIndex
            guard partial.readableBytes == Self.headerLength else { break }
            try begin(Header(partial), at: now)
            if !isDropping { pieces.append(partial) }
            partial = ByteBuffer()
        }
        Self.cut(bytes, start..<rest.readerIndex, &pieces)
        let isUnfinished =
            prefaceLeft > 0 || partial.readableBytes > 0 || isInHeaders || payloadLeft > 0 && isControlPayload
        if !isUnfinished { unfinishedSince = nil } else if unfinishedSince == nil { unfinishedSince = now }
        return pieces
    }

    private static func cut(_ bytes: ByteBuffer, _ range: Range<Int>, _ pieces: inout [ByteBuffer]) {
        guard !range.isEmpty, let slice = bytes.getSlice(at: range.lowerBound, length: range.count) else { return }
        pieces.append(slice)
    }

    /// A frame begins: whether there may be one more of its kind, and whether it is passed on.
    private mutating func begin(_ header: Header, at now: NIODeadline) throws(HTTP2Abuse) {
        payloadLeft = header.length
        isControlPayload = header.kind != Kind.data
        isDropping = isUnwanted(header)
        if header.kind != Kind.continuation {
            unfinishedSince = nil
            continuations = 0
        }
        switch header.kind {
        case Kind.data:
            // Padding is no content; at most a byte says how much of it there is.
            let isSmall =
                header.length < Self.smallBytes
                || header.flags & Self.padded != 0 && header.length < Self.smallBytes + 256
            guard isSmall, header.flags & Self.endStream == 0 else { return }
            guard smallFrames.take(at: now) else { throw .smallFrames }
        case Kind.headers: isInHeaders = header.flags & Self.endHeaders == 0
        case Kind.continuation:
            isInHeaders = header.flags & Self.endHeaders == 0
            continuations += 1
            guard continuations <= maximumContinuations else { throw .continuations }
        case Kind.reset: break
        case Kind.windowUpdate: guard windowUpdates.take(at: now) else { throw .windowUpdates }
        // A setting costs as much as a small frame.
        case Kind.settings: guard controlFrames.take(1 + header.length / 60, at: now) else { throw .controlFrames }
        default: guard controlFrames.take(at: now) else { throw .controlFrames }
        }
    }

    /// Whether the frame belongs to a stream that is not taken; HEADERS have to be read for the state that they change.
    private func isUnwanted(_ header: Header) -> Bool {
        guard let lastStreamID, header.stream > lastStreamID else { return false }
        return header.kind == Kind.data || header.kind == Kind.reset || header.kind == Kind.windowUpdate
    }

    // MARK: To the other end

    /// Notes what is sent: it earns window updates, and an error of the connection is the last frame.
    mutating func send(_ bytes: ByteBuffer) {
        sentBytes += bytes.readableBytes
        windowUpdates.give(sentBytes >> 10)
        sentBytes &= 1023
        let isPayload = sentPayloadLeft > 0
        guard !isPayload, bytes.readableBytes >= Self.headerLength else {
            sentPayloadLeft = max(0, sentPayloadLeft - bytes.readableBytes)
            return
        }
        // A frame begins with a buffer of its own.
        let header = Header(bytes)
        sentPayloadLeft = max(0, header.length - (bytes.readableBytes - Self.headerLength))
        guard header.kind == Kind.goAway else { return }
        let code: UInt32 = bytes.getInteger(at: bytes.readerIndex + Self.headerLength + 4) ?? 0
        if code != 0 { hasFailed = true }
    }
}
