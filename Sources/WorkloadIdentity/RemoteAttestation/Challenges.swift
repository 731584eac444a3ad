import Synchronization

/// The challenges that were given out, each good once and for a minute.
final class Challenges: Sendable {
    /// How long one may be answered.
    static let life = Duration.seconds(60)
    /// The most that are waited for; past it none is given out until some are over.
    static let limit = 4096
    /// The length of one, in bytes.
    static let length = 32

    private let ticks: @Sendable () -> ContinuousClock.Instant
    /// Guards the challenges that are waited for.
    private let open = Mutex<[[UInt8]: ContinuousClock.Instant]>([:])

    init(ticks: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) { self.ticks = ticks }

    /// A new one; nil where too many are waited for.
    func make() -> [UInt8]? {
        let now = ticks()
        let challenge = (0..<Self.length).map { _ in UInt8.random(in: 0...255) }
        return open.withLock { open in
            if open.count >= Self.limit { open = open.filter { now - $0.value < Self.life } }
            guard open.count < Self.limit else { return nil }
            open[challenge] = now
            return challenge
        }
    }

    /// Whether one was given out and may still be answered; it is gone then.
    func take(_ challenge: [UInt8]) -> Bool {
        let now = ticks()
        return open.withLock { open in open.removeValue(forKey: challenge).map { now - $0 < Self.life } ?? false }
    }
}
