import Crypto
import FoundationEssentials
import Synchronization

/// The challenges that are given out, each good once and for a minute.
///
/// Whoever asks for one costs no memory: a challenge carries its own end and our seal over both, and only those are kept
/// that were answered by the key that they are for, until they are over.
final class Challenges: Sendable {
    /// How long one may be answered.
    static let life = Duration.seconds(60)
    /// The most answered ones that are kept; past it none is taken until some are over.
    static let limit = 65_536
    /// What makes one unlike all others, in bytes.
    private static let nonceLength = 16
    /// The end, in milliseconds since the start, in bytes.
    private static let endLength = 8
    /// The length of one, in bytes.
    static let length = nonceLength + endLength + 32

    private let ticks: @Sendable () -> ContinuousClock.Instant
    private let start: ContinuousClock.Instant
    /// It lives as long as the process, and so do the challenges.
    private let key = SymmetricKey(size: .bits256)
    private let limit: Int
    /// Guards those that were answered, each with its end.
    private let answered = Mutex<[[UInt8]: UInt64]>([:])

    init(
        limit: Int = Challenges.limit,
        ticks: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.limit = limit
        self.ticks = ticks
        self.start = ticks()
    }

    /// A new one.
    func make() -> [UInt8] {
        let end = Self.milliseconds(ticks() - start + Self.life)
        var challenge = (0..<Self.nonceLength).map { _ in UInt8.random(in: 0...255) }
        for index in 0..<Self.endLength { challenge.append(UInt8(truncatingIfNeeded: end >> UInt64(8 * index))) }
        return challenge + Array(HMAC<SHA256>.authenticationCode(for: challenge, using: key))
    }

    /// Whether one was given out and may still be answered.
    func isOpen(_ challenge: [UInt8]) -> Bool {
        guard let end = end(of: challenge), Self.milliseconds(ticks() - start) < end else { return false }
        let name = Array(challenge.prefix(Self.nonceLength))
        return answered.withLock { $0[name] == nil }
    }

    /// What came of an answer.
    enum Answer: Sendable {
        /// It is the first, and in time.
        case taken
        /// There was one, or it is too late, or the challenge is not ours.
        case refused
        /// Too many were answered in this minute.
        case full
    }

    /// Takes the answer to one, which is answered from then on.
    func take(_ challenge: [UInt8]) -> Answer {
        let now = Self.milliseconds(ticks() - start)
        guard let end = end(of: challenge), now < end else { return .refused }
        let name = Array(challenge.prefix(Self.nonceLength))
        return answered.withLock { answered -> Answer in
            guard answered[name] == nil else { return .refused }
            if answered.count >= limit { answered = answered.filter { now < $0.value } }
            guard answered.count < limit else { return .full }
            answered[name] = end
            return .taken
        }
    }

    /// The end of one that has our seal.
    private func end(of challenge: [UInt8]) -> UInt64? {
        guard challenge.count == Self.length else { return nil }
        let sealed = Array(challenge.prefix(Self.nonceLength + Self.endLength))
        let seal = Array(challenge.suffix(32))
        guard HMAC<SHA256>.isValidAuthenticationCode(seal, authenticating: sealed, using: key) else { return nil }
        return sealed.suffix(Self.endLength).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }

    private static func milliseconds(_ duration: Duration) -> UInt64 {
        UInt64(max(0, duration / Duration.milliseconds(1)))
    }
}
