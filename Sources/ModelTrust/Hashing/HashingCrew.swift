import Dispatch
import FoundationEssentials
import Synchronization

/// Hashes many files at once: one worker for each core, each with one small buffer, so that a model of any size costs
/// the same memory.
///
/// SHA-256 and BLAKE2b take a file from its beginning to its end on one core. Shards, and BLAKE3, share one file among
/// all of them.
struct HashingCrew: Sendable {
    let algorithm: HashAlgorithm
    /// How many work at once; nil for one for each core.
    let workers: Int?
    /// Whether large files are looked at where they lie in the system's cache; see ``VerificationOptions/mapsFiles``.
    var mapsFiles = false
    /// How many bytes of a file one worker takes at once, where several share it.
    var piece = ChainingValues.piece
    /// Hears how many bytes more were hashed; on any thread.
    let progress: @Sendable (UInt64) -> Void

    /// How many bytes are read at once: what fits in a core's cache beside the rest.
    static let bufferSize = 256 << 10

    /// How many bytes all workers look at in place at once, and one of them at least: what is looked at counts as memory of
    /// the process.
    private static let lentByAll: UInt64 = 8 << 20
    private static let leastLent: UInt64 = 512 << 10

    /// A part of a job that one worker does on its own.
    private struct Piece {
        let job: Int
        let range: Range<UInt64>
        /// The number of the first chunk, where the piece is a subtree of a BLAKE3 message.
        let firstChunk: UInt64?
    }

    /// Digests for the jobs, in their order.
    func digests(of jobs: [HashingJob], in tree: ModelTree, links: LinkRule) -> [HashingOutcome] {
        let pieces: [Piece] = jobs.indices.flatMap { self.pieces(of: jobs[$0], at: $0) }
        let results = Mutex<[HashingOutcome?]>(Array(repeating: nil, count: pieces.count))
        let next = Atomic<Int>(0)
        // The largest first, so that no worker is left with one at the end.
        let order = pieces.indices.sorted { pieces[$0].range.count > pieces[$1].range.count }
        // A thread more takes longer to start than a buffer to hash, and to ask for the cores is to read files.
        let buffers = pieces.reduce(1) { $0 + $1.range.count / Self.bufferSize }
        let most = min(pieces.count, buffers)
        let threads = most > 1 ? min(most, workers ?? ProcessInfo.processInfo.activeProcessorCount) : 1
        let share = Self.lentByAll / UInt64(max(1, threads))
        let lent = mapsFiles ? min(max(Self.leastLent, share), ModelFile.lentSize) : 0
        @Sendable func work(_: Int) {
            // Sound: the buffer is this worker's own, and nothing keeps it beyond the block.
            unsafe withUnsafeTemporaryAllocation(byteCount: Self.bufferSize, alignment: 4096) { buffer in
                var opener = FileOpener(tree, links: links)
                var way = ReadingWay()
                while true {
                    let turn = next.add(1, ordering: .relaxed).oldValue
                    guard turn < order.count else { return }
                    let piece = pieces[order[turn]]
                    let outcome = Result { () throws(ModelRefusal) in
                        try unsafe hash(piece, of: jobs[piece.job], &opener, buffer: buffer, lent: lent, &way)
                    }
                    results.withLock { $0[order[turn]] = outcome }
                }
            }
        }
        if threads > 1 { DispatchQueue.concurrentPerform(iterations: threads, execute: work) } else { work(0) }
        return results.withLock { Self.join(pieces, $0) }
    }

    private func pieces(of job: HashingJob, at index: Int) -> [Piece] {
        let size = job.range.upperBound - job.range.lowerBound
        guard algorithm == .blake3, size > piece else {
            return [Piece(job: index, range: job.range, firstChunk: nil)]
        }
        return stride(from: job.range.lowerBound, to: job.range.upperBound, by: Int(piece)).map {
            start in
            Piece(
                job: index,
                range: start..<min(start + piece, job.range.upperBound),
                firstChunk: (start - job.range.lowerBound) / 1024
            )
        }
    }

    /// The outcomes of the jobs, in whose order the pieces stand.
    private static func join(_ pieces: [Piece], _ results: [HashingOutcome?]) -> [HashingOutcome] {
        var outcomes: [HashingOutcome] = []
        outcomes.reserveCapacity(pieces.count)
        var start = 0
        while start < pieces.count {
            let end = pieces[start...].firstIndex { $0.job != pieces[start].job } ?? pieces.count
            outcomes.append(join(results[start..<end]))
            start = end
        }
        return outcomes
    }

    private static func join(_ results: ArraySlice<HashingOutcome?>) -> HashingOutcome {
        Result { () throws(ModelRefusal) in
            var values: [[UInt8]] = []
            for result in results {
                guard let result else { throw ModelRefusal(.unreadable, "the file was not hashed") }
                let value = try result.get()
                guard results.count > 1 else { return value }
                values.append(value)
            }
            return ChainingValues.digest(values[...])
        }
    }

    private func hash(
        _ piece: Piece,
        of job: HashingJob,
        _ opener: inout FileOpener,
        buffer: UnsafeMutableRawBufferPointer,
        lent: UInt64,
        _ way: inout ReadingWay
    ) throws(ModelRefusal) -> [UInt8] {
        let file = try opener.open(job.path)
        guard file.facts == job.facts else { throw Self.changed(job.path) }
        var hasher = StreamHasher(algorithm, firstChunk: piece.firstChunk ?? 0)
        var offset = piece.range.lowerBound
        while offset < piece.range.upperBound {
            let window = offset..<min(piece.range.upperBound, offset + max(lent, UInt64(buffer.count)))
            offset = window.upperBound
            // What fits in the buffer is read: it is looked at once.
            guard lent > 0, window.count > buffer.count else {
                try unsafe read(window, of: file, job.path, into: &hasher, buffer)
                continue
            }
            let start = way.begin()
            if way.lends {
                if unsafe file.lend(window, to: { unsafe hasher.add($0) }) {
                    progress(UInt64(window.count))
                } else {
                    way.cannotLend()
                    try unsafe read(window, of: file, job.path, into: &hasher, buffer)
                }
            } else {
                try unsafe read(window, of: file, job.path, into: &hasher, buffer)
            }
            way.end(start, bytes: window.count)
        }
        guard try file.currentFacts() == job.facts else { throw Self.changed(job.path) }
        return piece.firstChunk == nil ? hasher.digest() : hasher.chainingValue()
    }

    /// Reads a part of a file by way of a buffer, and hashes it.
    private func read(
        _ range: Range<UInt64>,
        of file: borrowing ModelFile,
        _ path: ModelPath,
        into hasher: inout StreamHasher,
        _ buffer: UnsafeMutableRawBufferPointer
    ) throws(ModelRefusal) {
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = Int(min(UInt64(buffer.count), range.upperBound - offset))
            let count = try unsafe file.read(into: buffer.baseAddress, count: wanted, at: offset)
            guard count > 0 else { throw Self.changed(path) }
            unsafe hasher.add(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            offset += UInt64(count)
            progress(UInt64(count))
        }
    }

    private static func changed(_ path: ModelPath) -> ModelRefusal {
        ModelRefusal(.changed, "`\(path)` was changed while it was being read")
    }
}
