import Testing

@testable import ModelTrust

@Suite struct ScanContextTests {
    @Test func `what no scanner knows is not proven`() {
        let context = ScanContext(scanners: [])
        context.scan(ScanInput(path: "weights", bytes: [1, 2, 3]))
        #expect(context.verdict == .notProven)
        #expect(context.findings.map(\.rule) == ["unknown-format"])
    }

    @Test func `a member cannot reach beyond what it is in`() throws {
        let whole = ScanInput(path: "a", bytes: [1, 2, 3])
        #expect(throws: ScanStop.self) { try whole.member("b", at: 1, count: 3) }
        #expect(throws: ScanStop.self) { try whole.member("b", at: .max, count: .max) }
        #expect(try whole.member("b", at: 1, count: 2).read(at: 1, count: 1) == [3])
        #expect(throws: ScanStop.self) { try whole.member("b", at: 1, count: 1).read(at: 1, count: 1) }
    }

    @Test func `what a limit ends is told a few times, and other findings so often that a report stays short`() {
        var archive = ZipBuilder()
        archive.members = (0..<2_000).map { ZipBuilder.Member(name: "\($0).txt", bytes: Array("a word\n".utf8)) }
        let short = ScanContext(budget: ScanBudget(steps: 100_000))
        short.scan(ScanInput(path: "a.zip", bytes: archive.bytes))
        #expect(Set(short.findings.map(\.rule)) == ["limit-steps"])
        #expect(short.findings.count <= ScanBudget.limitFindings)
        archive.members = (0..<2_000).map { ZipBuilder.Member(name: "\($0).bin", bytes: [1, 2, 3, 4]) }
        archive.members.append(ZipBuilder.Member(name: "last.pkl", bytes: Array("cos\nsystem\n(S'x'\ntR.".utf8)))
        let long = ScanContext()
        long.scan(ScanInput(path: "a.zip", bytes: archive.bytes))
        #expect(Set(long.findings.map(\.rule)).isSuperset(of: ["unknown-format", "limit-findings"]))
        #expect(long.findings.count <= ScanBudget.findings + 3 * ScanBudget.limitFindings)
        #expect(long.verdict == .unsafe)
    }
}
