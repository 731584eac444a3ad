import Synchronization

/// Counts what is used in this process.
///
/// Rates follow the generic cell rate algorithm (ITU-T I.371, annex A): for each key one time is kept, when the next
/// could come if all came evenly; so much before it as the burst allows is let through.
public final class LocalUsage: UsageStore {
    private struct State {
        /// When what was counted so far is used up, in nanoseconds, and who was the first to have it counted.
        var arrivals: [String: (time: Double, owner: String)] = [:]
        /// How many of these each owner has.
        var owned: [String: Int] = [:]
        /// When what is used up was last forgotten.
        var lastPurge = -Double.infinity
        /// What is under way.
        var running: [String: Int] = [:]

        /// Forgets what is used up; looking at all of it takes a while, and is done once a second at most.
        mutating func purge(_ now: Double) {
            guard now - lastPurge >= 1e9 else { return }
            lastPurge = now
            arrivals = arrivals.filter { $0.value.time > now }
            owned = [:]
            for arrival in arrivals.values { owned[arrival.owner, default: 0] += 1 }
        }
    }

    /// Guards both tables.
    private let state = Mutex(State())
    private let maximumKeys: Int
    private let maximumKeysOfOwner: Int

    /// Counts for at most so many keys, and so many of each caller; where there are more, and none can be forgotten,
    /// requests are refused.
    public init(maximumKeys: Int = 200_000, maximumKeysOfOwner: Int = 1_000) {
        self.maximumKeys = maximumKeys
        self.maximumKeysOfOwner = maximumKeysOfOwner
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
                let next = max(state.arrivals[claim.key]?.time ?? 0, now) + rate.interval * Double(claim.amount)
                // What is more than ever comes at once will not do later either.
                guard claim.amount <= rate.burst else { return .refused(claim, retryAfter: nil) }
                guard next - now <= allowance + 0.5 else {
                    return .refused(claim, retryAfter: .nanoseconds(Int64(next - now - allowance)))
                }
                if state.arrivals[claim.key] == nil, !hasRoom(for: claim, state) {
                    state.purge(now)
                    guard hasRoom(for: claim, state) else { return .refused(claim, retryAfter: .seconds(1)) }
                }
            }
            for claim in claims {
                if claim.concurrent != nil { state.running[claim.key, default: 0] += 1 }
                guard let rate = claim.rate else { continue }
                let known = state.arrivals[claim.key]
                if known == nil { state.owned[claim.owner, default: 0] += 1 }
                let time = max(known?.time ?? 0, now) + rate.interval * Double(claim.amount)
                state.arrivals[claim.key] = (time, known?.owner ?? claim.owner)
            }
            return .admitted
        }
    }

    private func hasRoom(for claim: UsageClaim, _ state: State) -> Bool {
        state.arrivals.count < maximumKeys && state.owned[claim.owner, default: 0] < maximumKeysOfOwner
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
