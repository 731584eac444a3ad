import NIOCore
import NIOHTTP1

/// Requests one after the other on a connection that stays open between them, for as long as the registry leaves it so.
struct RegistryConversation {
    private var answers: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    private let output: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
    /// Whether nothing more can be asked: the registry closes the connection, or something went wrong on it.
    private(set) var isOver = false
    /// Whether the connection stays open after the answer that was begun.
    private var isKept = false

    init(
        _ answers: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator,
        _ output: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
    ) {
        self.answers = answers
        self.output = output
    }

    /// Sends a request with its content, and reads the answer whole.
    ///
    /// - Throws: ``RegistryClientError``, `unreachable` where the connection ends before the answer does.
    mutating func ask(_ head: HTTPRequestHead, _ content: [UInt8], limit: Int) async throws -> RegistryClient.Answer {
        // Whatever is thrown from here on leaves the connection where nobody can go on with it.
        isOver = true
        do {
            try await output.write(.head(head))
            if !content.isEmpty { try await output.write(.body(.byteBuffer(ByteBuffer(bytes: content)))) }
            try await output.write(.end(nil))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A registry that refuses what comes may answer, and close, before all of it has come.
        }
        var answer: HTTPResponseHead?
        var body: [UInt8] = []
        while let part = try await next() {
            switch part {
            case .head(let head) where head.status.code < 200: continue
            case .head(let head): answer = head
            case .body(let piece):
                guard body.count + piece.readableBytes <= limit else {
                    throw RegistryClientError(.refused, "the registry's answer is longer than \(limit) bytes")
                }
                body += piece.readableBytesView
            case .end:
                guard let answer else { break }
                isOver = !answer.isKeepAlive
                return RegistryClient.Answer(status: Int(answer.status.code), headers: answer.headers, body: body)
            }
        }
        throw RegistryClientError(.unreachable, "the registry closed the connection in the middle")
    }

    /// Sends a request without content, and reads the head of the answer; its body has to be read before anything else is
    /// asked.
    ///
    /// - Throws: ``RegistryClientError``, `unreachable` where the connection ends before.
    mutating func begin(_ head: HTTPRequestHead) async throws -> HTTPResponseHead {
        isOver = true
        do {
            try await output.write(.head(head))
            try await output.write(.end(nil))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A registry may answer, and close, before it has read what is asked.
        }
        while let part = try await next() {
            guard case .head(let answer) = part else { break }
            if answer.status.code < 200 { continue }
            isKept = answer.isKeepAlive
            return answer
        }
        throw RegistryClientError(.unreachable, "the registry closed the connection unasked")
    }

    /// The next piece of the body of the answer that was begun; nil at its end.
    mutating func piece() async throws -> ByteBuffer? {
        switch try await next() {
        case .body(let bytes): return bytes
        case .end:
            isOver = !isKept
            return nil
        case .head, nil:
            throw RegistryClientError(.unreachable, "the registry closed the connection in the middle")
        }
    }

    private mutating func next() async throws -> HTTPClientResponsePart? {
        do { return try await answers.next(isolation: #isolation) } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw RegistryClientError(.unreachable, "the connection to the registry broke: \(error)")
        }
    }
}
