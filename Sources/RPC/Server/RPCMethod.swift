import NIOCore
public import SwiftProtobuf

/// One method of a service: its name, its shape, and what answers it.
///
/// ```swift
/// RPCMethod.unary("Check") { (request: Health_HealthCheckRequest, context) in … }
/// ```
public struct RPCMethod: Sendable {
    /// The method's name, as it stands behind the last slash of the path.
    public let name: String
    let implementation: Implementation

    enum Implementation: Sendable {
        case inline(@Sendable (ByteBuffer, RPCContext) throws -> ByteBuffer)
        case unary(@Sendable (ByteBuffer, RPCContext) async throws -> ByteBuffer)
        case serverStreaming(@Sendable (ByteBuffer, RPCContext, OutboundGate) async throws -> Void)
        case bidirectional(@Sendable (InboundQueue, RPCContext, OutboundGate) async throws -> Void)
    }

    /// One request, one response, answered at once on the event loop with no task.
    ///
    /// For decisions that are made from memory in microseconds. The handler must not block.
    public static func unaryInline<Request: Message, Response: Message>(
        _ name: String,
        handler: @escaping @Sendable (Request, RPCContext) throws -> Response
    ) -> RPCMethod {
        RPCMethod(
            name: name,
            implementation: .inline { bytes, context in
                try FramedMessage.encode(handler(FramedMessage.decode(bytes), context))
            }
        )
    }

    /// One request, one response.
    public static func unary<Request: Message, Response: Message>(
        _ name: String,
        handler: @escaping @Sendable (Request, RPCContext) async throws -> Response
    ) -> RPCMethod {
        RPCMethod(
            name: name,
            implementation: .unary { bytes, context in
                try await FramedMessage.encode(handler(FramedMessage.decode(bytes), context))
            }
        )
    }

    /// One request, any number of responses; the call ends well when the handler returns.
    public static func serverStreaming<Request: Message, Response: Message>(
        _ name: String,
        handler: @escaping @Sendable (Request, RPCContext, RPCWriter<Response>) async throws -> Void
    ) -> RPCMethod {
        RPCMethod(
            name: name,
            implementation: .serverStreaming { bytes, context, gate in
                try await handler(FramedMessage.decode(bytes), context, RPCWriter(gate))
            }
        )
    }

    /// Any number of requests and responses, each side at its own pace.
    public static func bidirectional<Request: Message, Response: Message>(
        _ name: String,
        handler: @escaping @Sendable (RPCMessages<Request>, RPCContext, RPCWriter<Response>) async throws -> Void
    ) -> RPCMethod {
        RPCMethod(
            name: name,
            implementation: .bidirectional { queue, context, gate in
                try await handler(RPCMessages(queue), context, RPCWriter(gate))
            }
        )
    }
}
