import Foundation
import Glibc
import Testing

/// `lapwing model run`, as a person calls it.
@Suite(.timeLimit(.minutes(5))) struct ModelRunTests {
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

    /// Runs the program as a user without any right; nil where this test cannot, since it is no root itself.
    private func runAsNobody(
        _ directory: TemporaryDirectory,
        _ flags: [String] = [],
        mayOpenFUSE: Bool
    ) throws -> Program.Result? {
        let program = try Program.path
        let user = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        func ready(_ command: [String]) -> Bool {
            (try? Program.run(command, program: "/usr/bin/env").status) == 0
        }
        guard geteuid() == 0, ready(user + ["test", "-x", program]), ready(["unshare", "-m", "true"]) else {
            print("model run as an ordinary user: skipped, this test has to be root, and its program open to everybody")
            return nil
        }
        // A device of the test's own stands in for the system's, as it is or as most distributions have it.
        let script = """
            mknod "$1/fuse" c 10 229 && chmod \(mayOpenFUSE ? "0666" : "0600") "$1/fuse" || exit 99
            mount --bind "$1/fuse" /dev/fuse || exit 98
            shift
            exec "$@"
            """
        let command =
            user + [
                program, "model", "run", "--model", directory.path + "/model", "--public-key",
                directory.path + "/key.pub", "--quiet",
            ] + flags + ["--", "/bin/sh", "-c", "cat \"$LAPWING_MODEL_PATH/a/weights.bin\"; id -u >&2; exit 7"]
        return try Program.run(
            ["-m", "sh", "-c", script, "sh", directory.path] + command,
            environment: ["TMPDIR": "/tmp"],
            program: "/usr/bin/unshare"
        )
    }

    @Test func `an ordinary user who may open the device mounts without any further right`() throws {
        guard let result = try runAsNobody(try folder(), mayOpenFUSE: true) else { return }
        if result.status == 3, result.errors.contains("namespace") { return print("skipped: \(result.errors)") }
        #expect(result.status == 7, "\(result.errors)")
        #expect(result.output == "weights")
        #expect(result.errors.contains("65534"))
    }

    @Test func `one who may not is told why, and what does not need it`() throws {
        guard let result = try runAsNobody(try folder(), mayOpenFUSE: false) else { return }
        #expect(result.status == 3)
        #expect(result.errors.contains("/dev/fuse") || result.errors.contains("namespace"), "\(result.errors)")
        #expect(result.errors.contains("--sealed"), "\(result.errors)")
        guard let sealed = try runAsNobody(try folder(), ["--sealed"], mayOpenFUSE: false) else { return }
        #expect(sealed.status == 7, "\(sealed.errors)")
        #expect(sealed.output == "weights")
    }
}
