import Synchronization

/// Counts what is used in this process.
///
/// Rates follow the generic cell rate algorithm (ITU-T I.371, annex A): for each key one time is kept, when the next
/// could come if all came evenly; so much before it as the burst allows is let through.
public final class LocalUsage: UsageStore {
    private struct State {
        /// When what was counted so far is used up, in nanoseconds.
        var arrivals: [String: Double] = [:]
        /// What is under way.
        var running: [String: Int] = [:]
    }

    /// Guards both tables.
    private let state = Mutex(State())
    private let maximumKeys: Int

    /// Counts for at most so many keys; where there are more, and none can be forgotten, requests are refused.
    public init(maximumKeys: Int = 200_000) {
        self.maximumKeys = maximumKeys
    }

    /// Counts all claims of a request, or none of them.
    public func admit(_ claims: [UsageClaim], at now: UInt64) -> UsageVerdict {
        let now = Double(now)
        return state.withLock { state in
            for claim in claims {
                if let concurrent = claim.concurrent {
                    guard state.running[claim.key, default: 0] < concurrent else {
                        return .refused(claim, retryAfter: .seconds(1))
                    }
                }
                guard let rate = claim.rate else { continue }
                let allowance = rate.interval * Double(rate.burst)
                let next = max(state.arrivals[claim.key] ?? 0, now) + rate.interval * Double(claim.amount)
                // What is more than ever comes at once will not do later either.
                guard claim.amount <= rate.burst else { return .refused(claim, retryAfter: nil) }
                guard next - now <= allowance + 0.5 else {
                    return .refused(claim, retryAfter: .nanoseconds(Int64(next - now - allowance)))
                }
                if state.arrivals[claim.key] == nil, state.arrivals.count >= maximumKeys {
                    state.arrivals = state.arrivals.filter { $0.value > now }
                    guard state.arrivals.count < maximumKeys else { return .refused(claim, retryAfter: .seconds(1)) }
                }
            }
            for claim in claims {
                if claim.concurrent != nil { state.running[claim.key, default: 0] += 1 }
                guard let rate = claim.rate else { continue }
                state.arrivals[claim.key] =
                    max(state.arrivals[claim.key] ?? 0, now) + rate.interval * Double(claim.amount)
            }
            return .admitted
        }
    }

    /// A request is over.
    public func release(_ claims: [UsageClaim]) {
        state.withLock { state in
            for claim in claims where claim.concurrent != nil {
                let left = state.running[claim.key, default: 0] - 1
                state.running[claim.key] = left > 0 ? left : nil
            }
        }
    }
}
