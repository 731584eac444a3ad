import Authorization
import NIOCore
import ZeroTrust

/// One plain request and its response between a caller and a target.
///
/// Both are read as strictly as the gateway reads its own, and written anew, so that what was decided on is what arrives.
final class PlainExchange {
    let upstream: EgressUpstream
    private unowned let connection: EgressConnection
    private let method: HTTP1Method
    private let scanner: RequestScanner
    private let isInternal: Bool
    private var requestBody: BodyScanner?
    private var responseScanner = ResponseScanner(limits: HTTP1Limits(headBytes: 64 * 1024, fields: 200))
    private var responseBody: BodyScanner?
    private var responseFraming = MessageFraming.none
    private var inbox = ByteBuffer()
    private var upstreamKeepsAlive = false
    private var isOver = false

    init(_ connection: EgressConnection, _ upstream: EgressUpstream, _ scanner: RequestScanner, isInternal: Bool) {
        self.connection = connection
        self.upstream = upstream
        self.method = scanner.method
        self.scanner = scanner
        self.isInternal = isInternal
    }

    // MARK: What policy sees

    /// The header lines, names in lower case, but for those of this connection alone.
    static func headers(_ scanner: RequestScanner, _ head: ByteBuffer) -> [Exchange.Header] {
        scanner.fields.lines.compactMap { line in
            switch line.name {
            case .connection, .upgrade, .expect, .hopByHop, .forwarding: return nil
            default: break
            }
            let start = head.readerIndex
            guard let name = head.getString(at: start + line.nameRange.lowerBound, length: line.nameRange.count),
                let value = head.getString(at: start + line.value.lowerBound, length: line.value.count)
            else { return nil }
            return Exchange.Header(name: name.lowercased(), value: value)
        }
    }

    /// Whether a request asks DNS over HTTPS by its media type, or in its query (RFC 8484 §4.1, and the JSON form).
    static func isDNSQuery(_ path: String, _ headers: [Exchange.Header]) -> Bool {
        let types = ["application/dns-message", "application/dns-json", "application/oblivious-dns-message"]
        let hasType = headers.contains { header in
            guard header.name == "accept" || header.name == "content-type" else { return false }
            let value = header.value.lowercased()
            return types.contains { value.contains($0) }
        }
        guard !hasType, let query = path.firstIndex(of: "?") else { return hasType }
        return path[..<query].hasSuffix("/dns-query")
            && path[query...].split(whereSeparator: { $0 == "?" || $0 == "&" }).contains { $0.hasPrefix("dns=") }
    }

    // MARK: The request

    /// Sends the head; the body follows.
    func start(_ head: ByteBuffer) {
        guard let record = connection.record else { return }
        do throws(HTTP1Refusal) {
            requestBody = try BodyScanner(scanner.framing)
        } catch {
            return connection.end(.badRequest)
        }
        upstream.write(
            HeadWriter.request(
                scanner,
                head,
                path: record.path,
                identity: ByteBuffer(),
                id: record.id,
                // A trace joins our own services; outside nobody needs it.
                keepsTrace: isInternal,
                bodyRoom: 0
            )
        )
        if scanner.expectsContinue, requestBody?.isComplete == false {
            connection.write(ByteBuffer(staticString: "HTTP/1.1 100 Continue\r\n\r\n"))
            connection.flush()
        }
        takeRequest()
        upstream.flush()
        connection.resumeReading()
    }

    /// Whether more of the request can be taken.
    var wantsRequestBytes: Bool { requestBody?.isComplete == false && upstream.isWritable }

