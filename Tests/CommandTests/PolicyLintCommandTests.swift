import Foundation
import Testing

/// `lapwing policy lint` on files, as a person or a pipeline calls it.
@Suite(.timeLimit(.minutes(5))) struct PolicyLintCommandTests {
    private let clean = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: {name: p, namespace: ml-inference}
        spec:
          rules:
          - from: [{source: {principals: [cluster.local/ns/a/sa/b]}}]
            to: [{operation: {methods: ["POST"]}}]  # predictions

        """
    private var doubtful: String {
        clean.replacingOccurrences(of: "POST", with: "post").replacingOccurrences(of: "name: p", with: "name: q")
    }

    @Test func `nothing found is 0, something found is 1, a wrong call is 2`() throws {
        let directory = try TemporaryDirectory()
        let good = try directory.write(clean, to: "good.yaml")
        #expect(try Program.run("policy", "lint", good).status == 0)
        let bad = try directory.write(doubtful, to: "bad.yaml")
        let found = try Program.run("policy", "lint", good, bad)
        #expect(found.status == 1)
        #expect(found.output.contains("\(bad):7:33: warning: `methods`: `post` never matches"), "\(found.output)")
        #expect(found.output.contains("write `POST` [LW0002]"))
        #expect(found.errors.contains("2 files, 87 rules: 0 errors, 1 warning, 0 notes"), "\(found.errors)")
        for arguments in [
            ["policy", "lint"], ["policy", "lint", directory.path + "/none.yaml"],
            ["policy", "lint", "--disable", "LW9999", good], ["policy", "lint", "-o", "xml", good],
            ["policy", "lint", "--fix", "-"], ["policy", "lint", "--backend", "apache", good],
        ] {
            let result = try Program.run(arguments)
            #expect(result.status == 2, "\(arguments): \(result.output)\(result.errors)")
            #expect(!result.errors.isEmpty)
        }
    }

    @Test func `a rule can be left out and a severity chosen`() throws {
        let directory = try TemporaryDirectory()
        let bad = try directory.write(doubtful, to: "bad.yaml")
        #expect(try Program.run("policy", "lint", "--disable", "LW0002", bad).status == 0)
        #expect(try Program.run("policy", "lint", "--fail-on", "error", bad).status == 0)
        let note = try directory.write(clean.replacingOccurrences(of: "/v1\n", with: "/v1beta1\n"), to: "note.yaml")
        #expect(try Program.run("policy", "lint", note).status == 0)
        #expect(try Program.run("policy", "lint", "--fail-on", "note", note).status == 1)
    }

    @Test func `a file is mended where it is, behind a link and with its mode`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(doubtful, to: "bad.yaml")
        let mended = doubtful.replacingOccurrences(of: "post", with: "POST")
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file)
        let link = directory.path + "/link.yaml"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
        let result = try Program.run("policy", "lint", "--fix", link)
        #expect(result.status == 0, "\(result.output)\(result.errors)")
        #expect(result.errors.contains("\(link):7:33: mended: `methods`: `post` never matches"), "\(result.errors)")
        #expect(try String(contentsOfFile: file, encoding: .utf8) == mended)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == file)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? NSNumber
        #expect(mode?.intValue == 0o640)
        let again = try Program.run("policy", "lint", "--fix", link)
        #expect(again.status == 0 && !again.errors.contains("mended"))
        #expect(try String(contentsOfFile: file, encoding: .utf8) == mended)
    }

    @Test func `json and sarif are what their readers expect`() throws {
        let directory = try TemporaryDirectory()
        let bad = try directory.write(doubtful, to: "bad.yaml")
        let json = try Program.run("policy", "lint", "-o", "json", bad)
        #expect(json.status == 1)
        struct Row: Decodable {
            let rule, severity, file, message, fix, resource: String
            let line, column: Int
            let mendable: Bool
        }
        let rows = try JSONDecoder().decode([Row].self, from: Data(json.output.utf8))
        #expect(rows.map(\.rule) == ["LW0002"])
        #expect(rows.first?.line == 7 && rows.first?.mendable == true)
        #expect(rows.first?.resource == "AuthorizationPolicy ml-inference/q")
        let sarif = try Program.run("policy", "lint", "-o", "sarif", bad)
        #expect(sarif.status == 1)
        let log = try JSONSerialization.jsonObject(with: Data(sarif.output.utf8)) as? [String: Any]
        #expect(log?["version"] as? String == "2.1.0")
    }

    @Test func `standard input is read, and the rules are listed`() throws {
        let result = try Program.run(["policy", "lint", "-"], input: doubtful)
        #expect(result.status == 1)
        #expect(result.output.hasPrefix("-:7:33: warning:"), "\(result.output)")
        let list = try Program.run("policy", "lint", "--list-rules")
        #expect(list.status == 0)
        #expect(list.output.contains("LW0001") && list.output.contains("spiffe://"))
    }

    @Test func `the configuration that init writes is clean`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let result = try Program.run("policy", "lint", "--fail-on", "note", directory.path + "/c")
        #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test func `check reads all three kinds`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            clean + """
                ---
                apiVersion: security.istio.io/v1
                kind: PeerAuthentication
                metadata: {name: default, namespace: ml-inference}
                spec: {mtls: {mode: STRIKT}}
                ---
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: jwt, namespace: ml-inference}
                spec: {jwtRules: [{issuer: a, audience: [b]}]}
                """,
            to: "all.yaml"
        )
        let result = try Program.run("policy", "check", file)
        #expect(result.status == 1)
        #expect(result.output.contains("\(file):12:21: error: unknown value `STRIKT`; did you mean `STRICT`?"))
        #expect(result.output.contains("unknown field `audience` in a JWT rule; did you mean `audiences`?"))
        #expect(result.errors.contains("1 resource fine, 2 errors, 0 warnings"), "\(result.errors)")
    }

    @Test func `a configuration that asks for less than mutual TLS loads with a warning at its place`() throws {
        let directory = try TemporaryDirectory()
        let configuration = directory.path + "/c"
        _ = try Program.run("init", configuration)
        func validate(_ namespace: String, _ mode: String) throws -> Program.Result {
            let text = """
                apiVersion: security.istio.io/v1
                kind: PeerAuthentication
                metadata: {name: default, namespace: \(namespace)}
                spec: {mtls: {mode: \(mode)}}
                """
            try text.write(toFile: configuration + "/peer.yaml", atomically: true, encoding: .utf8)
            return try Program.run("config", "validate", "--config", configuration)
        }
        let strict = try validate("istio-system", "STRICT")
        #expect(strict.status == 0 && !(strict.output + strict.errors).contains("plaintext in"))
        // Of another namespace: it concerns no gateway here.
        let elsewhere = try validate("somewhere", "PERMISSIVE")
        #expect(elsewhere.status == 0 && !(elsewhere.output + elsewhere.errors).contains("plaintext in"))
        for (mode, words) in [("PERMISSIVE", "lets plaintext in"), ("DISABLE", "speaks plaintext alone")] {
            let less = try validate("istio-system", mode)
            #expect(less.status == 0, "\(less.output)\(less.errors)")
            #expect(
                (less.output + less.errors).contains(
                    "peer.yaml:4:21: warning: the listener `mtls` (port 8443) of the gateway `inference` \(words)"
                ),
                "\(less.output)\(less.errors)"
            )
            let doctor = try Program.run("doctor", "--config", configuration)
            #expect(
                doctor.output.contains("listener mtls: port 8443 of `inference` is \(mode), by"),
                "\(doctor.output)"
            )
        }
        // Where nobody says anything, `istio` asks for nothing, and that is said too.
        try FileManager.default.removeItem(atPath: configuration + "/peer.yaml")
        let istio = try Program.run("config", "validate", "--config", configuration, "--compat", "istio")
        #expect((istio.output + istio.errors).contains("no PeerAuthentication sets a mode"), "\(istio)")
        let silent = try Program.run("config", "validate", "--config", configuration)
        #expect(!(silent.output + silent.errors).contains("plaintext in"))
    }
}
