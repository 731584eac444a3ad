import NIOCore
import NIOHPACK

/// The protocol of one call as its client sees it.
///
/// A value that takes what arrives and says what it means; it does no I/O and reads no clock.
struct ClientStreamStateMachine {
    private enum State {
        case awaitingHead
        case open
        case finished
    }

    /// What a frame, or its absence, means for the call.
    enum Action: Equatable {
        case none
        case message(ByteBuffer)
        /// The call has ended; the status is the server's or says what is wrong.
        case finish(RPCStatus)
    }

    private var state = State.awaitingHead
    private var deframer: MessageDeframer

    init(maximumMessageSize: Int) {
        self.deframer = MessageDeframer(maximumMessageSize: maximumMessageSize)
    }

    /// Whether the call has ended.
    var isFinished: Bool { self.state == .finished }

    /// A HEADERS frame has arrived.
    mutating func received(headers: HPACKHeaders, endStream: Bool) -> Action {
        switch self.state {
        case .awaitingHead:
            guard let status = headers.first(name: ":status") else {
                return self.fail(.internalError, "the answer has no HTTP status")
            }
            // RFC 9110 §15.2: informational answers come before the real one.
            if status.first == "1", !endStream { return .none }
            guard status == "200" else {
                return self.fail(Self.code(httpStatus: status), "the answer has the HTTP status \(status)")
            }
            guard ServerStreamStateMachine.isGRPC(headers[canonicalForm: "content-type"].first ?? "") else {
                return self.fail(.unknown, "the answer is not gRPC")
            }
            if endStream { return self.receivedTrailers(headers) }
            if let encoding = headers.first(name: "grpc-encoding"), encoding != "identity" {
                return self.fail(.internalError, "the message encoding `\(encoding)` was not asked for")
            }
            self.state = .open
            return .none
        case .open:
            guard endStream else { return self.fail(.internalError, "headers came in the middle of a stream") }
            return self.receivedTrailers(headers)
        case .finished:
            return .none
        }
    }

    private mutating func receivedTrailers(_ headers: HPACKHeaders) -> Action {
        guard self.deframer.bufferedBytes == 0 else {
            return self.fail(.internalError, "the stream ended inside a message")
        }
        guard let text = headers.first(name: "grpc-status"), let number = Int(text) else {
            return self.fail(.unknown, "the stream ended without a status")
        }
        self.state = .finished
        return .finish(
            RPCStatus(
                RPCStatus.Code(rawValue: number) ?? .unknown,
                PercentEncoding.decode(headers.first(name: "grpc-message") ?? ""),
                metadata: RPCMetadata(headers: headers)
            )
        )
    }

    /// A DATA frame has arrived; take what it completes with ``nextMessage()``.
    mutating func received(data: ByteBuffer) -> Action {
        switch self.state {
        case .awaitingHead: return self.fail(.internalError, "data came before the head of the answer")
        case .open:
            self.deframer.append(data)
            return .none
        case .finished: return .none
        }
    }

    /// The next message that has arrived whole.
    mutating func nextMessage() -> Action {
        guard self.state == .open else { return .none }
        do throws(RPCStatus) {
            guard let message = try self.deframer.next() else { return .none }
            return .message(message)
        } catch {
            return self.fail(error.code, error.message)
        }
    }

    /// The stream has ended, or was reset with an HTTP/2 error code.
    mutating func closed(reset: Int?) -> Action {
        switch self.state {
        case .finished: .none
        case .awaitingHead, .open:
            switch reset {
            // RFC 9113 §7, and the mapping of "HTTP2 Transport Mapping" in gRPC over HTTP/2.
            case 0x7: self.fail(.unavailable, "the server refused the stream")
            case 0x8: self.fail(.cancelled, "the server cancelled the stream")
            case 0xB: self.fail(.resourceExhausted, "the server asks for calm")
            case 0xC: self.fail(.permissionDenied, "the server wants better security")
            case .some(let code): self.fail(.internalError, "the stream was reset with the error \(code)")
            case .none: self.fail(.unavailable, "the connection was closed")
            }
        }
    }

    /// We end the call ourselves.
    mutating func abandon(_ status: RPCStatus) -> Action {
        self.isFinished ? .none : self.fail(status.code, status.message)
    }

    private mutating func fail(_ code: RPCStatus.Code, _ message: String) -> Action {
        self.state = .finished
        return .finish(RPCStatus(code, message))
    }

    /// What an HTTP status means where there is no gRPC status ("HTTP to gRPC Status Code Mapping").
    static func code(httpStatus: String) -> RPCStatus.Code {
        switch httpStatus {
        case "400": .internalError
        case "401": .unauthenticated
        case "403": .permissionDenied
        case "404": .unimplemented
        case "429", "502", "503", "504": .unavailable
        default: .unknown
        }
    }
}
