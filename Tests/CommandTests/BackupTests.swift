import Foundation
import Glibc
import Testing

/// `lapwing backup` and `restore`, and the runbook for a lost and for a leaked key, as it stands in `Documentation/identity.md`.
@Suite(.serialized, .timeLimit(.minutes(5))) struct `The authority's keys, copied, lost and leaked` {
    /// Starts `lapwing serve` again where an installation was.
    private func again(_ lapwing: Installation) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Program.path)
        process.arguments = ["serve", "--config", lapwing.directory.path + "/c"] + lapwing.places
        process.standardError = FileHandle(forWritingAtPath: lapwing.log)
        try process.run()
        return process
    }

    private func command(_ lapwing: Installation, _ arguments: String...) throws -> Program.Result {
        try Program.run(arguments + ["--config", lapwing.directory.path + "/c"] + lapwing.places)
    }

    @Test func `what is no backup is not to be closed to others on our advice`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory.path)
        let places = [
            "--config", directory.path + "/c", "--state", directory.path + "/s", "--run", directory.path + "/r",
        ]
        let result = try Program.run(["restore", directory.path] + places)
        #expect(
            result.status == 4
                && result.errors.contains("`\(directory.path)` is no backup: there is no `manifest.json` in it")
                && !result.errors.contains("chmod"),
            "\(result.errors)"
        )
    }

    @Test func `a restoration without a configuration says what it needs one for, once there is a copy`() throws {
        let directory = try TemporaryDirectory()
        let none = ["--config", directory.path + "/none", "--state", directory.path + "/s"]
        let nothing = try Program.run(["restore", directory.path + "/copy"] + none)
        #expect(nothing.status == 4 && nothing.errors.contains("is no backup"), "\(nothing.errors)")
        _ = try directory.write("{}", to: "manifest.json")
        for command in [["restore", directory.path], ["restore", "--check", directory.path]] {
            let result = try Program.run(command + none)
            #expect(
                result.status == 2
                    && result.errors.contains(
                        "there is no configuration at `\(directory.path)/none`, which is not in the copy"
                    ),
                "\(result.errors)"
            )
        }
        let made = try Program.run(["backup", directory.path + "/copy"] + none)
        #expect(made.status == 2 && made.errors.contains("which says where the keys are"), "\(made.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/s"))
    }

    @Test(.timeLimit(.minutes(4)))
    func `a lost authority is restored with its roots and entries, and the log goes on`() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        let made = try lapwing.run(
            "identity",
            "entry",
            "create",
            "reader",
            "--spiffe-id",
            "spiffe://cluster.local/reader",
            "--selector",
            "unix:uid:4242"
        )
        #expect(made.status == 0, "\(made.errors)")
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        let copy = lapwing.directory.path + "/copy"
        let copied = try command(lapwing, "backup", copy)
        #expect(copied.status == 0, "\(copied.errors)")
        #expect(try command(lapwing, "backup", copy).status == 2, "nothing is written over")
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
        #expect(mode == 0o700)
        #expect(try command(lapwing, "restore", copy, "--check").status == 0)
        let refused = try command(lapwing, "restore", copy)
        #expect(refused.status == 1 && refused.errors.contains("stop it first"), "\(refused.errors)")
        let roots = try lapwing.run("identity", "bundle", "show").output
        lapwing.process.stop()

        try FileManager.default.removeItem(atPath: lapwing.directory.path + "/s/authority/keys")
        try FileManager.default.removeItem(atPath: lapwing.directory.path + "/s/authority/authority.sqlite")
        // An authority whose socket does not answer yet has its lock.
        let lock = unsafe open(lapwing.directory.path + "/s/authority/log/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        let isHeld = flock(lock, LOCK_EX | LOCK_NB) == 0
        #expect(isHeld)
        let locked = try command(lapwing, "restore", copy)
        #expect(locked.status == 1 && locked.errors.contains("stop it first"), "\(locked.errors)")
        // And one that cannot have it reads and makes nothing: it may be about to be replaced.
        #expect(try command(lapwing, "authority").status != 0)
        #expect(!FileManager.default.fileExists(atPath: lapwing.directory.path + "/s/authority/authority.sqlite"))
        close(lock)
        let authority = lapwing.directory.path + "/s/authority"
        for name in try FileManager.default.contentsOfDirectory(atPath: authority) where name.hasPrefix("standing.") {
            try FileManager.default.removeItem(atPath: authority + "/" + name)
        }
        let isMade = FileManager.default.createFile(
            atPath: authority + "/standing.sqlite",
            contents: Data(repeating: 0x78, count: 4096),
            attributes: [.posixPermissions: 0o600]
        )
        #expect(isMade)
        let damaged = try command(lapwing, "restore", copy)
        #expect(damaged.status != 0 && damaged.errors.contains("standing.sqlite` is damaged"), "\(damaged.errors)")
        #expect(damaged.errors.contains("mkdir -p \(authority)/damaged && mv "), "\(damaged.errors)")
        try FileManager.default.removeItem(atPath: authority + "/standing.sqlite")
        let restored = try command(lapwing, "restore", copy)
        #expect(restored.status == 0 && restored.errors.contains("what was there lies in"), "\(restored.errors)")
        #expect(restored.errors.contains("has to be revoked again"), "the database was lost")
        #expect(FileManager.default.fileExists(atPath: lapwing.directory.path + "/s/authority/clock.floor"))
        let process = try again(lapwing)
        defer { process.stop() }
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        #expect(try lapwing.run("identity", "bundle", "show").output == roots)
        #expect(try lapwing.run("identity", "entry", "show", "reader").status == 0)
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
    }

    @Test(.timeLimit(.minutes(2)))
    func `a copy that is not whole, or not ours, changes nothing`() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        let copy = lapwing.directory.path + "/copy"
        #expect(try command(lapwing, "backup", copy).status == 0)
        lapwing.process.stop()
        let keys = copy + "/keys"
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: keys).first)
        let key = try String(contentsOfFile: keys + "/" + name, encoding: .utf8)
        func check() throws -> Program.Result { try command(lapwing, "restore", copy) }

        try (key + "\n").write(toFile: keys + "/" + name, atomically: false, encoding: .utf8)
        #expect(try check().status == 4 && check().errors.contains("is not what was copied"))
        try key.write(toFile: keys + "/" + name, atomically: false, encoding: .utf8)
        unsafe chmod(keys + "/" + name, 0o644)
        #expect(try check().status == 4 && check().errors.contains("open to others"))
        unsafe chmod(keys + "/" + name, 0o600)
        #expect(try command(lapwing, "restore", copy, "--trust-domain", "other.example").status != 0)
        let manifest = try String(contentsOfFile: copy + "/manifest.json", encoding: .utf8)
        func without(_ prefix: String) throws -> String {
            let read = try JSONSerialization.jsonObject(with: Data(manifest.utf8))
            var object = try #require(read as? [String: Any])
            let files = try #require(object["files"] as? [String: String])
            object["files"] = files.filter { !$0.key.hasPrefix(prefix) }
            return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        }
        for bad in [
            try without("keys/"), try without("log/signing.key"), try without("authority.sqlite"),
            manifest.replacing("keys/\(name)", with: "../\(name)"),
            manifest.replacing("\"version\" : 1", with: "\"version\" : 9"),
            "{}", "", String(manifest.dropLast(20)),
        ] {
            try bad.write(toFile: copy + "/manifest.json", atomically: false, encoding: .utf8)
            #expect(try check().status == 4, "\(bad.prefix(60))")
        }
        try manifest.write(toFile: copy + "/manifest.json", atomically: false, encoding: .utf8)
        #expect(FileManager.default.fileExists(atPath: lapwing.directory.path + "/s/authority/keys/" + name))
        #expect(!FileManager.default.fileExists(atPath: lapwing.directory.path + "/s/authority.restored"))
        #expect(try command(lapwing, "restore", copy, "--check").status == 0)

        // An authority without its keys is not copied as if it were whole, and nothing is left of the attempt.
        let own = lapwing.directory.path + "/s/authority/keys"
        try FileManager.default.removeItem(atPath: own)
        let second = lapwing.directory.path + "/second"
        let refused = try command(lapwing, "backup", second)
        #expect(refused.status != 0 && refused.errors.contains("has no key"), "\(refused.errors)")
        #expect(!FileManager.default.fileExists(atPath: second))
    }

    @Test(.timeLimit(.minutes(3)))
    func `after a leak nothing that the old key signed is believed, and workloads go on`() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        let (old, new) = (lapwing.directory.path + "/old", lapwing.directory.path + "/new")
        #expect(try lapwing.run("identity", "svid", "fetch", "--write", old).status == 0)
        for phase in ["prepare", "activate", "prune"] {
            let step = try lapwing.run("identity", "ca", "rotate", "--phase", phase, "--force")
            #expect(step.status == 0, "\(phase): \(step.errors)")
        }
        let bundle = lapwing.directory.path + "/bundle.pem"
        let roots = try lapwing.run("identity", "bundle", "show").output
        #expect(roots.components(separatedBy: "BEGIN CERTIFICATE").count == 2, "one root is left")
        try roots.write(toFile: bundle, atomically: true, encoding: .utf8)
        func verifies(_ directory: String) throws -> Bool {
            try Program.run(["verify", "-CAfile", bundle, directory + "/svid.0.pem"], program: "/usr/bin/openssl")
                .status == 0
        }
        #expect(try !verifies(old))
        #expect(
            try lapwing.wait {
                try lapwing.run("identity", "svid", "fetch", "--write", new).status == 0 && verifies(new)
            }
        )
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
    }

    @Test(.timeLimit(.minutes(3)))
    func `a lost key without a copy is followed by a new authority`() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        let roots = try lapwing.run("identity", "bundle", "show").output
        lapwing.process.stop()
        let keys = lapwing.directory.path + "/s/authority/keys"
        for name in try FileManager.default.contentsOfDirectory(atPath: keys) {
            try FileManager.default.removeItem(atPath: keys + "/" + name)
        }
        let process = try again(lapwing)
        defer { process.stop() }
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        // The old root stays until what it signed has ended: nobody is cut off for a key that was lost and not leaked.
        let next = try lapwing.run("identity", "bundle", "show").output
        #expect(next != roots)
    }
}
