import Dispatch
import FoundationEssentials
import Synchronization

/// Hashes many files at once: one worker for each core, each with two small buffers, so that a model of any size costs
/// the same memory.
///
/// SHA-256 and BLAKE2b take a file from its beginning to its end on one core. Shards, and BLAKE3, share one file among
/// all of them. Where the processor has instructions for SHA-256, a worker takes two files or shards at once, which costs
/// it two thirds of one after the other.
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

    /// How many bytes all workers look at in place at once, and one of them at least: what is looked at counts as memory of
    /// the process.
    private static let lentByAll: UInt64 = 8 << 20
    private static let leastLent: UInt64 = 512 << 10

    /// What is hashed while another thread starts.
    private static let worthAThread = 256 << 10

    /// Digests for the jobs, in their order.
    func digests(of jobs: [HashingJob], in tree: ModelTree, links: LinkRule) -> [HashingOutcome] {
        let pieces: [HashingPiece] = jobs.indices.flatMap { self.pieces(of: jobs[$0], at: $0) }
        // A thread more takes longer to start than a little to hash, and to ask for the cores is to read files.
        let most = min(pieces.count, pieces.reduce(1) { $0 + $1.range.count / Self.worthAThread })
        let threads = most > 1 ? max(1, min(most, workers ?? ProcessInfo.processInfo.activeProcessorCount)) : 1
        let lanes = UInt64(threads * (StreamHasher.pairs(algorithm) ? 2 : 1))
        let lent = mapsFiles ? min(max(Self.leastLent, Self.lentByAll / lanes), ModelFile.lentSize) : 0
        let queue = HashingQueue(pieces, of: jobs, workers: threads)
        @Sendable func work(_ number: Int) {
            let opener = FileOpener(tree, links: links)
            var worker = HashingWorker(number, queue, algorithm, opener, lent: lent, progress: progress)
            worker.run()
        }
        if threads > 1 { DispatchQueue.concurrentPerform(iterations: threads, execute: work) } else { work(0) }
        return Self.join(pieces, queue.results())
    }

    private func pieces(of job: HashingJob, at index: Int) -> [HashingPiece] {
        let size = job.range.upperBound - job.range.lowerBound
        guard algorithm == .blake3, size > piece else {
            return [HashingPiece(job: index, range: job.range, firstChunk: nil)]
        }
        return stride(from: job.range.lowerBound, to: job.range.upperBound, by: Int(piece)).map {
            start in
            HashingPiece(
                job: index,
                range: start..<min(start + piece, job.range.upperBound),
                firstChunk: (start - job.range.lowerBound) / 1024
            )
        }
    }

    /// The outcomes of the jobs, in whose order the pieces stand.
    private static func join(_ pieces: [HashingPiece], _ results: [HashingOutcome?]) -> [HashingOutcome] {
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
}
