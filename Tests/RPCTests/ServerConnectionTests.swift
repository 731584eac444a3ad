import NIOCore
import Testing

@testable import RPC

@Suite(.timeLimit(.minutes(5))) struct `A connection at the server` {
    @Test func `is told to go and closed where it has no call`() {
        var machine = ServerConnectionStateMachine()
        machine.streamOpened(1)
        #expect(machine.streamClosed() == .startIdleTimer)
        #expect(machine.drain() == .sendGoAway(lastStreamID: 1, close: true))
        #expect(machine.drain() == .none)
    }

    @Test func `is closed after its last call`() {
        var machine = ServerConnectionStateMachine()
        machine.streamOpened(1)
        machine.streamOpened(3)
        #expect(machine.drain() == .sendGoAway(lastStreamID: 3, close: false))
        #expect(machine.streamClosed() == .none)
        #expect(machine.streamClosed() == .close)
    }

    @Test func `is kept by a call that comes as its idle time ends`() {
        var machine = ServerConnectionStateMachine()
        machine.streamOpened(1)
        #expect(machine.idled() == .none)
        #expect(machine.streamClosed() == .startIdleTimer)
        #expect(machine.idled() == .sendGoAway(lastStreamID: 1, close: true))
    }
}

@Suite(.timeLimit(.minutes(5))) struct `A drain filter` {
    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

    static func frame(_ kind: UInt8, stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, 0, UInt8(payload.count), kind, 0, 0, 0, 0, stream] + payload
    }

    /// The frames of a connection, and which of them are kept when it drains at stream 3.
    static let frames: [(bytes: [UInt8], isKept: Bool)] = [
        (frame(0x4, stream: 0, [0, 0, 0, 0, 0, 9]), true), (frame(0x1, stream: 5, [1, 2]), true),
        (frame(0x9, stream: 5, [3]), true), (frame(0x0, stream: 5, [9, 9, 9]), false),
        (frame(0x0, stream: 3, [8]), true), (frame(0x3, stream: 5, [0, 0, 0, 8]), false),
        (frame(0x8, stream: 5, [0, 0, 0, 1]), false), (frame(0x8, stream: 0, [0, 0, 0, 1]), true),
        (frame(0x0, stream: 7, []), false), (frame(0x3, stream: 1, [0, 0, 0, 8]), true),
        (frame(0x6, stream: 0, [1, 2, 3, 4, 5, 6, 7, 8]), true),
    ]

    @Test(arguments: 1...40) func `drops what belongs to calls that are not taken, in any pieces`(_ size: Int) {
        for before in 0...Self.frames.count {
            // Drains after some whole frames.
            let passed = Self.preface + Self.frames[..<before].flatMap(\.bytes)
            let rest = Self.frames[before...]
            var filter = DrainFilter()
            #expect(Self.run(&filter, passed, size) == passed)
            filter.lastStreamID = 3
            #expect(Self.run(&filter, rest.flatMap(\.bytes), size) == rest.filter(\.isKept).flatMap(\.bytes))
        }
    }

    @Test func `passes on the rest of what has gone in part`() {
        let data = Self.frame(0x0, stream: 5, [9, 9, 9])
        for count in 1..<data.count {
            var filter = DrainFilter()
            #expect(Self.run(&filter, Self.preface + data[..<count], 100) == Self.preface + data[..<count])
            filter.lastStreamID = 3
            #expect(Self.run(&filter, Array(data[count...]) + data, 100) == Array(data[count...]))
        }
    }

    private static func run(_ filter: inout DrainFilter, _ bytes: [UInt8], _ size: Int) -> [UInt8] {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            result += filter.filter(piece).readableBytesView
        }
        return result
    }
}
