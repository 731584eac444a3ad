import AuditLog
import Foundation
import Testing
import ZeroTrust

@Suite("Searching the record, as a command", .timeLimit(.minutes(3)))
struct AuditQueryTests {
    /// The objects of JSON lines.
    private func lines(_ text: String) throws -> [[String: Any]] {
        try text.split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    private func record(_ line: [String: Any]) -> [String: Any] { line["record"] as? [String: Any] ?? [:] }

    @Test("What was issued and done is found, page by page, and what is found can be proved")
    func endToEnd() throws {
        let lapwing = try Installation()
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        for name in ["one", "two", "three"] {
            let made = try lapwing.run(
                "identity",
                "entry",
                "create",
                name,
                "--spiffe-id",
                "spiffe://cluster.local/ns/x/sa/\(name)",
                "--selector",
                "unix:uid:4242"
            )
            #expect(made.status == 0, "\(made.errors)")
        }
        let failed = try lapwing.run(
            "identity",
            "entry",
            "create",
            "one",
            "--spiffe-id",
            "spiffe://cluster.local/ns/x/sa/one",
            "--selector",
            "unix:uid:4242"
        )
        #expect(failed.status != 0)
        // The operator's acts come from the authority, and the last of them stands in the log a moment later.
        #expect(
            try lapwing.wait {
                try lapwing.run("audit", "query", "action=entry.create", "--count").output == "5\n"
            }
        )
        let acts = try lines(
            lapwing.run("audit", "query", "action=entry.create", "-o", "jsonl", "--oldest-first").output
        )
        #expect(acts.map { record($0)["subject"] as? String } == ["one", "two", "three", "one", "one"])
        #expect(acts.map { record($0)["outcome"] as? String } == ["allow", "allow", "allow", "allow", "failed"])
        #expect(acts.allSatisfy { record($0)["actor"] as? String == "uid \(getuid())" })
        // The gateway's own certificate was issued, and that is recorded although its log did not run yet.
        let issued = try lines(lapwing.run("audit", "query", "action=identity.x509.issue", "-o", "jsonl").output)
        #expect(!issued.isEmpty && issued.allSatisfy { (record($0)["after"] as? String)?.hasPrefix("serial:") == true })
        // Pages follow one another.
        let first = try lapwing.run("audit", "query", "--caller", "uid *", "-n", "2", "-o", "json")
        let page = try #require(JSONSerialization.jsonObject(with: Data(first.output.utf8)) as? [String: Any])
        let next = try #require(page["next"] as? Int)
        #expect((page["matches"] as? [Any])?.count == 2 && page["version"] as? Int == 1)
        let rest = try lines(
            lapwing.run("audit", "query", "--caller", "uid *", "--behind", "\(next)", "-n", "100", "-o", "jsonl").output
        )
        #expect(rest.count >= 3 && rest.allSatisfy { ($0["entry"] as? Int ?? .max) < next })
        let table = try lapwing.run("audit", "query", "decision=failed")
        #expect(table.output.contains("entry.create") && table.output.hasPrefix("ENTRY"))
        // From what was found to a proof that anyone can check.
        let id = try #require(record(acts[0])["id"] as? String)
        let proof = lapwing.directory.path + "/act.tlog-proof"
        #expect(try lapwing.wait { try lapwing.run("audit", "proof", id, "--to", proof).status == 0 })
        let key = lapwing.directory.path + "/s/log.vkey"
        let verified = try Program.run("audit", "verify", "--proof", proof, "--key", key)
        #expect(verified.status == 0 && verified.output.contains(id), "\(verified.errors)")
        // The index can go; it is made again.
        let count = try lapwing.run("audit", "query", "--count").output
        try Data("no database".utf8).write(to: URL(fileURLWithPath: lapwing.directory.path + "/s/audit-search.sqlite"))
        #expect(try lapwing.run("audit", "query", "--count").output == count)
        #expect(try lapwing.run("audit", "query", "--count", "--reindex").output == count)
    }

