import ArgumentParser
import Foundation
import TestIdentities
import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(5))) struct CommandLineTests {
    @Test(arguments: [["--help"], ["--version"], ["policy", "check", "--help"], ["identity", "entry", "--help"]])
    func `help and version are fine`(arguments: [String]) throws {
        let result = try Program.run(arguments)
        #expect(result.status == 0, "\(result.errors)")
        #expect(!result.output.isEmpty)
    }

    @Test func `the version is told for the word as for the option`() throws {
        let word = try Program.run("version")
        #expect(try word.status == 0 && word.output == Program.run("--version").output, "\(word.errors)")
        #expect(try Program.run("version", "now").status == 2)
    }

    @Test(arguments: [
        ["polcy"], ["policy", "check"], ["policy", "explain"], ["serve", "--confg", "x"],
        ["policy", "explain", "not-an-id"],
        ["config", "show", "--log-level", "loud"],
    ])
    func `a wrong command line is a usage error`(arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let result = try Program.run(arguments, environment: ["LAPWING_CONFIG": directory.path + "/c"])
        #expect(result.status == 2, "\(result.output)\(result.errors)")
        #expect(!result.errors.isEmpty)
    }

    @Test func `a directory that is named from here is meant from here by every process`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let shown = try Program.run("config", "show", "--config", directory.path + "/c", "--state", "s", "--run", "r")
        let here = FileManager.default.currentDirectoryPath
        #expect(shown.output.contains(here + "/s") && shown.output.contains(here + "/r"), "\(shown.output)")
    }

    @Test func `a starting configuration loads as it is written`() throws {
        let directory = try TemporaryDirectory()
        let made = try Program.run("init", directory.path + "/lapwing")
        #expect(made.status == 0, "\(made.errors)")
        let validated = try Program.run("config", "validate", "--config", directory.path + "/lapwing")
        #expect(validated.status == 0, "\(validated.output)\(validated.errors)")
        let again = try Program.run("init", directory.path + "/lapwing")
        #expect(again.status == 2)
        #expect(again.errors.contains("is not empty"))
        let file = try Program.run("init", directory.path + "/lapwing/settings.yaml")
        #expect(file.status == 2 && file.errors.contains("is a file; name a directory"), "\(file.errors)")
        let wrong = try Program.run("init", directory.path + "/other", "--trust-domain", "Example.Org")
        #expect(wrong.status == 2 && wrong.errors.contains("--trust-domain"), "\(wrong.errors)")
        #expect(!FileManager.default.fileExists(atPath: directory.path + "/other"))
    }

    @Test func `a policy with a mistake is refused with its place and the nearest name`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: p, namespace: ml-inference}
            spec:
              rules:
              - to:
                - operation: {method: ["POST"]}
            """,
            to: "p.yaml"
        )
        let result = try Program.run("policy", "check", file)
        #expect(result.status == 1)
        #expect(result.output.contains("\(file):7:19: error: unknown field `method`"), "\(result.output)")
        #expect(result.output.contains("did you mean `methods`?"))
    }

    @Test func `what is wrong with a configuration is told to programs with its place, settings too`() throws {
        struct Form: Decodable {
            struct Finding: Decodable {
                let severity, file, message: String
                let line, column: Int
            }

            let valid: Bool
            let resources: Int?
            let digest: String?
            let findings: [Finding]
        }
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        func validate() throws -> (status: Int32, form: Form) {
            let result = try Program.run("config", "validate", "--config", directory.path + "/c", "-o", "json")
            return (result.status, try JSONDecoder().decode(Form.self, from: Data(result.output.utf8)))
        }
        let fine = try validate()
        #expect(fine.status == 0 && fine.form.valid && fine.form.resources == 5 && fine.form.digest?.count == 64)

        let file = directory.path + "/c/settings.yaml"
        try String(contentsOfFile: file, encoding: .utf8).replacing("logFormat: text", with: "logFormat: xml ")
            .write(toFile: file, atomically: true, encoding: .utf8)
        let wrong = try validate()
        #expect(wrong.status == 1 && !wrong.form.valid)
        let finding = try #require(wrong.form.findings.first)
        #expect(finding.file == file && finding.line == 12 && finding.column == 14 && finding.severity == "error")
        #expect(finding.message == "expected `text` or `json`, found `xml`")
        let plain = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(plain.status == 1 && plain.errors.hasPrefix("\(file):12:14: error: expected `text`"), "\(plain.errors)")
    }

    @Test(arguments: ["gateway", "identities"])
    func `two of one name are refused, since what runs knows them by it alone`(file: String) throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let text = try String(contentsOfFile: directory.path + "/c/\(file).yaml", encoding: .utf8)
        let other = text.replacing("  namespace: ml-inference\n", with: "")
            .replacing("metadata:\n", with: "metadata:\n  namespace: other\n")
        let place = try directory.write(other, to: "c/other.yaml")
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status == 1)
        #expect(result.errors.contains("\(place):"), "\(result.errors)")
        #expect(result.errors.contains("is already declared at \(directory.path)/c/\(file).yaml:"))
        #expect(result.errors.contains("in another namespace; give it a name of its own"), "\(result.errors)")
    }

    @Test(.enabled(if: geteuid() == 0, "only root can have the gateway be another user"))
    func `a starting configuration fits the gateway's own user, and the doctor finds an entry that does not`() throws {
        let directory = try TemporaryDirectory()
        let config = ["--config", directory.path + "/c"]
        let made = try Program.run("init", directory.path + "/c", "--gateway-user", "nobody")
        #expect(made.status == 0 && !made.errors.contains("useradd"), "\(made.errors)")
        let shown = try Program.run(["config", "show"] + config)
        #expect(shown.output.split(separator: "\n").contains { $0.contains("gateway-user") && $0.contains("nobody") })
        func doctor() throws -> String {
            try Program.run(["doctor", "--state", directory.path + "/s", "--run", directory.path + "/r"] + config)
                .output
        }
        #expect(!(try doctor()).contains("identity of inference"))

        let file = directory.path + "/c/identities.yaml"
        let text = try String(contentsOfFile: file, encoding: .utf8)
        try text.replacing("unix:user:nobody", with: "unix:uid:0").write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
        #expect(try doctor().contains("mend: let it select `unix:user:nobody`"))
        try text.replacing("sa/inference-service", with: "sa/other").write(
            toFile: file,
            atomically: true,
            encoding: .utf8
        )
        #expect(
            try doctor().contains(
                "no entry in the files gives `spiffe://cluster.local/ns/ml-inference/sa/inference-service`"
            )
        )

        let missing = try Program.run("init", directory.path + "/d", "--gateway-user", "no-such-user")
        #expect(missing.status == 0 && missing.errors.contains("useradd --system"), "\(missing.errors)")
        let refused = try Program.run("config", "validate", "--config", directory.path + "/d")
        #expect(
            refused.status == 1 && refused.errors.contains("error: there is no user `no-such-user`"),
            "\(refused.errors)"
        )
    }

    @Test func `a port that is listened on twice is told before anything starts`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let file = directory.path + "/c/gateway.yaml"
        try String(contentsOfFile: file, encoding: .utf8).replacing("port: 9443", with: "port: 8443")
            .write(toFile: file, atomically: true, encoding: .utf8)
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status == 1)
        #expect(
            result.errors.contains("the gateway `inference` listens on 127.0.0.1 port 8443 twice"),
            "\(result.errors)"
        )
    }

    @Test func `an endpoint for strangers shares its port with nothing`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        func endpoint(_ name: String, _ port: Int) throws {
            _ = try directory.write(
                """
                apiVersion: lapwing.dev/v1alpha1
                kind: BundleEndpoint
                metadata: { name: \(name) }
                spec:
                  address: 127.0.0.1
                  port: \(port)
                  profile: { type: https_spiffe, spiffeID: "spiffe://cluster.local/b" }
                """,
                to: "c/\(name).yaml"
            )
        }
        try endpoint("one", 8443)
        let gateway = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(
            gateway.status == 1
                && gateway.errors.contains(
                    "one.yaml:1:1: error: the gateway `inference` and the BundleEndpoint `one` both listen on 127.0.0.1 port 8443"
                ),
            "\(gateway.errors)"
        )
        try endpoint("one", 8444)
        try endpoint("two", 8444)
        let both = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(
            both.status == 1
                && both.errors.contains(
                    "the BundleEndpoint `one` and the BundleEndpoint `two` both listen on 127.0.0.1 port 8444"
                ),
            "\(both.errors)"
        )
    }

    @Test(arguments: [["audit", "tail"], ["console"], ["identity", "svid", "fetch"], ["serve"]])
    func `a configuration that is named and not there is not taken for the default one`(command: [String]) throws {
        let missing = try TemporaryDirectory().path + "/none"
        let result = try Program.run(command + ["--config", missing])
        #expect(result.status == 2, "\(result.status)")
        #expect(
            result.errors.hasPrefix("lapwing: error: there is no configuration at `\(missing)`, which --config names;"),
            "\(result.errors)"
        )
    }

    @Test func `a verifier key that is neither a key nor a file is told apart from a broken one`() throws {
        let directory = try TemporaryDirectory()
        let missing = try Program.run("audit", "verify", "--key", directory.path + "/none")
        #expect(missing.status == 2)
        #expect(missing.errors.contains("there is no file `\(directory.path)/none`, and it is no"), "\(missing.errors)")
        let broken = try Program.run("audit", "verify", "--key", "log+00000000+AAAA")
        #expect(broken.status == 2)
        #expect(broken.errors.contains("the verifier key from `log+00000000+AAAA` is malformed"), "\(broken.errors)")
    }

    @Test func `the console shares its port with nothing`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        func refusal(_ settings: String) throws -> String {
            _ = try directory.write(
                """
                apiVersion: lapwing.dev/v1alpha1
                kind: Settings
                metadata: { name: node }
                spec:
                  \(settings)
                """,
                to: "c/settings.yaml"
            )
            return try Program.run("config", "validate", "--config", directory.path + "/c").errors
        }
        let verified = try refusal("consoleListener: { address: 127.0.0.1, port: 8443 }")
        #expect(
            verified.contains(
                "settings.yaml:5:20: error: the gateway `inference` and the console over mutual TLS both listen on 127.0.0.1 port 8443"
            ),
            "\(verified)"
        )
        // A socket at all of the machine's addresses leaves none to another.
        let all = try refusal("consoleListener: { address: '::', port: 8443 }")
        #expect(
            all.contains("listens on 127.0.0.1 port 8443 and the console over mutual TLS on :: port 8443, which is"),
            "\(all)"
        )
        let local = try refusal("consolePort: 8443")
        #expect(
            local.contains("settings.yaml:5:16: error: the gateway `inference` and the console both listen on")
                && local.contains("give one of them another `consolePort`"),
            "\(local)"
        )
        let other = try refusal("consoleListener: { address: '::', port: 8445 }")
        #expect(!other.contains("error:"), "\(other)")
    }

    @Test func `the doctor tells what an endpoint for strangers lacks`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let taken = try TakenPort()
        func doctor(_ profile: String) throws -> String {
            _ = try directory.write(
                """
                apiVersion: lapwing.dev/v1alpha1
                kind: BundleEndpoint
                metadata: { name: e }
                spec: { address: 127.0.0.1, port: \(taken.number), profile: { \(profile) } }
                """,
                to: "c/endpoint.yaml"
            )
            return try Program.run(
                ["doctor", "--config", directory.path + "/c"]
                    + ["--state", directory.path + "/s", "--run", directory.path + "/r"]
            ).output
        }
        let spiffe = try doctor("type: https_spiffe, spiffeID: 'spiffe://cluster.local/b'")
        #expect(
            spiffe.contains("doubt  BundleEndpoint e: no entry in the files gives `spiffe://cluster.local/b`"),
            "\(spiffe)"
        )
        #expect(
            spiffe.contains("the BundleEndpoint `e` cannot listen on 127.0.0.1: Address already in use\n"),
            "\(spiffe)"
        )
        let files = try WebCertificates()
        let (certificate, key) = (directory.path + "/c.pem", directory.path + "/k.pem")
        let web = "type: https_web, certificateFile: \(certificate), keyFile: \(key)"
        let missing = try doctor(web)
        #expect(missing.contains("fault  BundleEndpoint e: cannot read `\(certificate)`: No such file"), "\(missing)")
        try files.certificate.write(toFile: certificate, atomically: true, encoding: .utf8)
        try files.key.write(toFile: key, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        let fine = try doctor(web)
        #expect(fine.contains("fine   BundleEndpoint e: its certificate is good until "), "\(fine)")
        try WebCertificates().certificate.write(toFile: certificate, atomically: true, encoding: .utf8)
        let other = try doctor(web)
        #expect(other.contains("the key in `\(key)` is not that of the first certificate in"), "\(other)")
        try "x".write(toFile: certificate, atomically: true, encoding: .utf8)
        let none = try doctor(web)
        #expect(none.contains("`\(certificate)` holds no certificate in PEM form"), "\(none)")
    }

    @Test func `the doctor tells of alerts that nobody would get`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let file = directory.path + "/alert.key"
        func doctor(_ receiver: String) throws -> (status: Int32, output: String) {
            _ = try directory.write(
                """
                apiVersion: lapwing.dev/v1alpha1
                kind: AlertRoute
                metadata: { name: on-call }
                spec: { \(receiver) }
                """,
                to: "c/alerts.yaml"
            )
            let result = try Program.run(
                ["doctor", "--config", directory.path + "/c"]
                    + ["--state", directory.path + "/s", "--run", directory.path + "/r"]
            )
            return (result.status, result.output)
        }
        let webhook = "webhook: { url: 'https://alerts.example/', secretFile: \(file) }"
        let missing = try doctor(webhook)
        #expect(missing.status == 1)
        #expect(
            missing.output.contains(
                "fault  AlertRoute on-call: the secret by which its alerts are signed cannot be read"
            ),
            "\(missing.output)"
        )
        #expect(missing.output.contains("mend: `(umask 077; openssl rand -hex 32 > \(file))`"))
        #expect(
            try doctor("slack: { urlFile: \(file) }").output.contains(
                "AlertRoute on-call: the URL of its webhook cannot be"
            )
        )
        try Data("\n".utf8).write(to: URL(filePath: file))
        #expect(try doctor(webhook).output.contains("fault  AlertRoute on-call"))
        try Data("secret\n".utf8).write(to: URL(filePath: file))
        let fine = try doctor(webhook).output
        #expect(fine.contains("fine   AlertRoute on-call: the secret by which its alerts are signed is in"), "\(fine)")
        #expect(!(try doctor("alertmanager: { url: 'http://127.0.0.1:9093' }").output.contains("AlertRoute")))
    }

    @Test func `entries that fit nobody are told of`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let entries = [
            ("k8s:ns:ml", "found out by a KubernetesAttestation, and there is none"),
            ("x509pop:subject:cn:edge", "found out by `x509` of an AttestationEndpoint, and there is none"),
            ("join-token:name:edge", "found out by `joinTokens` of an AttestationEndpoint, and there is none"),
        ]
        for (index, (selector, _)) in entries.enumerated() {
            _ = try directory.write(
                """
                apiVersion: lapwing.dev/v1alpha1
                kind: WorkloadEntry
                metadata: { name: e\(index) }
                spec:
                  spiffeID: spiffe://cluster.local/e\(index)
                  selectors: ["\(selector)", "unix:user:no-such-user"]
                """,
                to: "c/entry\(index).yaml"
            )
        }
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status == 0, "\(result.errors)")
        for (index, (selector, words)) in entries.enumerated() {
            let warning =
                "entry\(index).yaml:6:14: warning: the entry `e\(index)` fits nobody: `\(selector)` is \(words)"
            #expect(result.errors.contains(warning), "\(result.errors)")
        }
        _ = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: AttestationEndpoint
            metadata: { name: remote }
            spec:
              address: 127.0.0.1
              port: 0
              joinTokens: true
              profile: { type: https_spiffe, spiffeID: "spiffe://cluster.local/e0" }
            """,
            to: "c/remote.yaml"
        )
        let open = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(open.status == 0 && !open.errors.contains("join-token"), "\(open.errors)")
        let doctor = try Program.run(
            ["doctor", "--config", directory.path + "/c"]
                + ["--state", directory.path + "/s", "--run", directory.path + "/r"]
        )
        #expect(
            doctor.output.contains("doubt  entry e0: there is no user `no-such-user` on this machine"),
            "\(doctor.output)"
        )
    }

    @Test(arguments: [
        (
            "AuditPolicy", "retention: { records: 180 }",
            "5:25: error: expected a number of days, found the number 180; write its"
        ),
        ("AuditPolicy", "fullDisk: recordgap", "5:13: error: unknown value `recordgap`; did you mean `recordGap`?"),
        ("AuditPolicy", "bodies: { keep: all, maximumBytes: 64Ki, maximumHeld: 1Gi }", ""),
        ("MonitorPolicy", "sigma: [/no/such/rules]", "5:11: error: there is no file and no folder `/no/such/rules`"),
    ])
    func `a slip in a policy of the record is told at its line`(kind: String, line: String, words: String) throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        _ = try directory.write(
            "apiVersion: lapwing.dev/v1alpha1\nkind: \(kind)\nmetadata: { name: p }\nspec:\n  \(line)\n",
            to: "c/p.yaml"
        )
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status == (words.isEmpty ? 0 : 1), "\(result.errors)")
        #expect(words.isEmpty || result.errors.contains("p.yaml:" + words), "\(result.errors)")
    }

    @Test func `an expired certificate of an endpoint is a fault`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let files = try WebCertificates()
        let (certificate, key) = (directory.path + "/c.pem", directory.path + "/k.pem")
        try files.certificate.write(toFile: certificate, atomically: true, encoding: .utf8)
        try files.key.write(toFile: key, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        _ = try directory.write(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: BundleEndpoint
            metadata: { name: e }
            spec:
              address: 127.0.0.1
              port: 8444
              profile: { type: https_web, certificateFile: \(certificate), keyFile: \(key) }
            """,
            to: "c/endpoint.yaml"
        )
        let settings = try Settings(SettingsOptions.parse(["--config", directory.path + "/c"]))
        let configuration = try Configuration(settings: settings)
        let later = try #require(EndpointChecks.all(configuration, now: .distantFuture).first)
        #expect(later.state == .fault && later.detail.contains("expired at"), "\(later.detail)")
        #expect(EndpointChecks.all(configuration).map(\.state) == [.fine])
    }

    @Test func `what Istio says elsewhere is told where Lapwing says it`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/c", withIntermediateDirectories: true)
        _ = try directory.write(
            "{apiVersion: networking.istio.io/v1, kind: VirtualService, metadata: {name: v}, spec: {}}",
            to: "c/v.yaml"
        )
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status == 1)
        #expect(
            result.errors.contains(
                "v.yaml:1:44: error: `VirtualService` is not read here: where requests go is said by `routes` of a Gateway"
            ),
            "\(result.errors)"
        )
    }

    @Test func `a directory without a resource is warned of`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/c", withIntermediateDirectories: true)
        _ = try directory.write("kind: Gateway\n", to: "c/gateway.yaml.txt")
        let result = try Program.run("config", "validate", "--config", directory.path + "/c")
        #expect(result.status == 0 && result.errors.contains("warning: there is no resource in it"), "\(result.errors)")
    }

    @Test func `an index that has no directory is told so, and not to be made anew`() throws {
        let directory = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: directory.path + "/log/tile", withIntermediateDirectories: true)
        let result = try Program.run(
            ["audit", "query", "--log", directory.path + "/log", "--state", directory.path + "/none"]
        )
        #expect(
            result.status == 3 && result.errors.contains("there is no directory `\(directory.path)/none`")
                && !result.errors.contains("--reindex"),
            "\(result.errors)"
        )
    }

    @Test func `a user without an installation asks root's`() throws {
        let directory = try TemporaryDirectory()
        for name in ["etc", "run"] {
            try FileManager.default.createDirectory(
                atPath: directory.path + "/" + name,
                withIntermediateDirectories: true
            )
        }
        let root = Settings.RootsPlaces(
            config: directory.path + "/etc",
            runtime: directory.path + "/run",
            isOurs: false
        )
        let options = try SettingsOptions.parse([])
        let own = try Settings(options)
        // Where this machine has an installation of its own that one is asked, whoever runs the tests.
        if own.runtime.origin == "default", !FileManager.default.fileExists(atPath: own.runtime.value) {
            #expect(try Settings.asking(options, root: root).runtime.value == directory.path + "/run")
        }
        let named = try SettingsOptions.parse(["--run", directory.path + "/named"])
        #expect(try Settings.asking(named, root: root).runtime.value == directory.path + "/named")
        let ours = Settings.RootsPlaces(config: root.config, runtime: root.runtime, isOurs: true)
        #expect(try Settings.asking(options, root: ours).runtime.value == own.runtime.value)
    }

    @Test(arguments: [
        (["--join-token", "TOKEN", "https://127.0.0.1:1"], "holds no join token, which begins with `lapwing-join-`"),
        (["--join-token", "DIR", "https://127.0.0.1:1"], "cannot read `DIR`: "),
        (["--join-token", "TOKEN", "http://127.0.0.1:1"], "is no attestation endpoint: its scheme has to be `https`"),
        (
            ["--join-token", "TOKEN", "--write", "FILE", "https://127.0.0.1:1"],
            "cannot make the directory `FILE`: File exists"
        ),
        (
            ["--join-token", "TOKEN", "--spiffe-id", "spiffe://a/b", "--bundle", "FILE", "https://127.0.0.1:1"],
            "`FILE` is no bundle: "
        ),
        (
            ["--join-token", "GOOD", "https://127.0.0.1:1"],
            "`https://127.0.0.1:1/v1/challenge` cannot be reached: Connection refused"
        ),
    ])
    func `what keeps a workload from attesting is said in plain words`(arguments: [String], words: String) throws {
        let directory = try TemporaryDirectory()
        _ = try directory.write("secret", to: "TOKEN")
        _ = try directory.write("lapwing-join-00", to: "GOOD")
        _ = try directory.write("x", to: "FILE")
        try FileManager.default.createDirectory(atPath: directory.path + "/DIR", withIntermediateDirectories: true)
        func place(_ text: String) -> String {
            ["TOKEN", "GOOD", "FILE", "DIR"].reduce(text) { $0.replacing($1, with: directory.path + "/" + $1) }
        }
        let write = arguments.contains("--write") ? [] : ["--write", directory.path + "/svid"]
        let result = try Program.run(["identity", "attest"] + arguments.map(place) + write)
        #expect(result.status > 1 && result.errors.contains(place(words)), "\(result.errors)")
        #expect(!result.errors.contains("NSCocoaErrorDomain") && !result.errors.contains("Error:"), "\(result.errors)")
    }

    @Test func `the doctor tells of the port of administrators and of an upstream that is not there`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let file = directory.path + "/c/gateway.yaml"
        let taken = try TakenPort()
        try String(contentsOfFile: file, encoding: .utf8).replacing("port: 9443", with: "port: \(taken.number)")
            .replacing("/run/inference/model.sock", with: directory.path + "/model.sock")
            .write(toFile: file, atomically: true, encoding: .utf8)
        let result = try Program.run(
            ["doctor", "--config", directory.path + "/c"]
                + ["--state", directory.path + "/s", "--run", directory.path + "/r"]
        )
        #expect(result.status == 1)
        #expect(result.output.contains("cannot listen on 127.0.0.1"), "\(result.output)")
        #expect(result.output.contains("upstream model: no socket is seen at `\(directory.path)/model.sock`"))
    }

    @Test func `policies are found among the other objects of a cluster`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            """
            apiVersion: v1
            kind: ConfigMap
            metadata: {name: c, namespace: a}
            data: {k: v}
            ---
            apiVersion: telemetry.istio.io/v1
            kind: Telemetry
            metadata: {name: t, namespace: a}
            ---
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: p, namespace: a}
            spec: {rules: [{to: [{operation: {methods: ["GET"]}}]}]}
            """,
            to: "p.yaml"
        )
        let checked = try Program.run("policy", "check", file)
        #expect(checked.status == 0, "\(checked.output)")
        #expect(checked.errors.contains("1 resource fine, 0 errors, 0 warnings; 2 of other groups passed over"))
        let reach = try Program.run("policy", "reach", file, "--namespace", "a")
        #expect(reach.status == 0 && reach.output.contains("ns[a]-policy[p]-rule[0]"), "\(reach.errors)")
    }

    @Test func `a policy whose kind is misspelt is not passed over`() throws {
        let directory = try TemporaryDirectory()
        let file = try directory.write(
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicys\nmetadata: {name: p, namespace: a}\n",
            to: "p.yaml"
        )
        let result = try Program.run("policy", "check", file)
        #expect(result.status == 1)
        #expect(result.output.contains("\(file):2:7: error: unknown kind `AuthorizationPolicys`"), "\(result.output)")
        #expect(try Program.run("policy", "reach", file, "--namespace", "a").status == 2)
    }

    @Test func `a hypothetical request is explained rule by rule`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let allowed = try Program.run(
            "policy",
            "explain",
            "--config",
            directory.path + "/c",
            "--from",
            "cluster.local/ns/ml-api/sa/api-gateway",
            "POST",
            "https://inference.example/v1/predict"
        )
        #expect(allowed.status == 0, "\(allowed.output)\(allowed.errors)")
        let denied = try Program.run(
            "policy",
            "explain",
            "--config",
            directory.path + "/c",
            "--from",
            "cluster.local/ns/ml-batch/sa/job",
            "POST",
            "https://inference.example/v1/predict"
        )
        #expect(denied.status == 1, "\(denied.output)\(denied.errors)")
        #expect(denied.output.contains("smallest edit"))
    }

    @Test func `a setting says where it came from`() throws {
        let result = try Program.run(
            "config",
            "show",
            "--origin",
            "--state",
            "/tmp/flag",
            "-o",
            "json",
            environment: ["LAPWING_RUN": "/tmp/environment"]
        )
        #expect(result.status == 0, "\(result.errors)")
        struct Row: Decodable { let name, value, origin: String }
        let rows = try JSONDecoder().decode([Row].self, from: Data(result.output.utf8))
        #expect(rows.contains { $0.name == "state" && $0.value == "/tmp/flag" && $0.origin == "--state" })
        #expect(rows.contains { $0.name == "run" && $0.value == "/tmp/environment" && $0.origin == "LAPWING_RUN" })
    }

    @Test func `what runs is looked for where the Settings in the files say`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let file = directory.path + "/c/settings.yaml"
        try String(contentsOfFile: file, encoding: .utf8)
            .replacing("# stateDirectory: /var/lib/lapwing", with: "stateDirectory: \(directory.path)/state")
            .replacing("# runtimeDirectory: /run/lapwing", with: "runtimeDirectory: \(directory.path)/run")
            .write(toFile: file, atomically: true, encoding: .utf8)
        for command in [["config", "status"], ["identity", "entry", "list"]] {
            let result = try Program.run(command + ["--config", directory.path + "/c"])
            #expect(result.status == 3 && result.errors.contains("`\(directory.path)/run/"), "\(result.errors)")
        }
        // A file beside it that does not load hides nothing.
        _ = try directory.write("a: [", to: "c/broken.yaml")
        let tail = try Program.run("audit", "tail", "--config", directory.path + "/c")
        #expect(tail.status == 3 && tail.errors.contains("\(directory.path)/state/audit"), "\(tail.errors)")
        let flag = try Program.run("config", "status", "--config", directory.path + "/c", "--run", "/tmp/lw-nowhere")
        #expect(flag.errors.contains("/tmp/lw-nowhere"), "\(flag.errors)")
    }

    @Test func `what is not running is unreachable, and the message says what to do`() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run("identity", "entry", "list", "--run", directory.path)
        #expect(result.status == 3, "\(result.output)\(result.errors)")
        #expect(result.errors.contains("lapwing serve"))
    }

    @Test(arguments: ["/none/api.sock", "unix:/none/api.sock", "unix:///none/api.sock"])
    func `a Workload API is named by the path of its socket or by its address`(_ text: String) throws {
        let result = try Program.run(
            ["model", "list", "127.0.0.1:1/a/b", "--registry-id", "spiffe://a/b", "--workload-api", text]
        )
        #expect(result.status == 3)
        #expect(
            result.errors.contains("the Workload API at `unix:///none/api.sock` does not answer: "),
            "\(result.errors)"
        )
        #expect(!result.errors.contains("authority"), "\(result.errors)")
    }
}

/// A port of loopback on which somebody listens.
private final class TakenPort {
    let number: UInt16
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        // Sound: the pointers are to local variables and do not outlive the calls.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, length) == 0 && listen(descriptor, 1) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        number = UInt16(bigEndian: address.sin_port)
        try #require(descriptor >= 0 && isBound && number != 0)
    }

    deinit {
        close(descriptor)
    }
}
