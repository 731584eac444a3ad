import NIOCore
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5))) struct FrameGuardTests {
    static let now = NIODeadline.uptimeNanoseconds(1_000_000_000)

    /// The frames of a connection, and which of them are kept when it drains at stream 3.
    static let frames: [(bytes: [UInt8], isKept: Bool)] = [
        (Frames.settings([(0x4, 9)]), true), (Frames.headers(5, [("a", "b")]), true),
        (Frames.continuation(5, [3], endsHeaders: true), true),
        (Frames.data(5, "nine nine nine nine nine nine nine"), false),
        (Frames.data(3, "eight"), true), (Frames.reset(5), false), (Frames.windowUpdate(5, 1), false),
        (Frames.windowUpdate(0, 1), true), (Frames.data(7), false), (Frames.reset(1), true), (Frames.ping(), true),
    ]

    @Test(arguments: [1, 2, 3, 5, 8, 9, 10, 13, 40, 1000]) func `passes on what it follows, in any pieces`(_ size: Int)
    {
        for before in 0...Self.frames.count {
            let passed = Frames.preface + Self.frames[..<before].flatMap(\.bytes)
            let rest = Self.frames[before...]
            var frames = FrameGuard(HTTP2Limits(), at: Self.now)
            let whole = Self.run(&frames, passed, size)
            #expect(whole == passed)
            frames.lastStreamID = 3
            let kept = rest.filter(\.isKept).flatMap(\.bytes)
            let some = Self.run(&frames, rest.flatMap(\.bytes), size)
            #expect(some == kept, "\(before) frames before, \(size) bytes at a time")
        }
    }

    @Test func `knows since when a frame is unfinished`() {
        var frames = FrameGuard(HTTP2Limits(), at: Self.now)
        #expect(frames.unfinishedSince == Self.now)
        _ = Self.run(&frames, Frames.preface, 100)
        #expect(frames.unfinishedSince == nil)
        _ = Self.run(&frames, [0, 0], 100, at: Self.now + .seconds(1))
        #expect(frames.unfinishedSince == Self.now + .seconds(1))
        _ = Self.run(&frames, [8, 6, 0, 0, 0, 0, 0, 1, 2], 100, at: Self.now + .seconds(2))
        #expect(frames.unfinishedSince == Self.now + .seconds(2))
        _ = Self.run(&frames, [3, 4, 5, 6, 7, 8], 100, at: Self.now + .seconds(3))
        #expect(frames.unfinishedSince == nil)
        // The rest of a body may take as long as bodies may.
        _ = Self.run(&frames, [0, 0, 8, 0, 0, 0, 0, 0, 1, 1], 100, at: Self.now + .seconds(4))
        #expect(frames.unfinishedSince == nil)
        _ = Self.run(
            &frames,
            [1, 2, 3, 4, 5, 6, 7] + Frames.headers(3, [], endsHeaders: false),
            100,
            at: Self.now + .seconds(5)
        )
        #expect(frames.unfinishedSince == Self.now + .seconds(5))
        _ = Self.run(&frames, Frames.continuation(3, []), 100, at: Self.now + .seconds(6))
        #expect(frames.unfinishedSince == Self.now + .seconds(5))
        _ = Self.run(&frames, Frames.continuation(3, [], endsHeaders: true), 100, at: Self.now + .seconds(7))
        #expect(frames.unfinishedSince == nil)
    }

    @Test func `window updates are earned by what is sent`() {
        var frames = FrameGuard(HTTP2Limits(maximumWindowUpdates: 10), at: Self.now)
        _ = Self.run(&frames, Frames.preface, 100)
        for _ in 0..<100 {
            for _ in 0..<10 { frames.send(ByteBuffer(bytes: Frames.data(1, String(repeating: "x", count: 1024)))) }
            let earned = Self.run(&frames, (0..<10).flatMap { _ in Frames.windowUpdate(1, 1) }, 1000)
            #expect(earned != nil)
        }
        let unearned = Self.run(&frames, (0..<11).flatMap { _ in Frames.windowUpdate(1, 1) }, 1000)
        #expect(unearned == nil)
    }

    @Test func `an error of the connection is seen as it is sent, and no payload is taken for one`() {
        var frames = FrameGuard(HTTP2Limits(), at: Self.now)
        frames.send(ByteBuffer(bytes: Frames.goAway()))
        #expect(!frames.hasFailed)
        let error = Frames.frame(0x7, [0, 0, 0, 0, 0, 0, 0, 1])
        // The header of DATA, and then a payload that looks like GOAWAY.
        frames.send(ByteBuffer(bytes: [0, 0, UInt8(error.count), 0, 0, 0, 0, 0, 1]))
        frames.send(ByteBuffer(bytes: error))
        #expect(!frames.hasFailed)
        frames.send(ByteBuffer(bytes: error))
        #expect(frames.hasFailed)
    }

    @Test func `room that was used up is there again when half of it is free`() {
        let all = BufferAccount(limit: 100)
        let one = BufferAccount(limit: 60, within: all)
        let other = BufferAccount(limit: 60, within: all)
        var woken = 0
        one.onRoom = { woken += 1 }
        one.add(59)
        #expect(one.hasRoom && other.hasRoom)
        one.add(1)
        #expect(!one.hasRoom && other.hasRoom)
        other.add(40)
        #expect(!other.hasRoom && all.bytes == 100)
        one.remove(20)
        #expect(!one.hasRoom && woken == 0)
        one.remove(10)
        // Its own half is free, but not yet that of all.
        #expect(woken == 1 && !one.hasRoom && all.bytes == 70)
        other.remove(40)
        #expect(one.hasRoom && other.hasRoom && all.bytes == 30)
    }

    /// What is passed on, or nil where it is too much.
    private static func run(_ frames: inout FrameGuard, _ bytes: [UInt8], _ size: Int, at now: NIODeadline = now)
        -> [UInt8]?
    {
        var result: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)])
            guard let pieces = try? frames.receive(piece, at: now) else { return nil }
            result += pieces.flatMap { Array($0.readableBytesView) }
        }
        return result
    }
}
