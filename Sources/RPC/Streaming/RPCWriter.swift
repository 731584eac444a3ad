public import SwiftProtobuf

/// Sends the messages of a stream, one after another.
///
/// ``write(_:)`` returns when there is room for the next message and throws when the call is over, so that a
/// producer runs at the pace of its consumer.
public struct RPCWriter<Element: Message>: Sendable {
    private let gate: OutboundGate

    init(_ gate: OutboundGate) {
        self.gate = gate
    }

    /// Sends a message.
    public func write(_ message: Element) async throws {
        try await self.gate.send(FramedMessage.encode(message))
    }
}
