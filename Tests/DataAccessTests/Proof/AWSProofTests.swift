import Foundation
import Resources
import Testing

@testable import DataAccess

@Suite("What is emitted for AWS")
struct AWSProofTests {
    static func files(_ estate: Estate) throws -> [String: [UInt8]] {
        Dictionary(uniqueKeysWithValues: try AWSEmitter(estate).files().map { ($0.path, Array($0.text.utf8)) })
    }

    @Test("is proved when it is parsed back")
    func provesItself() throws {
        let estate = try EstateExample.load()
        let artifacts = try AWSArtifacts(files: Self.files(estate), estate: estate)
        let proof = EstateProof(estate, aws: artifacts)
        for result in proof.results {
            #expect(result.outcome == .proved, "\(result.id) in \(result.layer): \(result.outcome)")
        }
        #expect(proof.holds)
    }

    @Test("is well-formed and the same each time")
    func isCanonical() throws {
        let estate = try EstateExample.load()
        let files = try Self.files(estate)
        #expect(files == (try Self.files(estate)))
        #expect(try AWSArtifacts(files: files, estate: estate).findings.isEmpty)
    }

    @Test("is caught when it is widened, with a request that shows it")
    func catchesWidenings() throws {
        let estate = try EstateExample.load()
        let files = try Self.files(estate)
        // 500 with LAPWING_SCALE=10.
        let scale = ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? 1
        let count = min(500, 50 * max(1, scale))
        var tried = 0
        var missed: [String] = []
        for seed in 1...700 where tried < count {
            var widening = Widening(files: files, seed: UInt64(seed))
            guard widening.apply() else { continue }
            tried += 1
            let artifacts = try AWSArtifacts(files: widening.files, estate: estate)
            let isCaught = EstateProof(estate, aws: artifacts).results.contains { result in
                if case .refuted(_, .some) = result.outcome { true } else { false }
            }
            if !isCaught { missed.append("\(seed): \(widening.description)") }
        }
        print("widenings: \(tried - missed.count) of \(tried) caught with a witness")
        for miss in missed.prefix(20) { print("widenings: MISSED \(miss.prefix(160))") }
        #expect(tried == count)
        #expect(missed.isEmpty, "\(missed.count) were missed")
    }
}
