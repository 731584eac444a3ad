import Foundation
import Testing

@testable import lapwing

/// The console of a running node over mutual TLS: an SVID says who it is, and the `AdminPolicy` what they may.
@Suite(.timeLimit(.minutes(5))) struct ConsoleVerifiedTests {
    private static let caller = "spiffe://cluster.local/ns/ml-inference/sa/inference-service"

    private static let settings = """
        apiVersion: lapwing.dev/v1alpha1
        kind: Settings
        metadata: { name: settings }
        spec:
          consoleListener: { address: 127.0.0.1, port: 0, names: [console.example] }

        """

    private static func policy(_ role: String) -> String {
        """
        apiVersion: lapwing.dev/v1alpha1
        kind: AdminPolicy
        metadata: { name: administrators }
        spec: { bindings: [{ role: \(role), spiffeIDs: ["\(caller)"] }] }

        """
    }

    /// An installation whose console listens, and a client with a real SVID.
    private static func ready() throws -> (lapwing: Installation, client: ConsoleClient) {
        let lapwing = try Installation {
            try settings.write(toFile: $0 + "/settings.yaml", atomically: true, encoding: .utf8)
        }
        let keys = lapwing.directory.path + "/svid"
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch", "--write", keys).status == 0 })
        var port: Int?
        _ = try lapwing.wait {
            let text = try String(contentsOfFile: lapwing.log, encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.contains("console listening") }
            port = line?.split(separator: "port=").last.flatMap { Int($0.prefix { $0.isNumber }) }
            return port != nil
        }
        var client = ConsoleClient(port: try #require(port), host: "127.0.0.1")
        client.certificate = [keys + "/svid.0.pem", keys + "/svid.0.key"]
        return (lapwing, client)
    }

    /// Gives the caller a role, and waits until it has it.
    private static func give(_ role: String, in lapwing: Installation, until holds: () throws -> Bool) throws {
        let file = lapwing.directory.path + "/c/admin.yaml"
        try policy(role).write(toFile: file, atomically: true, encoding: .utf8)
        #expect(try lapwing.wait(holds), "the role `\(role)`")
    }

    /// Makes a request that no policy allows.
    private static func strangerCalls(_ lapwing: Installation, _ client: ConsoleClient) throws -> String {
        let gateway = try #require(lapwing.port(of: "mtls"))
        return try Program.run(
            client.tls + [
                "-s", "-m", "5", "-X", "POST", "-o", "/dev/null", "-w", "%{http_code}",
                "https://127.0.0.1:\(gateway)/v1/predict",
            ],
            program: "/usr/bin/curl"
        ).output
    }

    private static func acts(_ lapwing: Installation) throws -> [Substring] {
        try Program.run(["audit", "query", "kind=act", "-o", "jsonl"] + lapwing.places).output.split(separator: "\n")
            .filter { $0.contains("\"\(caller)\"") }
    }

    @Test(.timeLimit(.minutes(3))) func `an SVID opens the console with its role, and with no other`() throws {
        let (lapwing, client) = try Self.ready()
        // Without a certificate there is no connection; with one, but without a role, there is nothing to be seen.
        let bare = try Program.run(["-sk", "-m", "5", client.url("/")], program: "/usr/bin/curl")
        #expect(bare.status != 0 && bare.output.isEmpty, "\(bare)")
        #expect(
            try lapwing.wait {
                try lapwing.run("audit", "query", "kind=refusals", "source=127.0.0.1", "-o", "jsonl").output
                    .contains("no_certificate")
            }
        )
        let refused = try client.ask("/")
        #expect(refused.status == 403 && !refused.body.contains("ml-inference"), "\(refused)")
        #expect(
            try lapwing.wait {
                try Self.acts(lapwing).contains { $0.contains("console.open") && $0.contains("\"deny\"") }
            }
        )

        try Self.give("viewer", in: lapwing) { try client.ask("/").status == 200 }
        for path in ["/", "/findings", "/graph", "/identities", "/policies", "/models", "/datasets", "/style.css"] {
            #expect(try client.ask(path).status == 200, "\(path)")
        }
        #expect(try client.ask("/").body.contains(Self.caller), "a page says who looks at it")
        for path in ["/audit", "/live", "/proofs/0.tlog-proof"] {
            #expect(try client.ask(path, seconds: 5).status == 403, "\(path)")
        }
        // That it was opened is recorded once for a session, and not with each page.
        let opened = try Self.acts(lapwing).filter { $0.contains("console.open") && $0.contains("\"allow\"") }
        #expect(opened.count == 1 && opened.first?.contains("over mutual TLS") == true, "\(opened)")
        // Links, and cookies, are for the place on loopback.
        let link = try ConsoleLink(lapwing.places)
        #expect(try client.ask("/open?token=\(link.token)").status == 404)
        var local = link.client
        try local.enter(link.token)
        let cookie = ["-sk", "-m", "5", "-H", "Cookie: \(local.cookie)", client.url("/")]
        #expect(try Program.run(cookie, program: "/usr/bin/curl").status != 0)

        #expect(
            try lapwing.wait {
                try Self.acts(lapwing).contains { $0.contains("records.read") && $0.contains("\"deny\"") }
            }
        )

        // Another's name, and another's page.
        for (host, status) in [("evil.example", 421), ("localhost", 421), ("console.example:7444", 200)] {
            #expect(try client.ask("/", host: host).status == status, "\(host)")
        }
        #expect(try client.ask("/", headers: ["Sec-Fetch-Site: cross-site"]).status == 403)
        // Who asked so is on record: of each second the first, and the last with how many there were.
        #expect(
            try lapwing.wait {
                try Self.acts(lapwing).contains {
                    $0.contains("this is not the host that was asked for") || $0.contains("another site asks for it")
                }
            }
        )

        // A finding, and what becomes of it.
        #expect(try lapwing.wait { try Self.strangerCalls(lapwing, client) == "403" })
        var id = ""
        #expect(
            try lapwing.wait {
                id =
                    try client.ask("/findings").body.firstMatch(of: /\/findings\/(M1-[0-9]+)"/).map { String($0.1) }
                    ?? ""
                return !id.isEmpty
            }
        )
        let path = "/findings/\(id)/acknowledge"
        var form = "form=\(try client.formToken())"
        #expect(try client.ask(path, method: "POST", form: form).status == 403, "a viewer acknowledges nothing")
        try Self.give("operator", in: lapwing) { try client.ask("/audit").status == 200 }
        form = "form=\(try client.formToken())"
        let origin = "Origin: https://127.0.0.1:\(client.port)"
        for (form, headers) in [
            ("", [origin]), ("form=\(String(repeating: "0", count: 64))", [origin]),
            (form, ["Origin: http://127.0.0.1:\(client.port)"]), (form, ["Origin: https://evil.example"]),
            (form, ["Sec-Fetch-Site: cross-site"]),
        ] {
            #expect(try client.ask(path, method: "POST", form: form, headers: headers).status == 403, "\(headers)")
        }
        #expect(
            try lapwing.wait {
                try Self.acts(lapwing).contains {
                    $0.contains("the form is not of this session") || $0.contains("the form was sent from another site")
                }
            }
        )
        let done = try client.ask(path, method: "POST", form: form, headers: [origin])
        #expect(done.status == 303, "\(done)")
        #expect(try client.ask("/findings/\(id)").body.contains("by \(Self.caller)"))
        #expect(try Self.acts(lapwing).contains { $0.contains("finding.acknowledge") && $0.contains("\"allow\"") })

        // Whoever has left begins anew, with another form.
        #expect(try client.ask("/leave", method: "POST", form: form, headers: [origin]).status == 200)
        #expect(try client.ask("/leave", method: "POST", form: form, headers: [origin]).status == 403)
        #expect(try client.ask("/").status == 200)
    }

    @Test(.timeLimit(.minutes(3)))
    func `a role that is taken away, and a certificate that is revoked, end what was open`() throws {
        let (lapwing, client) = try Self.ready()
        try Self.give("auditor", in: lapwing) { try client.ask("/audit").status == 200 }
        func follow(_ name: String) throws -> (Process, String) {
            let file = lapwing.directory.path + "/" + name
            let reader = Process()
            reader.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
            reader.arguments = client.tls + ["-sN", "-m", "40", "-o", file, client.url("/live?after=0")]
            try reader.run()
            #expect(try lapwing.wait { FileManager.default.contents(atPath: file)?.isEmpty == false })
            return (reader, file)
        }
        var (reader, file) = try follow("role")
        try Self.give("viewer", in: lapwing) { try client.ask("/audit").status == 403 }
        reader.waitUntilExit()
        #expect(reader.terminationStatus == 0, "the server ends it")
        #expect(try String(contentsOfFile: file, encoding: .utf8).hasSuffix("event: end\ndata: {}\n\n"))

        try Self.give("auditor", in: lapwing) { try client.ask("/audit").status == 200 }
        (reader, file) = try follow("certificate")
        let said = try Program.run(
            ["x509", "-in", client.certificate[0], "-noout", "-serial"],
            program: "/usr/bin/openssl"
        ).output
        let serial = String(try #require(said.firstMatch(of: /serial=([0-9A-F]+)/)?.1)).lowercased()
        let revoked = try lapwing.run("identity", "revoke", serial)
        #expect(revoked.status == 0, "\(revoked)")
        reader.waitUntilExit()
        #expect(reader.terminationStatus == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8).hasSuffix("event: end\ndata: {}\n\n"))
        #expect(try client.ask("/").status == 0, "and it opens nothing any more")
    }

    @Test func `a listener that cannot be is an error with its place`() throws {
        let directory = try TemporaryDirectory()
        let configuration = directory.path + "/c"
        _ = try Program.run("init", configuration)
        for (text, message) in [
            ("{ address: 127.0.0.1, port: 0, gateway: inferense }", "there is no gateway `inferense`"),
            ("{ address: localhost, port: 0 }", "expected an IP address, found `localhost`"),
            ("{ address: 127.0.0.1 }", "needs `port`"), ("{ address: \"::1\", port: 70000 }", "70000"),
            ("{ address: \"::1\", port: 0, names: [\"a:80\"] }", "expected a host name without a port"),
            ("{ address: \"::1\", port: 0, nmes: [] }", "nmes"),
        ] {
            let settings = Self.settings.replacing(
                "{ address: 127.0.0.1, port: 0, names: [console.example] }",
                with: text
            )
            try settings.write(toFile: configuration + "/settings.yaml", atomically: true, encoding: .utf8)
            let result = try Program.run("config", "validate", "--config", configuration)
            let said = result.errors + result.output
            #expect(result.status != 0 && said.contains(message) && said.contains("settings.yaml:5:"), "\(said)")
        }
    }
}
