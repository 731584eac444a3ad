import NIOCore
import ZeroTrust

extension Pipeline {
    /// When what happened, and how much has come and gone.
    struct Progress {
        let startedAt: NIODeadline
        /// What the two clocks said when the request was taken up: they are read once for all that follows soon.
        private let began: (clock: NIODeadline, time: Timestamp)
        var bodyEndedAt: NIODeadline?
        var respondedAt: NIODeadline?
        /// When the first of the response's body came.
        var answeredAt: NIODeadline?
        /// When the request was over.
        var endedAt: NIODeadline?
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

        /// A request whose first byte came at a moment, and that is taken up now.
        init(startedAt: NIODeadline, now: NIODeadline) {
            self.startedAt = startedAt
            self.began = (now, .now())
            self.last = now
            self.measuredFrom = startedAt
        }

        /// When the request was taken up.
        var takenUpAt: NIODeadline { began.clock }

        /// The system's time at a moment, by the reading of its clock when the request was taken up; that holds for a
        /// second, in which the clocks do not go apart.
        func time(at moment: NIODeadline) -> Timestamp {
            let passed = (moment - began.clock).nanoseconds
            guard passed < 1_000_000_000 else { return .now() }
            return Timestamp(nanoseconds: began.time.nanoseconds + max(0, passed))
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
