import Foundation
import Resources
import Testing

@testable import DataAccess

@Suite("A large estate")
struct ScaleTests {
    /// Components that each read one dataset and write another, with invariants over all of them.
    static func yaml(_ count: Int) -> String {
        var lines = [
            "apiVersion: lapwing.dev/v1alpha1", "kind: Estate", "metadata: {name: large, trustDomain: large.example}",
            "purposes:",
        ]
        lines += (0..<count).map { "  p\($0): {}" }
        lines += ["classifications: [internal, secret]", "components:"]
        lines += (0..<count).map {
            "  c\($0): {identity: {k8s: n/c\($0), aws: {role: r\($0)}}, purpose: p\($0), maxClassification: secret}"
        }
        lines += ["datasets:"]
        lines += (0..<count).map {
            "  d\($0): {producer: c\($0), classification: \($0 % 2 == 0 ? "secret" : "internal"), "
                + "purposes: [p\(($0 + 1) % count)], stores: [{s3: bucket-\($0)}]}"
        }
        lines += [
            "invariants:", "- {id: A, never: {component: \"*\", write: {datasetNotProducedBySelf: true}}}",
            "- {id: B, never: {component: c0, read: {dataset: d0}}}",
            "enforcement: {aws: {account: \"123456789012\", region: eu-west-1}}",
        ]
        return lines.joined(separator: "\n")
    }

    @Test("is emitted, parsed back and proved")
    func proves() throws {
        // 200 with LAPWING_SCALE=10.
        let scale = ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? 1
        let count = min(200, 20 + 20 * max(1, scale))
        let estate = try EstateExample.load(Self.yaml(count))
        let artifacts = try AWSArtifacts(files: AWSProofTests.files(estate), estate: estate)
        let proof = EstateProof(estate, aws: artifacts)
        print("scale: \(count) components and datasets")
        for result in proof.results { #expect(result.outcome == .proved, "\(result)") }
        #expect(proof.holds)
    }
}