    @Test("The tokens that an answer says it took stand behind its status, and the model that answered is searched by")
    func tokens() throws {
        let directory = try TemporaryDirectory()
        let authority = try CheckpointAuthority(directory: directory.path + "/key", origin: "log.example/a")
        let log = try LogWriter(directory: directory.path + "/audit", origin: "log.example/a", signer: authority)
        let id = RequestID(milliseconds: 1_795_300_801_000, random: 7)
        let time = Timestamp(nanoseconds: 1_795_300_801_000_000_000)
        let decision = DecisionRecord(
            id: id,
            time: time,
            node: "a",
            caller: nil,
            source: .init(address: IPAddress(v4: 1), port: 2),
            tls: nil,
            request: .init(
                method: "POST",
                path: "/v1/chat/completions",
                authority: "a",
                destination: .init(address: IPAddress(v4: 1), port: 3)
            ),
            outcome: .allow,
            reason: "rule",
            policy: nil,
            snapshot: "s",
            compatibility: "strict",
            latency: 1,
            route: "r"
        )
        var completion = CompletionRecord(
            id: id,
            time: time,
            node: "a",
            status: 200,
            bytesReceived: 1,
            bytesSent: 2,
            upstream: "u",
            timings: .init(upstreamHead: 1, upstreamBody: 2, total: 3_000),
            ending: .complete
        )
        completion.usage = TokenUsage(input: 19, output: 10, cached: 8)
        completion.model = .init(digest: "sha256:\(String(repeating: "ab", count: 32))", signer: "s")
        for entry in [decision.encoded(), completion.encoded()] { _ = try log.append(entry) }
        log.close()
        func run(_ arguments: String...) throws -> String {
            try Program.run(["audit"] + arguments + ["--state", directory.path]).output
        }
        #expect(try run("query", "status=200").contains("200 19+10 tokens"))
        // By the model that answered, which only the end of the request knows.
        #expect(try run("query", "--served", "sha256:abab*", "--count") == "1\n")
        #expect(try run("query", "served=sha256:cd*", "--count") == "0\n")
        #expect(try run("query", "-o", "jsonl").contains(#""usage":{"cached":8,"input":19,"output":10}"#))
        #expect(try run("show", id.description).contains(#""upstream_body_ns" : 2"#))
        #expect(try run("tail").contains("200 complete, 2 bytes sent, 19+10 tokens, 3 µs"))
    }

    @Test("An index of which a page is damaged is made anew, whichever page it is")
    func damage() throws {
        let directory = try TemporaryDirectory()
        let authority = try CheckpointAuthority(directory: directory.path + "/key", origin: "log.example/a")
        let log = try LogWriter(directory: directory.path + "/audit", origin: "log.example/a", signer: authority)
        for number in 0..<20 {
            let act = ActRecord(
                id: RequestID(milliseconds: 1_795_300_801_000, random: UInt128(number)),
                time: Timestamp(nanoseconds: 1_795_300_801_000_000_000 + Int64(number)),
                node: "a",
                actor: "uid \(number % 3)",
                action: "entry.create",
                subject: "e",
                outcome: .allow
            )
            _ = try log.append(act.encoded())
        }
        log.close()
        let index = directory.path + "/audit-search.sqlite"
        let search = ["audit", "query", "caller=uid 1", "-o", "jsonl", "--state", directory.path]
        let expected = try Program.run(search)
        let found = try lines(expected.output).count
        #expect(expected.status == 0 && found == 7, "\(expected.errors)")
        let whole = try #require(FileManager.default.contents(atPath: index))
        let size = 4_096
        var damaged = 0
        for page in 1..<(whole.count / size) {
            var bytes = whole
            bytes.replaceSubrange((page * size)..<((page + 1) * size), with: Data(repeating: 0xaa, count: size))
            try bytes.write(to: URL(fileURLWithPath: index))
            let result = try Program.run(search)
            #expect(result.status == 0 && result.output == expected.output, "page \(page): \(result.errors)")
            if result.errors.contains("is damaged, and is made anew") { damaged += 1 }
        }
        #expect(damaged > 0)
    }

    @Test(
        "A mistake is said, and how to mend it",
        arguments: [
            (["since=yesterday"], "expected a time such as"), (["colour=red"], "there is no field `colour`"),
            (["decision=maybe"], "expected one of allow, deny, failed"), (["deny"], "expected FIELD=VALUE"),
            (["--limit", "0"], "--limit takes a number"), (["--since", "1h", "--until", "2h"], "is not after"),
            (["--status", "abc"], "expected `403` or `5xx`"),
        ] as [([String], String)]
    )
    func mistakes(_ arguments: [String], message: String) throws {
        let result = try Program.run(["audit", "query"] + arguments)
        #expect(result.status == 2 && result.errors.contains(message), "\(result.errors)")
    }

