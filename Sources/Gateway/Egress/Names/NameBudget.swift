import NIOCore
import Synchronization
import ZeroTrust

/// Counts the different names that each caller asks for below each wildcard, hour by hour.
///
/// A zone's owner reads what is asked for below it: many short names carry as much as a long one.
final class NameBudget: Sendable {
    private struct Key: Hashable {
        let caller: SPIFFEID
        let suffix: DestinationName
    }

    private struct State {
        var names: [Key: Set<DestinationName>] = [:]
        var end = NIODeadline.uptimeNanoseconds(0)
    }

    private static let window = TimeAmount.hours(1)
    private static let maximumKeys = 4096

    /// Guards the names of this hour.
    private let state = Mutex(State())

    /// Whether one more name may be asked for; a name that was asked for before always may.
    func admits(
        _ name: DestinationName,
        below suffix: DestinationName,
        caller: SPIFFEID,
        limit: Int,
        at now: NIODeadline
    )
        -> Bool
    {
        state.withLock { state in
            if now >= state.end {
                state.names.removeAll()
                state.end = now + Self.window
            }
            let key = Key(caller: caller, suffix: suffix)
            let known = state.names[key] ?? []
            if known.contains(name) { return true }
            guard known.count < limit, state.names[key] != nil || state.names.count < Self.maximumKeys else {
                return false
            }
            state.names[key, default: []].insert(name)
            return true
        }
    }
}
