import Authorization
import NIOCore
import ZeroTrust

/// A request's head with the changes that a provider wants made, scanned again.
///
/// What comes of it is decided on, verified and sent on like a head that a client sent: token, policy and upstream see
/// the same lines, and none of them can be anything but one line.
struct RewrittenHead {
    let scanner: RequestScanner
    let head: ByteBuffer
    /// The lines that say who the user is, which only a provider may send.
    let userHeaders: [Exchange.Header]

    /// The most that a provider may add to a head, in bytes and in lines.
    private static let room = (bytes: 32 * 1024, lines: 100)

    /// Makes the changes; what a provider may not change stays as it is.
    ///
    /// - Throws: `ExternalFailure` where a header that it sets is none.
    init(
        _ scanner: RequestScanner,
        _ head: ByteBuffer,
        _ changes: ExternalVerdict.Changes,
        limits: HTTP1Limits
    ) throws(ExternalFailure) {
        for header in changes.setHeaders + changes.addedHeaders where !HeaderField.isSound(header) {
            throw ExternalFailure(.badAnswer, "the answer sets a header that is none")
        }
        let set = changes.setHeaders.filter { HeaderField.mayChangeRequest($0.name) }
        let added = changes.addedHeaders.filter { HeaderField.mayChangeRequest($0.name) }
        let removed = Set(
            (set.map(\.name) + changes.removedHeaders.filter(HeaderField.mayChangeRequest)).map(TokenPassage.folded)
        )
        let isUser = { (header: Exchange.Header) in HeaderField.userNames.contains(header.name) }
        userHeaders = (set + added).filter(isUser)
        var output = ByteBuffer()
        let first = scanner.fields.lines.first?.line.lowerBound ?? max(0, scanner.length - 2)
        func copy(_ range: Range<Int>) {
            guard let bytes = head.getSlice(at: head.readerIndex + range.lowerBound, length: range.count) else {
                return
            }
            output.writeImmutableBuffer(bytes)
        }
        copy(0..<first)
        for line in scanner.fields.lines {
            let name = head.getString(at: head.readerIndex + line.nameRange.lowerBound, length: line.nameRange.count)
            if line.name == .other, removed.contains(TokenPassage.folded(name ?? "")) { continue }
            copy(line.line)
        }
        let ours = (set + added).filter { !isUser($0) }
        for header in ours { output.writeString("\(header.name): \(header.value)\r\n") }
        output.writeStaticString("\r\n")
        var limits = limits
        limits.headBytes += Self.room.bytes
        limits.fields += Self.room.lines
        // Whether another protocol or a tunnel may be asked for was looked at when the request began.
        var again = RequestScanner(limits: limits, allowsUpgrade: true)
        again.allowsConnect = true
        do throws(HTTP1Refusal) {
            guard try again.scan(output.readableBytesUInt8Span), again.length == output.readableBytes else {
                throw HTTP1Refusal(.badStartLine)
            }
        } catch {
            throw ExternalFailure(.badAnswer, "the answer makes a head that cannot be read: \(error.code.rawValue)")
        }
        // A client could otherwise have the provider's lines dropped, by naming them in its `Connection`.
        again.keepLast(ours.count)
        self.scanner = again
        self.head = output
    }
}
