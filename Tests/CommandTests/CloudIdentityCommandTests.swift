import Foundation
import Glibc
import Testing

/// Tokens and clouds end to end: `lapwing serve`, its commands, and stock SDKs against an STS that really verifies.
@Suite(.enabled(if: CloudPeers.areInstalled), .serialized, .timeLimit(.minutes(5))) struct `Clouds without a key` {
    private static let role = "arn:aws:iam::123456789012:role/training"
    private static let inference = "spiffe://cluster.local/ns/ml-inference/sa/inference-service"

    @Test(.timeLimit(.minutes(5)))
    func `boto3 and google-auth get credentials by the workload's identity, and by nothing else`() throws {
        let directory = try TemporaryDirectory()
        let oidc = directory.path + "/oidc"
        let cloud = try CloudPeers("serve", oidc + "/.well-known/openid-configuration", oidc + "/keys")
        let url = "http://127.0.0.1:\(try #require(cloud.line()))"
        let (port, gatewayPort) = (try CloudPeers.freePort(), try CloudPeers.freePort())
        let lapwing = try Installation { folder in
            try Self.configure(folder, port: port, gatewayPort: gatewayPort, sts: url)
        }
        #expect(
            try lapwing.wait { try lapwing.run("identity", "token", "fetch", "--audience", "shop").status == 0 }
        )
        try tokens(lapwing)
        try gateway(lapwing, port: gatewayPort)

        // Before the keys are published nobody believes a token, and the record says why.
        let endpoint = "http://127.0.0.1:\(port)/v1/credentials"
        func pod() throws -> [String: Any] {
            try CloudPeers.answer("pod", url, environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint])
        }
        #expect(try lapwing.wait { Self.isOpen(port) })
        #expect(try pod()["error"] != nil)
        let refused = try lapwing.run("audit", "tail", "-n", "50", "-o", "json").output
        #expect(refused.contains("identity.credentials.issue") && refused.contains("InvalidIdentityToken"))

        let config = ["--config", lapwing.directory.path + "/c"]
        let exported = try Program.run(["identity", "oidc", "export", oidc] + config + lapwing.places)
        #expect(exported.status == 0, "\(exported.errors)")
        try discovery(oidc)

        // EKS Pod Identity's way: no header, no file; the connection says who asks.
        let found = try pod()
        #expect(found["method"] as? String == "container-role", "\(found)")
        #expect((found["key"] as? String)?.hasPrefix("ASIATEST") == true)
        #expect(found["secret"] as? Bool == true && found["token"] as? Bool == true)

        // IRSA's way, and a key that lasts is not passed on.
        let irsa = try exec(lapwing, ["--aws-role", Self.role], "irsa", url)
        #expect(irsa.json["method"] as? String == "assume-role-with-web-identity", "\(irsa)")
        #expect((irsa.json["key"] as? String)?.hasPrefix("ASIATEST") == true)
        #expect(irsa.errors.contains("AWS_ACCESS_KEY_ID is not passed on"))
        let denied = try exec(lapwing, ["--aws-role", Self.role + "s"], "irsa", url)
        #expect((denied.json["error"] as? String)?.contains("AccessDenied") == true, "\(denied)")

        let provider = "projects/1/locations/global/workloadIdentityPools/ml/providers/lapwing"
        let google = try Program.run(
            ["identity", "exec", "--google-provider", provider] + lapwing.places
                + [
                    "--", "sh", "-c",
                    "exec '\(CloudPeers.python)' '\(CloudPeers.script)' google \"$GOOGLE_APPLICATION_CREDENTIALS\" '\(url)'",
                ]
        )
        #expect(google.output.contains("ya29." + Self.inference), "\(google.output) \(google.errors)")

        // What was asked of the cloud: unsigned, for our session, and answered by its own judgement.
        let told = try lapwing.run("audit", "tail", "-n", "100", "-o", "json").output
        #expect(told.contains("ASIATEST"))
        #expect(!told.contains("secret&key") && !told.contains("session+token"))
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
    }

    /// The configuration that `lapwing init` wrote, with an issuer, a role and a rule for tokens.
    private static func configure(_ folder: String, port: Int, gatewayPort: Int, sts: String) throws {
        func edit(_ name: String, _ change: (String) -> String) throws {
            let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
            try change(text).write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
        }
        try edit("settings.yaml") {
            $0.replacing("# jwtIssuer: https://id.example/prod", with: "jwtIssuer: https://id.example/prod")
        }
        try edit("gateway.yaml") {
            $0.replacing(
                "{ name: mtls, address: 127.0.0.1, port: 0 }",
                with: "{ name: mtls, address: 127.0.0.1, port: \(gatewayPort) }"
            )
        }
        try """
        apiVersion: lapwing.dev/v1alpha1
        kind: CloudCredentials
        metadata: { name: aws }
        spec:
          port: \(port)
          aws:
            endpoint: \(sts)
            plaintext: true
            roles:
              - { spiffeID: "\(inference)", roleARN: "\(role)", duration: 15m }
        ---
        apiVersion: security.istio.io/v1
        kind: RequestAuthentication
        metadata: { name: workloads, namespace: ml-inference }
        spec:
          jwtRules:
            - { issuer: "spiffe://cluster.local", audiences: [inference] }
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: by-token, namespace: ml-inference }
        spec:
          action: ALLOW
          rules:
            - when:
                - { key: "request.auth.claims[iss]", values: ["spiffe://cluster.local"] }
                - { key: "request.auth.claims[sub]", values: ["\(inference)"] }
        """.write(toFile: folder + "/clouds.yaml", atomically: true, encoding: .utf8)
    }

    /// `identity token fetch` and `validate`, and what the record tells of it.
    private func tokens(_ lapwing: Installation) throws {
        func fetch(_ audience: String) throws -> String {
            try lapwing.run("identity", "token", "fetch", "--audience", audience, "-o", "raw").output
                .trimmingCharacters(in: .newlines)
        }
        func validate(_ token: String, _ audience: String) throws -> Program.Result {
            try Program.run(
                ["identity", "token", "validate", "--audience", audience] + lapwing.places,
                input: token + "\n"
            )
        }
        let token = try fetch("shop")
        #expect(token.split(separator: ".").count == 3)
        let valid = try validate(token, "shop")
        #expect(valid.status == 0 && valid.output.contains(Self.inference), "\(valid.errors)")
        let replayed = try validate(token, "bank")
        #expect(replayed.status == 4 && replayed.errors.contains("token_audience_not_allowed"))
        #expect(try validate(String(token.dropLast(4)) + "AAAA", "shop").status == 4)
        #expect(try validate("", "shop").status == 2)
        let table = try lapwing.run("identity", "token", "fetch", "--audience", "shop")
        #expect(!table.output.contains(token), "a table shows no token")
        let file = lapwing.directory.path + "/token"
        #expect(try lapwing.run("identity", "token", "fetch", "--audience", "shop", "--write", file).status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try lapwing.run("identity", "token", "validate", "--audience", "shop", file).status == 0)
        #expect(try lapwing.run("identity", "token", "fetch", "--audience", "").status == 2)

        let told = try lapwing.run("audit", "tail", "-n", "50", "-o", "json").output
        #expect(told.contains("identity.token.issue") && told.contains(Self.inference))
        let signature = try #require(token.split(separator: ".").last)
        #expect(!told.contains(signature), "the record never holds a token")
    }

    /// A gateway with a `RequestAuthentication` of the trust domain: with our token it goes on to the upstream, which is
    /// away; with another, or with none, it does not.
    private func gateway(_ lapwing: Installation, port: Int) throws {
        let keys = lapwing.directory.path + "/svid"
        #expect(try lapwing.run("identity", "svid", "fetch", "--write", keys).status == 0)
        func status(_ token: String?) throws -> String {
            try Program.run(
                [
                    "-sk", "-o", "/dev/null", "-w", "%{http_code}", "--cert", keys + "/svid.0.pem", "--key",
                    keys + "/svid.0.key", "-X", "POST", "-d", "{}",
                ] + (token.map { ["-H", "Authorization: Bearer " + $0] } ?? [])
                    + ["https://127.0.0.1:\(port)/v1/predict"],
                program: "/usr/bin/curl"
            ).output
        }
        func fetch(_ audience: String) throws -> String {
            try lapwing.run("identity", "token", "fetch", "--audience", audience, "-o", "raw").output
                .trimmingCharacters(in: .newlines)
        }
        let ours = try fetch("inference")
        let found = [
            try status(ours), try status(nil), try status(try fetch("shop")),
            try status(String(ours.dropLast(4)) + "AAAA"),
        ]
        #expect(found[0].hasPrefix("5"), "\(found)")
        #expect(Array(found.dropFirst()) == ["403", "401", "401"], "\(found)")
    }

    /// §3.1 of the identity specification, field by field.
    private func discovery(_ folder: String) throws {
        func json(_ path: String) throws -> [String: Any] {
            let data = try Data(contentsOf: URL(fileURLWithPath: folder + path))
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        let found = try json("/.well-known/openid-configuration")
        #expect(found["issuer"] as? String == "https://id.example/prod")
        #expect(found["jwks_uri"] as? String == "https://id.example/prod/keys")
        #expect(found["id_token_signing_alg_values_supported"] as? [String] == ["ES256"])
        let keys = try #require(try json("/keys")["keys"] as? [[String: Any]])
        #expect(keys.count == 1)
        #expect(keys.allSatisfy { $0["use"] as? String == "sig" && $0["alg"] as? String == "ES256" && $0["d"] == nil })
    }

    private struct Outcome {
        let json: [String: Any]
        let errors: String
    }

    private func exec(_ lapwing: Installation, _ options: [String], _ arguments: String...) throws -> Outcome {
        let result = try Program.run(
            ["identity", "exec"] + options + lapwing.places + ["--", CloudPeers.python, CloudPeers.script] + arguments,
            environment: ["AWS_ACCESS_KEY_ID": "AKIAOLD", "AWS_SECRET_ACCESS_KEY": "old"]
        )
        #expect(result.status == 0, "\(result.errors)")
        let json = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any]
        return Outcome(json: json ?? [:], errors: result.errors)
    }

    private static func isOpen(_ port: Int) -> Bool {
        (try? Program.run(["-s", "-o", "/dev/null", "http://127.0.0.1:\(port)/"], program: "/usr/bin/curl").status) == 0
    }

    @Test func `exec says what is missing, and passes on the command's end`() throws {
        #expect(try Program.run("identity", "exec", "--", "true").status != 0)
        #expect(try Program.run("identity", "exec", "--aws-role", "x").status == 2)
        let rules = try TemporaryDirectory()
        _ = try rules.write("", to: "empty.yaml")
        let export = try Program.run("identity", "oidc", "export", rules.path + "/o", "--config", rules.path)
        #expect(export.status == 2 && export.errors.contains("jwtIssuer"))
    }
}