    @Test("The logs of a fleet are read as one, by time")
    func fleet() throws {
        let directory = try TemporaryDirectory()
        for (node, start) in [("a", 0), ("b", 1)] {
            let place = directory.path + "/" + node
            let authority = try CheckpointAuthority(directory: place + "/key", origin: "log.example/\(node)")
            let log = try LogWriter(directory: place + "/audit", origin: "log.example/\(node)", signer: authority)
            for number in stride(from: start, to: 10, by: 2) {
                let time = Timestamp(nanoseconds: 1_795_300_801_000_000_000 + Int64(number) * 1_000_000_000)
                let act = ActRecord(
                    id: RequestID(milliseconds: time.milliseconds, random: UInt128(number)),
                    time: time,
                    node: node,
                    actor: "uid \(number)",
                    action: "entry.create",
                    subject: "e",
                    outcome: .allow
                )
                _ = try log.append(act.encoded())
            }
            log.close()
        }
        let logs = [
            "--log", directory.path + "/a/audit", "--log", directory.path + "/b/audit", "--state", directory.path,
        ]
        let all = try Program.run(["audit", "query", "kind=act", "-o", "jsonl", "--oldest-first"] + logs)
        let found = try lines(all.output)
        #expect(found.map { record($0)["actor"] as? String } == (0..<10).map { "uid \($0)" }, "\(all.errors)")
        #expect(found.map { $0["log"] as? String } == (0..<10).map { "log.example/\($0 % 2 == 0 ? "a" : "b")" })
        #expect(try Program.run(["audit", "query", "--count"] + logs).output == "10\n")
        #expect(try Program.run(["audit", "query", "--behind", "3"] + logs).status == 2)
        #expect(try Program.run(["audit", "query"] + logs + logs.prefix(2)).errors.contains("twice"))
    }

    @Test("A fleet's pages hold every record once, also those that entered their logs long after their time")
    func fleetPages() throws {
        let directory = try TemporaryDirectory()
        var logs = ["--state", directory.path]
        for node in ["a", "b", "it's c"] {
            let place = directory.path + "/" + node
            let authority = try CheckpointAuthority(
                directory: place + "/key",
                origin: "log.example/\(node.first ?? "x")"
            )
            let log = try LogWriter(
                directory: place + "/audit",
                origin: "log.example/\(node.first ?? "x")",
                signer: authority
            )
            for number in 0..<(node == "b" ? 3 : 20) {
                // Every fifth waited in a spool for an hour, and some have the same time.
                let late: Int64 = number % 5 == 3 ? 3_600 : 0
                let time = Timestamp(
                    nanoseconds: 1_795_300_801_000_000_000 + (Int64(number / 2) - late) * 1_000_000_000
                )
                let act = ActRecord(
                    id: RequestID(milliseconds: time.milliseconds, random: UInt128(number)),
                    time: time,
                    node: node,
                    actor: "\(node) \(number)",
                    action: "entry.create",
                    subject: "e",
                    outcome: .allow
                )
                _ = try log.append(act.encoded())
            }
            log.close()
            logs += ["--log", place + "/audit"]
        }
        for order in [[], ["--oldest-first"]] {
            var seen: [String] = []
            var places: [String] = []
            for _ in 0..<20 {
                let page = try Program.run(["audit", "query", "-n", "4", "-o", "json"] + order + logs + places)
                #expect(page.status == 0, "\(page.errors)")
                let said = try #require(
                    try JSONSerialization.jsonObject(with: Data(page.output.utf8)) as? [String: Any]
                )
                let matches = try #require(said["matches"] as? [[String: Any]])
                seen += matches.compactMap { record($0)["actor"] as? String }
                places = (said["behind"] as? [String] ?? []).flatMap { ["--behind", $0] }
                if places.isEmpty { break }
            }
            #expect(seen.count == 43 && Set(seen).count == 43, "\(seen)")
        }
        let table = try Program.run(["audit", "query", "-n", "4"] + logs)
        #expect(table.errors.contains(#"--behind '\#(directory.path)/it'\''s c/audit="#), "\(table.errors)")
        // What waited an hour stands among those with which it entered.
        #expect(table.output.contains("2026-11-21T21:40:10Z"), "\(table.output)")
    }

    @Test("Where there is no log, that is said")
    func noLog() throws {
        let directory = try TemporaryDirectory()
        let result = try Program.run("audit", "query", "--state", directory.path)
        #expect(result.status == 3 && result.errors.contains("there is no audit log"), "\(result.errors)")
    }
}