    /// Passes on what has come of the request's body.
    func takeRequest() {
        guard !isOver else { return }
        do throws(HTTP1Refusal) {
            while var body = requestBody, !body.isComplete, connection.inbox.readableBytes > 0, upstream.isWritable {
                let bytes = connection.inbox
                let step = try body.next(bytes.readableBytesUInt8Span)
                requestBody = body
                if step.forward > 0, let piece = connection.inbox.readSlice(length: step.forward) {
                    connection.record?.bytesReceived += UInt64(step.content)
                    upstream.write(piece)
                    connection.touch()
                }
                connection.inbox.moveReaderIndex(forwardBy: step.drop)
                if step.forward == 0, step.drop == 0, !step.isEnd { break }
            }
        } catch {
            isOver = true
            return connection.end(.badRequest)
        }
    }

    // MARK: The response

    /// Takes bytes of the response.
    func takeResponse(_ bytes: ByteBuffer) {
        guard !isOver else { return }
        var bytes = bytes
        if inbox.readableBytes == 0 { inbox = bytes } else { inbox.writeBuffer(&bytes) }
        do throws(HTTP1Refusal) {
            if responseBody == nil { guard try readHead() else { return } }
            try readBody()
        } catch {
            fail(.upstreamDied)
        }
    }

    private func readHead() throws(HTTP1Refusal) -> Bool {
        while true {
            let bytes = inbox
            guard try responseScanner.scan(bytes.readableBytesUInt8Span, answering: method),
                let head = inbox.readSlice(length: responseScanner.length), let id = connection.record?.id
            else { return false }
            guard !responseScanner.isInterim else {
                responseScanner.reset()
                continue
            }
            responseFraming = responseScanner.framing
            upstreamKeepsAlive = responseScanner.keepsAlive
            responseBody = try BodyScanner(responseScanner.framing)
            connection.record?.status = responseScanner.status
            connection.write(
                HeadWriter.response(
                    responseScanner,
                    head,
                    id: id,
                    closes: !keepsAlive,
                    bodyRoom: 0
                )
            )
            return true
        }
    }

    /// Whether the caller's connection may carry another request.
    private var keepsAlive: Bool { scanner.keepsAlive && requestBody?.isComplete == true }

    private func readBody() throws(HTTP1Refusal) {
        while var body = responseBody, !body.isComplete, inbox.readableBytes > 0 {
            let bytes = inbox
            let step = try body.next(bytes.readableBytesUInt8Span)
            responseBody = body
            if step.forward > 0, let piece = inbox.readSlice(length: step.forward) {
                connection.record?.bytesSent += UInt64(step.content)
                write(piece)
                connection.touch()
            }
            inbox.moveReaderIndex(forwardBy: step.drop)
            if step.forward == 0, step.drop == 0, !step.isEnd { break }
        }
        if responseBody?.isComplete == true { finish() }
    }

    /// A piece of a body that ends with the connection becomes a chunk.
    private func write(_ piece: ByteBuffer) {
        guard case .untilClose = responseFraming else { return connection.write(piece) }
        connection.write(ByteBuffer(string: String(piece.readableBytes, radix: 16) + "\r\n"))
        connection.write(piece)
        connection.write(ByteBuffer(staticString: "\r\n"))
    }

    /// The target sends no more.
    func upstreamEnded(isFailure: Bool) {
        guard !isOver else { return }
        guard !isFailure, responseBody?.endsAtClose == true else { return fail(.upstreamDied) }
        connection.write(ByteBuffer(staticString: "0\r\n\r\n"))
        upstreamKeepsAlive = false
        finish()
    }

    private func fail(_ ending: CompletionRecord.Ending) {
        guard !isOver else { return }
        isOver = true
        upstream.close()
        connection.kept = nil
        // A response that has begun cannot be taken back, only cut.
        if responseBody == nil { connection.answer(status: 502, ending: ending) } else { connection.end(ending) }
    }

    private func finish() {
        isOver = true
        connection.flush()
        let isReusable = upstreamKeepsAlive && inbox.readableBytes == 0 && requestBody?.isComplete == true
        if !isReusable {
            upstream.close()
            connection.kept = nil
        }
        let keepsAlive = keepsAlive
        connection.complete(.complete)
        if keepsAlive { connection.startNext() } else { connection.finish() }
    }
}
