import Authorization
import Foundation
import Logging
import Synchronization
import TestIdentities
import Testing

@testable import IssuerKeys

/// What verifiers find in the store while an issuer's keys change, and its server comes and goes.
@Suite(.timeLimit(.minutes(1))) struct IssuerKeysTests {
    /// A clock that a test sets.
    private final class Clock: Sendable {
        private let time = Mutex(Date(timeIntervalSince1970: 2_000_000_000))
        var now: Date { time.withLock { $0 } }
        func pass(_ seconds: TimeInterval) { time.withLock { $0 += seconds } }
    }

    private let clock = Clock()
    private static let lifetime: TimeInterval = 3600
    private static let refresh: TimeInterval = 1200

    private func world(_ server: ByteServer) -> (keys: IssuerKeys, verifier: TokenVerifier, source: IssuerKeySource) {
        let clock = clock
        let keys = IssuerKeys(
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clock: { clock.now }
        )
        let source = IssuerKeySource(url: server.url("/jwks"), settings: TokenKeySettings(allowsPlaintext: true))
        let verifier = TokenVerifier(
            rules: [TokenRule(issuer: Issuer.name, keys: .url(source.url))],
            keys: keys.store,
            clock: { clock.now }
        )
        return (keys, verifier, source)
    }

    private func token(_ issuer: Issuer) throws -> String { try issuer.token(expires: clock.now + 86400) }

    @Test func `before there are keys every token is refused, and once they are there none waits`() async throws {
        let server = try await ByteServer.start()
        let (keys, verifier, source) = world(server)
        let issuer = Issuer("a")
        server.answer("/jwks", .status("503 Not yet"))
        keys.follow([source])
        #expect(verifier.outcome(try token(issuer)) == "token_keys_unavailable")
        await keys.round()
        #expect(verifier.outcome(try token(issuer)) == "token_keys_unavailable")
        server.answer("/jwks", .json(issuer.keySet))
        // After a failure it is not asked at once.
        await keys.round()
        #expect(server.paths.count == 1)
        clock.pass(2)
        await keys.round()
        #expect(verifier.outcome(try token(issuer)) == "alice")
        let status = try #require(verifier.keyStatuses.first)
        #expect(status.url == source.url && status.fetches == 1 && status.failures == 1)
        await server.stop()
    }

    @Test func `a key that is not known is looked for at once, but not as often as anybody sends one`() async throws {
        let server = try await ByteServer.start()
        let (keys, verifier, source) = world(server)
        let (old, new, forged) = (Issuer("old"), Issuer("new"), Issuer("forged"))
        server.answer("/jwks", .json(old.keySet))
        keys.follow([source])
        await keys.round()
        #expect(verifier.outcome(try token(old)) == "alice")
        clock.pass(60)
        server.answer("/jwks", .json(new.keySet))
        #expect(verifier.outcome(try token(new)) == "token_key_unknown")
        await keys.round()
        #expect(server.paths.count == 2)
        #expect(verifier.outcome(try token(new)) == "alice")
        // What the issuer withdrew is not believed any more, although it was verified before.
        #expect(verifier.outcome(try token(old)) == "token_key_unknown")
        for _ in 0..<100 {
            #expect(verifier.outcome(try token(forged)) == "token_key_unknown")
            await keys.round()
        }
        #expect(server.paths.count == 2)
        clock.pass(FetchSchedule.leastTimeBetweenMisses)
        await keys.round()
        #expect(server.paths.count == 3)
        await server.stop()
    }

    @Test func `while the server is down its last keys serve, until their time is over`() async throws {
        let server = try await ByteServer.start()
        let (keys, verifier, source) = world(server)
        let issuer = Issuer("a")
        server.answer("/jwks", .json(issuer.keySet))
        keys.follow([source])
        await keys.round()
        await server.stop()
        clock.pass(Self.refresh)
        await keys.round()
        #expect(verifier.keyStatuses.first?.failures == 1)
        #expect(verifier.outcome(try token(issuer)) == "alice")
        clock.pass(Self.lifetime - Self.refresh - 1)
        #expect(verifier.outcome(try token(issuer)) == "alice")
        clock.pass(1)
        #expect(verifier.outcome(try token(issuer)) == "token_keys_unavailable")
    }

    @Test func `keys are fetched again in time, and failures are tried again ever later`() {
        var schedule = FetchSchedule()
        var now = Date(timeIntervalSince1970: 0)
        schedule.follow(["u": Self.refresh], at: now)
        #expect(schedule.takeDue(missed: [], at: now) == ["u"])
        #expect(schedule.takeDue(missed: ["u"], at: now + 1000).isEmpty, "it is under way")
        schedule.finished("u", succeeded: true, at: now, jitter: 1)
        #expect(schedule.takeDue(missed: [], at: now + Self.refresh - 1).isEmpty)
        #expect(schedule.takeDue(missed: ["other"], at: now + 100).isEmpty)
        now += Self.refresh
        #expect(schedule.takeDue(missed: [], at: now) == ["u"])
        for pause in [1.0, 2, 4, 8, 16, 32, 60, 60] {
            schedule.finished("u", succeeded: false, at: now, jitter: 1)
            #expect(schedule.takeDue(missed: ["u"], at: now + pause - 0.5).isEmpty)
            now += pause
            #expect(schedule.takeDue(missed: [], at: now) == ["u"])
        }
        schedule.follow([:], at: now)
        schedule.finished("u", succeeded: true, at: now, jitter: 1)
        #expect(schedule.takeDue(missed: ["u"], at: now + 1e6).isEmpty)
    }

    @Test func `what is no longer configured is forgotten, and what came meanwhile is not taken`() async throws {
        let server = try await ByteServer.start()
        let (keys, verifier, source) = world(server)
        let issuer = Issuer("a")
        server.answer("/jwks", .json(issuer.keySet))
        keys.follow([source])
        await keys.round()
        #expect(verifier.outcome(try token(issuer)) == "alice")
        keys.follow([])
        #expect(verifier.outcome(try token(issuer)) == "token_keys_unavailable")
        #expect(verifier.keyStatuses.isEmpty)
        await keys.round()
        #expect(server.paths.count == 1)
        // On other terms it is asked again at once.
        keys.follow([source])
        await keys.round()
        var stricter = source.settings
        stricter.lifetime = .seconds(1800)
        keys.follow([IssuerKeySource(url: source.url, settings: stricter)])
        await keys.round()
        #expect(server.paths.count == 3)
        await server.stop()
    }
}
