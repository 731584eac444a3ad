/// Counts the bytes that wait in one place, and in the larger place that it is part of.
///
/// It is confined to an event loop. Once it was full, it has room again only when half of it is free, so that those
/// who wait are not woken for every byte.
final class BufferAccount {
    /// The bytes from which on there is no more room.
    var limit: Int
    private let parent: BufferAccount?
    private var isFull = false
    /// The bytes that wait.
    private(set) var bytes = 0
    /// Called when there is room again after there was none.
    var onRoom: () -> Void = {}

    init(limit: Int, within parent: BufferAccount? = nil) {
        self.limit = limit
        self.parent = parent
    }

    /// Whether more may come.
    var hasRoom: Bool { !isFull && parent?.hasRoom ?? true }

    func add(_ count: Int) {
        bytes += count
        if bytes >= limit { isFull = true }
        parent?.add(count)
    }

    func remove(_ count: Int) {
        bytes -= count
        parent?.remove(count)
        guard isFull, bytes <= limit / 2 else { return }
        isFull = false
        onRoom()
    }
}
