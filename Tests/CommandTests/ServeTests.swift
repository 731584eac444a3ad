import Foundation
import Testing

@Suite struct ServeTests {
    @Test(.timeLimit(.minutes(3)))
    func `a workload gets its identity, entries come and go by command, and a stop is clean`() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })

        let keys = lapwing.directory.path + "/svid"
        let fetched = try lapwing.run("identity", "svid", "fetch", "--write", keys)
        #expect(fetched.output.contains("spiffe://cluster.local/ns/ml-inference/sa/inference-service"))
        let mode = try FileManager.default.attributesOfItem(atPath: keys + "/svid.0.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)

        let created = try lapwing.run(
            "identity",
            "entry",
            "create",
            "reader",
            "--spiffe-id",
            "spiffe://cluster.local/ns/a/sa/reader",
            "--selector",
            "unix:uid:4242"
        )
        #expect(created.status == 0, "\(created.errors)")
        #expect(try lapwing.run("identity", "entry", "list").output.contains("sa/reader"))
        #expect(try lapwing.run("identity", "entry", "delete", "reader").status == 0)
        #expect(try lapwing.run("identity", "entry", "show", "reader").status == 1)
        let owned = try lapwing.run("identity", "entry", "delete", "inference-service")
        #expect(owned.status == 1, "an entry of a file was deleted by command")

        let id = "spiffe://cluster.local/ns/ml-training/sa/trainer"
        #expect(try lapwing.run("identity", "revoke", id, "--reason", "laptop lost").status == 0)
        #expect(try lapwing.run("identity", "revoke", id).status == 1)
        #expect(try lapwing.run("identity", "revoke", "no-serial").status == 2)
        let revoked = try lapwing.run("identity", "revocations").output
        #expect(revoked.contains(id) && revoked.contains("laptop lost"))
        #expect(try lapwing.run("identity", "restore", id).status == 0)
        #expect(try lapwing.run("identity", "restore", id).status == 1)

        let before = try lapwing.run("identity", "bundle", "show").output
        #expect(try lapwing.run("identity", "ca", "rotate").status == 0)
        let after = try lapwing.run("identity", "bundle", "show").output
        #expect(after.count > before.count, "both roots are in the bundle after a rotation")

        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        lapwing.process.terminate()
        lapwing.process.waitUntilExit()
        #expect(lapwing.process.terminationStatus == 0)
    }

    @Test func `a configuration with a mistake starts nothing`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        _ = try directory.write("kind: Gatway\napiVersion: lapwing.dev/v1alpha1\nmetadata: {name: x}\n", to: "c/x.yaml")
        let result = try Program.run(
            "serve",
            "--config",
            directory.path + "/c",
            "--state",
            directory.path + "/s",
            "--run",
            directory.path + "/r"
        )
        #expect(result.status == 1)
        #expect(
            result.errors.contains("x.yaml:1:1: error: unknown or unsupported kind `Gatway`; did you mean `Gateway`?")
        )
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/s/authority/keys"))
    }
}
