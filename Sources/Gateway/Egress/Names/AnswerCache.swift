import NIOCore
import Synchronization
import ZeroTrust

/// Remembers for a short while what names led to, and which of them once led to good addresses.
///
/// `getaddrinfo` tells no time to live, so that every answer has the same: short, and bounded by the configuration. The
/// memory is bounded, and holds only names that a policy allowed.
final class AnswerCache: Sendable {
    private struct Entry {
        var addresses: [IPAddress]
        var expiry: NIODeadline
        /// Whether an earlier answer held public addresses and nothing else.
        var wasPublic: Bool
    }

    private static let maximumNames = 4096

    /// Guards the answers by name.
    private let entries = Mutex<[DestinationName: Entry]>([:])

    /// An answer that is still good.
    func find(_ name: DestinationName, at now: NIODeadline) -> [IPAddress]? {
        entries.withLock { entries in
            guard let entry = entries[name], now < entry.expiry else { return nil }
            return entry.addresses
        }
    }

    /// Whether the name has led to public addresses alone before.
    func wasPublic(_ name: DestinationName) -> Bool {
        entries.withLock { $0[name]?.wasPublic ?? false }
    }

    /// Keeps an answer for so long.
    func keep(_ addresses: [IPAddress], of name: DestinationName, at now: NIODeadline, for age: TimeAmount) {
        let isPublic = !addresses.isEmpty && addresses.allSatisfy { AddressClass.of($0) == .global }
        entries.withLock { entries in
            let wasPublic = entries[name]?.wasPublic ?? false
            if entries.count >= Self.maximumNames, entries[name] == nil { entries.removeAll() }
            entries[name] = Entry(
                addresses: addresses,
                expiry: now + age,
                wasPublic: wasPublic || isPublic
            )
        }
    }
}
