import Authorization
import MutualTLS
import NIOCore
import NIOPosix

/// A connection to a provider over HTTP/1.1, which carries one check after the other.
final class CheckConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case idle
        case asked(HTTPAnswerReader, EventLoopPromise<HTTPAnswer>)
        case closed
    }

    private weak var pool: CheckConnections?
    private var phase = Phase.idle
    private var context: ChannelHandlerContext?
    /// What is to be sent once the other end has proved who it is.
    private var unsent: ByteBuffer?
    private var isVerified: Bool
    private var refusal: String?

    init(pool: CheckConnections, isPlain: Bool) {
        self.pool = pool
        self.isVerified = isPlain
    }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(ExternalFailure(.unreachable, "the connection was closed"))
        self.context = nil
    }

    /// Sends a check; its answer, or why there is none, goes to the promise.
    func ask(_ request: ByteBuffer, method: HTTP1Method, _ promise: EventLoopPromise<HTTPAnswer>) {
        guard case .idle = phase, let context else {
            return promise.fail(ExternalFailure(.unreachable, "the connection was closed"))
        }
        phase = .asked(HTTPAnswerReader(answering: method), promise)
        guard isVerified else {
            unsent = request
            return
        }
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    /// Why the other end was not believed.
    func refused(_ reason: String) { refusal = reason }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is PeerVerified else { return context.fireUserInboundEventTriggered(event) }
        isVerified = true
        if let request = unsent.take() { context.writeAndFlush(wrapOutboundOut(request), promise: nil) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        // Nobody asked for anything.
        guard case .asked(var reader, let promise) = phase else { return close() }
        phase = .closed
        do throws(ExternalFailure) {
            switch try reader.take(unwrapInboundIn(data)) {
            case .incomplete: phase = .asked(reader, promise)
            case .complete(let answer, let keepsAlive):
                if keepsAlive, context.channel.isActive, let pool {
                    phase = .idle
                    pool.release(self, on: context.channel)
                } else {
                    close()
                }
                promise.succeed(answer)
            }
        } catch {
            close()
            promise.fail(error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .asked(var reader, let promise) = phase {
            phase = .closed
            do throws(ExternalFailure) { promise.succeed(try reader.close()) } catch {
                promise.fail(refusal.map { ExternalFailure(.unreachable, $0) } ?? error)
            }
        }
        phase = .closed
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A body that ends with the connection must end well: a cut one is no end.
        end(ExternalFailure(.unreachable, refusal ?? "\(error)"))
        context.close(promise: nil)
    }

    private func end(_ failure: ExternalFailure) {
        if case .asked(_, let promise) = phase { promise.fail(failure) }
        phase = .closed
    }

    /// Closes the connection for good.
    func close() {
        end(ExternalFailure(.unreachable, "the check was given up"))
        context?.close(promise: nil)
    }
}
