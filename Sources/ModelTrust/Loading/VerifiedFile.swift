import FoundationEssentials
import Synchronization

/// A file whose bytes are only given out after they were hashed and found to be those that were signed.
///
/// What a read touches is copied out of the file, hashed, and compared; what is given out is the copy. Whoever changes
/// the file afterwards, or between two reads, changes nothing that was given out, and is found out at the next read.
///
/// A file that was signed whole is hashed whole when it is opened, and tags of its chunks are made from the same bytes
/// (``ChunkTags``). A file that was signed by shards is not read when it is opened: a shard of at most ``wholeShard``
/// bytes is hashed whole by each read that touches it and is not in the cache; a larger one is hashed whole by the first,
/// which makes its tags, and is known by these from then on.
final class VerifiedFile: Sendable {
    /// The most bytes of a shard that has no tags, as a multiple of a chunk's.
    static let wholeShard: UInt64 = 4
    /// How many chunks a shard's first read keeps behind the one that was asked for.
    private static let kept = 8
    /// How many units are verified ahead of a reader at once, each on a core of its own.
    static let most = min(3, ProcessInfo.processInfo.activeProcessorCount)

    /// How many bytes were signed.
    let size: UInt64
    private let number: Int
    private let reader: ChunkReader
    private let algorithm: HashAlgorithm
    private let parts: [LoadManifest.Part]
    /// Where each part ends.
    private let ends: [UInt64]
    private let chunkSize: UInt64
    private let isLazy: Bool
    /// The tags of the chunks of parts that were hashed whole, by their numbers.
    private let tags = Mutex<[Int: ChunkTags]>([:])
    private let cache: VerifiedCache
    /// Where the last read ended: what begins there is read in order.
    private let lastEnd = Atomic<UInt64>(0)
    /// How many reads one after the other were in order.
    private let run = Atomic<Int>(0)
    /// How many threads verify what will be wanted next.
    private let aheads = Atomic<Int>(0)

    /// What is read and verified at once: a whole shard, or a chunk of a part with tags.
    private struct Unit {
        let part: Int
        let start: UInt64
        let length: Int
        /// The chunk's number in the part; nil for a whole shard.
        let chunk: Int?
    }

    /// Opens a file and holds it to what the manifest says; where that is one digest, by hashing all of it.
    ///
    /// The cache knows it by its number. It stays open between reads, or is opened for each.
    init(
        _ entry: LoadManifest.File,
        number: Int,
        in model: ModelTree,
        of manifest: LoadManifest,
        chunkSize: Int,
        cache: VerifiedCache,
        keepsOpen: Bool
    ) throws(LoadFailure) {
        reader = try ChunkReader(entry.path, in: model, links: manifest.links, keepsOpen: keepsOpen)
        (self.number, self.cache, self.chunkSize) = (number, cache, UInt64(chunkSize))
        (algorithm, parts) = (manifest.algorithm, entry.parts)
        isLazy = !entry.parts.isEmpty && entry.parts.allSatisfy { $0.end != nil }
        guard isLazy else {
            let made = try Self.hash(entry, reader, algorithm, chunkSize: chunkSize, cache)
            (size, ends) = (made.size, [made.size])
            tags.withLock { $0[0] = made }
            return
        }
        ends = entry.parts.compactMap(\.end)
        size = ends[ends.count - 1]
        guard zip([0] + ends, ends).allSatisfy({ $0 < $1 }) else {
            throw LoadFailure(.tampered, entry.path.text, "its shards are not in order")
        }
        guard reader.facts.size == size else {
            throw LoadFailure(
                .tampered,
                entry.path.text,
                "it has \(reader.facts.size) bytes, and was signed with \(size)"
            )
        }
    }

    /// Verified bytes: as many as are asked for, or as there are behind the offset.
    func read(at offset: UInt64, count: Int) throws(LoadFailure) -> [UInt8] {
        let pieces = try pieces(at: offset, count: count)
        var result: [UInt8] = []
        result.reserveCapacity(pieces.reduce(0) { $0 + $1.count })
        for piece in pieces { result += piece }
        return result
    }

    /// Verified bytes as they lie in memory, one piece behind the other.
    func pieces(at offset: UInt64, count: Int) throws(LoadFailure) -> [ArraySlice<UInt8>] {
        try pieces(at: offset, count: count, later: nil) ?? []
    }

    /// Verified bytes as they lie in memory; nil where another thread is loading some of them, which then calls `later`.
    func pieces(
        at offset: UInt64,
        count: Int,
        later: (@Sendable () -> Void)?
    ) throws(LoadFailure) -> [ArraySlice<UInt8>]? {
        let end = offset + min(UInt64(max(0, count)), size - min(offset, size))
        return try pieces(at: offset, count: count) { (unit) throws(LoadFailure) in
            try cache.bytes(of: key(unit.start), turn: turn(of: unit), later: later) { () throws(LoadFailure) in
                try load(unit, wanted: end)
            }
        }
    }

    /// Verified bytes as they lie in memory; nil where some of them would have to be loaded.
    func knownPieces(at offset: UInt64, count: Int) -> [ArraySlice<UInt8>]? {
        try? pieces(at: offset, count: count) { (unit) throws(LoadFailure) in cache.find(key(unit.start)) }
    }

