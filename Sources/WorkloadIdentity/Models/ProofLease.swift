import Synchronization

/// How long a proof is held without a word from its loader.
///
/// A loader that was stopped, or hangs, keeps its connection and checks nothing. Time in which the whole machine sleeps does
/// not count: the loaded command sleeps with it.
final class ProofLease: Sendable {
    private let length: Duration
    /// Guards when the loader was last heard.
    private let renewed = Mutex(SuspendingClock.now)

    /// A lease that begins now.
    init(_ length: Duration) {
        self.length = length
    }

    /// The loader was heard.
    func renew() { renewed.withLock { $0 = SuspendingClock.now } }

    private var end: SuspendingClock.Instant { renewed.withLock { $0 } + length }

    /// Whether it has run out.
    var isOver: Bool { end <= SuspendingClock.now }

    /// Why a proof ends whose lease has run out, for the record.
    var reason: String { "the loader has not renewed the proof for \(length)" }

    /// Returns once it has run out, or the task is cancelled.
    func runOut() async {
        while !isOver {
            do { try await Task.sleep(until: end, clock: .suspending) } catch { return }
        }
    }
}
