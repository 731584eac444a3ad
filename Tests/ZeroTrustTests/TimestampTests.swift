import Testing
import ZeroTrust

@Suite struct `Timestamps` {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000000000Z"), (1_795_300_801_000_000_042, "2026-11-21T22:40:01.000000042Z"),
        (951_782_400_000_000_000, "2000-02-29T00:00:00.000000000Z"), (4_107_542_399_999_999_999, "2100-02-28T23:59:59.999999999Z"),
        (4_107_542_400_000_000_000, "2100-03-01T00:00:00.000000000Z"),
    ] as [(Int64, String)])
    func `prints and parses RFC 3339`(nanoseconds: Int64, text: String) {
        #expect(Timestamp(nanoseconds: nanoseconds).description == text)
        #expect(Timestamp(text)?.nanoseconds == nanoseconds)
    }

    @Test func `parses fewer decimals`() {
        #expect(Timestamp("1970-01-01T00:00:01Z")?.nanoseconds == 1_000_000_000)
        #expect(Timestamp("1970-01-01T00:00:01.5Z")?.nanoseconds == 1_500_000_000)
    }

    @Test(arguments: [
        "", "Z", "2026-11-22", "2026-11-22T02:40:01", "2026-11-22 02:40:01Z", "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00.1234567890Z",
        "1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00", "+026-01-01T00:00:00Z",
    ])
    func `refuses what is not such a text`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `rounds to the second below, before the epoch too`() {
        #expect(Timestamp(nanoseconds: 1_999_999_999).wholeSecond.nanoseconds == 1_000_000_000)
        #expect(Timestamp(nanoseconds: -1).wholeSecond.nanoseconds == -1_000_000_000)
        #expect(Timestamp(nanoseconds: -1).description == "1969-12-31T23:59:59.999999999Z")
    }
}
