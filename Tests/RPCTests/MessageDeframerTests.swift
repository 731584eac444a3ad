import NIOCore
import Testing

@testable import RPC

@Suite struct `Message deframer` {
    @Test func `a message split at every byte comes out whole`() throws {
        var deframer = MessageDeframer(maximumMessageSize: 100)
        for byte: UInt8 in [0, 0, 0, 0, 2, 7, 8] {
            #expect(try deframer.next() == nil)
            deframer.append(ByteBuffer(bytes: [byte]))
        }
        #expect(try deframer.next() == ByteBuffer(bytes: [7, 8]))
        #expect(try deframer.next() == nil)
        #expect(deframer.bufferedBytes == 0)
    }
}
