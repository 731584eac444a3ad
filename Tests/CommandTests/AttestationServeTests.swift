import Foundation
import Glibc
import Testing

/// Workloads of other machines end to end: `lapwing serve` with an endpoint, `lapwing identity attest`, and openssl as an
/// independent reader of what comes.
@Suite(.enabled(if: CloudPeers.areInstalled), .serialized, .timeLimit(.minutes(5)))
struct `Remote attestation end to end` {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func openssl(_ arguments: String...) throws {
        let result = try Program.run(arguments, program: "/usr/bin/openssl")
        try #require(result.status == 0, "\(result.errors)")
    }

    private var path: String { directory.path }

    private func makeCertificates() throws {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        func make(_ arguments: [String]) throws {
            let result = try Program.run(
                ["req", "-x509"] + key + ["-days", "2"] + arguments,
                program: "/usr/bin/openssl"
            )
            try #require(result.status == 0, "\(result.errors)")
        }
        try make([
            "-subj", "/CN=endpoint", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path + "/web.key", "-out",
            path + "/web.pem",
        ])
        try make(["-subj", "/CN=machines", "-keyout", path + "/ca.key", "-out", path + "/ca.pem"])
        let request = try Program.run(
            ["req", "-new"] + key + [
                "-subj", "/CN=machine-7", "-keyout", path + "/machine.key", "-out", path + "/machine.csr",
            ],
            program: "/usr/bin/openssl"
        )
        try #require(request.status == 0, "\(request.errors)")
        try openssl(
            "x509",
            "-req",
            "-in",
            path + "/machine.csr",
            "-CA",
            path + "/ca.pem",
            "-CAkey",
            path + "/ca.key",
            "-days",
            "1",
            "-out",
            path + "/machine.pem"
        )
        for name in ["web.key", "machine.key"] { unsafe chmod(path + "/" + name, 0o600) }
    }

