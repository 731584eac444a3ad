import AuditLog
import Foundation
import Testing
import ZeroTrust

@Suite("Kept bodies and old records, as commands", .timeLimit(.minutes(3)))
struct AuditBodyTests {
    /// A body that lies sealed beside an installation's log, whose record the installation has.
    private func keep(_ text: String, tenant: String, in lapwing: Installation) throws -> BodyRecord {
        let directory = lapwing.directory.path + "/other"
        let vault = try BodyVault(directory: directory)
        let id = RequestID(milliseconds: Timestamp.now().milliseconds, random: .random(in: 0 ... .max))
        let sealed = try vault.seal(
            Array(text.utf8),
            of: id,
            .request,
            tenant: tenant,
            length: UInt64(text.utf8.count),
            at: .now()
        )
        try vault.synchronize()
        return BodyRecord(
            id: id,
            time: .now(),
            node: "n",
            tenant: tenant,
            key: sealed.key,
            request: sealed.part,
            response: nil
        )
    }

    @Test("A tenant's bodies are read, destroyed by an act that is recorded, and gone")
    func shred() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        let record = try keep("what Ada said", tenant: "acme", in: lapwing)
        // A log of its own has the record; the installation's has the act.
        let state = lapwing.directory.path + "/t"
        let authority = try CheckpointAuthority(directory: state + "/key", origin: "log.example/t")
        let log = try LogWriter(directory: state + "/audit", origin: "log.example/t", signer: authority)
        _ = try log.append(record.encoded())
        log.close()
        try FileManager.default.createSymbolicLink(
            atPath: state + "/bodies",
            withDestinationPath: lapwing.directory.path + "/other"
        )
        let configuration = ["--config", lapwing.directory.path + "/c"]
        let place = ["--state", state, "--run", lapwing.directory.path + "/r"] + configuration
        let read = try Program.run(["audit", "body", record.id.description] + place)
        #expect(read.status == 0 && read.output == "what Ada said", "\(read.errors)")
        let none = try Program.run(["audit", "body", record.id.description, "--response"] + place)
        #expect(none.status == 1 && none.errors.contains("had no body"), "\(none.errors)")
        // It has to be asked for twice, and for a tenant that there is.
        #expect(try Program.run(["audit", "shred", "acme"] + place).status == 2)
        let unknown = try Program.run(["audit", "shred", "nobody", "--yes"] + place)
        #expect(unknown.status == 1 && unknown.errors.contains("these have: acme"), "\(unknown.errors)")
        let done = try Program.run(["audit", "shred", "acme", "--yes", "--reason", "contract ended"] + place)
        #expect(done.status == 0, "\(done.errors)")
        let gone = try Program.run(["audit", "body", record.id.description] + place)
        #expect(
            gone.status == 1 && gone.errors.contains("destroyed with the key of the tenant `acme`"),
            "\(gone.errors)"
        )
        let act = try lapwing.run("audit", "query", "action=audit.shred", "-o", "jsonl")
        #expect(act.output.contains("\"subject\":\"acme\"") && act.output.contains("contract ended"), "\(act.errors)")
        // Where it cannot be recorded it is not done.
        let second = try keep("more", tenant: "acme", in: lapwing)
        let elsewhere = try Program.run(
            ["audit", "shred", "acme", "--yes", "--state", state, "--run", "/nonexistent"] + configuration
        )
        #expect(elsewhere.status == 3 && elsewhere.errors.contains("cannot be recorded"), "\(elsewhere.errors)")
        let archive = BodyArchive(directory: lapwing.directory.path + "/other")
        #expect(try archive.open(#require(second.request), of: second.id, .request) == .body(Array("more".utf8)))
    }

    @Test("A tenant under a legal hold is not destroyed, nor one of which that cannot be known, and both are recorded")
    func hold() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        let bodies = lapwing.directory.path + "/t/bodies"
        let vault = try BodyVault(directory: bodies)
        for tenant in ["acme", "other"] {
            _ = try vault.seal(
                [1],
                of: RequestID(milliseconds: 1, random: 1),
                .request,
                tenant: tenant,
                length: 1,
                at: .now()
            )
        }
        let policy = lapwing.directory.path + "/c/audit.yaml"
        try """
        apiVersion: lapwing.dev/v1alpha1
        kind: AuditPolicy
        metadata: { name: audit }
        spec: { retention: { bodies: 30d, legalHold: { tenants: [acme] } } }
        """.write(toFile: policy, atomically: true, encoding: .utf8)
        let place = [
            "--yes", "--state", lapwing.directory.path + "/t", "--run", lapwing.directory.path + "/r", "--config",
            lapwing.directory.path + "/c",
        ]
        let held = try Program.run(["audit", "shred", "acme"] + place)
        #expect(held.status == 1 && held.errors.contains("a legal hold keeps the bodies of `acme`"), "\(held.errors)")
        #expect(try Program.run(["audit", "shred", "other"] + place).status == 0)
        #expect(try BodyArchive(directory: bodies).tenants() == ["acme"])
        try "no: yaml: [".write(toFile: policy, atomically: true, encoding: .utf8)
        let unknown = try Program.run(["audit", "shred", "acme"] + place)
        #expect(unknown.status == 1 && unknown.errors.contains("cannot be known"), "\(unknown.errors)")
        #expect(try BodyArchive(directory: bodies).tenants() == ["acme"])
        let acts = try lapwing.run("audit", "query", "action=audit.shred", "decision=deny", "--count")
        #expect(acts.output == "2\n", "\(acts.errors)")
    }

    @Test("Without a policy nothing is pruned, and a young log keeps everything")
    func prune() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        let places = ["--config", lapwing.directory.path + "/c"] + lapwing.places
        let refused = try Program.run(["audit", "prune"] + places)
        #expect(refused.status == 2 && refused.errors.contains("no policy says how long"), "\(refused.errors)")
        try """
        apiVersion: lapwing.dev/v1alpha1
        kind: AuditPolicy
        metadata: { name: audit }
        spec: { retention: { records: 180d, bodies: 30d, legalHold: { tenants: [acme] } } }
        """.write(toFile: lapwing.directory.path + "/c/audit.yaml", atomically: true, encoding: .utf8)
        let young = try Program.run(["audit", "prune"] + places)
        #expect(young.status == 0 && young.errors.contains("no entries to remove"), "\(young.errors)")
        #expect(try lapwing.run("audit", "query", "action=audit.prune.bodies", "--count").output == "1\n")
        #expect(try lapwing.run("audit", "verify").status == 0)
    }

    /// An act of a moment, as a log has it.
    private func act(_ number: Int, at time: Timestamp, action: String, after: String?) -> ActRecord {
        ActRecord(
            id: RequestID(milliseconds: time.milliseconds, random: UInt128(number)),
            time: time,
            node: "n",
            actor: "uid 0",
            action: action,
            subject: "s",
            after: after,
            outcome: .allow
        )
    }

    @Test("Entries that are missing are pruned entries only where an act in the log says so")
    func missing() throws {
        let directory = try TemporaryDirectory()
        let state = directory.path + "/s"
        let origin = "log.example/n"
        let authority = try CheckpointAuthority(directory: directory.path + "/key", origin: origin)
        func add(_ acts: [ActRecord]) throws {
            let log = try LogWriter(directory: state + "/audit", origin: origin, signer: authority)
            for act in acts { _ = try log.append(act.encoded()) }
            log.close()
        }
        func verify() throws -> Program.Result {
            let key = authority.verifier.description
            return try Program.run("audit", "verify", "--state", state, "--key", key)
        }
        try add((0..<300).map { act($0, at: .now(), action: "entry.create", after: nil) })
        let whole = try verify()
        #expect(whole.status == 0, "\(whole.errors)")
        try "lapwing-pruned-v1\n256\n".write(toFile: state + "/audit/pruned", atomically: true, encoding: .utf8)
        try FileManager.default.removeItem(atPath: state + "/audit/tile/entries/000")
        // Neither nothing, nor another act, nor one of other entries is such an act.
        for (action, after) in [("entry.create", "256"), ("audit.prune.bodies", "256"), ("audit.prune", "512")] {
            let missing = try verify()
            #expect(missing.status == 4 && missing.errors.contains("no act in the log"), "\(missing.errors)")
            try add([act(300, at: .now(), action: action, after: after)])
        }
        #expect(try verify().status == 4)
        try add([act(301, at: .now(), action: "audit.prune", after: "256")])
        let pruned = try verify()
        #expect(pruned.status == 0 && pruned.errors.contains("the entries before 256 were pruned by uid 0"))
    }

    @Test("What is old is removed by the command, which has it recorded, and the log verifies")
    func removal() throws {
        let old = Timestamp(nanoseconds: 1_600_000_000_000_000_000)
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        lapwing.stop()
        // The log has old records at its beginning.
        let directory = lapwing.directory.path
        try FileManager.default.removeItem(atPath: directory + "/s/audit")
        try FileManager.default.removeItem(atPath: directory + "/s/authority/log")
        let origin = try #require(
            try String(contentsOfFile: directory + "/s/log.vkey", encoding: .utf8).split(separator: "+").first
        )
        // The key has one owner at a time.
        do {
            let authority = try CheckpointAuthority(directory: directory + "/s/authority/log", origin: String(origin))
            let log = try LogWriter(directory: directory + "/s/audit", origin: String(origin), signer: authority)
            for number in 0..<600 {
                _ = try log.append(act(number, at: old, action: "entry.create", after: nil).encoded())
            }
            log.close()
        }
        try lapwing.start()
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        try """
        apiVersion: lapwing.dev/v1alpha1
        kind: AuditPolicy
        metadata: { name: audit }
        spec: { retention: { records: 180d } }
        """.write(toFile: directory + "/c/audit.yaml", atomically: true, encoding: .utf8)
        let places = ["--config", directory + "/c"] + lapwing.places
        let dry = try Program.run(["audit", "prune", "--dry-run"] + places)
        #expect(dry.status == 0 && dry.errors.contains("would remove 512 entries"), "\(dry.errors)")
        let done = try Program.run(["audit", "prune"] + places)
        #expect(done.status == 0 && done.errors.contains("removed 512 entries"), "\(done.errors)")
        #expect(try lapwing.run("audit", "query", "action=entry.create", "--count").output == "88\n")
        let verified = try lapwing.run("audit", "verify")
        #expect(
            verified.status == 0 && verified.errors.contains("the entries before 512 were pruned by uid \(getuid())"),
            "\(verified.errors)"
        )
        let again = try Program.run(["audit", "prune"] + places)
        #expect(again.status == 0 && again.errors.contains("no entries to remove"), "\(again.errors)")
    }

    @Test(
        "What a policy says of bodies and their keeping is checked, with the place of the mistake",
        arguments: [
            ("bodies: { keep: 200% }", "expected `all`, `refused` or a share"), ("bodies: {}", "needs `keep`"),
            ("bodies: { keep: all, tenants: [{ name: A, namespaces: [x] }] }", "lower-case letters"),
            (
                "bodies: { keep: all, tenants: [{ name: a, namespaces: [x] }, { name: b, namespaces: [x] }] }",
                "has a tenant already"
            ),
            ("retention: {}", "says nothing"), ("retention: { records: 2h }", "number of days"),
            ("retention: { records: 180d, legalHold: { tenants: [\"a/b\"] } }", "is no tenant"),
            ("retention: { records: 180d, bodie: 3d }", "did you mean `bodies`"),
        ]
    )
    func mistakes(_ spec: String, message: String) throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        try """
        apiVersion: lapwing.dev/v1alpha1
        kind: AuditPolicy
        metadata: { name: audit }
        spec: { \(spec) }
        """.write(toFile: directory.path + "/c/audit.yaml", atomically: true, encoding: .utf8)
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status != 0 && result.errors.contains(message), "\(result.errors)")
    }
}
