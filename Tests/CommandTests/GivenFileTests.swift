import Foundation
import Testing

/// What commands make of files that are not what they were taken for.
@Suite(.timeLimit(.minutes(5))) struct `A file that was named` {
    @Test func `is read as far as its kind goes, and never quoted whole`() throws {
        let directory = try TemporaryDirectory()
        let big = try directory.write(String(repeating: "key\n", count: 500_000), to: "big")
        let proof = try directory.write("", to: "proof")
        let result = try Program.run("audit", "verify", "--proof", proof, "--key", big)
        #expect(result.status == 2)
        #expect(result.errors == "lapwing: error: `\(big)` has more than 4096 bytes, which no key has\n")
        let calibrated = try Program.run("guard", "calibrate", proof)
        #expect(
            calibrated.status == 2 && calibrated.errors.contains("`\(proof)` holds no texts"),
            "\(calibrated.errors)"
        )
    }

    @Test func `is bounded in each command alike, standard input too`() throws {
        let directory = try TemporaryDirectory()
        let piped = try Program.run(
            ["policy", "check", "-"],
            input: String(repeating: "#", count: (16 << 20) + 1)
        )
        #expect(piped.status == 2)
        #expect(
            piped.errors == "lapwing: error: standard input has more than 16 MiB, which no text that is read here has\n"
        )
        // A directory opens as a file does, and gives no bytes.
        for command in [["guard", "scan"], ["guard", "eval"], ["guard", "calibrate"]] {
            let read = try Program.run(command + [directory.path])
            #expect(read.status == 2, "\(read.errors)")
            #expect(read.errors == "lapwing: error: `\(directory.path)` cannot be read: Is a directory\n")
            let missing = try Program.run(command + [directory.path + "/none"])
            #expect(missing.status == 2)
            #expect(missing.errors == "lapwing: error: there is no file `\(directory.path)/none`\n")
        }
    }

    @Test func `a directory without policies is told of, and one without a log is no log without findings`() throws {
        let directory = try TemporaryDirectory()
        for command in ["check", "lint"] {
            let result = try Program.run("policy", command, directory.path)
            let said = result.output + result.errors
            #expect(result.status == 0 && said.contains("warning: there is no resource in it"), "\(said)")
        }
        let none = try Program.run("policy", "lint", directory.path + "/none")
        #expect(
            none.status == 2 && none.errors.hasPrefix("\(directory.path)/none:1:1: error: no such file"),
            "\(none.errors)"
        )
        let replayed = try Program.run("monitor", "replay", "--log", directory.path)
        #expect(replayed.status == 3)
        #expect(replayed.errors.contains("there is no audit log at `\(directory.path)`"), "\(replayed.errors)")
    }
}
