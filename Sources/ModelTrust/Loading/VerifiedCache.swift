import Dispatch
import Synchronization

/// The bytes of a model that were verified last, for all of its files together.
///
/// What two readers want at once is read and hashed once: the second waits for the first.
final class VerifiedCache: Sendable {
    /// Some verified bytes: a chunk or a shard of a file.
    struct Key: Hashable {
        /// The file's number within the model.
        let file: Int
        /// The offset of the first byte.
        let start: UInt64
    }

    /// Bytes that the cache holds at most.
    let capacity: Int
    /// Chunks and shards that it holds at most.
    private static let entries = 1_024
    /// Chunks and shards that were put out and whose memory is kept.
    private static let spares = 4

    /// Bytes that are known.
    private struct Entry {
        let bytes: [UInt8]
        var used: UInt64
        /// Whether they were loaded ahead of a reader who has not come yet.
        var isAhead: Bool
    }

    private struct State {
        var known: [Key: Entry] = [:]
        var size = 0
        /// How many bytes were loaded, or are being loaded, ahead of readers who have not come yet.
        var ahead = 0
        var time: UInt64 = 0
        /// What was put out last, whose memory is used again.
        var spares: [[UInt8]] = []
        /// What is being loaded, by its first byte, and who hears when it was.
        var loads: [Key: [@Sendable () -> Void]] = [:]

        mutating func find(_ key: Key) -> [UInt8]? {
            guard let found = known[key] else { return nil }
            time += 1
            if found.isAhead { ahead -= found.bytes.count }
            known[key]?.used = time
            known[key]?.isAhead = false
            return found.bytes
        }

        /// Puts out bytes, whose memory is the first to be used again: it is still in the processor's cache.
        mutating func remove(_ key: Key) {
            guard let entry = known.removeValue(forKey: key) else { return }
            let bytes = entry.bytes
            size -= bytes.count
            if entry.isAhead { ahead -= bytes.count }
            if spares.count == VerifiedCache.spares { spares.removeFirst() }
            spares.append(bytes)
        }
    }

    private let state = Mutex(State())
    private let counter = Atomic<UInt64>(0)
    /// Where work is done for which no reader waits on a thread of its own.
    let queue = DispatchQueue(label: "lapwing.verified-cache", attributes: .concurrent)

    init(capacity: Int = 32 << 20) { self.capacity = capacity }

    /// How many bytes were read from the disk so far.
    var bytesRead: UInt64 { counter.load(ordering: .relaxed) }

    /// Counts bytes that were read from the disk.
    func count(_ bytes: Int) { counter.add(UInt64(bytes), ordering: .relaxed) }

    /// Verified bytes, where they are known.
    func find(_ key: Key) -> [UInt8]? {
        state.withLock { $0.find(key) }
    }

    /// Whether verified bytes are known or being loaded.
    func has(_ key: Key, turn: UInt64) -> Bool {
        state.withLock { $0.known[key] != nil || $0.loads[Key(file: key.file, start: turn)] != nil }
    }

    /// Whether so many bytes more may be loaded ahead of their readers.
    func hasRoomAhead(_ count: Int) -> Bool { state.withLock { $0.ahead + count <= capacity / 2 } }

    /// Verified bytes, which are loaded where they are not known; `turn` is the offset of what is loaded at once, which may
    /// be more than the key's bytes.
    ///
    /// Where another thread is loading them, `later` is called on it as soon as it has, and the result is nil; without a
    /// `later`, this thread waits.
    func bytes(
        of key: Key,
        turn: UInt64,
        later: (@Sendable () -> Void)? = nil,
        load: () throws(LoadFailure) -> [UInt8]
    ) throws(LoadFailure) -> [UInt8]? {
        let turn = Key(file: key.file, start: turn)
        while true {
            let loaded = later == nil ? DispatchSemaphore(value: 0) : nil
            switch begin(key, turn, later ?? { _ = loaded?.signal() }) {
            case .known(let bytes): return bytes
            case .loading:
                guard let loaded else { return nil }
                loaded.wait()
            case .mine:
                defer { end(turn) }
                let bytes = try load()
                add(bytes, at: key)
                return bytes
            }
        }
    }

    /// Loads so many bytes of which the first is `key`'s ahead of their reader; they are their own turn.
    ///
    /// Nothing is done where they are known or being loaded, and where half of what the cache holds lies ahead of readers
    /// already: what is put out before it was read was loaded for nothing.
    func loadAhead(_ key: Key, count: Int, load: () throws(LoadFailure) -> [UInt8]) throws(LoadFailure) {
        let isMine = state.withLock { state in
            guard state.known[key] == nil, state.loads[key] == nil, state.ahead + count <= capacity / 2 else {
                return false
            }
            state.ahead += count
            state.loads[key] = []
            return true
        }
        guard isMine else { return }
        defer { end(key) }
        do throws(LoadFailure) {
            let bytes = try load()
            add(bytes, at: key, reserved: count)
        } catch {
            state.withLock { $0.ahead -= count }
            throw error
        }
    }

    private enum Turn {
        case known([UInt8])
        /// Another thread loads it and calls back.
        case loading
        /// This thread has to load it.
        case mine
    }

    private func begin(_ key: Key, _ turn: Key, _ later: @escaping @Sendable () -> Void) -> Turn {
        state.withLock { state in
            if let found = state.find(key) { return .known(found) }
            guard state.loads[turn] == nil else {
                state.loads[turn]?.append(later)
                return .loading
            }
            state.loads[turn] = []
            return .mine
        }
    }

    private func end(_ turn: Key) {
        let waiting = state.withLock { $0.loads.removeValue(forKey: turn) } ?? []
        for later in waiting { later() }
    }

    /// Memory of so many bytes that nobody needs any more, where there is any.
    func takeSpare(_ count: Int) -> [UInt8]? {
        state.withLock { state in
            guard let index = state.spares.lastIndex(where: { $0.count == count }) else { return nil }
            return state.spares.remove(at: index)
        }
    }

    /// Puts out bytes that nobody will want again soon.
    func remove(_ key: Key) { state.withLock { $0.remove(key) } }

    /// Keeps verified bytes, in the place of those that were not used for the longest time; those that no reader had yet
    /// go last.
    ///
    /// `reserved` is how many bytes were counted as ahead of their reader, which these are then.
    func add(_ bytes: [UInt8], at key: Key, reserved: Int? = nil) {
        state.withLock { state in
            if let reserved { state.ahead -= reserved }
            guard bytes.count <= capacity else { return }
            if let old = state.known.removeValue(forKey: key) {
                state.size -= old.bytes.count
                if old.isAhead { state.ahead -= old.bytes.count }
            }
            while state.size + bytes.count > capacity || state.known.count >= Self.entries {
                let oldest = state.known.min { left, right in
                    left.value.isAhead == right.value.isAhead
                        ? left.value.used < right.value.used : right.value.isAhead
                }
                guard let oldest else { break }
                state.remove(oldest.key)
            }
            state.time += 1
            state.size += bytes.count
            if reserved != nil { state.ahead += bytes.count }
            state.known[key] = Entry(bytes: bytes, used: state.time, isAhead: reserved != nil)
        }
    }
}
