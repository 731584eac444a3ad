import NIOCore

/// How large the buffer for the next read of a connection is: twice as large once one was filled, and half as large once two
/// in a row would have fitted in half.
///
/// It is small enough to be kept where it is used: NIO's own, of which the same can be said, is one object more to be
/// fetched for each read.
struct ReadBufferSize: RecvByteBufferAllocator {
    private static let smallest: Int32 = 2_048
    private static let largest: Int32 = 65_536

    private var size = Self.smallest
    private var wasLarge = false

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: Int(size)) }

    func nextBufferSize() -> Int? { Int(size) }

    mutating func record(actualReadBytes count: Int) -> Bool {
        if count >= size {
            wasLarge = false
            guard size < Self.largest else { return false }
            size *= 2
            return true
        }
        guard count <= size / 2, size > Self.smallest else {
            wasLarge = false
            return false
        }
        if wasLarge { size /= 2 }
        wasLarge.toggle()
        return false
    }
}
