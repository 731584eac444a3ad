import Foundation
import Glibc
import Testing

/// A gateway that forwards to nobody but a process that is proved to have loaded a model: `lapwing serve`, `lapwing model run`
/// and a Python service behind it.
@Suite(.serialized, .enabled(if: ModelWorkload.isAvailable), .timeLimit(.minutes(5))) struct ServedModelTests {
    /// An installation with one more gateway, whose upstream has to have loaded the model; anybody may call it.
    private static func installation(_ upstream: @escaping (_ directory: String) -> String) throws -> ModelInstallation
    {
        try ModelInstallation { digest, directory in
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: Gateway
            metadata: { name: front, namespace: ml-features }
            spec:
              workload: { labels: { app: front }, serviceAccount: store }
              listeners: [{ name: front, address: 127.0.0.1, port: 0 }]
              upstreams: [{ name: model, \(upstream(directory)), model: { digest: "\(digest)" } }]
              routes: [{ name: all, upstream: model }]
            ---
            apiVersion: security.istio.io/v1
            kind: PeerAuthentication
            metadata: { name: front, namespace: ml-features }
            spec: { selector: { matchLabels: { app: front } }, mtls: { mode: DISABLE } }
            ---
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: anybody, namespace: ml-features }
            spec:
              selector: { matchLabels: { app: front } }
              action: ALLOW
              rules: [{ to: [{ operation: { methods: ["GET"] } }] }]
            """
        }
    }

    /// A port of 127.0.0.1 that nobody listens on now.
    private static func freePort() throws -> Int {
        let code = "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); print(s.getsockname()[1])"
        let python = try #require(ModelWorkload.python)
        let text = try Program.run(["-c", code], program: python).output
        return try #require(Int(text.trimmingCharacters(in: .newlines)))
    }

    /// The status of a request, and the request's id where it was refused.
    private static func get(_ lapwing: ModelInstallation) throws -> (status: String, body: String) {
        let port = try lapwing.port(of: "front")
        let result = try Program.run(
            ["-s", "-m", "20", "-w", "%{http_code}", "http://127.0.0.1:\(port)/v1/models"],
            program: "/usr/bin/curl"
        )
        return (String(result.output.suffix(3)), String(result.output.dropLast(3)))
    }

    /// The log's records of how requests ended, oldest first.
    private static func completions(_ lapwing: ModelInstallation) throws -> [String] {
        try lapwing.records().split(separator: "\n").map(String.init).filter { $0.contains(#""kind":"completion""#) }
    }

    @Test(.timeLimit(.minutes(3)), arguments: ["unix", "tcp"])
    func `a service is called while its loader proves its model, and no longer`(how: String) throws {
        // The port is chosen here, since the configuration is written before the service starts.
        let port = try CloudPeers.freePort()
        let lapwing = try Self.installation { directory in
            how == "unix"
                ? "unixSocket: \(directory)/model.sock" : "address: 127.0.0.1, port: \(port), plaintext: true"
        }
        let place = how == "unix" ? lapwing.directory.path + "/model.sock" : "\(port)"
        // The same program, which no loader has started.
        let stranger = try ModelWorkload(socket: lapwing.socket)
        _ = stranger.line()
        #expect(try stranger.ask("serve \(place)") == "serving \(place)")
        let refused = try Self.get(lapwing)
        #expect(refused.status == "503")
        #expect(try lapwing.wait { try Self.completions(lapwing).count == 1 })
        let first = try Self.completions(lapwing).last ?? ""
        #expect(first.contains(#""ended":"model_unproven""#) && first.contains(#""refusal":"no_proof""#), "\(first)")
        // The caller hears the record's id, and nothing of why.
        let id = refused.body.split(separator: "\"").last { $0.count > 20 } ?? "none"
        #expect(first.contains(id) && !refused.body.contains("proof"))
        kill(stranger.process.processIdentifier, SIGKILL)
        stranger.process.waitUntilExit()
        try? FileManager.default.removeItem(atPath: lapwing.directory.path + "/model.sock")

        let (workload, _, isSealed) = try lapwing.load()
        #expect(try workload.ask("serve \(place)") == "serving \(place)")
        for _ in 0..<2 { #expect(try Self.get(lapwing).status == "200") }
        #expect(try lapwing.wait { try Self.completions(lapwing).count == 3 })
        for record in try Self.completions(lapwing).suffix(2) {
            #expect(record.contains(#""model":{"digest":"\#(lapwing.digest)","signer":"#), "\(record)")
        }
        // Where nothing can be mounted the model is a copy that nobody can change; the loader's end ends the proof then.
        let started = Date()
        if isSealed { kill(workload.process.processIdentifier, SIGKILL) } else { try lapwing.flip(at: 0) }
        #expect(try lapwing.wait { try Self.get(lapwing).status != "200" })
        #expect(Date().timeIntervalSince(started) < 4)
        guard !isSealed else { return }
        #expect(try Self.get(lapwing).status == "503")
        #expect(try lapwing.wait { try Self.completions(lapwing).last?.contains(#""refusal":"no_proof""#) == true })
        #expect(try workload.ask("fetch") == "error PERMISSION_DENIED")
    }

    @Test(.timeLimit(.minutes(3)))
    func `a loader that is stopped has its proof for the length of its lease, and again once it goes on`() throws {
        let lapwing = try Self.installation { "unixSocket: \($0)/model.sock" }
        let (workload, _, _) = try lapwing.load()
        let place = lapwing.directory.path + "/model.sock"
        #expect(try workload.ask("serve \(place)") == "serving \(place)")
        let serial = try #require(try workload.ask("fetch")).split(separator: " ")[2]
        // It is renewed, well beyond its lease.
        Thread.sleep(forTimeInterval: 12)
        #expect(try Self.get(lapwing).status == "200")
        #expect(try lapwing.acts().count == 1)

        let loader = workload.process.processIdentifier
        kill(loader, SIGSTOP)
        defer { kill(loader, SIGCONT) }
        let started = Date()
        // The service itself goes on all the while.
        #expect(try lapwing.wait { try lapwing.isRevoked(serial) })
        #expect(Date().timeIntervalSince(started) < 15)
        #expect(try Self.get(lapwing).status == "503")
        #expect(try lapwing.acts().last?.contains("has not renewed the proof for 10.0 seconds") == true)
        kill(loader, SIGCONT)
        #expect(try lapwing.wait { try Self.get(lapwing).status == "200" })
        #expect(try workload.ask("fetch")?.hasPrefix("svid ") == true)
    }
}
