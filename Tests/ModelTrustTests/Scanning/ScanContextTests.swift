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
}
