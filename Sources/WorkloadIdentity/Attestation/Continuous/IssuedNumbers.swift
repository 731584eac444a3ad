import FoundationEssentials
import ZeroTrust

/// One SVID that stands for a process: a certificate by its serial number, or a token by its `jti`.
struct IssuedNumber: Hashable, Sendable {
    let number: String
    let notAfter: Date
    /// The entry by which it was issued.
    let entry: String
    let id: SPIFFEID
}

/// What stands for one process and has not expired, as far as anybody has looked.
struct IssuedNumbers: Sendable {
    private(set) var list: [IssuedNumber] = []
    /// From how many on the expired are looked for: looking each time would take longer with each that is noted.
    private var full = 64

    /// Adds some, and lets go of what has expired once there are many.
    ///
    /// - Returns: by how many there are more.
    mutating func add(_ issued: [IssuedNumber], at now: Date) -> Int {
        list += issued
        guard list.count > full else { return issued.count }
        let expired = removeExpired(at: now)
        full = max(64, 2 * list.count)
        return issued.count - expired
    }

    /// Lets go of what has expired, and of how much that was.
    mutating func removeExpired(at now: Date) -> Int {
        let before = list.count
        list.removeAll { $0.notAfter < now }
        return before - list.count
    }

    /// Takes out what these do not hold of.
    mutating func remove(where isGone: (IssuedNumber) -> Bool) -> [IssuedNumber] {
        let gone = list.filter(isGone)
        if !gone.isEmpty { list.removeAll(where: isGone) }
        return gone
    }
}
