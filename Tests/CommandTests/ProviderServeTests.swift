import Foundation
import Testing

/// A program of the tests' own that runs beside the gateway until the test is over.
private final class Peer {
    private let process = Process()
    private let input = Pipe()

    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
    private static var python: String {
        (ProcessInfo.processInfo.environment["LAPWING_PEERS"]
            ?? tests.deletingLastPathComponent().path + "/.venv") + "/bin/python"
    }

    /// Whether they can run; in CI they must.
    static let areInstalled: Bool = {
        if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        let check = try? Program.run(["-c", "import grpc, envoy.service.auth.v3"], program: python)
        if check?.status == 0 { return true }
        print("skipped: the test peers are not installed (scripts/setup-test-peers)")
        return false
    }()

    /// Starts a script and comes back once it has said `ready`.
    init(_ script: String, _ arguments: String...) throws {
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: Self.python)
        process.arguments = [Self.tests.appending(path: script).path] + arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        var said = ""
        while !said.hasSuffix("\n") {
            let data = output.fileHandleForReading.availableData
            guard !data.isEmpty else { break }
            said += String(decoding: data, as: UTF8.self)
        }
        try #require(said == "ready\n")
    }

    func tell(_ line: String) throws { try input.fileHandleForWriting.write(contentsOf: Data("\(line)\n".utf8)) }

    func stop() {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    deinit { stop() }
}

