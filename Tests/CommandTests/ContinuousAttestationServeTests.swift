import Foundation
import Glibc
import Testing

@Suite(.timeLimit(.minutes(5))) struct `What ends with its process` {
    @Test(.timeLimit(.minutes(3)))
    func
        `certificate and token of a process that has ended are refused within seconds, and those that outlive it are not`()
        throws
    {
        let lapwing = try Installation { folder in
            let path = folder + "/identities.yaml"
            let before = try String(contentsOfFile: path, encoding: .utf8)
            try
                (before + """

                    ---
                    apiVersion: lapwing.dev/v1alpha1
                    kind: WorkloadEntry
                    metadata: { name: mayfly }
                    spec: { spiffeID: "spiffe://cluster.local/mayfly", selectors: ["unix:uid:\(geteuid())"] }

                    """).write(toFile: path, atomically: true, encoding: .utf8)
        }
        let keys = lapwing.directory.path + "/svid"
        #expect(try lapwing.wait { lapwing.port(of: "mtls") != nil })
        let port = try #require(lapwing.port(of: "mtls"))
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch", "--write", keys).status == 0 })
        // What curl says of a request, by the certificate of each ID: 000 where the handshake failed.
        func answer(_ id: String) throws -> String {
            for index in 0..<4 {
                let file = "\(keys)/svid.\(index).pem"
                guard FileManager.default.fileExists(atPath: file) else { break }
                let text = try Program.run(["x509", "-noout", "-text", "-in", file], program: "/usr/bin/openssl").output
                guard text.contains("URI:\(id)\n") else { continue }
                return try Program.run(
                    [
                        "-sk", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--cert", file, "--key",
                        "\(keys)/svid.\(index).key", "https://127.0.0.1:\(port)/v1/predict",
                    ],
                    program: "/usr/bin/curl"
                ).output
            }
            return "no certificate"
        }
        #expect(try lapwing.wait { try answer("spiffe://cluster.local/mayfly") == "000" })
        #expect(try answer("spiffe://cluster.local/ns/ml-inference/sa/inference-service") == "403")

        func token(_ id: String) throws -> Program.Result {
            let token = try lapwing.run(
                "identity",
                "token",
                "fetch",
                "--audience",
                "shop",
                "--spiffe-id",
                id,
                "-o",
                "raw"
            ).output
            Thread.sleep(forTimeInterval: 1)
            return try Program.run(
                ["identity", "token", "validate", "--audience", "shop"] + lapwing.places,
                input: token
            )
        }
        let gone = try token("spiffe://cluster.local/mayfly")
        #expect(gone.status == 4 && gone.errors.contains("token_revoked"), "\(gone.errors)")
        #expect(try token("spiffe://cluster.local/ns/ml-inference/sa/inference-service").status == 0)

        let list = try lapwing.run("identity", "revocations").output
        #expect(list.contains("continuous attestation") && list.contains("has ended"))
        #expect(
            try lapwing.wait {
                try lapwing.run("audit", "tail", "-n", "50", "-o", "json").output.contains("identity.svid.withdraw")
            }
        )
    }

    @Test(.timeLimit(.minutes(3)))
    func `a gateway refuses a withdrawn token, and an authority that was started again withdraws what it gave before`()
        throws
    {
        let subject = "spiffe://cluster.local/mayfly"
        let lapwing = try Installation { folder in
            try """
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: mayfly }
            spec: { spiffeID: "\(subject)", selectors: ["unix:uid:\(geteuid())"] }
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
                    - { key: "request.auth.claims[sub]", values: ["\(subject)"] }
            """.write(toFile: folder + "/mayfly.yaml", atomically: true, encoding: .utf8)
        }
        #expect(try lapwing.wait { lapwing.port(of: "mtls") != nil })
        let port = try #require(lapwing.port(of: "mtls"))
        let keys = lapwing.directory.path + "/svid"
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch", "--write", keys).status == 0 })
        let pair = try #require(
            try (0..<4).map { "\(keys)/svid.\($0)" }.first { name in
                try Program.run(["x509", "-noout", "-text", "-in", name + ".pem"], program: "/usr/bin/openssl").output
                    .contains("sa/inference-service\n")
            }
        )
        func status(_ token: String) throws -> String {
            try Program.run(
                [
                    "-sk", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--cert", pair + ".pem", "--key",
                    pair + ".key", "-X", "POST", "-d", "{}", "-H", "Authorization: Bearer " + token,
                    "https://127.0.0.1:\(port)/v1/predict",
                ],
                program: "/usr/bin/curl"
            ).output
        }
        /// A process that has a token for as long as it runs, and the token.
        func holder(_ name: String) throws -> (process: Process, token: String) {
            let folder = lapwing.directory.path + "/" + name
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try Program.path)
            process.arguments =
                ["identity", "watch", "--audience", "inference", "--spiffe-id", subject, "--directory", folder]
                + lapwing.places
            process.standardError = FileHandle.nullDevice
            try process.run()
            var token = ""
            #expect(
                try lapwing.wait {
                    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                    guard let file = files.first(where: { $0.hasSuffix(".token") }) else { return false }
                    token = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
                        .trimmingCharacters(in: .whitespacesAndNewlines)
                    return !token.isEmpty
                }
            )
            return (process, token)
        }
        let (first, second, third) = (try holder("first"), try holder("second"), try holder("third"))
        defer { for process in [first.process, second.process, third.process] { process.stop() } }
        for token in [first.token, second.token, third.token] { #expect(try status(token).hasPrefix("5")) }
        first.process.stop()
        #expect(try lapwing.wait { try status(first.token) == "401" })
        #expect(try status(second.token).hasPrefix("5"))
        #expect(
            try lapwing.wait {
                try lapwing.run("audit", "tail", "-n", "50", "-o", "json").output.contains("token_revoked")
            }
        )

        // The authority alone ends, and so does one of the processes while it is away.
        let authority = try #require(lapwing.child("authority"))
        kill(authority, SIGSTOP)
        second.process.stop()
        kill(authority, SIGKILL)
        #expect(try lapwing.wait { lapwing.child("authority").map { $0 != authority } ?? false })
        #expect(try lapwing.wait { try status(second.token) == "401" })
        #expect(try status(third.token).hasPrefix("5"))
        #expect(
            try lapwing.wait {
                try lapwing.run("identity", "revocations").output.contains("has ended while the authority was away")
            }
        )
        third.process.stop()
        #expect(try lapwing.wait { try status(third.token) == "401" })
    }
}
