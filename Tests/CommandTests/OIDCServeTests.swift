import ArgumentParser
import Foundation
import Glibc
import Testing

@testable import lapwing

/// The issuer's documents from Lapwing's own server, read by curl as a cloud would.
@Suite(.timeLimit(.minutes(5))) struct `The issuer's own endpoint` {
    private static let resource = """
        ---
        apiVersion: lapwing.dev/v1alpha1
        kind: OIDCEndpoint
        metadata: { name: issuer }
        spec: { address: 127.0.0.1, port: 0, certificateFile: WEB.pem, keyFile: WEB.key }

        """

    private static func makeCertificate(_ path: String) throws {
        let made = try Program.run(
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=id", "-addext", "subjectAltName=DNS:id.example", "-keyout", path + ".key", "-out", path + ".pem",
            ],
            program: "/usr/bin/openssl"
        )
        try #require(made.status == 0, "\(made.errors)")
        unsafe chmod(path + ".key", 0o600)
    }

    /// The port of the issuer's endpoint, once that listens.
    private static func port(_ lapwing: Installation) throws -> String? {
        let line = try String(contentsOfFile: lapwing.log, encoding: .utf8).split(separator: "\n")
            .first { $0.contains("issuer endpoint") }
        return line.map { String($0.split(separator: "port=")[1].prefix { $0.isNumber }) }
    }

    @Test(.timeLimit(.minutes(3)))
    func `the keys of tokens are served over HTTPS under the issuer's name, and follow a rotation`() throws {
        let directory = try TemporaryDirectory()
        let web = directory.path + "/web"
        try Self.makeCertificate(web)
        let lapwing = try Installation { folder in
            let settings = folder + "/settings.yaml"
            try String(contentsOfFile: settings, encoding: .utf8)
                .replacing("# jwtIssuer: https://id.example/prod", with: "jwtIssuer: https://id.example/prod")
                .write(toFile: settings, atomically: true, encoding: .utf8)
            try Self.resource.replacing("WEB", with: web)
                .write(toFile: folder + "/oidc.yaml", atomically: true, encoding: .utf8)
        }
        #expect(try lapwing.wait { try Self.port(lapwing) != nil })
        let port = try #require(try Self.port(lapwing))
        func get(_ path: String, host: String = "id.example") throws -> Program.Result {
            try Program.run(
                [
                    "-s", "-m", "10", "--cacert", web + ".pem", "--resolve", "id.example:\(port):127.0.0.1", "-H",
                    "Host: \(host)", "-w", "%{http_code}", "https://id.example:\(port)\(path)",
                ],
                program: "/usr/bin/curl"
            )
        }
        #expect(try lapwing.wait { try get("/prod/keys").output.hasSuffix("200") })
        let exported = directory.path + "/oidc"
        #expect(
            try Program.run(
                ["identity", "oidc", "export", exported, "--config", lapwing.directory.path + "/c"] + lapwing.places
            ).status == 0
        )
        func file(_ path: String) throws -> String { try String(contentsOfFile: exported + path, encoding: .utf8) }
        #expect(try get("/prod/keys").output == file("/keys") + "200")
        let discovery = try get("/prod/.well-known/openid-configuration").output
        #expect(try discovery == file("/.well-known/openid-configuration") + "200")
        #expect(discovery.contains("\"https://id.example/prod/keys\""))
        #expect(try get("/prod/keys", host: "elsewhere.example").output.hasSuffix("400"))
        #expect(try get("/keys").output.hasSuffix("404"))

        // A key is published before it signs.
        let before = try get("/prod/keys").output
        #expect(try lapwing.run("identity", "ca", "rotate", "--phase", "prepare").status == 0)
        #expect(try lapwing.wait { try get("/prod/keys").output.components(separatedBy: "\"kid\"").count == 3 })
        #expect(try get("/prod/keys").output != before)
    }

    @Test(
        .timeLimit(.minutes(3)),
        .enabled(if: geteuid() == 0, "only root can become another user"),
        arguments: [nil, "daemon"] as [String?]
    )
    func `the endpoints for strangers are processes of the gateway's user, or of their own, and hear the authority`(
        _ own: String?
    ) throws {
        let directory = try TemporaryDirectory()
        let user = try SystemUser(named: "nobody")
        let endpoints = try own.map { try SystemUser(named: $0) } ?? user
        let web = directory.path + "/web"
        try Self.makeCertificate(web)
        try endpoints.own(web + ".key")
        unsafe chmod(directory.path, 0o755)
        let lapwing = try Installation("--gateway-user", user.name, "--endpoint-user", own ?? "") { folder in
            for (name, from, to) in [
                ("settings", "# jwtIssuer: https://id.example/prod", "jwtIssuer: https://id.example/prod"),
                ("identities", "unix:uid:\(geteuid())", "unix:uid:\(user.uid)"),
            ] {
                let file = "\(folder)/\(name).yaml"
                try String(contentsOfFile: file, encoding: .utf8).replacing(from, with: to)
                    .write(toFile: file, atomically: true, encoding: .utf8)
            }
            try Self.resource.replacing("WEB", with: web)
                .write(toFile: folder + "/oidc.yaml", atomically: true, encoding: .utf8)
        }
        #expect(try lapwing.wait { try Self.port(lapwing) != nil })
        let port = try #require(try Self.port(lapwing))
        #expect(
            try lapwing.wait {
                try Program.run(
                    [
                        "-s", "-m", "10", "--cacert", web + ".pem", "--resolve", "id.example:\(port):127.0.0.1", "-o",
                        "/dev/null", "-w", "%{http_code}", "https://id.example:\(port)/prod/keys",
                    ],
                    program: "/usr/bin/curl"
                ).output == "200"
            }
        )
        #expect(
            try ServeTests.uids(of: lapwing.process) == [
                "authority": 0, "gateway": user.uid, "federation": endpoints.uid,
            ]
        )
        // Who is the gateway reads the web key only where it is the same user's.
        let read = try Program.run(["-u", user.name, "--", "cat", web + ".key"], program: "/usr/sbin/runuser")
        #expect((read.status == 0) == (own == nil))
    }

    @Test func `endpoints become their user, and do not run as one whom the authority would not answer`() throws {
        let (own, other) = (try SystemUser(named: "daemon"), try SystemUser(named: "nobody"))
        let settings = try Settings(SettingsOptions.parse(["--endpoint-user", "daemon", "--gateway-user", "nobody"]))
        #expect(try settings.endpointsToBecome(from: 0) == own && settings.endpointsToBecome(from: own.uid) == nil)
        let error = #expect(throws: CommandError.self) { try settings.endpointsToBecome(from: other.uid) }
        #expect(error.map { "\($0)".contains("only root can have the endpoints run as `daemon`") } == true)
        let shared = try Settings(SettingsOptions.parse(["--gateway-user", "nobody"]))
        #expect(try shared.endpointsToBecome(from: 0) == other && shared.endpointsToBecome(from: other.uid) == nil)
        #expect(try Settings(SettingsOptions.parse([])).endpointsToBecome(from: 4242) == nil)
    }

    @Test func `an endpoint without an issuer is an error that says what is missing`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        _ = try directory.write(Self.resource, to: "c/oidc.yaml")
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status != 0 && result.errors.contains("authority.jwtIssuer"), "\(result.errors)")
    }
}