    private func pieces(
        at offset: UInt64,
        count: Int,
        _ bytes: (Unit) throws(LoadFailure) -> [UInt8]?
    ) throws(LoadFailure) -> [ArraySlice<UInt8>]? {
        guard offset < size, count > 0 else { return [] }
        let end = offset + min(UInt64(count), size - offset)
        var pieces: [ArraySlice<UInt8>] = []
        var place = offset
        while place < end {
            let unit = unit(at: place)
            guard let bytes = try bytes(unit) else { return nil }
            let to = min(end - unit.start, UInt64(unit.length))
            pieces.append(bytes[Int(place - unit.start)..<Int(to)])
            place = unit.start + to
        }
        note(offset..<end)
        return pieces
    }

    // MARK: Units

    private func unit(at offset: UInt64) -> Unit {
        // The first part that ends behind the offset.
        var (low, high) = (0, ends.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if ends[middle] > offset { high = middle } else { low = middle + 1 }
        }
        let start = start(of: low)
        if hasNoTags(low) { return Unit(part: low, start: start, length: Int(ends[low] - start), chunk: nil) }
        let number = (offset - start) / chunkSize
        let from = start + number * chunkSize
        return Unit(part: low, start: from, length: Int(min(chunkSize, ends[low] - from)), chunk: Int(number))
    }

    private func start(of part: Int) -> UInt64 { part == 0 ? 0 : ends[part - 1] }

    private func hasNoTags(_ part: Int) -> Bool {
        isLazy && ends[part] - start(of: part) <= Self.wholeShard * chunkSize
    }

    private func key(_ start: UInt64) -> VerifiedCache.Key { VerifiedCache.Key(file: number, start: start) }

    private func turn(of unit: Unit) -> UInt64 {
        // All readers of a shard that has no tags yet wait for the first.
        let isFirst = unit.chunk != nil && tags.withLock { $0[unit.part] == nil }
        return isFirst ? start(of: unit.part) : unit.start
    }

    // MARK: In order

    private func note(_ range: Range<UInt64>) {
        let isNext = lastEnd.exchange(range.upperBound, ordering: .relaxed) == range.lowerBound
        if isNext { run.add(1, ordering: .relaxed) } else { run.store(0, ordering: .relaxed) }
    }

    /// Whether what follows the last read will probably be wanted next, and is not being verified by enough threads.
    var isReadInOrder: Bool { run.load(ordering: .relaxed) > 1 && aheads.load(ordering: .relaxed) < Self.most }

    /// Where the file is read in order, verifies what comes next, on this thread, until it is far enough ahead.
    ///
    /// A failure is nobody's yet: whoever reads there meets it.
    func readAhead() {
        guard isReadInOrder else { return }
        defer { aheads.subtract(1, ordering: .relaxed) }
        guard aheads.add(1, ordering: .relaxed).oldValue < Self.most else { return }
        while let unit = nextUnit() {
            do throws(LoadFailure) {
                try cache.loadAhead(key(unit.start), count: unit.length) { () throws(LoadFailure) in
                    try load(unit, wanted: 0)
                }
            } catch { return }
        }
    }

    /// The next unit behind the last read that nobody has verified or is verifying; nil where enough of them are.
    private func nextUnit() -> Unit? {
        var place = lastEnd.load(ordering: .relaxed)
        for _ in 0..<Self.most where place < size {
            let unit = unit(at: place)
            guard unit.chunk == nil || tags.withLock({ $0[unit.part] != nil }) else { return nil }
            if !cache.has(key(unit.start), turn: unit.start) { return cache.hasRoomAhead(unit.length) ? unit : nil }
            place = unit.start + UInt64(unit.length)
        }
        return nil
    }

    /// What the last read gives out and will not be asked for again: whole chunks and shards, and for a reader in order,
    /// of which no part is still to come, those that it has then read to their end.
    func spent(at offset: UInt64, count: Int, onlyWhole: Bool) -> [VerifiedCache.Key] {
        guard offset < size, count > 0 else { return [] }
        let end = offset + min(UInt64(count), size - offset)
        let isInOrder = lastEnd.load(ordering: .relaxed) == end && run.load(ordering: .relaxed) > 0
        var spent: [VerifiedCache.Key] = []
        var place = offset
        while place < end {
            let unit = unit(at: place)
            place = unit.start + UInt64(unit.length)
            if place <= end, unit.start >= offset || isInOrder && !onlyWhole { spent.append(key(unit.start)) }
        }
        return spent
    }

    /// Lets the memory be used again of what was given out.
    func forget(_ spent: [VerifiedCache.Key]) {
        for key in spent { cache.remove(key) }
    }

    // MARK: Reading and verifying

