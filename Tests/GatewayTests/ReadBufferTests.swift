import NIOCore
import Testing

@testable import Gateway

@Suite(.timeLimit(.minutes(5))) struct ReadBufferTests {
    @Test func `a buffer for reading grows while it is filled, and shrinks once two reads in a row would fit in half`()
    {
        var size = ReadBufferSize()
        #expect(size.nextBufferSize() == 2_048)
        var grown: [Int?] = []
        for _ in 0..<6 {
            let next = size.nextBufferSize() ?? 0
            grown.append(next)
            #expect(size.record(actualReadBytes: next) == (next < 65_536))
        }
        #expect(grown == [2_048, 4_096, 8_192, 16_384, 32_768, 65_536])
        _ = size.record(actualReadBytes: 100)
        #expect(size.nextBufferSize() == 65_536, "one small read says nothing")
        _ = size.record(actualReadBytes: 40_000)
        _ = size.record(actualReadBytes: 100)
        #expect(size.nextBufferSize() == 65_536, "they were not in a row")
        for _ in 0..<20 { _ = size.record(actualReadBytes: 1) }
        #expect(size.nextBufferSize() == 2_048)
        #expect(size.buffer(allocator: ByteBufferAllocator()).capacity >= 2_048)
    }

    @Test func `storage that was sent is used again, and never while somebody holds what it says`() {
        var spare = SpareBuffers()
        var first = spare.take()
        first.clear(minimumCapacity: 1_000)
        first.writeString("first")
        let waiting = first
        spare.give(first)
        first = ByteBuffer()
        var second = spare.take()
        second.clear(minimumCapacity: 1_000)
        second.writeString("second")
        #expect(String(buffer: waiting) == "first" && String(buffer: second) == "second")
        let capacity = second.storageCapacity
        spare.give(second)
        second = ByteBuffer()
        var third = spare.take()
        third.clear(minimumCapacity: 10)
        #expect(third.storageCapacity == capacity && third.readableBytes == 0)
    }

    @Test func `large storage is not kept`() {
        var spare = SpareBuffers()
        spare.give(ByteBuffer(repeating: 0, count: 100_000))
        #expect(spare.take().storageCapacity < 32_768)
    }
}
