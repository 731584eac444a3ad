import Synchronization
import Testing

@testable import Console

@Suite struct ConsoleSessionsTests {
    private var sessions = ConsoleSessions<String>()
    private var generator = Repeatable(state: 1)
    private let start = ContinuousClock.now

    @Test mutating func `a token opens the console once`() throws {
        let token = try #require(sessions.makeToken(for: "uid 0", at: start, using: &generator))
        #expect(token.count == 64)
        let secret = try #require(sessions.exchange(token, at: start, using: &generator))
        #expect(sessions.exchange(token, at: start, using: &generator) == nil)
        #expect(sessions.use(secret, at: start)?.caller == "uid 0")
        #expect(sessions.use(token, at: start) == nil)
        #expect(sessions.use("", at: start) == nil)
    }

    @Test mutating func `to ask whose a token is does not use it up`() throws {
        let token = try #require(sessions.makeToken(for: "uid 7", at: start, using: &generator))
        #expect(sessions.caller(of: token, at: start) == "uid 7")
        #expect(sessions.caller(of: token, at: start + .seconds(60)) == nil)
        #expect(sessions.caller(of: "", at: start) == nil)
        #expect(sessions.exchange(token, at: start, using: &generator) != nil)
        #expect(sessions.caller(of: token, at: start) == nil)
    }

    @Test mutating func `a token is worth nothing after a minute`() throws {
        let token = try #require(sessions.makeToken(for: "uid 0", at: start, using: &generator))
        #expect(sessions.exchange(token, at: start + .seconds(60), using: &generator) == nil)
    }

    @Test mutating func `a session ends after twelve hours, after an idle one, and when it is left`() throws {
        func open() throws -> String {
            let token = try #require(sessions.makeToken(for: "uid 0", at: start, using: &generator))
            return try #require(sessions.exchange(token, at: start, using: &generator))
        }
        let idle = try open()
        #expect(sessions.use(idle, at: start + .seconds(3_599)) != nil)
        #expect(sessions.use(idle, at: start + .seconds(3_599 + 3_600)) == nil)
        let busy = try open()
        for hour in stride(from: 1_800, to: 12 * 3600, by: 1_800) {
            #expect(sessions.use(busy, at: start + .seconds(hour)) != nil)
        }
        #expect(sessions.use(busy, at: start + .seconds(12 * 3600)) == nil)
        let left = try open()
        sessions.end(left)
        #expect(sessions.use(left, at: start) == nil)
    }

    @Test mutating func `a token that was taken back opens nothing, and its place is free`() throws {
        var given: [String] = []
        for number in 0..<128 {
            given.append(try #require(sessions.makeToken(for: "uid \(number)", at: start, using: &generator)))
        }
        #expect(sessions.makeToken(for: "uid 200", at: start, using: &generator) == nil)
        sessions.drop(given[0])
        #expect(sessions.caller(of: given[0], at: start) == nil)
        #expect(sessions.exchange(given[0], at: start, using: &generator) == nil)
        #expect(sessions.makeToken(for: "uid 200", at: start, using: &generator) != nil)
        #expect(sessions.exchange(given[1], at: start, using: &generator) != nil)
    }

    private struct NotRecorded: Error {}

    @Test func `a token is answered once it is on record, and where it cannot be it opens nothing`() async throws {
        let shared = Mutex(ConsoleSessions<String>())
        // The same numbers make the same tokens: what nobody was told is known here.
        var numbers = Repeatable(state: 7)
        var foretold = numbers
        var other = ConsoleSessions<String>()
        let first = try #require(other.makeToken(for: "uid 7", at: start, using: &foretold))
        await #expect(throws: NotRecorded.self) {
            try await ConsoleSessions.makeToken(for: "uid 7", in: shared, at: start, using: &numbers) {
                // It is refused after it was made, or this would show nothing.
                #expect(shared.withLock { $0.caller(of: first, at: start) } == "uid 7")
                throw NotRecorded()
            }
        }
        var generator = generator
        #expect(shared.withLock { $0.caller(of: first, at: start) } == nil)
        #expect(shared.withLock { $0.exchange(first, at: start, using: &generator) } == nil)

        var steps: [String] = []
        let token = try await ConsoleSessions.makeToken(for: "uid 7", in: shared, at: start, using: &numbers) {
            await Task.yield()
            steps.append("recorded")
        }
        steps.append("answered")
        #expect(steps == ["recorded", "answered"])
        let given = try #require(token)
        #expect(given != first)
        #expect(shared.withLock { $0.exchange(given, at: start, using: &generator) } != nil)
    }

    @Test func `where no token can be made nothing is recorded`() async throws {
        let shared = Mutex(ConsoleSessions<String>())
        var numbers = generator
        for number in 0..<128 {
            let made = shared.withLock { $0.makeToken(for: "uid \(number)", at: start, using: &numbers) }
            #expect(made != nil)
        }
        var records = 0
        let token = try await ConsoleSessions.makeToken(for: "uid 200", in: shared, at: start, using: &numbers) {
            records += 1
        }
        #expect(token == nil && records == 0)
    }

    @Test mutating func `one caller cannot take the room of the others`() throws {
        var own: [String] = []
        for _ in 0..<100 { own.append(try #require(sessions.makeToken(for: "uid 7", at: start, using: &generator))) }
        let other = try #require(sessions.makeToken(for: "uid 8", at: start, using: &generator))
        #expect(own.filter { sessions.exchange($0, at: start, using: &generator) != nil }.count == 8)
        #expect(sessions.exchange(other, at: start, using: &generator) != nil)
    }

    @Test mutating func `whoever shows who they are has one session, which ends as any other does`() throws {
        #expect(sessions.use(verified: "a", at: start) == nil)
        let first = sessions.begin(verified: "a", at: start, using: &generator)
        #expect(first.caller == "a" && first.formToken.count == 64)
        #expect(sessions.begin(verified: "a", at: start, using: &generator) == first)
        #expect(sessions.use(verified: "a", at: start + .seconds(3_599))?.formToken == first.formToken)
        #expect(sessions.use(verified: "b", at: start) == nil)
        // It is no session of a cookie, and none of a token.
        #expect(sessions.use("a", at: start) == nil)
        #expect(sessions.use(first.formToken, at: start) == nil)
        #expect(sessions.use(verified: "a", at: start + .seconds(3_599 + 3_600)) == nil)
        let second = sessions.begin(verified: "a", at: start, using: &generator)
        #expect(second.formToken != first.formToken)
        sessions.end(verified: "a")
        #expect(sessions.use(verified: "a", at: start) == nil)
    }

    @Test mutating func `of too many who show who they are, the one that was quiet for longest gives way`() throws {
        for number in 0..<128 {
            _ = sessions.begin(verified: "\(number)", at: start + .seconds(number), using: &generator)
        }
        #expect(sessions.use(verified: "0", at: start + .seconds(200)) != nil)
        _ = sessions.begin(verified: "one more", at: start + .seconds(201), using: &generator)
        #expect(sessions.use(verified: "0", at: start + .seconds(202)) != nil)
        #expect(sessions.use(verified: "1", at: start + .seconds(202)) == nil)
        #expect(sessions.use(verified: "2", at: start + .seconds(202)) != nil)
    }

    @Test func `secrets are compared whole`() {
        #expect(ConsoleSessions<Int>.areEqual("abc", "abc"))
        for other in ["abd", "ab", "abcd", ""] { #expect(!ConsoleSessions<Int>.areEqual("abc", other)) }
    }
}
