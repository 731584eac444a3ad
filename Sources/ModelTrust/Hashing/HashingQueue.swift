import Synchronization

/// What the workers of a crew share: the pieces that are to be hashed, and what became of each.
final class HashingQueue: Sendable {
    let jobs: [HashingJob]
    let pieces: [HashingPiece]
    /// The largest first, so that no worker is left with one at the end.
    private let order: [Int]
    private let workers: Int
    private let next: Atomic<Int>
    private let outcomes: Mutex<[HashingOutcome?]>

    /// A queue for so many workers.
    init(_ pieces: [HashingPiece], of jobs: [HashingJob], workers: Int) {
        self.jobs = jobs
        self.pieces = pieces
        self.workers = workers
        order = pieces.indices.sorted { pieces[$0].range.count > pieces[$1].range.count }
        next = Atomic(workers)
        outcomes = Mutex(Array(repeating: nil, count: pieces.count))
    }

    /// The piece that a worker begins with: each has one of the largest, and none takes two of them.
    func firstPiece(of worker: Int) -> Int? { worker < order.count ? order[worker] : nil }

    /// The next piece; nil when all are taken.
    func nextPiece() -> Int? {
        let turn = next.add(1, ordering: .relaxed).oldValue
        return turn < order.count ? order[turn] : nil
    }

    /// What became of a piece.
    func settle(_ piece: Int, _ outcome: HashingOutcome) { outcomes.withLock { $0[piece] = outcome } }

    /// What became of all of them, in their order, when the workers are done.
    func results() -> [HashingOutcome?] { outcomes.withLock { $0 } }
}

/// A part of a job that one worker does on its own.
struct HashingPiece {
    /// The number of the job.
    let job: Int
    /// Which bytes of the file.
    let range: Range<UInt64>
    /// The number of the first chunk, where the piece is a subtree of a BLAKE3 message.
    let firstChunk: UInt64?
}
