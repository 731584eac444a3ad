import Foundation
import Testing
import ZeroTrust

@testable import Federation

@Suite(.timeLimit(.minutes(5))) struct PollScheduleTests {
    private let start = ContinuousClock.now
    /// When everything is due that ever will be.
    private var end: ContinuousClock.Instant { start + .seconds(1_000_000) }
    private let domain: TrustDomain
    private var schedule = PollSchedule()

    init() throws {
        domain = try TrustDomain("partner.example")
        schedule.follow([domain: "r"], at: start)
    }

    /// When the endpoint is asked again, in seconds after an outcome.
    private mutating func pause(_ outcome: PollSchedule.Outcome, jitter: Double = 1) -> Int? {
        _ = schedule.takeDue(at: end)
        schedule.finished(domain, under: "r", outcome, at: start, jitter: jitter)
        return (0...100_000).first { !copy(at: start + .seconds($0)).isEmpty }
    }

    private func copy(at moment: ContinuousClock.Instant) -> [TrustDomain] {
        var copy = schedule
        return copy.takeDue(at: moment)
    }

    @Test mutating func `rule 56: the endpoint is asked at once, then at the hint, and every five minutes without one`()
    {
        #expect(schedule.takeDue(at: start) == [domain])
        #expect(schedule.takeDue(at: start).isEmpty, "it is under way")
        #expect(pause(.taken(hint: 60)) == 60)
        #expect(pause(.taken(hint: nil)) == 300)
        #expect(pause(.taken(hint: 60), jitter: 0) == 54)
    }

    @Test mutating func `rule 56: a failed poll waits for the next one`() {
        #expect(pause(.taken(hint: 120)) == 120)
        for _ in 0..<5 { #expect(pause(.refused) == 120) }
    }

    @Test mutating func `an endpoint that has never answered is asked again, ever later`() {
        #expect((0..<8).map { _ in pause(.refused) } == [5, 10, 20, 40, 80, 160, 300, 300])
    }

    @Test mutating func `no hint makes us ask without end, or never again`() {
        #expect(pause(.taken(hint: 0)) == 5)
        #expect(pause(.taken(hint: .max)) == 86400)
    }

    @Test mutating func `another configuration begins at once, and the answer to the old one says nothing`() {
        _ = schedule.takeDue(at: start)
        schedule.follow([domain: "s"], at: start)
        #expect(schedule.takeDue(at: start) == [domain])
        schedule.finished(domain, under: "r", .taken(hint: 60), at: start, jitter: 1)
        #expect(schedule.takeDue(at: end).isEmpty, "the new one is still under way")
        schedule.follow([:], at: start)
        #expect(schedule.takeDue(at: end).isEmpty)
    }

    @Test mutating func `all are asked now where somebody asks for it`() {
        _ = pause(.taken(hint: 3600))
        #expect(schedule.takeDue(at: start + .seconds(1)).isEmpty)
        schedule.hurry(at: start + .seconds(1))
        #expect(schedule.takeDue(at: start + .seconds(1)) == [domain])
    }

    @Test mutating func `one that is being asked when somebody asks for it is asked once more, and then waits`() {
        #expect(schedule.takeDue(at: start) == [domain])
        schedule.hurry(at: start)
        #expect(schedule.takeDue(at: start).isEmpty, "it is under way")
        schedule.finished(domain, under: "r", .taken(hint: 60), at: start, jitter: 1)
        #expect(copy(at: start) == [domain])
        #expect(pause(.taken(hint: 60)) == 60)
    }

    @Test mutating func `where nobody could say whether a bundle counts, it is fetched again soon`() {
        #expect(pause(.taken(hint: 120)) == 120)
        #expect((0..<6).map { _ in pause(.unheard) } == [5, 10, 20, 40, 80, 120])
        #expect(pause(.refused) == 120)
        #expect(pause(.taken(hint: 120)) == 120)
        #expect(pause(.unheard) == 5)
    }
}
