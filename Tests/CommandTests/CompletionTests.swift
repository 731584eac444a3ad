import Foundation
import Testing

/// What the shell offers, by the script that the program makes for bash.
struct CompletionTests {
    /// The script, made once.
    private static let script = Result { try Program.run("--generate-completion-script", "bash") }

    /// What bash would offer for the last word of a line, which may be empty.
    private static func offered(_ words: [String], in directory: String) throws -> [String] {
        let script = try script.get()
        try #require(script.status == 0, "\(script.errors)")
        try script.output.write(toFile: directory + "/completion", atomically: true, encoding: .utf8)
        // Bash itself says how much it has of `compopt`, which works in an interactive shell alone.
        try """
        cd "$1"; shift
        compopt() { :; }
        source ./completion
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        _lapwing "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
        printf '%s\\n' "${COMPREPLY[@]}"
        """.write(toFile: directory + "/ask", atomically: true, encoding: .utf8)
        let result = try Program.run([directory + "/ask", directory] + words, program: "/bin/bash")
        return result.output.split(separator: "\n").map(String.init)
    }

    @Test(arguments: [
        (["lapwing", "model", "verify", "weig"], ["weights"]),
        (["lapwing", "model", "verify", "weights", "--public-key", "sig"], ["signer.pem"]),
        (["lapwing", "model", "scan", "si"], ["signer.pem"]),
        (["lapwing", "policy", "check", "wei"], ["weights"]),
        (["lapwing", "serve", "--config", "wei"], ["weights"]),
        (["lapwing", "serve", "--config", "signer"], []),
        (["lapwing", "serve", "--log-level", "not"], ["notice"]),
        (["lapwing", "serve", "--compat", ""], ["strict", "istio"]),
        (["lapwing", "guard", "scan", "--rules", "sign"], ["signer.pem"]),
        (["lapwing", "audit", "tail", "--output", "j"], ["json"]),
    ])
    func `the shell offers files, folders and the words that are known`(words: [String], expected: [String]) throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/weights", withIntermediateDirectories: true)
        _ = try directory.write("key", to: "signer.pem")
        #expect(Set(try Self.offered(words, in: directory.path)) == Set(expected))
    }
}
