import Foundation
import Glibc
import Testing

@Suite struct `What ends with its process` {
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
        let began = ContinuousClock.now
        #expect(try lapwing.wait { try answer("spiffe://cluster.local/mayfly") == "000" })
        #expect(ContinuousClock.now - began < .seconds(5))
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
}
