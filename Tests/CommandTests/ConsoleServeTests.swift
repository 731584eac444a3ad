import Foundation
import Glibc
import Testing

@testable import lapwing

/// The console of a running node: who is let in, and the way from a finding to a proof that verifies.
@Suite(.timeLimit(.minutes(5))) struct ConsoleServeTests {
    /// An installation that is ready.
    private static func ready(configure: (String) throws -> Void = { _ in }) throws -> Installation {
        let lapwing = try Installation(configure: configure)
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        #expect(try lapwing.wait { lapwing.port(of: "mtls") != nil })
        #expect(try lapwing.wait { try lapwing.run("console").status == 0 })
        return lapwing
    }

    /// Makes a request that no policy allows.
    private static func strangerCalls(_ lapwing: Installation) throws -> String {
        let keys = lapwing.directory.path + "/svid"
        _ = try lapwing.run("identity", "svid", "fetch", "--write", keys)
        return try Program.run(
            [
                "-sk", "-m", "5", "--cert", keys + "/svid.0.pem", "--key", keys + "/svid.0.key", "-X", "POST", "-o",
                "/dev/null", "-w", "%{http_code}",
                "https://127.0.0.1:\(try #require(lapwing.port(of: "mtls")))/v1/predict",
            ],
            program: "/usr/bin/curl"
        ).output
    }

    private static let pages = [
        "/", "/findings", "/findings?all=1", "/graph", "/identities", "/policies", "/models", "/datasets", "/audit",
        "/audit?q=decision%3Ddeny", "/policies?gateway=inference&method=POST&from=&url=https%3A%2F%2Fx%2Fv1%2Fpredict",
    ]

    @Test(.timeLimit(.minutes(3))) func `nobody comes in without a link, from another host or site, or twice`() throws {
        let lapwing = try Self.ready()
        let link = try ConsoleLink(lapwing.places)
        #expect(link.host.hasPrefix("lapwing-") && link.host.hasSuffix(".localhost"))
        var client = link.client

        // Without a session there is nothing to be seen, whatever is asked for.
        for path in Self.pages + ["/live", "/records/x", "/proofs/0.tlog-proof", "/nothing"] {
            let answer = try client.ask(path)
            #expect(answer.status == 401, "\(path): \(answer.head)")
            #expect(!answer.body.contains("cluster.local") && !answer.body.contains("ml-inference"), "\(path)")
        }
        client.cookie = "lapwing_0=\(String(repeating: "0", count: 64))"
        #expect(try client.ask("/").status == 401)
        client.cookie = ""

        // A name that leads here by somebody's design is refused before anything else, the token unharmed.
        for host in ["evil.example", "evil.example:\(link.port)", "127.0.0.1.evil.example:\(link.port)"] {
            #expect(try client.ask("/open?token=\(link.token)", host: host).status == 421)
        }
        // Whoever looks at a link before it is followed does not use it up; a wrong one opens nothing.
        #expect(try client.ask("/open?token=\(link.token)", method: "HEAD").status == 403)
        #expect(try client.ask("/open?token=\(String(repeating: "0", count: 64))").status == 403)
        #expect(try client.ask("/open").status == 403)
        try client.enter(link.token)
        #expect(try link.client.ask("/open?token=\(link.token)").status == 403, "a token works once")
        for path in Self.pages {
            let answer = try client.ask(path)
            #expect(answer.status == 200, "\(path): \(answer.head)")
            #expect(answer.body.utf8.count <= 100 << 10, "\(path): \(answer.body.utf8.count)")
            for field in [
                "content-security-policy: default-src 'none'", "x-content-type-options: nosniff",
                "cache-control: no-store", "referrer-policy: same-origin", "x-frame-options: DENY",
            ] { #expect(answer.head.contains(field), "\(path): \(field)") }
        }
        #expect(try client.ask("/nothing").status == 404)
        #expect(try client.ask("/", host: "evil.example").status == 421)
        #expect(try client.ask("/", method: "PUT").status == 405)
        #expect(try client.ask("/", headers: ["Sec-Fetch-Site: cross-site"]).status == 403)
        let long = String(repeating: "x", count: 40_000)
        #expect(try client.ask("/audit?q=\(long)").status != 200, "a head has a bound")

        // A link that another site leads to takes one more step; a new session ends the one that it replaces.
        let again = try ConsoleLink(lapwing.places)
        let step = try client.ask("/open?token=\(again.token)", headers: ["Sec-Fetch-Site: cross-site"])
        #expect(step.status == 200 && !step.head.lowercased().contains("set-cookie"), "\(step.head)")
        #expect(step.body.contains("url=/open?token=\(again.token)"))
        let replaced = client
        try client.enter(again.token)
        #expect(try replaced.ask("/").status == 401)
        #expect(try client.ask("/").status == 200)

        // Forms: only of this session, and only from a page of ours.
        let form = try client.formToken()
        #expect(try client.ask("/leave").status == 405)
        #expect(try client.ask("/leave", method: "POST", form: "").status == 403)
        #expect(
            try client.ask("/leave", method: "POST", form: "form=\(String(repeating: "0", count: 64))").status == 403
        )
        for header in ["Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site"] {
            let answer = try client.ask("/leave", method: "POST", form: "form=\(form)", headers: [header])
            #expect(answer.status == 403, "\(header)")
        }
        #expect(try client.ask("/").status == 200)
        let large = "form=\(form)&more=\(String(repeating: "x", count: 40_000))"
        #expect(try client.ask("/leave", method: "POST", form: large).status == 0, "a form has a bound")
        #expect(
            try client.ask(
                "/leave",
                method: "POST",
                form: "form=\(form)",
                headers: ["Origin: http://\(link.host):\(link.port)", "Sec-Fetch-Site: same-origin"]
            ).status == 200
        )
        #expect(try client.ask("/").status == 401, "whoever has left is out")

        // Opening it is recorded.
        let query = try Program.run(["audit", "query", "action=console.open", "-o", "jsonl"] + lapwing.places)
        #expect(query.output.contains("\"uid \(geteuid())\""), "\(query.output)\(query.errors)")
        // The same page by its number, for a browser that finds no names.
        let numbered = try ConsoleLink(text: lapwing.run("console", "--ip").output)
        #expect(numbered.host == "127.0.0.1" && numbered.port == link.port)
    }

    @Test(
        .timeLimit(.minutes(3)),
        .enabled(if: geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv"), "needs root")
    )
    func `each sees what their role lets them`() throws {
        let lapwing = try Self.ready { directory in
            let policy = """
                apiVersion: lapwing.dev/v1alpha1
                kind: AdminPolicy
                metadata: { name: administrators }
                spec:
                  bindings:
                  - { role: viewer, uids: [64001] }
                  - { role: auditor, uids: [64002] }
                  - { role: operator, uids: [64003] }

                """
            try policy.write(toFile: directory + "/admin.yaml", atomically: true, encoding: .utf8)
        }
        #expect(try lapwing.wait { try Self.strangerCalls(lapwing) == "403" })
        let refused = try Program.run(
            ["--reuid", "64009", "--regid", "64009", "--clear-groups", try Program.path, "console"] + lapwing.places,
            program: "/usr/bin/setpriv"
        )
        #expect(refused.status == 1 && refused.errors.contains("console.open"), "\(refused.errors)")

        func client(_ uid: UInt32) throws -> ConsoleClient {
            let link = try ConsoleLink(lapwing.places, as: uid)
            var client = link.client
            try client.enter(link.token)
            return client
        }
        let (viewer, auditor, operate) = (try client(64001), try client(64002), try client(64003))
        // A link of somebody else's does not silently make this browser theirs.
        let theirs = try ConsoleLink(lapwing.places, as: 64001)
        #expect(try auditor.ask("/open?token=\(theirs.token)").status == 409)
        #expect(try theirs.client.ask("/open?token=\(theirs.token)").status == 200, "it is not used up by that")
        var id = ""
        #expect(
            try lapwing.wait {
                id =
                    try viewer.ask("/findings").body.firstMatch(of: /\/findings\/(M1-[0-9]+)"/).map { String($0.1) }
                    ?? ""
                return !id.isEmpty
            }
        )
        for path in ["/", "/findings", "/identities", "/policies", "/models", "/datasets", "/graph"] {
            for each in [viewer, auditor, operate] { #expect(try each.ask(path).status == 200, "\(path)") }
        }
        for path in ["/audit", "/live", "/proofs/0.tlog-proof", "/records/0197f2d8-5c1e-7abc-8def-0123456789ab"] {
            #expect(try viewer.ask(path, seconds: 5).status == 403, "\(path)")
        }
        #expect(try viewer.ask("/").body.contains("Your role may not read the record"))
        #expect(try auditor.ask("/audit").status == 200)
        #expect(try !auditor.ask("/findings/\(id)").body.contains("/acknowledge\""))
        for each in [viewer, auditor] {
            let form = try each.formToken()
            let answer = try each.ask("/findings/\(id)/acknowledge", method: "POST", form: "form=\(form)")
            #expect(answer.status == 403)
        }
        let form = try operate.formToken()
        // The form of one session is worth nothing in another.
        let other = try auditor.formToken()
        #expect(try operate.ask("/findings/\(id)/acknowledge", method: "POST", form: "form=\(other)").status == 403)
        let done = try operate.ask("/findings/\(id)/acknowledge", method: "POST", form: "form=\(form)")
        #expect(done.status == 303 && done.head.contains("location: /findings/\(id)"), "\(done.head)\(done.body)")
        #expect(try operate.ask("/findings/\(id)").body.contains("by uid 64003"))
        #expect(try operate.ask("/findings/\(id)/acknowledge", method: "POST", form: "form=\(form)").status == 409)
        let acts = try Program.run(["audit", "query", "kind=act", "-o", "jsonl"] + lapwing.places).output
        #expect(acts.contains("finding.acknowledge") && acts.contains("\"uid 64003\""))
        #expect(acts.contains("\"deny\"") && acts.contains("\"uid 64001\""), "what was refused is recorded")

        // A role that is taken away ends what it let somebody see, and the page that is live says so.
        let reader = Process()
        let file = lapwing.directory.path + "/live"
        reader.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        reader.arguments = [
            "-sN", "-m", "40", "-H", "Host: \(operate.host)", "-H", "Cookie: \(operate.cookie)", "-o", file,
            operate.url("/live"),
        ]
        try reader.run()
        #expect(try lapwing.wait { FileManager.default.contents(atPath: file)?.isEmpty == false })
        try FileManager.default.removeItem(atPath: lapwing.directory.path + "/c/admin.yaml")
        #expect(try lapwing.wait { try operate.ask("/").status == 403 })
        reader.waitUntilExit()
        #expect(reader.terminationStatus == 0, "the server ends it")
        #expect(try String(contentsOfFile: file, encoding: .utf8).hasSuffix("event: end\ndata: {}\n\n"))
    }

    @Test(.timeLimit(.minutes(3))) func `from a finding to its records, to a proof that verifies, to the rule`() throws
    {
        let lapwing = try Self.ready()
        let link = try ConsoleLink(lapwing.places)
        var client = link.client
        try client.enter(link.token)
        #expect(try lapwing.wait { try Self.strangerCalls(lapwing) == "403" })

        var id = ""
        #expect(
            try lapwing.wait {
                id =
                    try client.ask("/").body.firstMatch(of: /href="\/findings\/(M1-[0-9]+)"/).map { String($0.1) } ?? ""
                return !id.isEmpty
            }
        )
        let overview = try client.ask("/").body
        // The path that was tried is drawn in red, the declared one as not seen.
        #expect(overview.contains("class=\"path undeclared\"") && overview.contains("class=\"path unused\""))
        let finding = try client.ask("/findings/\(id)").body
        let record = try #require(finding.firstMatch(of: /href="\/records\/([0-9a-f-]{36})"/)?.1)
        let entry = try #require(finding.firstMatch(of: /href="\/proofs\/([0-9]+)\.tlog-proof"/)?.1)
        #expect(finding.contains("no_rule_matched"))
        let page = try client.ask("/records/\(record)").body
        #expect(page.contains("does not match") && page.contains("smallest edit"), "rule by rule, why")

        // The proof is verified by the key alone.
        let file = lapwing.directory.path + "/console.tlog-proof"
        #expect(try lapwing.wait { try client.ask("/proofs/\(entry).tlog-proof").status == 200 })
        let answer = try client.ask("/proofs/\(entry).tlog-proof")
        #expect(answer.head.contains("content-disposition: attachment"))
        try answer.body.write(toFile: file, atomically: true, encoding: .utf8)
        let key = lapwing.directory.path + "/s/log.vkey"
        let verified = try Program.run("audit", "verify", "--proof", file, "--key", key)
        #expect(verified.status == 0 && verified.output.contains("verified: entry \(entry)"), "\(verified.errors)")
        #expect(verified.output.contains(String(record)), "the proof holds the record")

        // The policy, with the lines of its file.
        let policies = try client.ask("/policies").body
        let place = try #require(policies.firstMatch(of: /href="(\/policies\/ml-inference\/[^"]+)"/)?.1)
        let policy = try client.ask(String(place)).body
        #expect(policy.contains("policies.yaml:") && policy.contains("principals:"), "\(policy)")
        // A question to the policies in force.
        let asked = try client.ask(
            "/policies?gateway=inference&method=POST&from=spiffe%3A%2F%2Fcluster.local%2Fns%2Fml-api%2Fsa%2Fapi-gateway"
                + "&url=https%3A%2F%2Finference%2Fv1%2Fpredict"
        ).body
        #expect(asked.contains("It would be <strong>allowed</strong>"))
        for hostile in ["%3Cscript%3Ealert(1)%3C%2Fscript%3E", "%22%3E%3Cimg%20src%3Dx%3E", "--help", "%E2%80%AE"] {
            let page = try client.ask("/policies?from=\(hostile)&url=\(hostile)&method=\(hostile)&gateway=\(hostile)")
            #expect(page.status == 200)
            #expect(!page.body.contains("<script>alert") && !page.body.contains("<img"), "\(hostile)")
            let search = try client.ask("/audit?q=\(hostile)")
            #expect(search.status == 200 && !search.body.contains("<script>alert") && !search.body.contains("<img"))
        }
        // The search, by the same index as the command's.
        let found = try client.ask("/audit?q=decision%3Ddeny%20path%3D%2Fv1%2Fpredict").body
        #expect(found.contains("/records/\(record)"), "\(found)")
        #expect(try client.ask("/audit?q=nonsense").body.contains("is no term"))
        // Who has which identity, with the certificate that this test was given.
        let identities = try client.ask("/identities").body
        #expect(identities.contains("spiffe://cluster.local/ns/ml-inference/sa/inference-service"))
        #expect(identities.contains("ends in") && identities.contains("identities.yaml"))
        // What is not configured says so.
        #expect(try client.ask("/models").body.contains("no `ModelRegistry`"))
        #expect(try client.ask("/datasets").body.contains("no <code>Estate</code>"))
        #expect(overview.contains("Witnesses"))
    }

    @Test(.timeLimit(.minutes(3))) func `new rows come by themselves, to so many readers and no more`() throws {
        let lapwing = try Self.ready()
        let link = try ConsoleLink(lapwing.places)
        var client = link.client
        try client.enter(link.token)
        #expect(try lapwing.wait { try Self.strangerCalls(lapwing) == "403" })
        let readers = try (1...2).map { number in
            let reader = Process()
            reader.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
            reader.arguments = [
                "-sN", "-m", "60", "-H", "Host: \(client.host)", "-H", "Cookie: \(client.cookie)", "-o",
                "\(lapwing.directory.path)/live.\(number)", "http://127.0.0.1:\(client.port)/live?after=0",
            ]
            try reader.run()
            return reader
        }
        #expect(
            try lapwing.wait {
                (1...2).allSatisfy { number in
                    FileManager.default.contents(atPath: lapwing.directory.path + "/live.\(number)")?.isEmpty == false
                }
            }
        )
        #expect(try client.ask("/live", seconds: 2).status == 503, "a third reader of one caller is let in")
        #expect(try Self.strangerCalls(lapwing) == "403")
        func heard(_ number: Int) throws -> String {
            try String(contentsOfFile: lapwing.directory.path + "/live.\(number)", encoding: .utf8)
        }
        for number in 1...2 {
            let isTold = try lapwing.wait {
                let text = try heard(number)
                return text.contains("event: row\ndata: {") && text.contains("\"POST \\/v1\\/predict\"")
                    && text.contains("event: numbers\ndata: {")
            }
            let text = try heard(number)
            #expect(isTold, "\(text)")
        }
        for reader in readers { reader.stop() }
        // Their places are free again.
        #expect(try lapwing.wait { try client.ask("/live", seconds: 2).status == 200 })
        let leave = try client.ask("/leave", method: "POST", form: "form=\(try client.formToken())")
        #expect(leave.status == 200)
    }

    @Test(.timeLimit(.minutes(3))) func `what is declared of datasets and models is shown as it is declared`() throws {
        let lapwing = try Self.ready { directory in
            let resources = """
                apiVersion: lapwing.dev/v1alpha1
                kind: Estate
                metadata: {name: small, trustDomain: cluster.local}
                purposes: {training: {}, dataprep: {}}
                classifications: [internal, confidential]
                components:
                  training: {identity: {k8s: ml-training/training}, purpose: training, maxClassification: confidential}
                  dataprep: {identity: {k8s: ml-training/dataprep}, purpose: dataprep, maxClassification: confidential}
                datasets:
                  training-data:
                    producer: dataprep
                    classification: confidential
                    purposes: [training, dataprep]
                    stores: [{postgres: {db: ml, table: training.examples}}]
                ---
                apiVersion: lapwing.dev/v1alpha1
                kind: ModelRegistry
                metadata: { name: models, namespace: ml-registry }
                spec:
                  repositories:
                  - pattern: fraud/*
                    readers: ["spiffe://cluster.local/ns/ml-inference/sa/inference-service"]
                    admission: { scan: true }

                """
            try resources.write(toFile: directory + "/more.yaml", atomically: true, encoding: .utf8)
        }
        let link = try ConsoleLink(lapwing.places)
        var client = link.client
        try client.enter(link.token)
        let datasets = try client.ask("/datasets").body
        for words in ["training-data", "confidential", "training (postgres)", "dataprep (postgres)", "more.yaml:"] {
            #expect(datasets.contains(words), "\(words): \(datasets)")
        }
        let models = try client.ask("/models").body
        #expect(models.contains("The registry has no model yet") && models.contains("fraud/*"), "\(models)")
        #expect(models.contains("No caller's certificate names a model"))
    }

    @Test(.timeLimit(.minutes(3)), .enabled(if: Chromium.isHere, "chromium is not installed (scripts/setup --tests)"))
    func `a browser follows the link, sees live rows, complains of nothing, and needs no script`() throws {
        let lapwing = try Self.ready()
        #expect(try lapwing.wait { try Self.strangerCalls(lapwing) == "403" })
        let link = try ConsoleLink(lapwing.places)
        let root = "http://\(link.host):\(link.port)"
        var steps = [
            Chromium.Step(
                url: "\(root)/open?token=\(link.token)",
                name: "open",
                until: "location.pathname === '/' && document.getElementById('live-say')?.textContent === 'live'",
                then: "document.querySelector('#pause').hidden ? 'hidden' : 'shown'",
                picture: Chromium.pictures + "/real-overview-desk-light.png"
            ),
            // A text that is no markup stays one, in what the script puts in as well.
            Chromium.Step(
                url: root + "/",
                name: "no markup of texts",
                then:
                    "(() => { try { document.body.innerHTML = '<b>x</b>'; return 'set' } catch (e) { return e.name } })()"
            ),
        ]
        for path in Self.pages {
            for width in [390, 1280] {
                for script in [true, false] {
                    let name = path.split(whereSeparator: { !$0.isLetter }).prefix(2).joined(separator: "-")
                    steps.append(
                        Chromium.Step(
                            url: root + path,
                            name: "\(path) \(width) \(script ? "with" : "without") script",
                            width: width,
                            dark: !script,
                            script: script,
                            picture: Chromium.pictures
                                + "/real-\(name.isEmpty ? "overview" : name)-\(width)-\(script ? "light" : "dark").png"
                        )
                    )
                }
            }
        }
        // A form of ours is one that the browser sends as ours.
        steps.append(
            Chromium.Step(
                url: root + "/",
                name: "a form",
                until:
                    "document.title.includes('You have left') || document.querySelector('form[action=\"/leave\"] button')?.click()"
            )
        )
        let seen = try Chromium.look(steps)
        #expect(seen.first?.then == "shown", "\(seen.first.map { "\($0)" } ?? "")")
        #expect(seen[1].then == "TypeError", "Trusted Types forbid it")
        #expect(seen.last?.title.contains("You have left") == true, "\(seen.last.map { "\($0)" } ?? "")")
        for (place, page) in seen.enumerated() where place != 1 {
            #expect(page.complaints.isEmpty, "\(page.name): \(page.complaints)")
            #expect(!page.location.contains("token="), "\(page.location)")
        }
    }
}
