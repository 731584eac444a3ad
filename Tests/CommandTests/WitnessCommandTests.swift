import AuditLog
import Crypto
import Foundation
import Testing

/// A witness as a process of its own.
private final class WitnessProcess {
    let process = Process()
    /// The line that it prints for a policy file.
    let line: String

    init(_ name: String, directory: String, log: String) throws {
        process.executableURL = URL(fileURLWithPath: try Program.path)
        process.arguments = [
            "audit", "witness", "--name", name, "--directory", directory, "--log", log, "--listen", "127.0.0.1:0",
        ]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var text = ""
        while !text.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { break }
            text += String(decoding: data, as: UTF8.self)
        }
        line = text
    }

    var url: String { line.split(separator: " ").last.map { $0.trimmingCharacters(in: .newlines) } ?? "" }

    func stop() {
        process.stop()
    }

    deinit { stop() }
}

@Suite("Witnesses, as processes", .timeLimit(.minutes(5)))
struct WitnessCommandTests {
    @Test("A node's log is cosigned by two of three, proofs show it, and a witness that stops holds nothing up")
    func endToEnd() async throws {
        let lapwing = try Installation()
        let state = lapwing.directory.path + "/s"
        let key = state + "/log.vkey"
        #expect(try lapwing.wait { FileManager.default.fileExists(atPath: key) })
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        let witnesses = try ["a", "b", "c"].map {
            try WitnessProcess("witness.example/\($0)", directory: lapwing.directory.path + "/w\($0)", log: key)
        }
        for witness in witnesses { #expect(witness.line.hasPrefix("witness ")) }
        let vkey = try String(contentsOfFile: key, encoding: .utf8).trimmingCharacters(in: .newlines)
        let policy =
            "log \(vkey)\n" + witnesses.map(\.line).joined() + "group two-of-three 2 a b c\nquorum two-of-three\n"
        let file = lapwing.directory.path + "/c/witnesses.policy"
        try policy.write(toFile: file, atomically: true, encoding: .utf8)
        // No witness has seen the log yet.
        let before = try lapwing.run("audit", "verify", "--policy", file)
        #expect(before.status == 4 && before.errors.contains("no checkpoint of this log has been cosigned"))
        try """
        apiVersion: lapwing.dev/v1alpha1
        kind: AuditPolicy
        metadata: { name: audit }
        spec:
          witnesses: { policyFile: witnesses.policy, interval: 1s }

        """.write(toFile: lapwing.directory.path + "/c/audit.yaml", atomically: true, encoding: .utf8)
        #expect(try lapwing.wait { try lapwing.run("audit", "verify", "--policy", file).status == 0 })
        let verified = try lapwing.run("audit", "verify", "--policy", file).output
        #expect(verified.contains("witnessed: ") && verified.contains("by a, b, c"))
        witnesses[1].stop()
        // The reload is an act in the log, so that the log grows.
        _ = try lapwing.run("config", "reload")
        #expect(
            try lapwing.wait { try lapwing.run("audit", "verify", "--policy", file).output.contains("by a, c") }
        )
        let proof = lapwing.directory.path + "/entry.tlog-proof"
        #expect(try lapwing.run("audit", "proof", "0", "--to", proof).status == 0)
        #expect(try lapwing.run("audit", "verify", "--proof", proof, "--policy", file).status == 0)
        // By a policy that asks for the one that is gone it is not enough.
        let strict = lapwing.directory.path + "/strict.policy"
        try (policy.replacing("quorum two-of-three", with: "") + "quorum b\n")
            .write(toFile: strict, atomically: true, encoding: .utf8)
        let refused = try lapwing.run("audit", "verify", "--proof", proof, "--policy", strict)
        #expect(refused.status == 4 && refused.errors.contains("quorum is not reached"))
        // What the witness shows to monitors is what it cosigned.
        let hash = Witness.hash(of: String(vkey.split(separator: "+")[0]))
        let curl = Process()
        let output = Pipe()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        curl.arguments = ["--silent", "--fail", "\(witnesses[0].url)/\(hash)/checkpoint"]
        curl.standardOutput = output
        try curl.run()
        let shown = try SignedNote(output.fileHandleForReading.readDataToEndOfFile())
        curl.waitUntilExit()
        #expect(try shown.verify(with: [NoteVerifier(vkey)]))
    }

    @Test(
        "What is wrong is said, and how to mend it",
        arguments: [
            (["--name", "a b"], 2, "is not a key name"), (["--listen", "0.0.0.0:80"], 2, "no address on loopback"),
            (["--log", "x+y"], 2, "malformed"),
        ] as [([String], Int32, String)]
    )
    func mistakes(_ arguments: [String], status: Int32, message: String) throws {
        let directory = try TemporaryDirectory()
        var options = [
            "--name": "witness.example/a", "--directory": directory.path + "/w", "--listen": "127.0.0.1:0",
            "--log": try NoteSigner(name: "log.example", key: Curve25519.Signing.PrivateKey()).verifier.description,
        ]
        options[arguments[0]] = arguments[1]
        let result = try Program.run(["audit", "witness"] + options.flatMap { [$0.key, $0.value] })
        #expect(result.status == status && result.errors.contains(message), "\(result.errors)")
    }

    @Test("A policy file that cannot serve is refused with the place of the mistake")
    func badPolicies() throws {
        let witness = "witness.example/a+"
        for (text, message) in [
            ("quorum a\n", "witnesses.policy:1:8: no line above defines `a`"),
            ("witness a \(witness)x\nquorum a\n", "witnesses.policy:1:11: this is not the key of a witness"),
        ] {
            let directory = try TemporaryDirectory()
            _ = try Program.run("init", directory.path + "/c")
            try text.write(toFile: directory.path + "/c/witnesses.policy", atomically: true, encoding: .utf8)
            try """
            apiVersion: lapwing.dev/v1alpha1
            kind: AuditPolicy
            metadata: { name: audit }
            spec: { witnesses: { policyFile: witnesses.policy } }
            """.write(toFile: directory.path + "/c/audit.yaml", atomically: true, encoding: .utf8)
            let result = try Program.run("config", "validate", "--config", directory.path + "/c")
            #expect(result.status != 0 && result.errors.contains(message), "\(result.errors)")
        }
    }
}
