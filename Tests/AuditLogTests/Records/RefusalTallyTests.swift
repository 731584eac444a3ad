import AuditLog
import Testing
import ZeroTrust

@Suite struct `Refusal tally` {
    private func moment(_ seconds: Int64, _ nanoseconds: Int64 = 0) -> Timestamp {
        Timestamp(nanoseconds: seconds * 1_000_000_000 + nanoseconds)
    }

    @Test func `refusals are counted per source, reason and second`() throws {
        let one = try #require(IPAddress("192.0.2.1"))
        let two = try #require(IPAddress("192.0.2.2"))
        var tally = RefusalTally()
        #expect(tally.count(source: one, reason: "no_certificate", at: moment(10)).isEmpty)
        #expect(tally.count(source: one, reason: "no_certificate", at: moment(10, 999_999_999)).isEmpty)
        #expect(tally.count(source: two, reason: "no_certificate", at: moment(10, 5)).isEmpty)
        #expect(tally.drain(before: moment(10, 7)).isEmpty)
        let counts = tally.count(source: one, reason: "expired", at: moment(11))
        #expect(counts.map(\.count) == [2, 1])
        #expect(counts.allSatisfy { $0.second == moment(10) && $0.reason == "no_certificate" })
        #expect(counts.map(\.source) == [one, two])
        #expect(tally.drain().map(\.reason) == ["expired"])
        #expect(tally.drain().isEmpty)
        _ = tally.count(source: one, reason: "plaintext", at: moment(12))
        _ = tally.count(source: one, reason: "expired", at: moment(12))
        #expect(tally.drain(before: moment(13)).map(\.reason) == ["expired", "plaintext"], "reasons stand apart")
    }

    @Test func `a flood from many sources takes little`() {
        var tally = RefusalTally(maximumSources: 8)
        for number in 0..<10_000 {
            _ = tally.count(source: IPAddress(v4: UInt32(number)), reason: "no_certificate", at: moment(10))
        }
        let counts = tally.drain()
        #expect(counts.count == 9)
        #expect(counts.reduce(0) { $0 + $1.count } == 10_000)
        #expect(counts.first?.source == nil)
        #expect(counts.first?.count == 9_992)
    }

    @Test func `a clock that steps back begins a new second`() {
        var tally = RefusalTally()
        _ = tally.count(source: IPAddress(v4: 1), reason: "x", at: moment(10))
        #expect(tally.count(source: IPAddress(v4: 1), reason: "x", at: moment(9)).map(\.second) == [moment(10)])
    }
}
