import Foundation
import Synchronization

/// A clock that a test moves.
final class TestClock: Sendable {
    /// Guards how far it was moved.
    private let offset = Mutex<TimeInterval>(0)

    var now: Date { Date() + offset.withLock { $0 } }

    func advance(by seconds: TimeInterval) { offset.withLock { $0 += seconds } }
}
