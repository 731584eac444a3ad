import Foundation
import Testing

@testable import DataAccess

@Suite("A proof that is kept while policies change")
struct IncrementalProofTests {
    /// Runs of random edits: 40, or more with LAPWING_SCALE.
    private static let seeds =
        1...UInt64(
            40 * max(1, ProcessInfo.processInfo.environment["LAPWING_SCALE"].flatMap(Int.init) ?? 1)
        )

    /// What was proved, one line for each result.
    private static func lines(_ proof: EstateProof) -> [String] {
        proof.results.map { "\($0.id) in \($0.layer): \($0.outcome)" }
    }

    @Test("says what a proof from the beginning says, whatever is edited, in whatever order")
    func randomEdits() throws {
        let estate = try EstateExample.load()
        let base = try AWSProofTests.files(estate)
        var edits = 0
        var answers: Set<[String]> = []
        for seed in Self.seeds {
            var random = Seeded(seed &* 7919)
            var files = base
            var running = IncrementalProof(estate, aws: try AWSArtifacts(files: files, estate: estate))
            for step in 0..<6 {
                let before = files
                var what = "the generated policies again"
                switch random.below(5) {
                case 0: files = base
                case 1:
                    // One file as it was generated, or gone.
                    let path = random.pick(base.keys.sorted())
                    files[path] = random.below(3) == 0 ? nil : base[path]
                    what = "\(path) again, or gone"
                default:
                    var widening = Widening(files: files, seed: random.next())
                    guard widening.apply() else { continue }
                    files = widening.files
                    what = widening.description
                }
                guard var artifacts = running.artifacts else { throw CancellationError() }
                let changed = Set(files.keys).union(before.keys).filter { files[$0] != before[$0] }
                try artifacts.reread(Set(changed.map(AWSArtifacts.place)), files: files, estate: estate)
                #expect(
                    try artifacts == AWSArtifacts(files: files, estate: estate),
                    "seed \(seed), step \(step): \(what)"
                )
                running.update(artifacts)
                let all = EstateProof(estate, aws: artifacts)
                let (kept, fresh) = (Self.lines(running.proof), Self.lines(all))
                #expect(kept == fresh, "seed \(seed), step \(step): \(what)")
                guard kept == fresh else { return }
                answers.insert(fresh)
                edits += 1
            }
        }
        print("incremental: \(edits) edits, \(answers.count) different answers")
        #expect(edits > 100 && answers.count > 40)
    }

    @Test("of roles that get to each other follows who they get to")
    func paths() throws {
        let estate = try EstateExample.load()
        var files = try AWSProofTests.files(estate)
        var running = IncrementalProof(estate, aws: try AWSArtifacts(files: files, estate: estate))
        #expect(running.proof.holds)
        func change(_ path: String, _ statement: String?) throws -> InvariantProof.Outcome? {
            files[path] = statement.map(PrincipalProbesTests.policy)
            let artifacts = try AWSArtifacts(files: files, estate: estate)
            running.update(artifacts)
            #expect(Self.lines(running.proof) == Self.lines(EstateProof(estate, aws: artifacts)), "\(path)")
            return running.proof.results.first { $0.id == "A" && $0.layer == "s3" }?.outcome
        }
        let hop = try change(
            "roles/trainer/policy-9.json",
            #"{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::123456789012:role/scorer"}"#
        )
        #expect(hop == .proved)
        let trust =
            #"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:role/trainer"},"Action":"sts:AssumeRole"}"#
        #expect(try change("roles/scorer/trust.json", trust) == .proved)
        // What is changed is no policy of the component's own.
        let more = try change(
            "roles/scorer/policy-9.json",
            #"{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shop-orders/*"}"#
        )
        #expect(more == .proved, "its bucket denies it: \(String(describing: more))")
        let open = try change(
            "buckets/shop-orders/policy.json",
            #"{"Effect":"Deny","Principal":"*","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::shop-orders/*"}"#
        )
        guard case .refuted(_, let witness?) = open else {
            Issue.record("\(String(describing: open))")
            return
        }
        #expect(witness.path.count == 1 && witness.path[0].hasPrefix("trainer assumes scorer"))
        #expect(try change("roles/scorer/policy-9.json", nil) == .proved)
    }

    @Test("begins anew where a role or a bucket is new or gone")
    func roster() throws {
        let estate = try EstateExample.load()
        var files = try AWSProofTests.files(estate)
        var running = IncrementalProof(estate, aws: try AWSArtifacts(files: files, estate: estate))
        for path in files.keys where path.hasPrefix("roles/trainer/") { files[path] = nil }
        let artifacts = try AWSArtifacts(files: files, estate: estate)
        running.update(artifacts)
        #expect(!running.proof.holds)
        #expect(Self.lines(running.proof) == Self.lines(EstateProof(estate, aws: artifacts)))
    }

    @Test("reads nothing of files of which one is no policy")
    func refusedFiles() throws {
        let estate = try EstateExample.load()
        var files = try AWSProofTests.files(estate)
        var artifacts = try AWSArtifacts(files: files, estate: estate)
        let before = artifacts
        files["roles/trainer/policy-1.json"] = Array("{".utf8)
        #expect(throws: (any Error).self) {
            try artifacts.reread(["roles/trainer"], files: files, estate: estate)
        }
        #expect(artifacts == before)
        files["roles/trainer/policy-1.json"] = nil
        files["buckets/shop-ml/policy.json"] = Array("{".utf8)
        try artifacts.reread(["roles/trainer"], files: files, estate: estate)
        #expect(artifacts.roles["trainer"]?.policies.isEmpty == true && artifacts.buckets == before.buckets)
    }
}
