import NIOCore
import NIOHTTP1

/// The content of a request as it comes: the next piece is read from the connection when it is asked for.
final class RequestBody {
    private var parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator
    /// Whether nothing comes any more.
    private(set) var isAtEnd = true

    init(_ parts: NIOAsyncChannelInboundStream<HTTPServerRequestPart>.AsyncIterator) {
        self.parts = parts
    }

    /// The head of the next request; nil where the client has closed.
    func nextHead() async throws -> HTTPRequestHead? {
        guard let part = try await parts.next(isolation: #isolation) else { return nil }
        guard case .head(let head) = part else { throw RegistryError(.unsupported, "a body without a request") }
        isAtEnd = false
        return head
    }

    /// The next piece; nil at the end.
    ///
    /// - Throws: where the client leaves in the middle.
    func next() async throws -> ByteBuffer? {
        guard !isAtEnd else { return nil }
        switch try await parts.next(isolation: #isolation) {
        case .body(let bytes): return bytes
        case .end:
            isAtEnd = true
            return nil
        case .head, nil: throw RegistryError(.blobUploadInvalid, "the client left in the middle of the content")
        }
    }

    /// All of it, where it is not longer than a limit.
    func collect(limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = try await next() {
            guard bytes.count + piece.readableBytes <= limit else {
                throw RegistryError(.sizeInvalid, "the content has more than \(limit) bytes")
            }
            bytes += piece.readableBytesView
        }
        return bytes
    }

    /// Passes over a short rest; returns whether the next request can be read after it.
    func skip(limit: Int) async throws -> Bool {
        var count = 0
        while let piece = try await next() {
            count += piece.readableBytes
            guard count <= limit else { return false }
        }
        return true
    }
}