    /// Reads and verifies a unit; `wanted` is where what its reader asks for ends.
    private func load(_ unit: Unit, wanted: UInt64) throws(LoadFailure) -> [UInt8] {
        if let number = unit.chunk {
            guard let tags = tags.withLock({ $0[unit.part] }) else { return try hashPart(of: unit) }
            let bytes = try read(unit.start, unit.length)
            guard tags.verify(bytes, at: number) else { throw tampered(at: unit.start) }
            return bytes
        }
        if let bytes = try loadWithNext(unit, wanted: wanted) { return bytes }
        let bytes = try read(unit.start, unit.length)
        try prove(bytes, are: unit, by: digest(of: bytes))
        return bytes
    }

    private func digest(of bytes: [UInt8]) -> [UInt8] {
        let hasher = PartHasher(algorithm)
        hasher.add(bytes[...])
        return hasher.digest()
    }

    private func prove(_ bytes: [UInt8], are unit: Unit, by digest: [UInt8]) throws(LoadFailure) {
        guard bytes.count == unit.length, digest == parts[unit.part].digest else { throw tampered(at: unit.start) }
    }

    /// A shard that was read and verified together with the next one, since two at once cost less than one after the other;
    /// nil where it has to be alone.
    private func loadWithNext(_ unit: Unit, wanted: UInt64) throws(LoadFailure) -> [UInt8]? {
        guard let next = partner(of: unit, wanted: wanted) else { return nil }
        var loaded: Result<[UInt8], LoadFailure>?
        // A failure of the next one is nobody's yet.
        _ = try? cache.loadAhead(key(next.start), count: next.length) { () throws(LoadFailure) in
            let own = Result { () throws(LoadFailure) in try read(unit.start, unit.length) }
            loaded = own
            let bytes = try own.get()
            let other = Result { () throws(LoadFailure) in try read(next.start, next.length) }
            let digests =
                if case .success(let others) = other { StreamHasher.digests(algorithm, bytes, others) } else {
                    [digest(of: bytes)]
                }
            loaded = Result { () throws(LoadFailure) in
                try prove(bytes, are: unit, by: digests[0])
                return bytes
            }
            let others = try other.get()
            try prove(others, are: next, by: digests[1])
            return others
        }
        return try loaded?.get()
    }

    /// The shard behind another, where it will be wanted next: by the same read, or by who reads in order.
    private func partner(of unit: Unit, wanted: UInt64) -> Unit? {
        let end = unit.start + UInt64(unit.length)
        guard end < size, StreamHasher.pairs(algorithm) else { return nil }
        let last = lastEnd.load(ordering: .relaxed)
        let isNext =
            run.load(ordering: .relaxed) > 1 && last <= end
            && unit.start <= last + UInt64(Self.most) * UInt64(unit.length)
        guard end < wanted || isNext else { return nil }
        let next = self.unit(at: end)
        return next.chunk == nil ? next : nil
    }

    /// Hashes a shard whole for the first time: its tags, and what is given out of it, are of the bytes that were hashed.
    private func hashPart(of unit: Unit) throws(LoadFailure) -> [UInt8] {
        let (start, end) = (start(of: unit.part), ends[unit.part])
        let hasher = PartHasher(algorithm)
        var builder = ChunkTags.Builder(chunkSize: Int(chunkSize))
        var found: [UInt8] = []
        var more: [(start: UInt64, bytes: [UInt8])] = []
        var place = start
        while place < end {
            let count = Int(min(chunkSize, end - place))
            let chunk = try read(place, count)
            guard chunk.count == count else { throw tampered(at: start) }
            hasher.add(chunk[...])
            builder.add(chunk: chunk)
            if place == unit.start {
                found = chunk
            } else if place > unit.start, more.count < Self.kept {
                more.append((place, chunk))
            }
            place += UInt64(count)
        }
        guard hasher.digest() == parts[unit.part].digest else { throw tampered(at: start) }
        let made = builder.made
        tags.withLock { $0[unit.part] = made }
        for chunk in more { cache.add(chunk.bytes, at: key(chunk.start)) }
        return found
    }

    private func read(_ offset: UInt64, _ count: Int) throws(LoadFailure) -> [UInt8] {
        let bytes = try reader.read(at: offset, count: count, reusing: cache.takeSpare(count))
        cache.count(bytes.count)
        return bytes
    }

    private func tampered(at offset: UInt64) -> LoadFailure {
        LoadFailure(.tampered, reader.path.text, at: offset, "the bytes are not those that were signed")
    }

    /// Hashes a file whole, and makes the tags of its chunks of the same bytes.
    private static func hash(
        _ entry: LoadManifest.File,
        _ reader: ChunkReader,
        _ algorithm: HashAlgorithm,
        chunkSize: Int,
        _ cache: VerifiedCache
    ) throws(LoadFailure) -> ChunkTags {
        var builder = ChunkTags.Builder(chunkSize: chunkSize)
        var parts = VerifiedParts(entry, algorithm)
        var offset: UInt64 = 0
        var chunk: [UInt8] = []
        repeat {
            chunk = try reader.read(at: offset, count: chunkSize, reusing: consume chunk)
            cache.count(chunk.count)
            if !chunk.isEmpty { builder.add(chunk: chunk) }
            try parts.add(chunk, at: offset)
            offset += UInt64(chunk.count)
        } while chunk.count == chunkSize
        try parts.finish(at: offset)
        return builder.made
    }
}
