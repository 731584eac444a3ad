import Authorization
import NIOCore
import ZeroTrust

/// What a provider over HTTP answered, whole.
struct HTTPAnswer: Sendable {
    /// The longest head that is read, in bytes.
    static let maximumHead = 32 * 1024
    /// The longest body that is read, in bytes.
    static let maximumBody = 64 * 1024

    let status: Int
    /// The header lines in the order sent, names in lower case.
    let headers: [Exchange.Header]
    let body: [UInt8]

    init(_ scanner: borrowing ResponseScanner, _ head: ByteBuffer, body: [UInt8]) {
        status = scanner.status
        self.body = body
        func text(_ range: Range<Int>) -> String {
            head.getString(at: head.readerIndex + range.lowerBound, length: range.count) ?? ""
        }
        headers = scanner.fields.lines.map { line in
            Exchange.Header(name: text(line.nameRange).lowercased(), value: text(line.value))
        }
    }
}

/// Reads the one response on a connection that a check was sent on.
///
/// A value that does no I/O: it takes bytes and says whether the answer is whole.
struct HTTPAnswerReader {
    /// What the bytes amount to so far.
    enum Progress {
        case incomplete
        case complete(HTTPAnswer, keepsAlive: Bool)
    }

    private let method: HTTP1Method
    private var scanner = ResponseScanner(limits: HTTP1Limits(headBytes: HTTPAnswer.maximumHead, fields: 100))
    private var head: ByteBuffer?
    private var framing: BodyScanner?
    private var body: [UInt8] = []
    private var inbox = ByteBuffer()
    private var interims = 0

    init(answering method: HTTP1Method) {
        self.method = method
    }

    /// Takes the bytes that came.
    ///
    /// - Throws: where they are no response, or too much of one.
    mutating func take(_ bytes: ByteBuffer) throws(ExternalFailure) -> Progress {
        inbox.writeImmutableBuffer(bytes)
        do throws(HTTP1Refusal) {
            return try read()
        } catch {
            switch error.code {
            case .bodyTooLarge, .headTooLarge, .tooManyFields:
                throw ExternalFailure(.answerTooLarge, "the answer is too large")
            default: throw ExternalFailure(.badAnswer, "the answer cannot be read: \(error.code.rawValue)")
            }
        }
    }

    /// The connection was closed by the other end.
    mutating func close() throws(ExternalFailure) -> HTTPAnswer {
        guard let head, framing?.endsAtClose == true else {
            throw ExternalFailure(.unreachable, "the provider closed the connection before its answer was whole")
        }
        return HTTPAnswer(scanner, head, body: body)
    }

    private mutating func read() throws(HTTP1Refusal) -> Progress {
        while head == nil {
            let bytes = inbox
            guard try scanner.scan(bytes.readableBytesUInt8Span, answering: method) else { return .incomplete }
            let whole = inbox.readSlice(length: scanner.length)
            if scanner.isInterim {
                // Nobody waits for these (RFC 9110 §15.2), nor for any number of them.
                interims += 1
                guard interims <= 10 else { throw HTTP1Refusal(.headTooLarge) }
                scanner.reset()
                continue
            }
            head = whole
            framing = try BodyScanner(scanner.framing, limit: UInt64(HTTPAnswer.maximumBody), keepsChunks: false)
        }
        guard let head else { return .incomplete }
        while framing?.isComplete == false, inbox.readableBytes > 0 {
            let bytes = inbox
            guard let step = try framing?.next(bytes.readableBytesUInt8Span) else { break }
            if step.forward > 0, let content = inbox.readBytes(length: step.forward) { body += content }
            inbox.moveReaderIndex(forwardBy: step.drop)
            if step.forward == 0, step.drop == 0, !step.isEnd { break }
        }
        guard framing?.isComplete == true else { return .incomplete }
        return .complete(
            HTTPAnswer(scanner, head, body: body),
            keepsAlive: scanner.keepsAlive && inbox.readableBytes == 0
        )
    }
}
