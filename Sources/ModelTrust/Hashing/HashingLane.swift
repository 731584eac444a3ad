/// A piece of a file on its way through a worker: what of it is read, and what is hashed.
@safe
final class HashingLane {
    /// How many bytes of a file are read at once: what two lanes have fits in a core's cache beside the rest.
    static let bufferSize = 128 << 10

    /// What two messages are hashed by at once.
    private static let block = 64

    private struct Work {
        let number: Int
        let job: HashingJob
        let isWhole: Bool
        let file: ModelFile
    }
    private let algorithm: HashAlgorithm
    private var work: Work?
    private var hasher: StreamHasher
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: HashingLane.bufferSize, alignment: 4096)
    /// Where in the buffer lies what was read and is not hashed.
    private var waiting = 0..<0
    /// What of the file is not read.
    private(set) var unread: Range<UInt64> = 0..<0
    /// Hears how many bytes more were hashed.
    private let progress: (UInt64) -> Void

    init(_ algorithm: HashAlgorithm, progress: @escaping (UInt64) -> Void) {
        self.algorithm = algorithm
        self.progress = progress
        hasher = StreamHasher(algorithm)
    }

    deinit { unsafe buffer.deallocate() }

    /// Whether it has nothing to do.
    var isIdle: Bool { work == nil }

    /// Whether everything that was read is hashed.
    var isEmpty: Bool { waiting.isEmpty }

    /// Begins with a piece, which has a number, of a file that is as it was when it was found.
    func begin(_ number: Int, _ piece: HashingPiece, of job: HashingJob, _ file: ModelFile) throws(ModelRefusal) {
        guard file.facts == job.facts else { throw Self.changed(job.path) }
        work = Work(number: number, job: job, isWhole: piece.firstChunk == nil, file: file)
        hasher = StreamHasher(algorithm, firstChunk: piece.firstChunk ?? 0)
        waiting = 0..<0
        unread = piece.range
    }

    /// The number of its piece, and the digest, or the chaining value of a part of a message; the lane has nothing to do then.
    func end() throws(ModelRefusal) -> (piece: Int, digest: [UInt8]) {
        hash()
        guard let work, try work.file.currentFacts() == work.job.facts else { throw Self.changed(work?.job.path) }
        self.work = nil
        var done = StreamHasher(algorithm)
        swap(&done, &hasher)
        return (work.number, work.isWhole ? done.digest() : done.chainingValue())
    }

    /// Gives its piece up, and says which number it had.
    func drop() -> Int? { work.take()?.number }

    // MARK: Alone

    /// Reads what comes next, where all that was read before is hashed.
    func fill() throws(ModelRefusal) {
        guard waiting.isEmpty, !unread.isEmpty, let file = work?.file else { return }
        let wanted = min(Self.bufferSize, unread.count)
        var count = 0
        while count < wanted {
            let offset = unread.lowerBound + UInt64(count)
            // Sound: so much of the buffer is free.
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[count..<wanted])
            let more = try unsafe file.read(into: free.baseAddress, count: free.count, at: offset)
            guard more > 0 else { throw Self.changed(work?.job.path) }
            count += more
        }
        waiting = 0..<count
        unread = (unread.lowerBound + UInt64(count))..<unread.upperBound
    }

    /// Hashes what was read.
    func hash() {
        let count = waiting.count
        guard count > 0 else { return }
        unsafe hasher.add(bytes(count))
        took(count)
    }

    /// Hashes the next bytes where they lie in the system's cache; false where that cannot be done.
    func hashInPlace(_ count: UInt64) -> Bool {
        guard let file = work?.file else { return false }
        // Sound: the hasher keeps no pointer.
        guard unsafe file.lend(next(count), to: { unsafe hasher.add($0) }) else { return false }
        passed(count)
        return true
    }

    // MARK: Two at once

    /// Hashes what was read of both, as far as both have whole blocks.
    static func hash(_ first: HashingLane, _ second: HashingLane) {
        let count = min(first.waiting.count, second.waiting.count) / block * block
        guard count > 0 else { return }
        unsafe add(first, first.bytes(count), second, second.bytes(count))
        first.took(count)
        second.took(count)
    }

    /// How many bytes of both can be hashed where they lie, at most so many.
    static func lendable(_ first: HashingLane, _ second: HashingLane, most: UInt64) -> UInt64 {
        guard first.isEmpty, second.isEmpty else { return 0 }
        return min(most, UInt64(min(first.unread.count, second.unread.count))) / UInt64(block) * UInt64(block)
    }

    /// Hashes the next bytes of both where they lie in the system's cache; false where that cannot be done.
    static func hashInPlace(_ first: HashingLane, _ second: HashingLane, _ count: UInt64) -> Bool {
        guard let file = first.work?.file, let other = second.work?.file else { return false }
        var wasLent = false
        // Sound: the hashers keep no pointer.
        _ = unsafe file.lend(first.next(count)) { bytes in
            wasLent = unsafe other.lend(second.next(count)) { unsafe add(first, bytes, second, $0) }
        }
        guard wasLent else { return false }
        first.passed(count)
        second.passed(count)
        return true
    }

    private static func add(
        _ first: HashingLane,
        _ bytes: UnsafeRawBufferPointer,
        _ second: HashingLane,
        _ otherBytes: UnsafeRawBufferPointer
    ) {
        unsafe first.hasher.add(bytes, and: &second.hasher, otherBytes)
    }

    // MARK: Bytes

    /// Whether the piece is read, and what is left of it is less than two messages are hashed by.
    var isAtEnd: Bool { unread.isEmpty && waiting.count < Self.block }

    private func bytes(_ count: Int) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: buffer[waiting.prefix(count)])
    }

    private func next(_ count: UInt64) -> Range<UInt64> { unread.lowerBound..<(unread.lowerBound + count) }

    private func took(_ count: Int) {
        waiting = (waiting.lowerBound + count)..<waiting.upperBound
        progress(UInt64(count))
    }

    private func passed(_ count: UInt64) {
        unread = (unread.lowerBound + count)..<unread.upperBound
        progress(count)
    }

    private static func changed(_ path: ModelPath?) -> ModelRefusal {
        ModelRefusal(.changed, "`\(path, default: "the file")` was changed while it was being read")
    }
}
