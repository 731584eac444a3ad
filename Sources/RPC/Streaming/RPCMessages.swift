public import SwiftProtobuf

/// The messages of a stream as they arrive: a server's requests or a client's responses.
///
/// One task reads it, once. Reading slowly holds the sender back. Iteration ends when the peer has sent its last
/// message well, and throws an ``RPCStatus`` for any other end. A client that stops reading and lets the sequence go
/// gives its call up.
///
/// ```swift
/// for try await response in responses {
///     apply(response)
/// }
/// ```
public struct RPCMessages<Element: Message>: AsyncSequence, Sendable {
    private let queue: InboundQueue
    private let lifetime: CallLifetime?

    init(_ queue: InboundQueue, lifetime: CallLifetime? = nil) {
        self.queue = queue
        self.lifetime = lifetime
    }

    /// Makes the iterator.
    public func makeAsyncIterator() -> Iterator {
        Iterator(queue: self.queue, lifetime: self.lifetime)
    }

    /// Gives one message after another.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let queue: InboundQueue
        fileprivate let lifetime: CallLifetime?

        /// The next message, or nil at the end.
        public mutating func next() async throws -> Element? {
            guard let bytes = try await self.queue.next() else { return nil }
            return try FramedMessage.decode(bytes)
        }

        /// The next message, or nil at the end.
        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws -> Element? {
            guard let bytes = try await self.queue.next() else { return nil }
            return try FramedMessage.decode(bytes)
        }
    }
}
