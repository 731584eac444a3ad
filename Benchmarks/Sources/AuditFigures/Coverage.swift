import AuditLog
import Foundation
import Synchronization

/// How long durable entries wait for a signed checkpoint that covers them.
final class Coverage: Sendable {
    private struct State {
        var isOver = false
        /// When so many entries were durable.
        var durable: [(time: Double, size: UInt64)] = []
        /// How many of them a checkpoint has covered.
        var covered = 0
        var waits: [Double] = []
        var size: UInt64 = 0
    }

    // Guards what was seen so far.
    private let state = Mutex(State())

    /// Looks every two milliseconds, which is how exact the figures are.
    init(of log: LogWriter) {
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isOver }) {
                let stats = log.stats
                look(durable: stats.acknowledged, covered: stats.checkpointSize)
                usleep(2_000)
            }
        }
    }

    private func look(durable: UInt64, covered: UInt64) {
        let now = Moment.now.wall
        state.withLock { state in
            if durable > state.durable.last?.size ?? 0 { state.durable.append((now, durable)) }
            while state.covered < state.durable.count, state.durable[state.covered].size <= covered {
                state.waits.append(now - state.durable[state.covered].time)
                state.covered += 1
            }
            state.size = covered
        }
    }

    /// Waits where the tree is so far behind the durable entries that the log would refuse more before long, so that the
    /// rate is one that lasts.
    func keepUp() {
        while state.withLock({ ($0.durable.last?.size ?? 0) > $0.size + 100_000 }) { usleep(1_000) }
    }

    /// Waits until so many entries are covered; returns how long those seen waited.
    func end(at size: UInt64) -> Figures {
        while state.withLock({ $0.size < size }) { usleep(2_000) }
        return state.withLock { state in
            state.isOver = true
            return Figures(state.waits)
        }
    }
}
