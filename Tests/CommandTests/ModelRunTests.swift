import Foundation
import Testing

/// `lapwing model run`, as a person calls it.
@Suite struct ModelRunTests {
    /// A folder with a model, its signature and the signer's public key.
    private func folder() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/model/a", withIntermediateDirectories: true)
        _ = try directory.write("weights", to: "model/a/weights.bin")
        _ = try directory.write("{}", to: "model/config.json")
        for command in [
            "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
            "openssl pkey -in key.pem -pubout -out key.pub",
        ] {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", command + " 2>/dev/null"]
            process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
        let signed = try Program.run(
            "model",
            "sign",
            directory.path + "/model",
            "--private-key",
            directory.path + "/key.pem"
        )
        #expect(signed.status == 0, "\(signed.errors)")
        return directory
    }

    private func run(_ directory: TemporaryDirectory, _ flags: [String], _ script: String) throws -> Program.Result {
        try Program.run(
            [
                "model", "run", "--model", directory.path + "/model", "--public-key", directory.path + "/key.pub",
                "--quiet",
            ]
                + flags + ["--", "/bin/sh", "-c", script]
        )
    }

    @Test(arguments: [[], ["--sealed"]]) func `a command reads what was signed, and ends as it ends`(flags: [String])
        throws
    {
        let directory = try folder()
        let script = """
            cat "$LAPWING_MODEL_PATH/a/weights.bin" "$LAPWING_MODEL_PATH/config.json"
            (echo x > "$LAPWING_MODEL_PATH/a/weights.bin") 2>/dev/null && exit 11
            exit 7
            """
        let result = try run(directory, flags, script)
        // Where nobody may mount, the command says so and what to do instead.
        if flags.isEmpty, result.status == 3 { return #expect(result.errors.contains("--sealed"), "\(result.errors)") }
        #expect(result.status == 7, "\(result.errors)")
        #expect(result.output == "weights{}")
        let left = try FileManager.default.contentsOfDirectory(atPath: FileManager.default.temporaryDirectory.path)
        #expect(!left.contains { $0.hasPrefix("lapwing-sealed-") || $0.hasPrefix("lapwing-mounted-") })
        #expect(try run(directory, flags, "kill -KILL $$").status == 137)
    }

    @Test(arguments: [[], ["--sealed"]]) func `a model that was changed is not run`(flags: [String]) throws {
        let directory = try folder()
        _ = try directory.write("Weights", to: "model/a/weights.bin")
        let changed = try run(directory, flags, "echo ran")
        #expect(changed.status == 4 && changed.output.isEmpty, "\(changed.errors)")
        _ = try directory.write("weights", to: "model/a/weights.bin")
        _ = try directory.write("x", to: "model/more.bin")
        let more = try run(directory, flags, "echo ran")
        #expect(more.status == 4 && more.output.isEmpty, "\(more.errors)")
    }

    @Test func `a wrong call is 2`() throws {
        let directory = try folder()
        #expect(try Program.run("model", "run", "--model", directory.path + "/model", "--", "true").status == 2)
        #expect(
            try Program.run("model", "run", "--model", "x", "--public-key", directory.path + "/key.pub").status == 2
        )
    }
}
