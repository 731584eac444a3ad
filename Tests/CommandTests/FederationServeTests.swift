import Foundation
import Glibc
import Testing

/// Two installations that federate, each as its own `lapwing serve`.
@Suite(.enabled(if: CloudPeers.areInstalled), .timeLimit(.minutes(5))) struct `Federation end to end` {
    private static let inference = "/ns/ml-inference/sa/inference-service"

    /// An installation of a trust domain, with resources of its own beside what `lapwing init` writes.
    private static func start(_ domain: String, port: Int, _ more: String, directory: String) throws -> Installation {
        try Installation("--node", domain) { folder in
            for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
                    .replacing("cluster.local", with: domain)
                    .replacing(
                        "{ name: mtls, address: 127.0.0.1, port: 0 }",
                        with: "{ name: mtls, address: 127.0.0.1, port: \(port) }"
                    )
                try text.write(toFile: folder + "/" + name, atomically: true, encoding: .utf8)
            }
            try more.write(toFile: folder + "/federation.yaml", atomically: true, encoding: .utf8)
        }
    }

    /// What lets the other's inference service in.
    private static func policy(_ other: String) -> String {
        """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: partner, namespace: ml-inference }
        spec:
          action: ALLOW
          rules:
          - from:
            - source: { principals: ["\(other)\(inference)"] }
            to:
            - operation: { methods: [POST], paths: [/v1/predict] }
        """
    }

    /// Has the installation's own entry federate.
    private static func federate(_ lapwing: Installation, with other: String, _ isOn: Bool = true) throws {
        let file = lapwing.directory.path + "/c/identities.yaml"
        let line = "  selectors: [\"unix:uid:\(geteuid())\"]\n"
        let federates = line + "  federatesWith: [\(other)]\n"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try (isOn ? text.replacing(line, with: federates) : text.replacing(federates, with: line))
            .write(toFile: file, atomically: true, encoding: .utf8)
    }

    private struct Row: Decodable {
        let trustDomain, profile, problem: String
        let sequence: UInt64?
        let x509Authorities: Int
        let refreshed: String?
    }

    private static func row(_ lapwing: Installation) throws -> Row? {
        let result = try lapwing.run("identity", "federation", "list", "-o", "json")
        return try? JSONDecoder().decode([Row].self, from: Data(result.output.utf8)).first
    }

    /// How a gateway answers a caller with the SVID of an installation; 000 where it closes the connection.
    private static func call(_ port: Int, as caller: Installation) throws -> String {
        let keys = caller.directory.path + "/svid"
        guard try caller.run("identity", "svid", "fetch", "--write", keys).status == 0 else { return "no identity" }
        return try Program.run(
            [
                "-sk", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--cert", keys + "/svid.0.pem", "--key",
                keys + "/svid.0.key", "-H", "content-type: application/json", "-d", "{\"input\":\"x\"}",
                "https://127.0.0.1:\(port)/v1/predict",
            ],
            program: "/usr/bin/curl"
        ).output
    }

    @Test(.timeLimit(.minutes(5)))
    func `two installations believe each other's workloads, as long as each says so`() throws {
        let directory = try TemporaryDirectory()
        let (certificate, key) = (directory.path + "/web.pem", directory.path + "/web.key")
        let made = try Program.run(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=bundle", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate,
            ],
            program: "/usr/bin/openssl"
        )
        try #require(made.status == 0, "\(made.errors)")
        unsafe chmod(key, 0o600)
        let ports = try (0..<4).map { _ in try CloudPeers.freePort() }

        // A serves its bundle over the web, and B by its SVID.
        let a = try Self.start(
            "a.test",
            port: ports[0],
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: BundleEndpoint
            metadata: { name: bundle }
            spec:
              address: 127.0.0.1
              port: \(ports[1])
              profile: { type: https_web, certificateFile: \(certificate), keyFile: \(key) }
              refreshHint: 10s
            ---
            \(Self.policy("b.test"))
            """,
            directory: directory.path
        )
        let b = try Self.start(
            "b.test",
            port: ports[2],
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: BundleEndpoint
            metadata: { name: bundle }
            spec:
              address: 127.0.0.1
              port: \(ports[3])
              profile: { type: https_spiffe, spiffeID: "spiffe://b.test/bundle" }
              refreshHint: 10s
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: z-bundle }
            spec: { spiffeID: "spiffe://b.test/bundle", selectors: ["unix:uid:\(geteuid())"] }
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: FederatedTrustDomain
            metadata: { name: a }
            spec:
              trustDomain: a.test
              bundleEndpointURL: https://127.0.0.1:\(ports[1])/
              bundleEndpointProfile: { type: https_web, caFile: \(certificate) }
            ---
            \(Self.policy("a.test"))
            """,
            directory: directory.path
        )
        #expect(try a.wait { try a.run("identity", "svid", "fetch").status == 0 })
        #expect(try b.wait { try b.run("identity", "svid", "fetch").status == 0 })
        // B follows A from the start.
        #expect(
            try b.wait {
                _ = try b.run("identity", "federation", "refresh")
                return try Self.row(b)?.refreshed != nil
            }
        )
        let listed = try #require(try Self.row(b))
        #expect(listed.trustDomain == "a.test" && listed.profile == "https_web" && listed.problem.isEmpty)
        #expect(
            try b.run("identity", "bundle", "show", "--of", "a.test").output
                == (try a.run("identity", "bundle", "show").output)
        )
        #expect(try b.run("identity", "bundle", "show", "--of", "c.test").status == 1)

        // A is told of B while it runs, with B's bundle to begin with.
        let bundle = try b.run("identity", "bundle", "show", "-o", "jwks").output.trimmingCharacters(in: .newlines)
        try """
        apiVersion: spire.spiffe.io/v1alpha1
        kind: ClusterFederatedTrustDomain
        metadata: { name: b }
        spec:
          trustDomain: b.test
          bundleEndpointURL: https://127.0.0.1:\(ports[3])/
          bundleEndpointProfile: { type: https_spiffe, endpointSPIFFEID: "spiffe://b.test/bundle" }
          trustDomainBundle: '\(bundle)'
        """.write(toFile: a.directory.path + "/c/b.yaml", atomically: true, encoding: .utf8)
        #expect(try a.wait { try Self.row(a)?.refreshed != nil }, "\(String(describing: try? Self.row(a)))")

        // Nobody is believed before an entry says that it federates.
        #expect(try a.wait { try Self.call(ports[0], as: a) == "403" })
        #expect(try Self.call(ports[0], as: b) == "000")
        let written = b.directory.path + "/svid/federated_bundle.0.0.pem"
        #expect(!FileManager.default.fileExists(atPath: written))
        try Self.federate(a, with: "b.test")
        try Self.federate(b, with: "a.test")
        // The upstream is not there: 5xx is said to whoever is let in.
        #expect(try a.wait { try Self.call(ports[0], as: b).hasPrefix("5") })
        #expect(try b.wait { try Self.call(ports[2], as: a).hasPrefix("5") })
        #expect(try Self.call(ports[0], as: b).hasPrefix("5"))
        #expect(
            try String(contentsOfFile: written, encoding: .utf8) == (try a.run("identity", "bundle", "show").output)
        )

        // A new authority of B's is published, fetched, and signs only then: the endpoint's own SVID too.
        #expect(try b.run("identity", "ca", "rotate", "--phase", "prepare").status == 0)
        #expect(try a.run("identity", "federation", "refresh").status == 0)
        #expect(try a.wait { try Self.row(a)?.x509Authorities == 2 })
        #expect(try b.run("identity", "ca", "rotate", "--phase", "activate", "--force").status == 0)
        #expect(try a.run("identity", "federation", "refresh").status == 0)
        #expect(try a.wait { try Self.row(a)?.problem.isEmpty == true })
        #expect(try a.wait { try Self.call(ports[0], as: b).hasPrefix("5") })

        // An entry by command names a trust domain that is there.
        func create(_ name: String, _ domain: String) throws -> Program.Result {
            try a.run(
                "identity",
                "entry",
                "create",
                name,
                "--spiffe-id",
                "spiffe://a.test/\(name)",
                "--selector",
                "unix:uid:4242",
                "--federates-with",
                domain,
                "--outlives-process"
            )
        }
        #expect(try create("x", "b.test").status == 0)
        #expect(try create("y", "c.test").errors.contains("no FederatedTrustDomain"))
        let shown = try a.run("identity", "entry", "show", "x", "-o", "json").output
        #expect(shown.contains("b.test") && shown.filter { !$0.isWhitespace }.contains("\"outlivesProcess\":true"))
        #expect(try a.run("identity", "entry", "show", "x").output.contains(" yes "))

        // What changed is in the record.
        let told = try a.run("audit", "tail", "-n", "100", "-o", "json").output
        #expect(told.contains("identity.bundle.update") && told.contains("spiffe://b.test"))
        // Started again, it asks no endpoint before it has heard by which bundle that is told.
        let before = try #require(try Self.row(a)?.refreshed)
        a.stop()
        let logged = try String(contentsOfFile: a.log, encoding: .utf8).utf8.count
        try a.start()
        #expect(
            try a.wait {
                guard let refreshed = try Self.row(a)?.refreshed else { return false }
                return refreshed > before
            }
        )
        let since = try String(contentsOfFile: a.log, encoding: .utf8).utf8.dropFirst(logged)
        #expect(!String(decoding: Array(since), as: UTF8.self).contains("no bundle of `b.test` yet"))

        // A bundle that cannot be had is said loudly while the last one serves.
        b.process.stop()
        #expect(try a.run("identity", "federation", "refresh").status == 0)
        #expect(try a.wait { try Self.row(a)?.problem.isEmpty == false })
        #expect(try a.run("identity", "federation", "list").status == 1)
        #expect(try Self.row(a)?.x509Authorities == 2)

        // The relationship ends with its resource.
        try Self.federate(a, with: "b.test", false)
        try FileManager.default.removeItem(atPath: a.directory.path + "/c/b.yaml")
        #expect(try a.run("identity", "entry", "delete", "x").status == 0)
        #expect(try a.wait { try Self.row(a) == nil })
        a.process.terminate()
        a.process.waitUntilExit()
        #expect(a.process.terminationStatus == 0)
    }

    @Test func `a mistake in federation is told with its place`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        _ = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: x }
            spec: { spiffeID: "spiffe://cluster.local/x", selectors: ["unix:uid:1"], federatesWith: [partner.exmple] }
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: FederatedTrustDomain
            metadata: { name: partner }
            spec:
              trustDomain: partner.example
              bundleEndpointURL: https://partner.example/
              bundleEndpointProfile: { type: https_web }
            """,
            to: "c/x.yaml"
        )
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status == 1)
        #expect(
            result.errors.contains("x.yaml:4:89") && result.errors.contains("did you mean `partner.example`?"),
            "\(result.errors)"
        )
    }
}
