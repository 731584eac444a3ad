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

    private struct State {
        var known: [Key: (bytes: [UInt8], used: UInt64)] = [:]
        var size = 0
        var time: UInt64 = 0
        /// What was put out last, whose memory is used again.
        var spares: [[UInt8]] = []
    }

    /// Held while bytes are read and hashed, by one reader of a key.
    private final class Turn: Sendable {
        let lock = Mutex<Void>(())
    }

    private let state = Mutex(State())
    private let turns = (0..<16).map { _ in Turn() }
    private let counter = Atomic<UInt64>(0)
    /// Where what will probably be wanted next is read.
    let ahead = DispatchQueue(label: "lapwing.read-ahead", attributes: .concurrent)

    init(capacity: Int = 16 << 20) { self.capacity = capacity }

    /// How many bytes were read from the disk so far.
    var bytesRead: UInt64 { counter.load(ordering: .relaxed) }

    /// Counts bytes that were read from the disk.
    func count(_ bytes: Int) { counter.add(UInt64(bytes), ordering: .relaxed) }

    /// Verified bytes, where they are known.
    func find(_ key: Key) -> [UInt8]? {
        state.withLock { state in
            guard let found = state.known[key]?.bytes else { return nil }
            state.time += 1
            state.known[key]?.used = state.time
            return found
        }
    }

    /// Verified bytes, which are loaded where they are not known; `turn` is the offset of what is loaded at once, which may
    /// be more than the key's bytes.
    func bytes(
        of key: Key,
        turn: UInt64,
        load: () throws(LoadFailure) -> [UInt8]
    ) throws(LoadFailure) -> [UInt8] {
        if let found = find(key) { return found }
        var hasher = Hasher()
        hasher.combine(key.file)
        hasher.combine(turn)
        let lock = turns[Int(UInt(bitPattern: hasher.finalize()) % UInt(turns.count))]
        return try lock.lock.withLock { (_) throws(LoadFailure) in
            if let found = find(key) { return found }
            let bytes = try load()
            add(bytes, at: key)
            return bytes
        }
    }

    /// Memory of so many bytes that nobody needs any more, where there is any.
    func takeSpare(_ count: Int) -> [UInt8]? {
        state.withLock { state in
            guard let index = state.spares.firstIndex(where: { $0.count == count }) else { return nil }
            return state.spares.remove(at: index)
        }
    }

    /// Keeps verified bytes, in the place of those that were not used for the longest time.
    func add(_ bytes: [UInt8], at key: Key) {
        guard bytes.count <= capacity else { return }
        state.withLock { state in
            if let old = state.known.removeValue(forKey: key) { state.size -= old.bytes.count }
            while state.size + bytes.count > capacity || state.known.count >= Self.entries {
                guard let oldest = state.known.min(by: { $0.value.used < $1.value.used })?.key,
                    let evicted = state.known.removeValue(forKey: oldest)?.bytes
                else { break }
                state.size -= evicted.count
                if state.spares.count == Self.spares { state.spares.removeFirst() }
                state.spares.append(evicted)
            }
            state.time += 1
            state.size += bytes.count
            state.known[key] = (bytes, state.time)
        }
    }
}
