import Testing
import ZeroTrust

@testable import Console

@Suite struct TrafficPictureTests {
    private static func seen(_ entry: UInt64, caller: String, minute: Int64 = 0) -> Sighting {
        Sighting(
            entry: entry,
            id: "\(entry)",
            time: Timestamp(nanoseconds: minute * 60_000_000_000),
            caller: caller,
            callee: "callee",
            asked: "GET /",
            isAllowed: entry.isMultiple(of: 2),
            reason: "",
            rule: nil
        )
    }

    @Test func `made-up names and times fill nothing beyond its bounds`() {
        var picture = TrafficPicture()
        for entry in 0..<20_000 {
            var seen = Self.seen(UInt64(entry), caller: "c\(entry)", minute: Int64(entry % 5_000))
            seen.model = "m\(entry)"
            seen.digest = "d\(entry)"
            picture.take(seen)
        }
        #expect(picture.paths.count == TrafficPicture.maximumPaths)
        #expect(picture.uses.count == TrafficPicture.maximumUses && picture.loaded.count == TrafficPicture.maximumUses)
        #expect(picture.rows.count <= 2 * TrafficPicture.maximumRows && picture.minutes.count <= 121)
        #expect(picture.dropped > 0)
        #expect(picture.rows.last?.entry == 19_999)
        #expect(picture.rows(after: 19_997).map(\.entry) == [19_998, 19_999])
    }

    @Test func `names that a refused caller makes up take nobody's room`() {
        var picture = TrafficPicture()
        for entry in 0..<20_000 {
            var seen = Self.seen(UInt64(2 * entry + 1), caller: "a")
            seen.callee = "h\(entry).example"
            seen.isOutbound = true
            seen.model = "m\(entry)"
            picture.take(seen)
        }
        #expect(picture.paths.count == 1 && picture.uses.count == 1 && picture.dropped == 0)
        #expect(picture.paths.keys.first?.callee == TrafficPicture.refusedHosts)
        #expect(picture.uses.keys.first?.model == TrafficPicture.refusedModels)
        var seen = Self.seen(100_000, caller: "a")
        seen.callee = "api.example"
        seen.isOutbound = true
        picture.take(seen)
        seen.isAllowed = false
        picture.take(seen)
        let path = TrafficPicture.Path(caller: "a", callee: "api.example", isUndeclared: false)
        #expect(picture.paths[path]?.count == 2 && picture.paths[path]?.refused == 1)
    }

    @Test func `callers without an identity are one`() {
        var picture = TrafficPicture()
        for entry in 0..<100 { picture.take(Self.seen(UInt64(entry), caller: "anonymous@10.0.0.\(entry)")) }
        #expect(picture.paths.count == 1)
        #expect(picture.paths.first?.value.count == 100 && picture.paths.first?.value.refused == 50)
    }

    @Test func `minutes are counted, and the last hour is shown`() {
        var picture = TrafficPicture()
        picture.take(Self.seen(2, caller: "a", minute: 100))
        picture.take(Self.seen(3, caller: "a", minute: 100))
        picture.take(refusals: 5, at: Timestamp(nanoseconds: 101 * 60_000_000_000))
        picture.take(refusedAnswerAt: Timestamp(nanoseconds: 101 * 60_000_000_000))
        let recent = picture.recent(at: Timestamp(nanoseconds: 101 * 60_000_000_000 + 1))
        #expect(recent.count == 60)
        #expect(recent[58] == .init(allowed: 1, denied: 1, guarded: 0))
        #expect(recent[59] == .init(allowed: 0, denied: 5, guarded: 1))
    }

    @Test func `the newest certificate of an identity counts`() {
        var picture = TrafficPicture()
        let time = { (second: Int64) in Timestamp(nanoseconds: second * 1_000_000_000) }
        picture.take(.init(issued: time(0), expires: time(100)), of: "a")
        picture.take(.init(issued: time(50), expires: time(150)), of: "a")
        picture.take(.init(issued: time(10), expires: time(110)), of: "a")
        #expect(picture.issued["a"] == .init(issued: time(50), expires: time(150)))
    }
}
