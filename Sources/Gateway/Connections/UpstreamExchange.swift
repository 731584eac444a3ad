import NIOCore
import SPIFFE

/// What carries one request to an upstream and its response back: a connection of HTTP/1, or a stream of HTTP/2.
///
/// Both take requests as HTTP/1 messages. It is an enumeration rather than a protocol, so that the path of a request
/// calls what it means to call.
enum UpstreamExchange {
    case connection(UpstreamConnection)
    case stream(UpstreamHTTP2Stream)

    /// Whether more of a request can be taken.
    var isWritable: Bool {
        switch self {
        case .connection(let connection): connection.isWritable
        case .stream(let stream): stream.isWritable
        }
    }

    /// The model that the other end was proved to have loaded; nil where nothing is known of any.
    var model: ModelClaim? {
        switch self {
        case .connection(let connection): connection.model?.claim ?? connection.peer?.model
        case .stream(let stream): stream.model
        }
    }

    /// Takes a request's turn.
    func attach(_ pipeline: Pipeline) {
        switch self {
        case .connection(let connection): connection.attach(pipeline)
        case .stream(let stream): stream.attach(pipeline)
        }
    }

    /// Sends a head and what of the body was copied behind it.
    func send(head: ByteBuffer, isWhole: Bool) {
        switch self {
        case .connection(let connection): connection.send(head: head, isWhole: isWhole)
        case .stream(let stream): stream.send(head: head, isWhole: isWhole)
        }
    }

    /// Sends more of the body.
    func send(_ bytes: ByteBuffer) {
        switch self {
        case .connection(let connection): connection.send(bytes)
        case .stream(let stream): stream.send(bytes)
        }
    }

    func flush() {
        switch self {
        case .connection(let connection): connection.flush()
        case .stream(let stream): stream.flush()
        }
    }

    /// The request is sent whole.
    func requestEnded() {
        switch self {
        case .connection(let connection): connection.requestEnded()
        // Its frames say so.
        case .stream: break
        }
    }

    /// Reads on, once there is room for what comes.
    func resumeReading() {
        switch self {
        case .connection(let connection): connection.resumeReading()
        case .stream(let stream): stream.resumeReading()
        }
    }

    /// The request is of no use any more.
    func abort() {
        switch self {
        case .connection(let connection): connection.abort()
        case .stream(let stream): stream.abort()
        }
    }
}
