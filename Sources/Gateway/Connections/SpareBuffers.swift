import NIOCore

/// The storage of the messages that were sent last, for those that are sent next.
///
/// A message is given here while it may still wait to be written. Whoever writes into a buffer that somebody else holds too
/// gets other storage, so that nothing of what waits is lost; mostly it has been written by then, and nothing is allocated.
struct SpareBuffers {
    /// One for each direction: what goes to an upstream may wait while an answer comes.
    private static let count = 2
    /// The largest that is kept.
    private static let capacity = 32 * 1024

    private var buffers: [ByteBuffer] = []

    /// A buffer that was given, or another; it holds anything, and is to be cleared.
    mutating func take() -> ByteBuffer { buffers.popLast() ?? ByteBuffer() }

    /// Takes a buffer that was sent.
    mutating func give(_ buffer: ByteBuffer) {
        guard buffers.count < Self.count, buffer.storageCapacity <= Self.capacity else { return }
        buffers.append(buffer)
    }
}
