/// What one thread of a crew does: it hashes one piece after the other, or two at once where that costs less.
struct HashingWorker {
    private let queue: HashingQueue
    private let number: Int
    /// How many bytes of a file are looked at in place at once; 0 where none are.
    private let lent: UInt64
    private var opener: FileOpener
    private var way = ReadingWay()
    private var hasBegun = false
    private var first: HashingLane
    private var second: HashingLane?

    /// A worker of a crew that has a number in it.
    init(
        _ number: Int,
        _ queue: HashingQueue,
        _ algorithm: HashAlgorithm,
        _ opener: FileOpener,
        lent: UInt64,
        progress: @escaping (UInt64) -> Void
    ) {
        self.number = number
        self.queue = queue
        self.opener = opener
        self.lent = lent
        first = HashingLane(algorithm, progress: progress)
        second = StreamHasher.pairs(algorithm) ? HashingLane(algorithm, progress: progress) : nil
    }

    /// Works until all pieces are taken and its own are done.
    mutating func run() {
        while true {
            if first.isIdle { begin(first) }
            guard let second else {
                if first.isIdle { return }
                hashAll(first)
                continue
            }
            if second.isIdle { begin(second) }
            switch (first.isIdle, second.isIdle) {
            case (false, false): hashBoth(first, second)
            case (false, true): hashAll(first)
            case (true, false): hashAll(second)
            case (true, true): return
            }
        }
    }

    /// Gives a lane the next piece whose file can be opened.
    private mutating func begin(_ lane: HashingLane) {
        while lane.isIdle {
            let next = hasBegun ? queue.nextPiece() : queue.firstPiece(of: number)
            hasBegun = true
            guard let next else { return }
            let piece = queue.pieces[next]
            let job = queue.jobs[piece.job]
            do throws(ModelRefusal) {
                try lane.begin(next, piece, of: job, opener.open(job.path))
            } catch {
                queue.settle(next, .failure(error))
            }
        }
    }

    /// Does something with a lane; where that fails, so does its piece.
    private func attempt(_ lane: HashingLane, _ body: (HashingLane) throws(ModelRefusal) -> Void) {
        do throws(ModelRefusal) { try body(lane) } catch {
            if let piece = lane.drop() { queue.settle(piece, .failure(error)) }
        }
    }

    /// Hashes all that a lane has.
    private mutating func hashAll(_ lane: HashingLane) {
        attempt(lane) { lane throws(ModelRefusal) in
            lane.hash()
            while !lane.unread.isEmpty {
                let window = min(max(lent, UInt64(HashingLane.bufferSize)), UInt64(lane.unread.count))
                // What fits in the buffer is read: it is looked at once.
                guard lent > 0, window > HashingLane.bufferSize else {
                    try lane.fill()
                    lane.hash()
                    continue
                }
                let start = way.begin()
                let isInPlace = way.lends && lane.hashInPlace(window)
                if !isInPlace {
                    if way.lends { way.cannotLend() }
                    let end = lane.unread.lowerBound + window
                    while lane.unread.lowerBound < end {
                        try lane.fill()
                        lane.hash()
                    }
                }
                way.end(start, bytes: Int(window))
            }
            let (piece, digest) = try lane.end()
            queue.settle(piece, .success(digest))
        }
    }

    /// Hashes some of what two lanes have.
    private mutating func hashBoth(_ first: HashingLane, _ second: HashingLane) {
        let window = HashingLane.lendable(first, second, most: lent)
        guard window > HashingLane.bufferSize else { return copyBoth(first, second) }
        let start = way.begin()
        if way.lends {
            if !HashingLane.hashInPlace(first, second, window) { way.cannotLend() }
        } else {
            let end = first.unread.lowerBound + window
            while !first.isIdle, !second.isIdle, first.unread.lowerBound < end { copyBoth(first, second) }
        }
        // Of what ended on the way it is not known how much it was.
        if !first.isIdle, !second.isIdle { way.end(start, bytes: 2 * Int(window)) }
    }

    /// Hashes what fits in the buffers of two lanes.
    private func copyBoth(_ first: HashingLane, _ second: HashingLane) {
        attempt(first) { lane throws(ModelRefusal) in try lane.fill() }
        attempt(second) { lane throws(ModelRefusal) in try lane.fill() }
        guard !first.isIdle, !second.isIdle else { return }
        HashingLane.hash(first, second)
        for lane in [first, second] where lane.isAtEnd {
            attempt(lane) { lane throws(ModelRefusal) in
                let (piece, digest) = try lane.end()
                queue.settle(piece, .success(digest))
            }
        }
    }
}
