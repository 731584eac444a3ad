import Foundation
import Glibc
import RPC
import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(5))) struct ServeTests {
    @Test(.timeLimit(.minutes(3)))
    func `a workload gets its identity, entries come and go by command, and a stop is clean`() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })

        let keys = lapwing.directory.path + "/svid"
        let fetched = try lapwing.run("identity", "svid", "fetch", "--write", keys)
        #expect(fetched.output.contains("spiffe://cluster.local/ns/ml-inference/sa/inference-service"))
        let mode = try FileManager.default.attributesOfItem(atPath: keys + "/svid.0.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(fetched.errors.contains("they end with this command, unless the entry"), "\(fetched.errors)")

        let created = try lapwing.run(
            "identity",
            "entry",
            "create",
            "reader",
            "--spiffe-id",
            "spiffe://cluster.local/ns/a/sa/reader",
            "--selector",
            "unix:uid:4242",
            "--ttl",
            "15m"
        )
        #expect(created.status == 0 && created.errors.isEmpty, "\(created.errors)")
        let early = try Program.run(
            ["identity", "entry", "create", "early", "--spiffe-id", "spiffe://cluster.local/early"]
                + ["--selector", "unix:user:nobody-yet"] + lapwing.places
        )
        #expect(early.status == 0 && early.errors.hasPrefix("there is no user `nobody-yet` on"), "\(early.errors)")
        let listed = try lapwing.run("identity", "entry", "list").output
        #expect(listed.contains("sa/reader") && listed.contains("900s"), "\(listed)")
        #expect(try lapwing.run("identity", "entry", "delete", "reader").status == 0)
        #expect(try lapwing.run("identity", "entry", "show", "reader").status == 1)
        let owned = try lapwing.run("identity", "entry", "delete", "inference-service")
        #expect(owned.status == 1, "an entry of a file was deleted by command")

        let id = "spiffe://cluster.local/ns/ml-training/sa/trainer"
        let slip = try lapwing.run("identity", "revoke", id, "--reason", "laptop lost")
        #expect(slip.status == 0 && slip.errors.contains("warning: no entry gives this ID"), "\(slip.errors)")
        #expect(try lapwing.run("identity", "revoke", id).status == 1)
        #expect(try lapwing.run("identity", "revoke", "no-serial").status == 2)
        let revoked = try lapwing.run("identity", "revocations").output
        #expect(revoked.contains(id) && revoked.contains("laptop lost"))
        #expect(try lapwing.run("identity", "restore", id).status == 0)
        #expect(try lapwing.run("identity", "restore", id).status == 1)

        let before = try lapwing.run("identity", "bundle", "show").output
        #expect(try lapwing.run("identity", "ca", "rotate").status == 0)
        struct Authority: Decodable { let id, state, fingerprint: String }
        let status = try lapwing.run("identity", "ca", "status", "-o", "json").output
        let authorities = try JSONDecoder().decode([Authority].self, from: Data(status.utf8))
        #expect(authorities.map(\.state).sorted() == ["active", "retired"], "\(status)")
        let after = try lapwing.run("identity", "bundle", "show").output
        #expect(after.count > before.count, "both roots are in the bundle after a rotation")

        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        lapwing.process.terminate()
        lapwing.process.waitUntilExit()
        #expect(lapwing.process.terminationStatus == 0)
    }

    /// The users that the processes of an installation run as, by their roles.
    static func uids(of parent: Process) throws -> [String: UInt32] {
        var uids: [String: UInt32] = [:]
        for pid in try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap({ Int32($0) }) {
            guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8),
                status.contains("PPid:\t\(parent.processIdentifier)\n"),
                let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"),
                let own = status.split(separator: "\n").first(where: { $0.hasPrefix("Uid:") })
            else { continue }
            let role = String(decoding: command, as: UTF8.self).split(separator: "\0").dropFirst().first
            // Real, effective, saved and file system: none is left behind.
            let ids = Set(own.split(separator: "\t").dropFirst().compactMap { UInt32($0) })
            guard let role, ids.count == 1, let id = ids.first else { continue }
            // No capability is left to who is not root.
            if id != 0, !status.contains("CapEff:\t0000000000000000\n") { continue }
            uids[String(role)] = id
        }
        return uids
    }

    @Test(.timeLimit(.minutes(3)), .enabled(if: geteuid() == 0, "only root can become another user"))
    func `the gateway runs as another user, who cannot reach what is the authority's`() async throws {
        let uid = try SystemUser(named: "nobody").uid
        let lapwing = try Installation("--gateway-user", "nobody") { configuration in
            let entries = configuration + "/identities.yaml"
            let text = try String(contentsOfFile: entries, encoding: .utf8)
                .replacing("unix:uid:\(geteuid())", with: "unix:uid:\(uid)")
            try text.write(toFile: entries, atomically: true, encoding: .utf8)
        }
        let state = lapwing.directory.path + "/s"
        // Whoever waits for an identity has become who it is to be; a checkpoint is there once the authority has signed it.
        #expect(try lapwing.wait { try Self.uids(of: lapwing.process)["gateway"] == uid })
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        #expect(try Self.uids(of: lapwing.process) == ["authority": 0, "gateway": uid])

        func owner(_ path: String) throws -> UInt32? {
            try FileManager.default.attributesOfItem(atPath: state + path)[.ownerAccountID] as? UInt32
        }
        #expect(try owner("/audit") == uid)
        #expect(try owner("/authority") == 0)
        func asNobody(_ command: String...) throws -> Int32 {
            try Program.run(["-u", "nobody", "--"] + command, program: "/usr/sbin/runuser").status
        }
        #expect(try asNobody("ls", state + "/audit") == 0)
        for forbidden in ["/authority", "/authority/keys", "/authority/log"] {
            #expect(try asNobody("ls", state + forbidden) != 0, "\(forbidden)")
        }
        #expect(try asNobody("touch", state + "/authority/x") != 0)
        #expect(try asNobody("touch", state + "/x") != 0)
        // The authority signs for that user alone.
        let status = await #expect(throws: RPCStatus.self) {
            try await RemoteCheckpointSigner(socket: lapwing.directory.path + "/r/admin.sock").verifierKey()
        }
        #expect(status?.code == .permissionDenied)

        lapwing.process.terminate()
        lapwing.process.waitUntilExit()
        #expect(lapwing.process.terminationStatus == 0)
    }

    @Test func `a gateway's user has to be there, to be another than root, and to be root's to choose`() throws {
        for (user, words) in [("root", "name another user"), ("no-such-user", "there is no user")] {
            for option in ["--gateway-user", "--endpoint-user"] {
                let result = try Program.run("config", "show", option, user)
                #expect(result.status == 2 && result.errors.contains(words), "\(result.errors)")
            }
        }
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
            result.errors.contains("x.yaml:1:7: error: unknown or unsupported kind `Gatway`; did you mean `Gateway`?")
        )
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/s/authority/keys"))
    }
}
