import Foundation
import Testing

/// Where the programs of the tests are.
private enum Peers {
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
    static let folder =
        ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? tests.deletingLastPathComponent().path + "/.venv"
    static let servers = folder + "/servers/bin/python"

    /// Whether they can run; in CI they must.
    static let areInstalled: Bool = {
        if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        if FileManager.default.isExecutableFile(atPath: servers) { return true }
        print("skipped: the model servers are not installed (scripts/setup-test-peers)")
        return false
    }()
}

/// Model servers of other people behind `lapwing serve`: llama.cpp's, MLServer with scikit-learn, and KServe's.
@Suite(.enabled(if: Peers.areInstalled), .timeLimit(.minutes(5))) struct ModelServersTests {
    private static let policies = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: models, namespace: ml-inference }
        spec:
          action: ALLOW
          rules:
            - from: [{ source: { principals: ["cluster.local/ns/ml-api/sa/api-gateway"] } }]
              to: [{ operation: { methods: [POST], paths: ["/v1/*", "/v2/*"] } }]
        """

    private static func routes(_ folder: String) -> String {
        """
          upstreams:
          - { name: llama, unixSocket: \(folder)/llama.sock }
          - { name: mlserver, unixSocket: \(folder)/mlserver.sock }
          - { name: kserve, unixSocket: \(folder)/kserve.sock }
          routes:
          - { name: chat, path: { prefix: /v1 }, upstream: llama, guardrail: openai }
          - { name: messages, path: { exact: /v1/messages }, upstream: llama, guardrail: anthropic }
          - { name: classes, path: { prefix: /v2 }, upstream: mlserver, guardrail: tensors }
          - { name: sums, path: { prefix: /v2/models/sums }, upstream: kserve, guardrail: binary }
          - { name: looked, hosts: [looked.at], path: { prefix: /v2/models/sums }, upstream: kserve, guardrail: tensors }
          admin: { address: 127.0.0.1, port: 0 }

        """
    }

    private static let guardrails = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Guardrail
        metadata: { name: openai, namespace: ml-inference }
        spec:
          dialect: openai
          models: { allow: [chain] }
          tokens: { output: 200 }
          injection: { channels: { tool-result: { action: sanitise } } }
          output: { personalData: { action: redact }, secrets: redact, systemPrompt: block }
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: Guardrail
        metadata: { name: anthropic, namespace: ml-inference }
        spec:
          dialect: anthropic-messages
          models: { allow: [chain] }
          tokens: { output: 200 }
          injection: {}
          output: { personalData: { action: redact }, secrets: redact, systemPrompt: block }
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: Guardrail
        metadata: { name: tensors, namespace: ml-inference }
        spec:
          dialect: kserve-v2
          body: { opaqueParts: allow }
          models: { allow: ["points*", tickets, sums] }
          injection: {}
          output: { personalData: { action: redact }, secrets: redact }
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: Guardrail
        metadata: { name: binary, namespace: ml-inference }
        spec:
          dialect: kserve-v2
          body: { opaqueParts: allow }
          models: { allow: [sums] }
          injection: {}
        """

    @Test(.timeLimit(.minutes(5)))
    func `clients and model servers of other people get on, whole and streamed, and nothing forbidden passes`() throws {
        let folder = try TemporaryDirectory()
        // They start while the gateway does.
        let servers = try Servers(Peers.servers, Peers.tests.path + "/Peers/model_servers.py", folder.path)
        let lapwing = try Installation { configuration in
            func change(_ name: String, _ edit: (String) -> String) throws {
                let file = configuration + "/" + name
                try edit(String(contentsOfFile: file, encoding: .utf8))
                    .write(toFile: file, atomically: true, encoding: .utf8)
            }
            try change("gateway.yaml") { text in
                text[..<(text.range(of: "  upstreams:\n")?.lowerBound ?? text.endIndex)] + Self.routes(folder.path)
            }
            try change("identities.yaml") { $0.replacing(", \"unix:path:/usr/local/bin/api-gateway\"", with: "") }
            try change("policies.yaml") { _ in Self.policies }
            try Self.guardrails.write(
                toFile: configuration + "/guardrails.yaml",
                atomically: true,
                encoding: .utf8
            )
        }
        try #require(try lapwing.wait { lapwing.port(of: "mtls") != nil })
        let port = try #require(lapwing.port(of: "mtls"))
        let svids = folder.path + "/svids"
        try #require(try lapwing.wait { try lapwing.run("identity", "svid", "fetch", "--write", svids).status == 0 })
        let number = try #require(
            (0..<4).first { number in
                let arguments = ["x509", "-noout", "-ext", "subjectAltName", "-in", "\(svids)/svid.\(number).pem"]
                let names = try? Program.run(arguments, program: "/usr/bin/openssl").output
                return names?.contains("/sa/api-gateway") == true
            }
        )
        try servers.waitUntilReady()
        let callers = try Program.run(
            [
                "--kill-after=5", "120", Peers.folder + "/bin/python",
                Peers.tests.path + "/Peers/model_server_callers.py",
                port, "\(svids)/svid.\(number).pem", "\(svids)/svid.\(number).key",
            ],
            program: "/usr/bin/timeout"
        )
        let said = callers.output.trimmingCharacters(in: .newlines)
        #expect(callers.status == 0 && said.hasSuffix(" passed"), "\(said) \(callers.errors)")
        let tail = try lapwing.run("audit", "tail", "-n", "1000", "-o", "json").output
        for expected in [
            "\"rule\":\"pii/CREDIT_CARD\"", "\"rule\":\"pii/EMAIL_ADDRESS\"", "\"rule\":\"secret/", "guard_injection",
            "guard_model_not_allowed", "guard_tensor_size", "answer_content_type", "\"usage\":{",
        ] {
            #expect(tail.contains(expected), "\(expected) is not in the record")
        }
        for secret in ["4111 11", "ghp_", "billing@"] { #expect(!tail.contains(secret), "\(secret)") }
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        print("suite: llama.cpp's, MLServer's and KServe's servers behind `lapwing serve`: \(said), 0 failed")
    }

    /// The servers, which end with this.
    private final class Servers {
        private let process = Process()
        private let input = Pipe()
        private let output = Pipe()

        init(_ python: String, _ arguments: String...) throws {
            process.executableURL = URL(fileURLWithPath: python)
            process.arguments = arguments
            process.standardInput = input
            process.standardOutput = output
            try process.run()
        }

        /// Comes back when all of them answer; they give up by themselves where one does not.
        func waitUntilReady() throws {
            let said = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
            // The line's end may come by itself.
            try #require(said.hasPrefix("ready"), "the model servers did not start, see standard error")
        }

        deinit {
            try? input.fileHandleForWriting.close()
            process.stop()
        }
    }
}
