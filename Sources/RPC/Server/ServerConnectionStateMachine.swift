/// The life of a server's connection: which calls are open, and how it comes to its end.
///
/// A value that takes events and says what to do; it does no I/O and reads no clock.
struct ServerConnectionStateMachine {
    private enum State {
        case active
        case draining
        case closed
    }

    /// What to do when a call has ended.
    enum StreamClosedAction: Equatable {
        case none
        /// No call is open: the connection may be told to go after a while.
        case startIdleTimer
        /// The last call of a draining connection.
        case close
    }

    /// What to do when the connection is to drain.
    enum DrainAction: Equatable {
        case none
        /// Tell the peer which calls are still taken; close where none is open.
        case sendGoAway(lastStreamID: Int, close: Bool)
    }

    private var state = State.active
    private var openStreams = 0
    private var lastStreamID = 0

    /// A call has begun.
    mutating func streamOpened(_ id: Int) {
        self.openStreams += 1
        self.lastStreamID = max(self.lastStreamID, id)
    }

    /// A call has ended.
    mutating func streamClosed() -> StreamClosedAction {
        self.openStreams -= 1
        guard self.openStreams == 0 else { return .none }
        switch self.state {
        case .active: return .startIdleTimer
        case .draining:
            self.state = .closed
            return .close
        case .closed: return .none
        }
    }

    /// The connection is to take no more calls.
    mutating func drain() -> DrainAction {
        guard self.state == .active else { return .none }
        let close = self.openStreams == 0
        self.state = close ? .closed : .draining
        return .sendGoAway(lastStreamID: self.lastStreamID, close: close)
    }

    /// It has stood idle for as long as it may; a call that came meanwhile keeps it.
    mutating func idled() -> DrainAction {
        self.openStreams == 0 ? self.drain() : .none
    }
}
