import Testing
import ZeroTrust

@testable import Monitoring

@Suite struct EngineTests {
    @Test func `ids that differ anywhere have hashes that differ`() {
        let times = (0..<48).map { RequestID(milliseconds: 1 << UInt64($0), random: 0) }
        let numbers = (0..<128).map { RequestID(milliseconds: 0, random: 1 << UInt128($0)) }
        #expect(Set((times + numbers).map { StableHash.of($0) }).count == Set(times + numbers).count)
        #expect(StableHash.of(times[7]) == StableHash.of(RequestID(milliseconds: 128, random: 0)))
    }

    @Test func `a keyed hash is SipHash-2-4, with the vectors of its authors`() throws {
        let key = try #require(PromptKey(0..<16))
        #expect(key.hash() == 0x726f_db47_dd0e_0e31)
        #expect(key.hash(0x0706_0504_0302_0100) == 0x93f5_f579_9a93_2462)
        #expect(key.hash(0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908) == 0x3f2a_cc7f_57c2_9bdb)
        #expect(PromptKey(0..<15) == nil)
    }

    @Test func `similar texts have similar fingerprints under one key, and nothing in common under two`() throws {
        let (one, two) = (try #require(PromptKey(0..<16)), try #require(PromptKey(1..<17)))
        let text = (0..<60).map { "word\($0 * 7) and so on" }.joined(separator: " ")
        let other = text.replacing("word70", with: "thing")
        #expect(SimHash.distance(SimHash.of(text, key: one), SimHash.of(other, key: one)) < 8)
        #expect(SimHash.distance(SimHash.of(text, key: one), SimHash.of(text, key: two)) > 12)
        #expect(SimHash.of(text) != SimHash.of(text, key: one))
        let shapes = ["Tell me of Paris in 1990", "Tell me of London in 2024", "Tell us of Paris in 1990"]
            .map { PromptTraits(of: $0, key: one).template }
        #expect(shapes[0] == shapes[1] && shapes[0] != shapes[2])
    }

    @Test(arguments: [10, 100, 1_000, 50_000]) func `different things are counted within a few parts of a hundred`(
        _ count: Int
    ) {
        var sketch = HyperLogLog(precision: 12)
        for index in 0..<count {
            for _ in 0..<2 { sketch.insert(StableHash.mix(UInt64(index))) }
        }
        #expect(abs(sketch.estimate - Double(count)) <= max(Double(count) * 0.06, 0.5))
    }

    @Test(arguments: [5, 300, 20_000]) func `two sketches merge into that of both`(_ count: Int) {
        var (left, right, both) = (HyperLogLog(precision: 10), HyperLogLog(precision: 10), HyperLogLog(precision: 10))
        for index in 0..<count {
            let hash = StableHash.mix(UInt64(index))
            if index.isMultiple(of: 3) { left.insert(hash) } else { right.insert(hash) }
            both.insert(hash)
        }
        left.merge(right)
        #expect(left.estimate == both.estimate)
    }

    @Test func `a count is never too low, and rarely much too high`() {
        var sketch = CountMinSketch(width: 2_048, depth: 4)
        var exact: [UInt64: UInt64] = [:]
        var numbers = SeededNumbers(1)
        for _ in 0..<50_000 {
            let key = UInt64(Int.random(in: 0..<3_000, using: &numbers))
            sketch.add(key)
            exact[key, default: 0] += 1
        }
        #expect(exact.allSatisfy { sketch.estimate($0.key) >= $0.value })
        let high = exact.count { sketch.estimate($0.key) > $0.value + 70 }
        #expect(high * 50 <= exact.count)
    }

    @Test func `whoever has much is among those kept, also after two are merged`() {
        var numbers = SeededNumbers(2)
        var (left, right) = (HeavyHitters(capacity: 64), HeavyHitters(capacity: 64))
        var exact: [UInt64: UInt64] = [:]
        for index in 0..<60_000 {
            let isHeavy = Int.random(in: 0..<4, using: &numbers) == 0
            let key = UInt64(Int.random(in: 0..<(isHeavy ? 8 : 10_000), using: &numbers))
            if index.isMultiple(of: 2) { left.add(key) } else { right.add(key) }
            exact[key, default: 0] += 1
        }
        left.merge(right)
        #expect(left.total == 60_000)
        for (key, count) in exact where count > 60_000 / 64 * 2 {
            let entry = left.entry(key)
            #expect(entry != nil)
            #expect(entry.map { $0.count >= count && $0.count - $0.error <= count } ?? false)
        }
        #expect(left.top(8).allSatisfy { $0.key < 8 })
    }

    @Test func `the highest so far is told of once, and a habit is not`() {
        var series = NoveltySeries()
        var numbers = SeededNumbers(4)
        let settings = NoveltySeries.Settings(learning: 1_500)
        var told: [Int] = []
        for index in 0..<3_000 {
            let level = 100 + 50 * (index / 12 % 24 < 12 ? 1.0 : 0)
            let value = (2_000..<2_020).contains(index) ? 400 : level + Double.random(in: -10...10, using: &numbers)
            let time = Timestamp(nanoseconds: monday + Int64(index) * 300 * second)
            if series.observe(value, at: time, settings).isAnomaly { told.append(index) }
        }
        #expect(told == [2_000])
    }

    @Test func `similar texts differ in few bits, and others in many`() {
        let text =
            "the quarterly report of the northern region shows that sales of the new product have risen by a third"
        let near = SimHash.distance(SimHash.of(text), SimHash.of(text + " again"))
        let far = SimHash.distance(
            SimHash.of(text),
            SimHash.of("who won the match last night, and what did the keeper say?")
        )
        #expect(near <= 10 && far >= 16)
    }

    @Test func `evidence grows with what happens too often and stays low with what is usual`() {
        var (usual, often) = (Cusum(), Cusum())
        var numbers = SeededNumbers(6)
        for _ in 0..<5_000 {
            usual.observe(Int.random(in: 0..<100, using: &numbers) == 0, usual: 0.01, suspected: 0.05)
        }
        for _ in 0..<200 { often.observe(Int.random(in: 0..<10, using: &numbers) == 0, usual: 0.01, suspected: 0.05) }
        #expect(usual.sum < 7 && often.sum > 7)
    }
}
