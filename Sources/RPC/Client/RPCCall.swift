public import SwiftProtobuf

/// A bidirectional call as its client holds it.
///
/// ```swift
/// try await call.write(request)
/// call.finishWriting()
/// for try await response in call.responses { … }
/// ```
public struct RPCCall<Request: Message, Response: Message>: Sendable {
    private let call: StartedCall
    private let lifetime: CallLifetime

    init(_ call: StartedCall) {
        self.call = call
        self.lifetime = CallLifetime(call.channel)
    }

    /// The responses as they come.
    public var responses: RPCMessages<Response> {
        RPCMessages(self.call.queue, lifetime: self.lifetime)
    }

    /// Sends a request; returns when there is room for another.
    public func write(_ request: Request) async throws {
        try await self.call.gate.send(FramedMessage.encode(request))
    }

    /// Says that no more requests will follow.
    public func finishWriting() {
        self.call.endRequests()
    }

    /// Gives the call up; its responses end with CANCELLED.
    public func cancel() {
        self.call.cancel()
    }
}
