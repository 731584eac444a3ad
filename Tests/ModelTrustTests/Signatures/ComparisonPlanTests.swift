import Foundation
import Testing

@testable import ModelTrust

@Suite("What was hashed, held against what was signed")
struct ComparisonPlanTests {
    @Test("A file of which something was not hashed is not verified")
    func incomplete() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("plan-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(count: 8).write(to: folder.appendingPathComponent("weights.bin"))
        let path = try ModelPath("weights.bin")
        let facts = try ModelTree(path: folder.path).open(path, links: .refuse).facts
        let resources = [
            SignedResource(path: path, range: 0..<4, digest: [1]),
            SignedResource(path: path, range: 4..<8, digest: [2]),
        ]
        func found(_ outcomes: [HashingOutcome]) -> [FileVerdict.Finding] {
            var plan = ComparisonPlan(verdicts: [], capacity: 2)
            plan.add((path, resources), facts)
            plan.hash(outcomes)
            return plan.verdicts.map(\.finding)
        }
        #expect(found([.success([1]), .success([2])]) == [.verified])
        #expect(found([.success([1]), .success([3])]) == [.mismatch])
        #expect(found([.success([1])]) == [.unreadable])
        #expect(found([]) == [.unreadable])
    }
}