/// `lapwing serve` with what other processes decide and vouch for: a provider that speaks gRPC, by its own library, and an
/// issuer whose keys are fetched over HTTPS.
@Suite(.enabled(if: Peer.areInstalled), .timeLimit(.minutes(5))) struct ProviderServeTests {
    private static let policies = """
        apiVersion: security.istio.io/v1
        kind: RequestAuthentication
        metadata: { name: users, namespace: ml-inference }
        spec: { jwtRules: [{ issuer: "https://issuer.example", jwksUri: "URL" }] }
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: ask, namespace: ml-inference }
        spec:
          action: CUSTOM
          provider: { name: judge }
          rules: [{ to: [{ operation: { paths: ["/v1/stream"] } }] }]
        ---
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: allow, namespace: ml-inference }
        spec:
          action: ALLOW
          rules:
            - to: [{ operation: { paths: ["/v1/stream"] } }]
            - from: [{ source: { requestPrincipals: ["https://issuer.example/alice"] } }]
              to: [{ operation: { paths: ["/v1/predict"] } }]
        """

    /// A gateway with both, and a client of it.
    private final class World {
        let lapwing: Installation
        let issuer: Peer
        let judge: Peer
        private let peers: TemporaryDirectory
        private var credentials: [String] = []
        private var port = ""

        init() throws {
            let peers = try TemporaryDirectory()
            self.peers = peers
            let (model, socket) = (peers.path + "/model.sock", peers.path + "/judge.sock")
            issuer = try Peer("Peers/issuer_and_model.py", peers.path, model)
            judge = try Peer("GatewayTests/Peers/ext_authz_server.py", socket)
            let url = try String(contentsOfFile: peers.path + "/url", encoding: .utf8)
            let spec = """

                spec:
                  extensionProviders:
                  - { name: judge, envoyExtAuthzGrpc: { unixSocket: "\(socket)", timeout: 5s } }
                  tokenKeys: { authoritiesFile: "\(peers.path)/roots.pem" }

                """
            lapwing = try Installation { configuration in
                func change(_ name: String, _ edit: (String) -> String) throws {
                    let file = configuration + "/" + name
                    try edit(String(contentsOfFile: file, encoding: .utf8))
                        .write(toFile: file, atomically: true, encoding: .utf8)
                }
                try change("gateway.yaml") {
                    $0.replacing(/unixSocket: \S+none.sock/, with: "unixSocket: " + model).replacing(
                        "\nspec:\n",
                        with: spec
                    )
                }
                try change("identities.yaml") {
                    $0.replacing(", \"unix:path:/usr/local/bin/api-gateway\"", with: "")
                }
                try change("policies.yaml") { _ in ProviderServeTests.policies.replacing("URL", with: url) }
            }
            try #require(try lapwing.wait { lapwing.port(of: "mtls") != nil })
            port = lapwing.port(of: "mtls") ?? ""
            let svids = peers.path + "/svids"
            try #require(
                try lapwing.wait { try lapwing.run("identity", "svid", "fetch", "--write", svids).status == 0 }
            )
            let number = try #require(
                (0..<4).first { number in
                    let arguments = ["x509", "-noout", "-ext", "subjectAltName", "-in", "\(svids)/svid.\(number).pem"]
                    let names = try? Program.run(arguments, program: "/usr/bin/openssl").output
                    return names?.contains("/sa/api-gateway") == true
                }
            )
            credentials = ["--cert", "\(svids)/svid.\(number).pem", "--key", "\(svids)/svid.\(number).key"]
        }

        /// The issuer's token of a number.
        func token(_ number: Int) throws -> String {
            "authorization: Bearer " + (try String(contentsOfFile: "\(peers.path)/token.\(number)", encoding: .utf8))
        }

        /// Asks the gateway; returns the status and the answer's body.
        func ask(_ path: String, _ headers: String...) throws -> (status: String, body: String) {
            let answer = try Program.run(
                ["-sk", "-w", "\n%{http_code}", "-X", "POST", "-d", "{}"] + credentials
                    + headers.flatMap { ["-H", $0] } + ["https://127.0.0.1:\(port)\(path)"],
                program: "/usr/bin/curl"
            ).output
            let end = answer.lastIndex(of: "\n") ?? answer.startIndex
            return (String(answer[end...].dropFirst()), String(answer[..<end]))
        }
    }

    @Test(.timeLimit(.minutes(3)))
    func `a token is believed by the keys that its issuer publishes, a new one too, and no other`() throws {
        let world = try World()
        // The keys may still be on their way.
        #expect(try world.lapwing.wait { try world.ask("/v1/predict", world.token(1)).status == "200" })
        #expect(try world.ask("/v1/predict").status == "403")
        #expect(try world.ask("/v1/predict", world.token(3)).status == "401")
        #expect(try world.ask("/v1/predict", world.token(2)).status == "401")
        let seen = try world.ask("/v1/predict", world.token(1)).body
        #expect(!seen.contains("authorization") && seen.contains("/sa/api-gateway"), "\(seen)")
        // The issuer takes a new key into use: the first token that names it has the keys fetched again.
        try world.issuer.tell("next")
        #expect(try world.lapwing.wait { try world.ask("/v1/predict", world.token(2)).status == "200" })
        #expect(try world.ask("/v1/predict", world.token(3)).status == "401")
        #expect(try world.lapwing.wait { try world.lapwing.run("audit", "verify").status == 0 })
    }

    @Test(.timeLimit(.minutes(3)))
    func `a provider of another process decides, and nothing goes on once it is gone`() throws {
        let world = try World()
        let allowed = try world.ask("/v1/stream", "x-ask: allow", "x-tenant: blue")
        #expect(allowed.status == "200" && allowed.body.contains("\"x-tenant\": \"green\""), "\(allowed)")
        let refused = try world.ask("/v1/stream", "x-ask: deny")
        #expect(refused.status == "429" && refused.body == "slow down")
        #expect(try world.ask("/v1/stream").status == "403")
        // The other paths ask nobody.
        #expect(try world.lapwing.wait { try world.ask("/v1/predict", world.token(1)).status == "200" })
        world.judge.stop()
        #expect(try world.ask("/v1/stream", "x-ask: allow").status == "403")
        #expect(try world.ask("/v1/predict", world.token(1)).status == "200")
        let tail = try world.lapwing.run("audit", "tail", "-n", "20", "-o", "json").output
        #expect(tail.contains(#""answer":"failed""#) && tail.contains("denied_by_provider"), "\(tail)")
    }
}
