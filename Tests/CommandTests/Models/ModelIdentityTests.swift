import Foundation
import Glibc
import Testing

/// An identity that depends on the loaded model: `lapwing serve`, `lapwing model run` and py-spiffe as the workload.
@Suite(.serialized, .enabled(if: ModelWorkload.isAvailable), .timeLimit(.minutes(5))) struct ModelIdentityTests {
    static let workload = "spiffe://cluster.local/ns/ml-inference/sa/inference-service"

    @Test(.timeLimit(.minutes(3)))
    func `a changed byte takes the identity, closes what stands on it, and refuses the next call`() throws {
        let lapwing = try ModelInstallation()
        let stranger = try ModelWorkload(socket: lapwing.socket)
        _ = stranger.line()
        let (workload, path, isSealed) = try lapwing.load()
        let answer = try #require(try workload.ask("fetch")).split(separator: " ")
        #expect(answer.count == 5 && answer[1] == Self.workload && answer[3] == lapwing.digest)
        let serial = answer[2]
        // Allowed by policy; that nobody is behind the gateway is another matter.
        #expect(try workload.ask("call \(lapwing.port)") == "status 502")
        #expect(try workload.ask("hold \(lapwing.port)") == "open 502")
        #expect(try lapwing.records().contains(#""model":"\#(lapwing.digest)""#))
        // Who did not load it has nothing, whatever it says.
        #expect(try stranger.ask("fetch") == "error PERMISSION_DENIED")
        #expect(try stranger.ask("prove \(lapwing.digest)") == "error PERMISSION_DENIED")
        #expect(try workload.ask("prove \(lapwing.digest)") == "error PERMISSION_DENIED")
        #expect(try workload.ask("watch") == "svids \(Self.workload)")
        let weights = path + "/weights.bin"
        #expect(try workload.ask("read \(weights)") == "read \(8 << 20)")
        guard !isSealed else {
            // Nothing can be changed under it; what is on disk shows at the next start.
            try lapwing.flip(at: 0)
            #expect(try workload.ask("read \(weights)") == "read \(8 << 20)")
            return
        }
        let started = Date()
        try lapwing.flip(at: 0)
        try workload.say("read \(weights)")
        // The mount may still have the bytes that it verified; others it does not give.
        let read = workload.line(beginning: "errno ", "read ")
        #expect(read == "errno 5" || read == "read \(8 << 20)")
        let error = try #require(workload.line(beginning: "error "))
        #expect(error.hasPrefix("error PERMISSION_DENIED"))
        #expect(workload.line(beginning: "closed") == "closed")
        #expect(Date().timeIntervalSince(started) < 2)
        #expect(try workload.ask("call \(lapwing.port)")?.hasPrefix("refused") == true)
        #expect(try workload.ask("fetch") == "error PERMISSION_DENIED")
        #expect(try lapwing.wait { try lapwing.isRevoked(serial) })
        #expect(try lapwing.wait { try lapwing.acts().contains { $0.contains("model.proof.withdraw") } })
        let acts = try lapwing.acts()
        #expect(acts.contains { $0.contains("model.proof.hold") && $0.contains(lapwing.digest) })
        #expect(acts.contains { $0.contains("model.proof.withdraw") && $0.contains("weights.bin") })
        #expect(acts.filter { $0.contains("model.proof.refuse") }.count == 2)
        #expect(try lapwing.wait { try Program.run(["audit", "verify"] + lapwing.places).status == 0 })
    }

    @Test(.timeLimit(.minutes(3)))
    func `a loader that is killed takes the identity with it`() throws {
        let lapwing = try ModelInstallation(size: 4_096)
        let (workload, _, _) = try lapwing.load()
        let answer = try #require(try workload.ask("fetch")).split(separator: " ")
        #expect(answer.first == "svid")
        let started = Date()
        kill(workload.process.processIdentifier, SIGKILL)
        #expect(try lapwing.wait { try lapwing.isRevoked(answer[2]) })
        #expect(Date().timeIntervalSince(started) < 4)
        #expect(try lapwing.wait { try lapwing.acts().contains { $0.contains("model.proof.withdraw") } })
    }

    @Test(.timeLimit(.minutes(3)), .enabled(if: geteuid() == 0, "only root can become another user"))
    func `a loader that is root proves what its command of another user has loaded`() throws {
        let lapwing = try ModelInstallation(
            users: "separateUser",
            selectors: ["unix:user:nobody", "model:verified"],
            size: 9
        )
        func run(_ flags: [String]) throws -> Program.Result {
            try Program.run(
                [
                    "model", "run", "--model", lapwing.model, "--public-key", lapwing.directory.path + "/key.pub",
                    "--prove", "--socket", "unix://" + lapwing.socket, "--quiet",
                ] + flags + ["--", try Program.path, "identity", "svid", "fetch"] + lapwing.places
            )
        }
        let shown = try Program.run(
            [
                "model", "run", "--model", lapwing.model, "--public-key", lapwing.directory.path + "/key.pub",
                "--quiet",
                "--user", "nobody", "--env", "LAPWING_TEST_KEPT", "--", "/usr/bin/env",
            ],
            environment: ["LAPWING_TEST_SECRET": "s3cret", "LAPWING_TEST_KEPT": "kept"]
        )
        if shown.status == 0 {
            #expect(!shown.output.contains("s3cret") && shown.output.contains("LAPWING_TEST_KEPT=kept"))
            #expect(shown.output.contains("USER=nobody\n") && shown.output.contains("LAPWING_MODEL_PATH=/"))
        }
        let served = try run(["--user", "nobody"])
        // Where nobody may mount there is no such way.
        if served.status == 3, served.errors.contains("--sealed") { return }
        #expect(served.status == 0 && served.output.contains(Self.workload), "\(served.errors)")
        #expect(try run(["--sealed", "--user", "nobody"]).status == 2)
        #expect(try run(["--user", "root"]).status == 2)
        // The same program as nobody, which no loader started.
        let alone = try Program.run(
            ["--reuid=65534", "--clear-groups", try Program.path, "identity", "svid", "fetch"] + lapwing.places,
            program: "/usr/bin/setpriv"
        )
        #expect(alone.status != 0 && !alone.output.contains(Self.workload), "\(alone.output)")
    }

    /// The Envoy of the test peers, or the one that `LAPWING_ENVOY` names.
    private static var envoy: String? {
        let environment = ProcessInfo.processInfo.environment
        let root = URL(fileURLWithPath: #filePath + "/../../../..").standardizedFileURL.path
        let peers = environment["LAPWING_PEERS"] ?? root + "/.venv"
        let found = environment["LAPWING_ENVOY"] ?? peers + "/bin/envoy"
        // In CI it must be there.
        guard FileManager.default.isExecutableFile(atPath: found) || environment["CI"] == "true" else {
            print("a certificate with a model in Envoy: skipped, there is none; run scripts/setup-test-peers")
            return nil
        }
        return found
    }

    @Test(.timeLimit(.minutes(3)), .enabled(if: envoy != nil))
    func `Envoy and OpenSSL accept a certificate that names a model`() throws {
        let program = URL(fileURLWithPath: try Program.path).resolvingSymlinksInPath().path
        let lapwing = try ModelInstallation(selectors: ["unix:path:\(program)", "model:verified"], size: 9)
        let folder = lapwing.directory.path + "/svids"
        let fetched = try Program.run(
            [
                "model", "run", "--model", lapwing.model, "--public-key", lapwing.directory.path + "/key.pub",
                "--prove", "--sealed", "--socket", "unix://" + lapwing.socket, "--quiet", "--", program, "identity",
                "svid", "fetch", "--write", folder,
            ] + lapwing.places
        )
        try #require(fetched.status == 0, "\(fetched.errors)")
        // The loader has ended: its proof, and what was issued on it, are gone for Lapwing. Envoy knows nothing of that.
        func shell(_ script: String) throws -> Program.Result {
            try Program.run(["-c", "cd '\(folder)' && \(script)"], program: "/bin/sh")
        }
        let named = try shell(
            "grep -l . svid.*.pem | while read f; do openssl x509 -in $f -noout -text | grep -q '2.25.1186934735.1' && echo $f; done"
        )
        let file = try #require(named.output.split(separator: "\n").first)
        let stem = String(file.dropLast(4))
        let bundle = stem.replacing("svid", with: "bundle") + ".pem"
        #expect(try shell("openssl verify -CAfile \(bundle) \(file)").status == 0)
        let yaml = """
            admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }
            static_resources:
              listeners:
              - name: one
                address: { pipe: { path: \(folder)/envoy.sock } }
                filter_chains:
                - transport_socket:
                    name: envoy.transport_sockets.tls
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
                      require_client_certificate: true
                      common_tls_context:
                        tls_certificates:
                        - { certificate_chain: { filename: \(folder)/\(file) }, private_key: { filename: \(folder)/\(stem).key } }
                        validation_context:
                          trusted_ca: { filename: \(folder)/\(bundle) }
                          match_typed_subject_alt_names:
                          - { san_type: URI, matcher: { exact: "\(Self.workload)" } }
                  filters:
                  - name: envoy.filters.network.http_connection_manager
                    typed_config:
                      "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                      stat_prefix: one
                      http_filters:
                      - name: envoy.filters.http.router
                        typed_config: { "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router }
                      route_config:
                        virtual_hosts:
                        - name: all
                          domains: ["*"]
                          routes: [{ match: { prefix: "/" }, direct_response: { status: 200 } }]

            """
        _ = try lapwing.directory.write(yaml, to: "svids/envoy.yaml")
        let envoy = Process()
        envoy.executableURL = URL(fileURLWithPath: try #require(Self.envoy))
        envoy.arguments = ["-c", folder + "/envoy.yaml", "--use-dynamic-base-id", "-l", "error"]
        envoy.standardError = FileHandle.nullDevice
        try envoy.run()
        defer {
            kill(envoy.processIdentifier, SIGKILL)
            envoy.waitUntilExit()
        }
        let call = "curl -sk -o /dev/null -w '%{http_code}' --unix-socket envoy.sock https://envoy/ --cert"
        #expect(try lapwing.wait { try shell("\(call) \(file) --key \(stem).key").output == "200" })
        let other = try #require(try shell("ls svid.*.pem | grep -v \(file)").output.split(separator: "\n").first)
        #expect(try shell("\(call) \(other) --key \(other.dropLast(4)).key").output != "200")
    }

    @Test(.timeLimit(.minutes(3))) func `a loader that nobody declared runs nothing`() throws {
        let lapwing = try ModelInstallation(selectors: ["unix:uid:4242", "model:verified"], size: 9)
        // The entry for the loader is gone with a reload; the rest stays.
        let file = lapwing.directory.path + "/c/all.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacing("modelLoader: sameUser", with: "").write(toFile: file, atomically: true, encoding: .utf8)
        #expect(
            try lapwing.wait {
                let result = try Program.run([
                    "model", "run", "--model", lapwing.model, "--public-key", lapwing.directory.path + "/key.pub",
                    "--prove", "--sealed", "--socket", "unix://" + lapwing.socket, "--quiet", "--", "/bin/echo", "ran",
                ])
                return result.status == 1 && result.output.isEmpty && result.errors.contains("modelLoader")
            }
        )
    }
}
