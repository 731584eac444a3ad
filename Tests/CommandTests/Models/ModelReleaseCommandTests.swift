import Foundation
import Testing

@Suite(.timeLimit(.minutes(5))) struct ModelReleaseCommandTests {
    @Test func `a model goes from training to production, and every step that is left out is named`() throws {
        let place = try ReleaseInstallation()
        // Unsigned, it is refused for that.
        let unsigned = try place.admit()
        #expect(unsigned.status == 4, "\(unsigned.errors)")
        #expect(unsigned.errors.contains("signature:"), "\(unsigned.errors)")
        try place.prepare()
        let unreleased = try place.admit()
        #expect(unreleased.status == 1, "\(unreleased.errors)")
        #expect(unreleased.errors.contains("index: there is no index of releases"), "\(unreleased.errors)")
        // Somebody who may not release writes nothing.
        let stranger = try place.lapwing("release", by: "stranger")
        #expect(stranger.status == 1)
        #expect(!FileManager.default.fileExists(atPath: place.index))
        try place.succeed(place.lapwing("release", by: "releaser"))
        let admitted = try place.admit()
        #expect(admitted.status == 0, "\(admitted.output)\(admitted.errors)")
        #expect(admitted.output.hasPrefix("admitted: ticket-classifier@sha256:"), "\(admitted.output)")
        // Twice is fine.
        #expect(try place.admit().status == 0)

        struct Decision: Decodable {
            struct Condition: Decodable {
                let condition: String
                let holds: Bool
            }
            let version: Int
            let admitted: Bool
            let conditions: [Condition]
        }
        let json = try place.admit("-o", "json")
        let decision = try JSONDecoder().decode(Decision.self, from: Data(json.output.utf8))
        #expect(decision.version == 1 && decision.admitted)
        #expect(decision.conditions.map(\.condition).contains("dataset:training-data"))

        // A byte of the weights changes.
        let weights = URL(fileURLWithPath: place.model + "/model.safetensors")
        let good = try Data(contentsOf: weights)
        var bad = good
        bad[bad.count - 1] ^= 1
        try bad.write(to: weights)
        let tampered = try place.admit()
        #expect(tampered.status == 4, "\(tampered.errors)")
        #expect(tampered.errors.contains("model.safetensors"), "\(tampered.errors)")
        try good.write(to: weights)
        #expect(try place.admit().status == 0)
    }

    @Test func `an index that has expired does not count again where the clock is set back`() throws {
        let place = try ReleaseInstallation()
        try place.prepare()
        try place.succeed(place.lapwing("release", by: "releaser"))
        #expect(try place.admit().status == 0)
        let file = place.state + "/clock.floor"
        let seen = try #require(Int(try String(contentsOfFile: file, encoding: .utf8).trimmingPrefix(" ").dropLast()))
        #expect(abs(Double(seen) - Date().timeIntervalSince1970) < 600)
        // This machine has seen a day on which the index had expired.
        func see(_ text: String) {
            let isMade = FileManager.default.createFile(
                atPath: file,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
            #expect(isMade)
        }
        see("\(seen + 400 * 86_400)\n")
        let expired = try place.admit()
        #expect(expired.status == 1, "\(expired.output)\(expired.errors)")
        #expect(expired.errors.contains("was seen before, which counts; where the clock is right, remove `\(file)`"))
        #expect(expired.errors.contains("index-freshness: the index expired at"), "\(expired.errors)")
        see("soon\n")
        let damaged = try place.admit()
        #expect(damaged.status == 1 && damaged.errors.contains("`\(file)` holds no time"), "\(damaged.errors)")
        try FileManager.default.removeItem(atPath: file)
        #expect(try place.admit().status == 0)
    }

    @Test func `what is missing is told, and nothing is released without it`() throws {
        let place = try ReleaseInstallation()
        try place.prepare()
        let evidence = place.model + ".evidence"
        let cases: [(file: String, condition: String)] = [
            ("evaluation.json", "evaluation:holdout"), ("provenance.json", "provenance"),
            ("training-data.sig", "dataset:training-data"), ("approval-production-2.json", "approvals"),
        ]
        for (file, condition) in cases {
            let away = place.directory.path + "/away-" + file
            try FileManager.default.moveItem(atPath: "\(evidence)/\(file)", toPath: away)
            let result = try place.lapwing("release", by: "releaser")
            #expect(result.status == 1, "\(file)")
            #expect(result.errors.contains("  \(condition): "), "\(file): \(result.errors)")
            #expect(!FileManager.default.fileExists(atPath: place.index))
            try FileManager.default.moveItem(atPath: away, toPath: "\(evidence)/\(file)")
        }
        // What is broken is as if it were not there, and is told.
        let approval = URL(fileURLWithPath: evidence + "/approval-production.json")
        let text = try String(contentsOf: approval, encoding: .utf8)
        try text.replacing("\"keyid\"", with: "\"keyId\"").write(to: approval, atomically: true, encoding: .utf8)
        let broken = try place.lapwing("release", by: "releaser")
        #expect(broken.status == 1)
        #expect(broken.errors.contains("not used: approval-production.json: "), "\(broken.errors)")
        try text.write(to: approval, atomically: true, encoding: .utf8)
        try place.succeed(place.lapwing("release", by: "releaser"))
    }

    @Test func `nobody is taken back to an older index, and what is revoked stays out`() throws {
        let place = try ReleaseInstallation()
        try place.prepare()
        try place.succeed(place.lapwing("release", by: "releaser"))
        let first = try Data(contentsOf: URL(fileURLWithPath: place.index))
        try place.succeed(place.admit())
        let again = try place.lapwing("release", by: "releaser")
        #expect(again.status == 1)
        #expect(again.errors.contains("is released already"), "\(again.errors)")
        let signer = place.name("trainer")
        try place.succeed(place.lapwing("revoke", "--signer", signer, by: "releaser"))
        let revoked = try place.admit()
        #expect(revoked.status == 1)
        #expect(revoked.errors.contains("not-revoked: its signer `\(signer)` is revoked"), "\(revoked.errors)")
        // The index from before does not help.
        try first.write(to: URL(fileURLWithPath: place.index))
        let back = try place.admit()
        #expect(back.status == 1)
        #expect(
            back.errors.contains("index-version: the index has the number 1, and 2 was seen already"),
            "\(back.errors)"
        )
        // On a machine that remembers nothing it does, until it expires.
        try FileManager.default.removeItem(atPath: place.state)
        #expect(try place.admit().status == 0)
    }

    @Test func `an index that has expired admits nobody until it is issued anew`() throws {
        let place = try ReleaseInstallation()
        try place.prepare()
        try place.succeed(place.lapwing("release", "--valid-for", "1s", by: "releaser"))
        // The index was good for a second that is over: a later clock is not at hand here, so wait for it.
        var status: Int32 = 0
        for _ in 0..<200 where status == 0 {
            status = try place.admit().status
            if status == 0 { Thread.sleep(forTimeInterval: 0.05) }
        }
        #expect(status == 1)
        #expect(try place.admit().errors.contains("index-freshness: the index expired at"))
        try place.succeed(place.lapwing("renew", by: "releaser"))
        #expect(try place.admit().status == 0)
        let tooLong = try place.lapwing("renew", "--valid-for", "48h", by: "releaser")
        #expect(tooLong.status == 1)
        #expect(tooLong.errors.contains("an index may last 24h at the most"), "\(tooLong.errors)")
        let other = try place.lapwing("renew", by: "ada")
        #expect(other.status == 1)
        #expect(try place.admit().status == 0)
    }

    @Test func `slips of the pen are told`() throws {
        let place = try ReleaseInstallation()
        try place.prepare()
        let environment = try Program.run(
            [
                "model", "approve", place.model, "--policy", place.policy, "--environment", "prod", "--private-key",
                place.path("ada"),
            ]
        )
        #expect(environment.status == 2)
        #expect(
            environment.errors.contains("is released to `production`, and nowhere to `prod`"),
            "\(environment.errors)"
        )
        let other = try Program.run(
            [
                "model", "admit", place.model, "--name", "ranker", "--policy", place.policy, "--environment",
                "production",
                "--index", place.index, "--state", place.state,
            ]
        )
        #expect(other.status == 1)
        #expect(other.errors.contains("no ModelTrustPolicy is about a model called `ranker`"), "\(other.errors)")
        let claim = try place.directory.write(#"{"suite": "holdout", "accuracy": 1}"#, to: "slip.json")
        let attest = try place.lapwing("attest", "--evaluation", claim, by: "evaluator")
        #expect(attest.status == 2)
        #expect(attest.errors.contains("slip.json"), "\(attest.errors)")
        #expect(attest.errors.contains("is missing"), "\(attest.errors)")
        try place.write(place.policy().replacing("approvals:", with: "aprovals:"))
        let policy = try place.admit()
        #expect(policy.errors.contains("unknown field `aprovals`"), "\(policy.errors)")
    }
}
