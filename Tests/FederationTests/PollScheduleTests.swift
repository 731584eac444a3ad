import Foundation
import Testing
import ZeroTrust

@testable import Federation

@Suite struct PollScheduleTests {
    private let start = Date(timeIntervalSince1970: 1_800_000_000)
    private let domain: TrustDomain
    private var schedule = PollSchedule()

    init() throws {
        domain = try TrustDomain("partner.example")
        schedule.follow([domain: "r"], at: start)
    }

    /// When the endpoint is asked again, in seconds after an outcome.
    private mutating func pause(hint: UInt64? = nil, succeeded: Bool, jitter: Double = 1) -> TimeInterval? {
        _ = schedule.takeDue(at: .distantFuture)
        schedule.finished(domain, under: "r", hint: hint, succeeded: succeeded, at: start, jitter: jitter)
        return (1...100_000).first { !copy(at: start + TimeInterval($0)).isEmpty }.map { TimeInterval($0) }
    }

    private func copy(at date: Date) -> [TrustDomain] {
        var copy = schedule
        return copy.takeDue(at: date)
    }

    @Test mutating func `rule 56: the endpoint is asked at once, then at the hint, and every five minutes without one`()
    {
        #expect(schedule.takeDue(at: start) == [domain])
        #expect(schedule.takeDue(at: start).isEmpty, "it is under way")
        #expect(pause(hint: 60, succeeded: true) == 60)
        #expect(pause(hint: nil, succeeded: true) == 300)
        #expect(pause(hint: 60, succeeded: true, jitter: 0) == 54)
    }

    @Test mutating func `rule 56: a failed poll waits for the next one`() {
        #expect(pause(hint: 120, succeeded: true) == 120)
        for _ in 0..<5 { #expect(pause(succeeded: false) == 120) }
    }

    @Test mutating func `an endpoint that has never answered is asked again, ever later`() {
        #expect((0..<8).map { _ in pause(succeeded: false) } == [5, 10, 20, 40, 80, 160, 300, 300])
    }

    @Test mutating func `no hint makes us ask without end, or never again`() {
        #expect(pause(hint: 0, succeeded: true) == 5)
        #expect(pause(hint: .max, succeeded: true) == 86400)
    }

    @Test mutating func `another configuration begins at once, and the answer to the old one says nothing`() {
        _ = schedule.takeDue(at: start)
        schedule.follow([domain: "s"], at: start)
        #expect(schedule.takeDue(at: start) == [domain])
        schedule.finished(domain, under: "r", hint: 60, succeeded: true, at: start, jitter: 1)
        #expect(schedule.takeDue(at: .distantFuture).isEmpty, "the new one is still under way")
        schedule.follow([:], at: start)
        #expect(schedule.takeDue(at: .distantFuture).isEmpty)
    }

    @Test mutating func `all are asked now where somebody asks for it`() {
        _ = pause(hint: 3600, succeeded: true)
        #expect(schedule.takeDue(at: start + 1).isEmpty)
        schedule.hurry(at: start + 1)
        #expect(schedule.takeDue(at: start + 1) == [domain])
    }
}
