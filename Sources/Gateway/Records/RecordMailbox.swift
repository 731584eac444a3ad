import NIOCore
import Synchronization

/// Brings word of durable records from the log's thread to one event loop.
///
/// A group of records becomes durable at once, so the loop is woken once for all of them.
final class RecordMailbox: Sendable {
    /// One decision whose record became durable, or did not.
    struct Delivery: Sendable {
        let pipeline: NIOLoopBound<Pipeline>
        let isDurable: Bool
    }

    private struct State {
        var deliveries: [Delivery] = []
        var isScheduled = false
    }

    private let eventLoop: any EventLoop
    /// Guards what has come since the loop last looked.
    private let state = Mutex(State())

    init(eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Called on the log's thread.
    func deliver(_ delivery: Delivery) {
        let isFirst = state.withLock { state in
            state.deliveries.append(delivery)
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { eventLoop.execute { self.open() } }
    }

    private func open() {
        let deliveries = state.withLock { state in
            state.isScheduled = false
            defer { state.deliveries = [] }
            return state.deliveries
        }
        for delivery in deliveries { delivery.pipeline.value.recorded(isDurable: delivery.isDurable) }
    }
}
