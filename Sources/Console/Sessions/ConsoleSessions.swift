package import Synchronization

/// Who has the console open: tokens that open it once, and the sessions that they are exchanged for; and the sessions of
/// callers who show with each connection who they are.
///
/// A value without a clock or randomness of its own. A token lives a minute and works once; a session lives twelve hours,
/// or one in which nothing was asked.
package struct ConsoleSessions<Caller: Hashable & Sendable>: Sendable {
    /// A session.
    package struct Session: Hashable, Sendable {
        /// Who has it.
        package let caller: Caller
        /// What has to stand in every form of this session.
        package let formToken: String
        fileprivate let begun: ContinuousClock.Instant
        fileprivate var used: ContinuousClock.Instant
    }

    private var tokens: [String: (caller: Caller, end: ContinuousClock.Instant)] = [:]
    private var sessions: [String: Session] = [:]
    /// Sessions of callers who show who they are.
    private var verified: [Caller: Session] = [:]

    package static var tokenLifetime: Duration { .seconds(60) }
    package static var lifetime: Duration { .seconds(12 * 3600) }
    package static var idleTime: Duration { .seconds(3600) }
    /// The tokens, and the sessions, that one caller may have; the oldest gives way.
    static var maximumPerCaller: Int { 8 }
    /// The tokens, and the sessions, that there may be in all.
    static var maximum: Int { 128 }

    /// Nobody.
    package init() {}

    /// Makes a token for a caller.
    ///
    /// - Returns: the token; nil where there are too many that nobody has used.
    package mutating func makeToken(
        for caller: Caller,
        at now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> String? {
        tokens = tokens.filter { $0.value.end > now }
        let own = tokens.filter { $0.value.caller == caller }
        if own.count >= Self.maximumPerCaller, let oldest = own.min(by: { $0.value.end < $1.value.end }) {
            tokens[oldest.key] = nil
        }
        guard tokens.count < Self.maximum else { return nil }
        let token = Self.secret(using: &generator)
        tokens[token] = (caller, now + Self.tokenLifetime)
        return token
    }

    /// Makes a token for a caller, of which nobody hears before it is on record that they were let in.
    ///
    /// Where that cannot be recorded, the token is worth nothing: who is let in unseen would be who is never found again.
    ///
    /// - Parameters:
    ///   - caller: who is let in.
    ///   - sessions: who has the console open.
    ///   - now: the time.
    ///   - generator: where the token comes from.
    ///   - record: puts on record that the caller is let in, for good.
    /// - Returns: the token; nil where there are too many that nobody has used, and then nothing is recorded.
    /// - Throws: what `record` throws.
    package static func makeToken(
        for caller: Caller,
        in sessions: borrowing Mutex<Self>,
        at now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator,
        record: () async throws -> Void
    ) async throws -> String? {
        let made = sessions.withLock { $0.makeToken(for: caller, at: now, using: &generator) }
        guard let token = made else { return nil }
        do { try await record() } catch {
            sessions.withLock { $0.drop(token) }
            throw error
        }
        return token
    }

    /// Takes a token back that nobody was given.
    package mutating func drop(_ token: String) { tokens[token] = nil }

    /// Whose token it is, which this does not use up; nil where it opens nothing.
    package func caller(of token: String, at now: ContinuousClock.Instant) -> Caller? {
        guard let known = tokens[token], known.end > now else { return nil }
        return known.caller
    }

    /// Takes a token, which from then on is worth nothing.
    ///
    /// - Returns: the secret of the session that it began; nil where the token is not known, was used, or is too old.
    package mutating func exchange(
        _ token: String,
        at now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> String? {
        guard let known = tokens.removeValue(forKey: token), known.end > now else { return nil }
        sessions = sessions.filter { !$0.value.isOver(at: now) }
        let own = sessions.filter { $0.value.caller == known.caller }
        if own.count >= Self.maximumPerCaller, let oldest = own.min(by: { $0.value.used < $1.value.used }) {
            sessions[oldest.key] = nil
        }
        guard sessions.count < Self.maximum else { return nil }
        let secret = Self.secret(using: &generator)
        sessions[secret] = Session(
            caller: known.caller,
            formToken: Self.secret(using: &generator),
            begun: now,
            used: now
        )
        return secret
    }

    /// The session of a secret, which is used by this; nil where there is none any more.
    package mutating func use(_ secret: String, at now: ContinuousClock.Instant) -> Session? {
        Self.use(secret, in: &sessions, at: now)
    }

    /// Ends a session.
    package mutating func end(_ secret: String) { sessions[secret] = nil }

    // MARK: - Verified callers

    /// The session of a caller who has shown who they are, which is used by this; nil where there is none any more.
    package mutating func use(verified caller: Caller, at now: ContinuousClock.Instant) -> Session? {
        Self.use(caller, in: &verified, at: now)
    }

    /// Begins a session of a caller who has shown who they are; one that they have goes on.
    ///
    /// Of too many, the one that was not used for longest gives way.
    package mutating func begin(
        verified caller: Caller,
        at now: ContinuousClock.Instant,
        using generator: inout some RandomNumberGenerator
    ) -> Session {
        if let session = use(verified: caller, at: now) { return session }
        if verified.count >= Self.maximum, let oldest = verified.min(by: { $0.value.used < $1.value.used }) {
            verified[oldest.key] = nil
        }
        let session = Session(caller: caller, formToken: Self.secret(using: &generator), begun: now, used: now)
        verified[caller] = session
        return session
    }

    /// Ends the session of a caller who has shown who they are.
    package mutating func end(verified caller: Caller) { verified[caller] = nil }

    /// The session that a key is of, which is used by this; one that is over is let go of.
    private static func use<Key>(
        _ key: Key,
        in sessions: inout [Key: Session],
        at now: ContinuousClock.Instant
    ) -> Session? {
        guard var session = sessions[key] else { return nil }
        guard !session.isOver(at: now) else {
            sessions[key] = nil
            return nil
        }
        session.used = max(session.used, now)
        sessions[key] = session
        return session
    }

    /// Whether two secrets are the same, in a time that tells nothing of where they differ.
    package static func areEqual(_ left: String, _ right: String) -> Bool {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// 256 bits in hexadecimal.
    private static func secret(using generator: inout some RandomNumberGenerator) -> String {
        (0..<4).map { _ in
            let digits = String(UInt64.random(in: 0 ... .max, using: &generator), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

extension ConsoleSessions.Session {
    fileprivate func isOver(at now: ContinuousClock.Instant) -> Bool {
        now - begun >= ConsoleSessions<Caller>.lifetime || now - used >= ConsoleSessions<Caller>.idleTime
    }
}
