import NIOCore
import Synchronization

/// Whether traces are sent to a receiver of OTLP.
///
/// They are a second telling of what the logs say, so what becomes of them decides nothing: a receiver that has no use for
/// traces is not offered any more, and one that fails is left alone for a while.
final class TraceSwitch: Sendable {
    private enum State {
        case on
        /// It failed, and is tried again after this moment.
        case paused(until: NIODeadline)
        case off
    }

    /// How long a receiver that failed is left alone.
    private static let pause = TimeAmount.seconds(30)

    /// Guards how it stands.
    private let state = Mutex(State.on)

    /// Whether traces are to be sent now.
    func isOn(at now: NIODeadline) -> Bool {
        state.withLock { state in
            switch state {
            case .on: true
            case .paused(let end): end <= now
            case .off: false
            }
        }
    }

    /// They were taken.
    func succeed() { state.withLock { if case .paused = $0 { $0 = .on } } }

    /// They were not, for good or for now.
    ///
    /// - Returns: whether that is news.
    func fail(forGood: Bool, at now: NIODeadline) -> Bool {
        state.withLock { state in
            let wasOn: Bool
            switch state {
            case .on: wasOn = true
            case .paused: wasOn = forGood
            case .off: return false
            }
            state = forGood ? .off : .paused(until: now + Self.pause)
            return wasOn
        }
    }
}
