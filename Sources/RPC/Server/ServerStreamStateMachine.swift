import NIOCore
import NIOHPACK

/// The protocol of one call as its server sees it.
///
/// A value that takes what arrives and what is to be sent, and says what to do; it does no I/O and reads no clock.
struct ServerStreamStateMachine {
    private enum Input {
        case awaitingHead
        case open
        case ended
    }

    private enum Output {
        case idle
        case streaming
        case finished
    }

    /// What the head of a call says.
    struct Head {
        var path: String
        var service: String
        var method: String
        var timeout: TimeAmount?
        var metadata: RPCMetadata
    }

    /// What to do about a HEADERS frame.
    enum HeadersAction {
        /// A call begins; take the input with ``nextInput()``.
        case call(Head)
        /// More input may be ready.
        case input
        /// Answer with these headers, which end the stream; reset it where the peer is still sending.
        case respond(HPACKHeaders, reset: Bool)
        case ignore
    }

    /// The next of what has arrived.
    enum InputAction: Equatable {
        case message(ByteBuffer)
        case end
        case waitForMore
        case reject(RPCStatus)
    }

    /// What to do about a message to be sent.
    enum MessageAction: Equatable {
        case sendHeadAndMessage(HPACKHeaders)
        case sendMessage
        case discard
    }

    /// What to do at the end of a call.
    enum FinishAction: Equatable {
        case sendTrailers(HPACKHeaders, reset: Bool)
        case discard
    }

    private var input = Input.awaitingHead
    private var output = Output.idle
    private var deframer: MessageDeframer
    /// A method of one request gets it when the stream has ended, so that a second one is seen.
    private var expectsOneRequest = true
    private var onlyRequest: ByteBuffer?
    private var endDelivered = false

    init(maximumMessageSize: Int) {
        self.deframer = MessageDeframer(maximumMessageSize: maximumMessageSize)
    }

    /// Whether the call has been answered or given up.
    var isFinished: Bool { self.output == .finished }

    /// The head of every answer.
    static let responseHead: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]

    /// Takes requests one by one, for a method that has any number of them.
    mutating func acceptManyRequests() {
        self.expectsOneRequest = false
    }

    /// A HEADERS frame has arrived.
    mutating func received(headers: HPACKHeaders, endStream: Bool) -> HeadersAction {
        switch self.input {
        case .awaitingHead:
            self.input = endStream ? .ended : .open
            return self.receivedHead(headers)
        case .open:
            // Trailers: gRPC has none in a request, and what they would say is not needed.
            self.input = .ended
            return self.isFinished ? .ignore : .input
        case .ended:
            return .ignore
        }
    }

    private mutating func receivedHead(_ headers: HPACKHeaders) -> HeadersAction {
        guard headers.first(name: ":method") == "POST" else {
            return self.refuse(httpStatus: "405")
        }
        let contentTypes = headers[canonicalForm: "content-type"]
        guard contentTypes.count == 1, Self.isGRPC(contentTypes[0]) else {
            return self.refuse(httpStatus: "415")
        }
        let path = headers.first(name: ":path") ?? ""
        guard let names = Router.names(in: path) else {
            return self.refuse(RPCStatus(.unimplemented, "the path does not name a method"))
        }
        if let encoding = headers.first(name: "grpc-encoding"), encoding != "identity" {
            return self.refuse(RPCStatus(.unimplemented, "the message encoding `\(encoding)` is not supported"))
        }
        var timeout: TimeAmount?
        if let text = headers.first(name: "grpc-timeout") {
            guard let parsed = GRPCTimeout.parse(text) else {
                return self.refuse(RPCStatus(.internalError, "the value of grpc-timeout is not a timeout"))
            }
            timeout = parsed
        }
        return .call(
            Head(
                path: path,
                service: names.service,
                method: names.method,
                timeout: timeout,
                metadata: RPCMetadata(headers: headers)
            )
        )
    }

    /// `application/grpc`, perhaps with `+proto` or parameters.
    static func isGRPC(_ contentType: String) -> Bool {
        let type = contentType.prefix { $0 != ";" && $0 != " " }.lowercased()
        return type == "application/grpc" || type == "application/grpc+proto"
    }

    private mutating func refuse(httpStatus: String) -> HeadersAction {
        self.output = .finished
        return .respond([":status": httpStatus, "content-length": "0"], reset: self.input != .ended)
    }

    private mutating func refuse(_ status: RPCStatus) -> HeadersAction {
        switch self.finish(status) {
        case .sendTrailers(let headers, let reset): .respond(headers, reset: reset)
        case .discard: .ignore
        }
    }

    /// A DATA frame has arrived; take what it completes with ``nextInput()``.
    mutating func received(data: ByteBuffer, endStream: Bool) {
        guard self.input == .open else { return }
        if endStream { self.input = .ended }
        // Bytes for a call that is answered are dropped.
        guard !self.isFinished else { return }
        self.deframer.append(data)
    }

    /// The next of what has arrived.
    mutating func nextInput() -> InputAction {
        guard !self.isFinished, !self.endDelivered else { return .waitForMore }
        do throws(RPCStatus) {
            while let message = try self.deframer.next() {
                guard self.expectsOneRequest else { return .message(message) }
                guard self.onlyRequest == nil else {
                    return .reject(RPCStatus(.unimplemented, "the method takes one request, and more were sent"))
                }
                self.onlyRequest = message
            }
        } catch {
            return .reject(error)
        }
        guard self.input == .ended else { return .waitForMore }
        guard self.deframer.bufferedBytes == 0 else {
            return .reject(RPCStatus(.internalError, "the stream ended inside a message"))
        }
        if self.expectsOneRequest {
            guard let message = self.onlyRequest else {
                return .reject(RPCStatus(.unimplemented, "the method takes one request, and none was sent"))
            }
            self.onlyRequest = nil
            self.expectsOneRequest = false
            return .message(message)
        }
        self.endDelivered = true
        return .end
    }

    /// A message is to be sent.
    mutating func sendMessage() -> MessageAction {
        switch self.output {
        case .idle:
            self.output = .streaming
            return .sendHeadAndMessage(Self.responseHead)
        case .streaming: return .sendMessage
        case .finished: return .discard
        }
    }

    /// The call is to end.
    mutating func finish(_ status: RPCStatus) -> FinishAction {
        let before = self.output
        self.output = .finished
        self.onlyRequest = nil
        var trailers: HPACKHeaders
        switch before {
        case .finished: return .discard
        case .idle:
            trailers = Self.responseHead
            // What would have been understood, for a peer whose encoding was not.
            if status.code == .unimplemented { trailers.add(name: "grpc-accept-encoding", value: "identity") }
        case .streaming: trailers = HPACKHeaders()
        }
        trailers.add(name: "grpc-status", value: String(status.code.rawValue))
        if !status.message.isEmpty {
            trailers.add(
                name: "grpc-message",
                value: PercentEncoding.encode(status.message),
                indexing: .nonIndexable
            )
        }
        status.metadata.write(to: &trailers)
        return .sendTrailers(trailers, reset: self.input != .ended)
    }

    /// The stream is gone; says whether a call was cut off by that.
    mutating func closed() -> Bool {
        defer {
            self.output = .finished
            self.input = .ended
        }
        return !self.isFinished
    }
}
