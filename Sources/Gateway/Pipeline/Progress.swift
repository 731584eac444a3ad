import NIOCore

extension Pipeline {
    /// When what happened, and how much has come and gone.
    struct Progress {
        let startedAt: NIODeadline
        var bodyEndedAt: NIODeadline?
        var respondedAt: NIODeadline?
        /// When the first of the response's body came.
        var answeredAt: NIODeadline?
        /// When either side last sent anything.
        var last: NIODeadline
        /// The content of the request's body, as far as it came.
        var bytesReceived: UInt64 = 0
        /// The content of the response's body, as far as it came.
        var bytesSent: UInt64 = 0
        /// From when, and from which byte, the body's rate is measured: a pause for want of room upstream is no fault of
        /// the client's.
        private var measuredFrom: NIODeadline
        private var measuredBytes: UInt64 = 0

        init(startedAt: NIODeadline) {
            self.startedAt = startedAt
            self.last = startedAt
            self.measuredFrom = startedAt
        }

        /// Begins to measure the body's rate anew.
        mutating func measure(from now: NIODeadline) {
            measuredFrom = now
            measuredBytes = bytesReceived
        }

        /// Whether the body has taken longer than so many bytes in a second allow, however steadily it trickles; the rate
        /// counts only once the time of grace is over, and zero is no rate.
        func isBodyTooSlow(_ now: NIODeadline, rate: Int, grace: TimeAmount) -> Bool {
            guard rate > 0 else { return false }
            let allowed = Double(bytesReceived - measuredBytes) / Double(rate)
            return measuredFrom + grace + .nanoseconds(Int64(allowed * 1e9)) <= now
        }
    }
}

extension NIODeadline {
    /// The nanoseconds from here to a later moment; zero where it is not later.
    func nanoseconds(until later: NIODeadline) -> UInt64 {
        UInt64(clamping: (later - self).nanoseconds)
    }
}