    @Test(.timeLimit(.minutes(4)))
    func `a join token, a pod's token and a machine's certificate each give the identity that an entry says`() throws {
        try makeCertificates()
        let cluster = try Cluster()
        try cluster.put(
            "model-0",
            uid: "8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55",
            container: String(repeating: "3e", count: 32),
            label: "model"
        )
        let port = try CloudPeers.freePort()
        let lapwing = try Installation { folder in
            try """
            apiVersion: lapwing.dev/v1alpha1
            kind: AttestationEndpoint
            metadata: { name: remote }
            spec:
              address: 127.0.0.1
              port: \(port)
              profile: { type: https_web, certificateFile: \(path)/web.pem, keyFile: \(path)/web.key }
              joinTokens: true
              x509: { caFile: \(path)/ca.pem }
              kubernetes: { issuer: https://kubernetes.default.svc.cluster.local, audiences: [lapwing] }
            ---
            \(cluster.resource)
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: edge }
            spec: { spiffeID: "spiffe://cluster.local/edge", selectors: ["join-token:name:edge"] }
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: kept }
            spec: { spiffeID: "spiffe://cluster.local/kept", selectors: ["join-token:name:kept"], ttl: 20s }
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: machine }
            spec: { spiffeID: "spiffe://cluster.local/machine", selectors: ["x509pop:subject:cn:machine-7"] }
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: pod }
            spec: { spiffeID: "spiffe://cluster.local/pod", selectors: ["k8s:ns:ml", "k8s:pod-label:app:model"] }
            """.write(toFile: folder + "/remote.yaml", atomically: true, encoding: .utf8)
        }
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        func attest(_ evidence: String...) throws -> Program.Result {
            try Program.run(
                [
                    "identity", "attest", "https://127.0.0.1:\(port)", "--ca-file", path + "/web.pem", "--write",
                    path + "/svid",
                ]
                    + evidence
            )
        }
        func isGiven(_ id: String, _ result: Program.Result) throws -> Bool {
            guard result.status == 0 else { return false }
            let files = path + "/svid/"
            let mode = try FileManager.default.attributesOfItem(atPath: files + "svid.0.key")[.posixPermissions] as? Int
            let verified = try Program.run(
                ["verify", "-CAfile", files + "bundle.0.pem", files + "svid.0.pem"],
                program: "/usr/bin/openssl"
            )
            let text = try Program.run(
                ["x509", "-in", files + "svid.0.pem", "-noout", "-text"],
                program: "/usr/bin/openssl"
            )
            return mode == 0o600 && verified.status == 0 && text.output.contains("URI:" + id)
        }
        let made = try lapwing.run("identity", "join-token", "create", "edge")
        #expect(made.status == 0 && !made.errors.contains("no entry"), "\(made.errors)")
        let useless = try lapwing.run("identity", "join-token", "create", "nobody")
        #expect(useless.status == 0 && useless.errors.contains("no entry selects `join-token:name:nobody`"))
        let token = try directory.write(made.output, to: "token")
        #expect(try lapwing.wait { try Self.isOpen(port) })
        let joined = try attest("--join-token", token)
        #expect(try isGiven("spiffe://cluster.local/edge", joined), "\(joined.errors)")
        let again = try attest("--join-token", token)
        #expect(again.status == 1 && again.errors.contains("no identity is issued"), "\(again.errors)")

        // What a token gave goes on by itself, though the token has counted.
        let kept = try directory.write(
            try lapwing.run("identity", "join-token", "create", "kept").output,
            to: "kept-token"
        )
        let keep = Process()
        keep.executableURL = URL(fileURLWithPath: try Program.path)
        keep.arguments = [
            "identity", "attest", "https://127.0.0.1:\(port)", "--ca-file", path + "/web.pem", "--write",
            path + "/kept", "--join-token", kept, "--keep",
        ]
        keep.standardError = FileHandle.nullDevice
        try keep.run()
        defer { keep.stop() }
        func renewed() -> String? { try? String(contentsOfFile: path + "/kept/svid.0.pem", encoding: .utf8) }
        #expect(try lapwing.wait { renewed() != nil })
        let given = renewed()
        let machine = try attest("--certificate", path + "/machine.pem", "--key", path + "/machine.key")
        #expect(try isGiven("spiffe://cluster.local/machine", machine), "\(machine.errors)")
        #expect(try attest("--certificate", path + "/machine.pem", "--key", path + "/web.key").status == 1)
        #expect(try attest("--certificate", path + "/web.pem", "--key", path + "/web.key").status == 1)

        func podToken(_ audience: String) throws -> String {
            try cluster.tell("{\"token\": {\"namespace\": \"ml\", \"pod\": \"model-0\", \"aud\": [\"\(audience)\"]}}")
            let answers = try String(contentsOfFile: cluster.directory.path + "/answers", encoding: .utf8)
            let last = try #require(answers.split(separator: "\n").last)
            let json = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
            return try directory.write(try #require(json["token"] as? String) + "\n", to: "pod-token")
        }
        let pod = try attest("--kubernetes-token", try podToken("lapwing"))
        #expect(try isGiven("spiffe://cluster.local/pod", pod), "\(pod.errors)")
        #expect(try attest("--kubernetes-token", try podToken("other")).status == 1)
        let last = try podToken("lapwing")
        try cluster.tell("{\"delete\": [\"ml\", \"model-0\"]}")
        #expect(
            try lapwing.wait { try attest("--kubernetes-token", last).status == 1 },
            "a deleted pod is caught in ten seconds"
        )

        // By now half of its life is over.
        #expect(try lapwing.wait { renewed() != given }, "it is renewed at half of its life")
        keep.stop()
        #expect(
            try Program.run(
                ["verify", "-CAfile", path + "/kept/bundle.0.pem", path + "/kept/svid.0.pem"],
                program: "/usr/bin/openssl"
            ).status == 0
        )

        // An endpoint that the file does not vouch for gets nothing; what was given is in the record, and no secret is.
        let stranger = try Program.run([
            "identity", "attest", "https://127.0.0.1:\(port)", "--write", path + "/svid", "--join-token", token,
        ])
        #expect(stranger.status == 3 && stranger.errors.contains("untrusted"), "\(stranger.errors)")
        #expect(stranger.errors.contains("--spiffe-id and --bundle, or --ca-file"), "\(stranger.errors)")
        let told = try lapwing.run("audit", "tail", "-n", "100", "-o", "json").output
        for word in ["spiffe://cluster.local/edge", "spiffe://cluster.local/machine", "model-0", "join-token.create"] {
            #expect(told.contains(word), "\(word)")
        }
        #expect(!told.contains(made.output.trimmingCharacters(in: .newlines)))
        let log = try String(contentsOfFile: lapwing.log, encoding: .utf8)
        #expect(!log.contains(made.output.trimmingCharacters(in: .newlines)))
        lapwing.process.terminate()
        lapwing.process.waitUntilExit()
        #expect(lapwing.process.terminationStatus == 0)
    }

    private static func isOpen(_ port: Int) throws -> Bool {
        try Program.run(
            ["-sk", "-o", "/dev/null", "-w", "%{http_code}", "https://127.0.0.1:\(port)/"],
            program: "/usr/bin/curl"
        ).output == "404"
    }
}
