import Testing

@testable import ModelTrust

@Suite("The cheaper way to the bytes of large files is found out")
struct ReadingWayTests {
    /// Which turns of so many look at the bytes in place, where each way costs so many nanoseconds.
    private func turns(_ count: Int, lent: UInt64, copied: UInt64) -> [Bool] {
        var way = ReadingWay()
        return (0..<count).map { _ in
            let lends = way.lends
            way.note(nanoseconds: lends ? lent : copied, bytes: 1)
            return lends
        }
    }

    @Test("Both are tried, then the cheaper one is taken, and the other tried again from time to time")
    func cheaper() {
        for (lent, copied) in [(10, 20), (20, 10)] as [(UInt64, UInt64)] {
            let turns = turns(1_000, lent: lent, copied: copied)
            #expect(turns.prefix(4).elementsEqual([true, false, true, false]))
            let cheaper = turns.dropFirst(4).filter { $0 == (lent < copied) }
            #expect(cheaper.count > 970 && cheaper.count < 996)
        }
    }

    @Test("Where the costs change the way does, and where bytes cannot be looked at in place they are copied")
    func changes() {
        var way = ReadingWay()
        for turn in 0..<400 {
            let isLate = turn >= 100
            way.note(nanoseconds: way.lends == isLate ? 10 : 30, bytes: 1)
        }
        #expect(way.lends)
        way.cannotLend()
        #expect(!way.lends && way.begin() == 0)
    }
}
