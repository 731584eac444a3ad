import Logging
import NIOCore

/// A call while its handler runs in a task: turns what the handler does into what is sent.
struct ServerCall: Sendable {
    private let context: RPCContext
    private let logger: Logger

    init(_ context: RPCContext, _ logger: Logger) {
        self.context = context
        self.logger = logger
    }

    /// Answers a call of one response.
    func reply(on channel: any Channel, _ body: () async throws -> ByteBuffer) async {
        do {
            channel.writeAndFlush(StreamPart.reply(try await body()), promise: nil)
        } catch {
            channel.writeAndFlush(StreamPart.finish(self.status(of: error)), promise: nil)
        }
    }

    /// Answers a call of any number of responses.
    func run(on channel: any Channel, _ body: () async throws -> Void) async {
        do {
            try await body()
            channel.writeAndFlush(StreamPart.finish(.ok), promise: nil)
        } catch {
            channel.writeAndFlush(StreamPart.finish(self.status(of: error)), promise: nil)
        }
    }

    /// What the caller is told of an error; the words of one that is no status go to the log instead.
    func status(of error: any Error) -> RPCStatus {
        if !(error is RPCStatus), !(error is CancellationError) {
            self.logger.error(
                "rpc handler failed",
                metadata: [
                    "rpc.service": "\(self.context.service)",
                    "rpc.method": "\(self.context.method)",
                    "error": "\(error)",
                ]
            )
        }
        return RPCStatus(describing: error)
    }
}
