import Glibc

/// Whether the bytes of large files are looked at where they lie in the system's cache, or copied out of it first: what costs
/// less of the processor, as found out on the way.
///
/// In place they cost an entry of the processor's tables for each piece in which the system keeps the file, and that is
/// little for pieces of 2 MiB, as reading from a disk leaves them, and more than a copy for pages of 4 KiB, as writing does.
struct ReadingWay {
    /// The nanoseconds of processor time for a byte, looked at in place and copied, as they were last.
    private var costs: (lent: Double, copied: Double) = (0, 0)
    private var turn = 0
    private var mayLend = true

    /// How many turns each way has at first, by turns, and after how many turns the other way has one again.
    private static let trials = 4
    private static let interval = 64

    /// Whether the next bytes are looked at in place.
    var lends: Bool {
        guard mayLend else { return false }
        if turn < Self.trials { return turn % 2 == 0 }
        return (costs.lent <= costs.copied) != (turn % Self.interval == 0)
    }

    /// Bytes cannot be looked at in place here.
    mutating func cannotLend() { mayLend = false }

    /// The moment before bytes are looked at.
    func begin() -> UInt64 { mayLend ? Self.now() : 0 }

    /// So many bytes were looked at since, in the way that was to be taken.
    mutating func end(_ start: UInt64, bytes: Int) {
        guard mayLend else { return }
        note(nanoseconds: Self.now() &- start, bytes: bytes)
    }

    /// Takes note of what so many bytes have cost.
    mutating func note(nanoseconds: UInt64, bytes: Int) {
        let cost = Double(nanoseconds) / Double(max(1, bytes))
        if lends {
            costs.lent = costs.lent == 0 ? cost : (costs.lent + cost) / 2
        } else {
            costs.copied = costs.copied == 0 ? cost : (costs.copied + cost) / 2
        }
        turn += 1
    }

    /// The processor time of this thread, in nanoseconds.
    private static func now() -> UInt64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