/// `Tests/Peers/clouds.py`.
final class CloudPeers {
    private let process = Process()
    private let output = Pipe()

    static var python: String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        return (ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? root + "/.venv") + "/bin/python"
    }

    static var script: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
            + "/Peers/clouds.py"
    }

    /// Whether they can run; prints a line where they cannot.
    ///
    /// In CI they must.
    static var areInstalled: Bool {
        if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        let check = try? Program.run(["-c", "import boto3, google.auth, jwt, requests"], program: python)
        if check?.status == 0 { return true }
        print(
            "clouds: skipped, there is no boto3, google-auth or PyJWT in LAPWING_PEERS or .venv; run scripts/setup-test-peers"
        )
        return false
    }

    init(_ arguments: String...) throws {
        process.executableURL = URL(fileURLWithPath: Self.python)
        process.arguments = [Self.script] + arguments
        process.standardOutput = output
        try process.run()
    }

    /// The first line that it prints.
    func line() -> String? {
        var text = Data()
        while let byte = try? output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            if byte == Data("\n".utf8) { return String(decoding: text, as: UTF8.self) }
            text += byte
        }
        return nil
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// What an SDK finds.
    static func answer(_ arguments: String..., environment: [String: String]) throws -> [String: Any] {
        let result = try Program.run([script] + arguments, environment: environment, program: python)
        return try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any],
            "\(result.errors)"
        )
    }

    /// A port of 127.0.0.1 that nobody listens on now.
    static func freePort() throws -> Int {
        let code = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
        let text = try Program.run(["-c", code], program: python).output
        return try #require(Int(text.trimmingCharacters(in: .newlines)))
    }
}
