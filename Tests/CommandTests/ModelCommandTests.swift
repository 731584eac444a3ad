import Foundation
import Glibc
import Testing

/// `lapwing model sign` and `verify`, as a person or a pipeline calls them.
@Suite(.timeLimit(.minutes(5))) struct ModelCommandTests {
    /// A folder with a model, a key and its public half.
    private func folder() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/model", withIntermediateDirectories: true)
        _ = try directory.write("weights", to: "model/weights.bin")
        _ = try directory.write("{}", to: "model/config.json")
        _ = try directory.write("no key", to: "broken.pem")
        for command in [
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
            "openssl pkey -in key.pem -pubout -out key.pub",
            "openssl pkcs8 -topk8 -v2 aes-256-cbc -in key.pem -passout pass:lapwing -out encrypted.pem",
        ] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", command + " 2>/dev/null"]
            process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        return directory
    }

    @Test func `what was signed is 0, what was changed is 4, a wrong call is 2`() throws {
        let directory = try folder()
        let (model, at) = (directory.path + "/model", directory.path)
        let signed = try Program.run("model", "sign", model, "--private-key", at + "/key.pem")
        #expect(signed.status == 0, "\(signed.errors)")
        #expect(FileManager.default.fileExists(atPath: model + ".sig"))
        let verified = try Program.run("model", "verify", model, "--public-key", at + "/key.pub")
        #expect(verified.status == 0, "\(verified.errors)")
        #expect(verified.output.hasPrefix("verified: 2 files, 9 bytes"), "\(verified.output)")
        _ = try directory.write("changed", to: "model/weights.bin")
        let refused = try Program.run("model", "verify", model, "--public-key", at + "/key.pub", "-o", "json")
        #expect(refused.status == 4)
        struct Row: Decodable { let verdict, code: String }
        let row = try JSONDecoder().decode(Row.self, from: Data(refused.output.utf8))
        #expect(row.verdict == "refused" && row.code == "files")
        for arguments in [
            ["model", "verify", model], ["model", "sign", model],
            ["model", "verify", model, "--public-key", at + "/none.pub"],
            ["model", "verify", model, "--public-key", at + "/key.pub", "--policy", at],
            ["model", "sign", model, "--private-key", at + "/broken.pem"],
            ["model", "sign", model, "--private-key", at + "/key.pem", "--spiffe"],
            ["model", "verify", model, "--trusted-root", at + "/key.pub"],
        ] {
            let result = try Program.run(arguments)
            #expect(result.status == 2, "\(arguments): \(result.status) \(result.errors)")
            #expect(!result.errors.isEmpty)
        }
    }

    @Test func `a file that is made shorter while it is looked at is an error, and nothing is signed`() throws {
        let directory = try folder()
        let weights = directory.path + "/model/weights.bin"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Program.path)
        process.arguments = ["model", "sign", directory.path + "/model", "--private-key", directory.path + "/key.pem"]
        let errors = URL(fileURLWithPath: try directory.write("", to: "errors"))
        process.standardError = try FileHandle(forWritingTo: errors)
        // A hole is read as fast as anything: there is a second in which the file can be made shorter.
        #expect(unsafe truncate(weights, 1 << 30) == 0)
        try process.run()
        let end = Date() + 60
        while process.isRunning, Date() < end {
            let maps = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/maps", encoding: .utf8)
            if maps?.contains(weights) == true { break }
        }
        #expect(unsafe truncate(weights, 100) == 0)
        process.waitUntilExit()
        let message = try String(contentsOf: errors, encoding: .utf8)
        #expect(process.terminationStatus == 4 && process.terminationReason == .exit, "\(message)")
        #expect(message.contains("changed while it was being read"), "\(message)")
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/model.sig"))
    }

    @Test func `bad input gets its reason, and leaves nothing behind`() throws {
        let directory = try folder()
        let (model, at) = (directory.path + "/model", directory.path)
        unsafe mkfifo(model + "/pipe", 0o600)
        unsafe mkfifo(at + "/pipe.sig", 0o600)
        let signed = try Program.run("model", "sign", model, "--private-key", at + "/key.pem")
        #expect(signed.status == 4 && signed.errors.contains("named pipe"), "\(signed.errors)")
        let names = try FileManager.default.contentsOfDirectory(atPath: at)
        #expect(!names.contains { $0.hasPrefix("model.sig") })
        let verify = ["model", "verify", model, "--public-key", at + "/key.pub", "--signature"]
        for (signature, reason) in [
            (at + "/pipe.sig", "named pipe"), ("/dev/zero", "device"), (at + "/none", "No such file"),
        ] {
            let result = try Program.run(verify + [signature])
            #expect(result.status == 4 && result.errors.contains(reason), "\(signature): \(result.errors)")
        }
    }

    @Test func `what is wrong is said with its file, and what to do`() throws {
        let directory = try folder()
        let (model, at) = (directory.path + "/model", directory.path)
        let key = ["--private-key", at + "/key.pem"]
        let signed = try Program.run(["model", "sign", model] + key)
        #expect(signed.status == 0, "\(signed.errors)")
        for (arguments, status, said) in [
            (["sign", model, "--private-key", at + "/key.pub"], Int32(2), ["/key.pub`", "this is a public key"]),
            (["verify", model, "--public-key", at + "/key.pem"], 2, ["/key.pem`", "openssl pkey -pubout"]),
            (["verify", model, "--certificate-chain", at + "/key.pub"], 2, ["no `CERTIFICATE` block"]),
            (
                ["verify", model, "--trusted-root", at + "/key.pub", "--identity", "a", "--issuer", "b"], 2,
                ["/key.pub`"]
            ),
            (["sign", model] + key + ["--shard-size", "4096"], 2, ["--shard-size goes with --method shards"]),
            (["sign", model] + key + ["--signature", at + "/none/x.sig"], 3, ["there is no folder", "/none`"]),
            (["verify", at + "/none", "--public-key", at + "/key.pub"], 4, ["/none` cannot be read"]),
            (
                ["verify", model + "/config.json", "--public-key", at + "/key.pub"], 4,
                ["config.json.sig", "--signature"]
            ),
            (
                ["verify", model, "--public-key", at + "/key.pub", "--signature", model + "/config.json"], 4,
                ["the signature", "/config.json` is none that is read here"]
            ),
        ] {
            let result = try Program.run(["model"] + arguments)
            #expect(result.status == status, "\(arguments): \(result.status) \(result.errors)")
            for text in said { #expect(result.errors.contains(text), "\(arguments): \(result.errors)") }
        }
    }

    @Test func `what is there and no file stays what it is`() throws {
        let directory = try folder()
        let (pipe, link) = (directory.path + "/pipe", directory.path + "/link")
        #expect(unsafe mkfifo(pipe, 0o600) == 0 && symlink("/dev/null", link) == 0)
        // The device itself is not put at stake.
        for place in [pipe, link, directory.path + "/model"] {
            let run = try Program.run(
                "model",
                "sign",
                directory.path + "/model",
                "--private-key",
                directory.path + "/key.pem",
                "--signature",
                place
            )
            #expect(run.status == 2 && run.errors.contains("cannot write `\(place)`"), "\(place): \(run.errors)")
        }
        let kind = try FileManager.default.attributesOfItem(atPath: pipe)[.type] as? FileAttributeType
        #expect(kind != .typeRegular)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "/dev/null")
    }

    @Test func `an encrypted key is opened by a file's password and by nothing on the command line`() throws {
        let directory = try folder()
        let (model, at) = (directory.path + "/model", directory.path)
        let sign = ["model", "sign", model, "--private-key", at + "/encrypted.pem"]
        #expect(try Program.run(sign).status == 2)
        let right = try directory.write("lapwing\n", to: "right")
        let wrong = try directory.write("plover\n", to: "wrong")
        #expect(try Program.run(sign + ["--password-file", wrong]).status == 2)
        #expect(try Program.run(sign + ["--password-file", right]).status == 0)
        #expect(try Program.run("model", "verify", model, "--public-key", at + "/key.pub").status == 0)
    }

    @Test func `a policy says whose signatures count`() throws {
        let directory = try folder()
        let (model, at) = (directory.path + "/model", directory.path)
        #expect(try Program.run("model", "sign", model, "--private-key", at + "/key.pem").status == 0)
        let policy = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: ModelTrustPolicy
            metadata: {name: fraud}
            spec:
              models: ["fraud-*"]
              signers:
              - key: {publicKey: {file: key.pub}}
            """,
            to: "policy.yaml"
        )
        let verify = ["model", "verify", model, "--policy", policy, "--name"]
        #expect(try Program.run(verify + ["fraud-v3"]).status == 0)
        let other = try Program.run(verify + ["tickets"])
        #expect(other.status == 1 && other.errors.contains("no ModelTrustPolicy is about"), "\(other.errors)")
    }
}
