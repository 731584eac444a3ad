import NIOCore
import NIOHPACK
import Testing

@testable import RPC

@Suite(.timeLimit(.minutes(5))) struct `A call at the server` {
    static func head(_ changes: [(String, String?)] = []) -> HPACKHeaders {
        var headers: HPACKHeaders = [
            ":method": "POST", ":scheme": "http", ":path": "/test.Echo/Echo", ":authority": "localhost",
            "te": "trailers", "content-type": "application/grpc",
        ]
        for (name, value) in changes {
            headers.remove(name: name)
            if let value { headers.add(name: name, value: value) }
        }
        return headers
    }

    static func framed(_ bytes: [UInt8]) -> ByteBuffer {
        ByteBuffer(bytes: [0, 0, 0, 0, UInt8(bytes.count)] + bytes)
    }

    /// A machine that has a call.
    static func begun(_ machine: ServerStreamStateMachine = .init(maximumMessageSize: 100)) -> ServerStreamStateMachine
    {
        var machine = machine
        guard case .call = machine.received(headers: Self.head(), endStream: false) else {
            Issue.record("the head was refused")
            return machine
        }
        return machine
    }

    @Test func `a request and a response`() throws {
        var machine = ServerStreamStateMachine(maximumMessageSize: 100)
        let timeout = Self.head([("grpc-timeout", "2S"), ("x-one", "1")])
        guard case .call(let head) = machine.received(headers: timeout, endStream: false) else {
            Issue.record("the head was refused")
            return
        }
        #expect(head.service == "test.Echo")
        #expect(head.method == "Echo")
        #expect(head.timeout == .seconds(2))
        #expect(head.metadata.entries.map(\.name) == ["x-one"])
        machine.received(data: Self.framed([1, 2]), endStream: false)
        // Only the end of the stream shows that it was the only request.
        #expect(machine.nextInput() == .waitForMore)
        machine.received(data: ByteBuffer(), endStream: true)
        #expect(machine.nextInput() == .message(ByteBuffer(bytes: [1, 2])))
        #expect(machine.nextInput() == .end)
        #expect(machine.nextInput() == .waitForMore)
        #expect(machine.sendMessage() == .sendHeadAndMessage(ServerStreamStateMachine.responseHead))
        #expect(machine.finish(.ok) == .sendTrailers(["grpc-status": "0"], reset: false))
        #expect(machine.finish(.ok) == .discard)
        #expect(machine.sendMessage() == .discard)
        #expect(machine.closed() == false)
    }

    @Test func `requests of a stream come as they come`() {
        var machine = Self.begun()
        machine.acceptManyRequests()
        machine.received(data: Self.framed([1]), endStream: false)
        #expect(machine.nextInput() == .message(ByteBuffer(bytes: [1])))
        #expect(machine.nextInput() == .waitForMore)
        machine.received(data: Self.framed([2]), endStream: true)
        #expect(machine.nextInput() == .message(ByteBuffer(bytes: [2])))
        #expect(machine.nextInput() == .end)
    }

    @Test(
        arguments: [
            ([("content-type", nil)], "415"), ([("content-type", "text/plain")], "415"),
            ([("content-type", "application/grpc-web")], "415"), ([("content-type", "application/grpc+json")], "415"),
            ([(":method", "GET")], "405"),
        ] as [([(String, String?)], String)]
    )
    func `what is not gRPC gets an HTTP status`(_ changes: [(String, String?)], _ status: String) {
        var machine = ServerStreamStateMachine(maximumMessageSize: 100)
        guard case .respond(let headers, let reset) = machine.received(headers: Self.head(changes), endStream: false)
        else {
            Issue.record("it was accepted")
            return
        }
        #expect(headers.first(name: ":status") == status)
        #expect(!headers.contains(name: "grpc-status"))
        #expect(reset)
        #expect(machine.isFinished)
    }

    @Test(
        arguments: [
            ([(":path", "/")], 12), ([(":path", nil)], 12), ([(":path", "/a/b/c")], 12), ([(":path", "a/b")], 12),
            ([("grpc-encoding", "gzip")], 12), ([("grpc-timeout", "soon")], 13), ([("grpc-timeout", "")], 13),
        ] as [([(String, String?)], Int)]
    )
    func `a head that cannot be served gets trailers only`(_ changes: [(String, String?)], _ code: Int) {
        var machine = ServerStreamStateMachine(maximumMessageSize: 100)
        guard case .respond(let headers, let reset) = machine.received(headers: Self.head(changes), endStream: true)
        else {
            Issue.record("it was accepted")
            return
        }
        #expect(headers.first(name: ":status") == "200")
        #expect(headers.first(name: "grpc-status") == String(code))
        #expect(headers.contains(name: "grpc-accept-encoding") == (code == 12))
        #expect(!reset)
    }

    @Test(
        arguments: [
            ([], .unimplemented), ([[0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]], .unimplemented), ([[0, 0, 0]], .internalError),
            ([[0, 0, 0, 0, 2, 1]], .internalError), ([[0, 0, 0, 0, 101]], .resourceExhausted),
            ([[1, 0, 0, 0, 0]], .internalError),
        ] as [([[UInt8]], RPCStatus.Code)]
    )
    func `a request that is not one is rejected`(_ pieces: [[UInt8]], _ code: RPCStatus.Code) {
        var machine = Self.begun()
        for piece in pieces { machine.received(data: ByteBuffer(bytes: piece), endStream: false) }
        machine.received(data: ByteBuffer(), endStream: true)
        guard case .reject(let status) = machine.nextInput() else {
            Issue.record("it was accepted")
            return
        }
        #expect(status.code == code)
    }

    @Test func `an answer before the end of the request resets the stream`() {
        var machine = Self.begun()
        guard case .sendTrailers(let headers, let reset) = machine.finish(RPCStatus(.notFound, "näh")) else {
            Issue.record("no trailers")
            return
        }
        #expect(reset)
        #expect(headers.first(name: ":status") == "200")
        #expect(headers.first(name: "grpc-status") == "5")
        #expect(headers.first(name: "grpc-message") == "n%C3%A4h")
        // What still comes is dropped.
        machine.received(data: Self.framed([1]), endStream: true)
        #expect(machine.nextInput() == .waitForMore)
    }

    @Test func `a stream that goes away is a cancelled call`() {
        var machine = Self.begun()
        #expect(machine.closed() == true)
        #expect(machine.sendMessage() == .discard)
        #expect(machine.finish(.ok) == .discard)
        #expect(machine.closed() == false)
    }

    @Test(arguments: 0..<4) func `no order of events sends twice or delivers after the end`(_ seed: Int) {
        var random = SplitMix64(seed: UInt64(seed))
        for _ in 0..<2_000 {
            var machine = ServerStreamStateMachine(maximumMessageSize: 8)
            var ends = 0
            var heads = 0
            var endDelivered = false
            for _ in 0..<12 {
                switch Int.random(in: 0..<7, using: &random) {
                case 0:
                    switch machine.received(headers: Self.head(), endStream: .random(using: &random)) {
                    case .respond: ends += 1
                    case .call: if Bool.random(using: &random) { machine.acceptManyRequests() }
                    case .input, .ignore: break
                    }
                case 1:
                    let bytes = [UInt8](repeating: 0, count: Int.random(in: 0...9, using: &random))
                    machine.received(data: ByteBuffer(bytes: bytes), endStream: .random(using: &random))
                case 2, 3:
                    switch machine.nextInput() {
                    case .message: #expect(!endDelivered && ends == 0)
                    case .end:
                        #expect(!endDelivered && ends == 0)
                        endDelivered = true
                    case .waitForMore: break
                    case .reject(let status): if case .sendTrailers = machine.finish(status) { ends += 1 }
                    }
                case 4:
                    switch machine.sendMessage() {
                    case .sendHeadAndMessage:
                        heads += 1
                        #expect(ends == 0)
                    case .sendMessage: #expect(heads == 1 && ends == 0)
                    case .discard: break
                    }
                case 5:
                    if case .sendTrailers = machine.finish(.ok) { ends += 1 }
                default:
                    if Int.random(in: 0..<4, using: &random) == 0, machine.closed() { ends += 1 }
                }
                #expect(ends <= 1 && heads <= 1)
            }
        }
    }
}
