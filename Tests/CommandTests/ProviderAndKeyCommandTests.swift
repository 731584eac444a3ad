import Foundation
import Testing

/// Providers and keys by URL, as the program reads and tries them.
@Suite(.timeLimit(.minutes(5))) struct ProviderAndKeyCommandTests {
    private let directory: TemporaryDirectory
    private var config: String { directory.path + "/c" }

    init() throws {
        directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
    }

    /// Puts lines into the `Gateway`'s spec.
    private func configure(_ lines: String) throws {
        let file = config + "/gateway.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacing("\nspec:\n", with: "\nspec:\n\(lines)\n").write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
    }

    private func write(_ rule: String) throws {
        try """
        apiVersion: security.istio.io/v1
        kind: RequestAuthentication
        metadata: { name: tokens, namespace: ml-inference }
        spec:
          jwtRules:
            - \(rule)
        """.write(toFile: config + "/tokens.yaml", atomically: true, encoding: .utf8)
    }

    private func run(_ arguments: String...) throws -> Program.Result {
        try Program.run(
            arguments + ["--config", config, "--state", directory.path + "/s", "--run", directory.path + "/r"]
        )
    }

    @Test func `a provider that opens when it fails has to be named so, and is warned of`() throws {
        let provider = "{ name: judge, envoyExtAuthzGrpc: { unixSocket: /run/judge.sock, failOpen: true } }"
        try configure("  extensionProviders: [\(provider)]")
        let refused = try run("config", "validate")
        #expect(refused.status == 1 && (refused.output + refused.errors).contains("write `fail-open: true` instead"))
        let istio = try run("config", "validate", "--compat", "istio")
        #expect(istio.status == 0 && (istio.output + istio.errors).contains("fail-open: where the provider `judge`"))
    }

    @Test func `keys over plaintext are refused, but on loopback where that is asked for, and the doctor tries them`()
        throws
    {
        try write("{ issuer: a, jwksUri: \"http://issuer.example/jwks\" }")
        let refused = try run("config", "validate")
        let text = refused.output + refused.errors
        #expect(refused.status == 1 && text.contains("tokens.yaml:6:") && text.contains("over plaintext"))
        try write("{ issuer: a, jwksUri: \"http://127.0.0.1:1/jwks\" }")
        #expect(try run("config", "validate").status == 1)
        try configure("  tokenKeys: { plaintext: true }")
        #expect(try run("config", "validate").status == 0)
        // Another gateway cannot have the same keys on other terms.
        let gateway = try String(contentsOfFile: config + "/gateway.yaml", encoding: .utf8)
        try gateway.replacing("tokenKeys: { plaintext: true }", with: "tokenKeys: { plaintext: true, refresh: 2m }")
            .replacing("name: inference", with: "name: other").replacing(/port: [0-9]+/, with: "port: 0")
            .write(toFile: config + "/other.yaml", atomically: true, encoding: .utf8)
        let twice = try run("config", "validate")
        #expect(twice.status == 1 && (twice.output + twice.errors).contains("on different terms"))
        try FileManager.default.removeItem(atPath: config + "/other.yaml")
        let doctor = try run("doctor", "-o", "json")
        #expect(doctor.status == 1 && doctor.output.contains("\"token keys\""))
        #expect(doctor.output.contains("(unreachable)"))
    }
}
