import NIOCore
import NIOHPACK
import Testing

@testable import RPC

@Suite(.timeLimit(.minutes(5))) struct `A call at the client` {
    typealias Machine = ClientStreamStateMachine
    static let head: HPACKHeaders = [":status": "200", "content-type": "application/grpc"]

    @Test func `a response and its status`() {
        var machine = Machine(maximumMessageSize: 100)
        #expect(machine.received(headers: [":status": "103"], endStream: false) == .none)
        #expect(machine.received(headers: Self.head, endStream: false) == .none)
        #expect(machine.received(data: ByteBuffer(bytes: [0, 0, 0, 0, 1, 9])) == .none)
        #expect(machine.nextMessage() == .message(ByteBuffer(bytes: [9])))
        #expect(machine.nextMessage() == .none)
        #expect(
            machine.received(headers: ["grpc-status": "5", "grpc-message": "n%C3%A4h"], endStream: true)
                == .finish(RPCStatus(.notFound, "näh"))
        )
        #expect(machine.closed(reset: nil) == .none)
        #expect(machine.isFinished)
    }

    @Test(
        arguments: [
            ([":status": "200", "content-type": "application/grpc", "grpc-status": "7"], true, .permissionDenied),
            ([":status": "200", "content-type": "application/grpc", "grpc-status": "99"], true, .unknown),
            ([":status": "200", "content-type": "application/grpc"], true, .unknown),
            ([":status": "200", "content-type": "application/grpc", "grpc-encoding": "gzip"], false, .internalError),
            ([":status": "200", "content-type": "text/html"], false, .unknown),
            ([":status": "200"], false, .unknown),
            (["content-type": "application/grpc"], false, .internalError),
            ([":status": "503"], true, .unavailable), ([":status": "429"], false, .unavailable),
            ([":status": "401"], true, .unauthenticated), ([":status": "403"], true, .permissionDenied),
            ([":status": "404"], true, .unimplemented), ([":status": "400"], true, .internalError),
            ([":status": "302"], true, .unknown),
        ] as [(HPACKHeaders, Bool, RPCStatus.Code)]
    )
    func `a head that ends the call`(_ headers: HPACKHeaders, _ endStream: Bool, _ code: RPCStatus.Code) {
        var machine = Machine(maximumMessageSize: 100)
        guard case .finish(let status) = machine.received(headers: headers, endStream: endStream) else {
            Issue.record("the call goes on")
            return
        }
        #expect(status.code == code)
    }

    @Test(
        arguments: [
            (nil, .unavailable), (0, .internalError), (7, .unavailable), (8, .cancelled), (11, .resourceExhausted),
            (12, .permissionDenied), (1, .internalError),
        ] as [(Int?, RPCStatus.Code)]
    )
    func `a stream that goes away ends the call`(_ reset: Int?, _ code: RPCStatus.Code) {
        var machine = Machine(maximumMessageSize: 100)
        guard case .finish(let status) = machine.closed(reset: reset) else {
            Issue.record("the call goes on")
            return
        }
        #expect(status.code == code)
        #expect(machine.closed(reset: reset) == .none)
    }

    @Test func `half a message is no end`() {
        var machine = Machine(maximumMessageSize: 100)
        _ = machine.received(headers: Self.head, endStream: false)
        _ = machine.received(data: ByteBuffer(bytes: [0, 0, 0]))
        guard case .finish(let status) = machine.received(headers: ["grpc-status": "0"], endStream: true) else {
            Issue.record("the call goes on")
            return
        }
        #expect(status.code == .internalError)
    }
}
