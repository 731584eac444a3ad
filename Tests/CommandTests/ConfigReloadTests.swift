import Foundation
import Glibc
import Testing

@testable import lapwing

@Suite(.timeLimit(.minutes(3))) struct ConfigReloadTests {
    /// What `lapwing config status -o json` says.
    private struct Status: Decodable {
        struct Attempt: Decodable {
            let trigger: String
            let applied: Bool
            let old: String
            let new, reason, problem: String?
        }
        let digest: String
        let applied, refused: Int
        let last: Attempt?
    }

    private static func status(_ lapwing: Installation) throws -> Status {
        let result = try lapwing.run("config", "status", "-o", "json")
        #expect(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Status.self, from: Data(result.output.utf8))
    }

    private static func edit(_ lapwing: Installation, _ name: String, _ change: (String) -> String) throws {
        let file = lapwing.directory.path + "/c/" + name
        let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        try change(text).write(toFile: file, atomically: true, encoding: .utf8)
    }

    private static func serving() throws -> Installation {
        let lapwing = try Installation()
        try #require(try lapwing.wait { try lapwing.run("config", "status").status == 0 })
        return lapwing
    }

    @Test func `a directory has one digest from wherever it is named, and another once a file has another name`() {
        func digest(_ names: [String]) -> String {
            Configuration.digest(of: names.map { (file: $0, bytes: Data("a: 1".utf8)) })
        }
        let here = digest(["gateway.yaml", "more/a.yaml", "policies.yaml"])
        #expect(
            here == digest(["/etc/lapwing/gateway.yaml", "/etc/lapwing/more/a.yaml", "/etc/lapwing/policies.yaml"])
        )
        #expect(here == digest(["p/gateway.yaml", "p/more/a.yaml", "p/policies.yaml"]))
        #expect(here != digest(["p/gateway.yaml", "p/more/b.yaml", "p/policies.yaml"]))
        #expect(digest(["one.yaml"]) == digest(["/c/one.yaml"]) && digest(["one.yaml"]) != digest(["two.yaml"]))
        #expect(digest(["p/a.yaml", "p/ab.yaml"]) == digest(["a.yaml", "ab.yaml"]))
    }

    @Test func `a reload by command, by signal and by a file's change is one and the same, and each is recorded`()
        throws
    {
        let lapwing = try Self.serving()
        let config = ["--config", lapwing.directory.path + "/c"]
        let first = try Self.status(lapwing)
        #expect(first.applied == 0 && first.last == nil)

        let asked = try Program.run(["config", "reload"] + config + lapwing.places)
        #expect(asked.status == 0 && asked.output.hasPrefix("reloaded: "), "\(asked.errors)")
        #expect(try Self.status(lapwing).last?.trigger == "admin")

        kill(lapwing.process.processIdentifier, SIGHUP)
        #expect(try lapwing.wait { try Self.status(lapwing).last?.trigger == "signal" })

        try Self.edit(lapwing, "policies.yaml") { $0.replacing("/v1/stream", with: "/v1/flow") }
        #expect(try lapwing.wait { try Self.status(lapwing).last?.trigger == "file" })
        let last = try Self.status(lapwing)
        #expect(last.applied == 3 && last.refused == 0 && last.digest != first.digest)
        #expect(last.last?.old == first.digest && last.last?.new == last.digest)

        let records = try lapwing.run("audit", "tail", "-o", "json").output
        // The gateway's three, and the authority's own where it was asked for by command.
        #expect(records.components(separatedBy: "\"action\":\"configuration.reload\"").count == 5)
        #expect(
            records.contains("\"actor\":\"uid \(geteuid())\"") && records.contains("\"before\":\"\(first.digest)\"")
        )
    }

    @Test func `what cannot be put in force is refused whole, with its place, in every place that tells`() throws {
        let lapwing = try Self.serving()
        let config = ["--config", lapwing.directory.path + "/c"]
        let before = try Self.status(lapwing).digest
        func refused(_ reason: String, _ words: String) throws {
            let result = try Program.run(["config", "reload"] + config + lapwing.places)
            #expect(result.status == 1)
            #expect(result.output.hasPrefix("refused (\(reason))"), "\(result.output)")
            #expect(result.errors.contains(words), "\(result.errors)")
            let status = try Self.status(lapwing)
            #expect(status.digest == before && status.last?.reason == reason && status.last?.applied == false)
            let doctor = try Program.run(["doctor"] + config + lapwing.places)
            #expect(doctor.status == 1 && doctor.output.contains("the last reload was refused (\(reason))"))
            #expect(try lapwing.run("audit", "tail", "-o", "json").output.contains("\"reason\":\"\(reason): "))
        }
        try Self.edit(lapwing, "extra.yaml") { _ in
            "apiVersion: lapwing.dev/v1alpha1\nkind: Gatway\nmetadata: { name: x }\n"
        }
        try refused("invalid", "extra.yaml:2:7: error: unknown or unsupported kind `Gatway`")
        try FileManager.default.removeItem(atPath: lapwing.directory.path + "/c/extra.yaml")

        try Self.edit(lapwing, "settings.yaml") { $0.replacing("logFormat: text", with: "logFormat: json") }
        try refused("not_live", "`logFormat` of Settings cannot change while Lapwing runs")
        try Self.edit(lapwing, "settings.yaml") { $0.replacing("logFormat: json", with: "logFormat: text") }

        // Somebody else's port.
        let taken = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(taken) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // Sound: the pointers do not outlive the calls.
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(taken, address, length) == 0 && listen(taken, 1) == 0
                    && getsockname(taken, address, &length) == 0
            }
        }
        try #require(isBound)
        let port = UInt16(bigEndian: address.sin_port)
        try Self.edit(lapwing, "gateway.yaml") {
            $0.replacing(
                "  upstreams:",
                with: "  - { name: second, address: 127.0.0.1, port: \(port) }\n  upstreams:"
            )
        }
        try refused("listener", "the listener `second` cannot be bound to 127.0.0.1 port \(port)")
    }

    @Test func `a gateway with an identity of its own comes and goes, and the process stays`() throws {
        let lapwing = try Self.serving()
        let config = ["--config", lapwing.directory.path + "/c"]
        let own = """
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: evaluation }
            spec:
              spiffeID: spiffe://cluster.local/ns/ml-evaluation/sa/evaluation
              selectors: ["unix:uid:\(geteuid())"]
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: Gateway
            metadata: { name: evaluation, namespace: ml-evaluation }
            spec:
              workload: { serviceAccount: evaluation }
              listeners: [{ name: mtls, address: 127.0.0.1, port: 0 }]
              upstreams: [{ name: model, unixSocket: /run/inference/model.sock }]
              routes: [{ name: all, path: { prefix: / }, upstream: model }]
            """
        try Self.edit(lapwing, "second.yaml") { _ in own }
        let added = try Program.run(["config", "reload"] + config + lapwing.places)
        #expect(added.status == 0, "\(added.errors)")
        #expect(try lapwing.run("identity", "entry", "list").output.contains("sa/evaluation"))
        try FileManager.default.removeItem(atPath: lapwing.directory.path + "/c/second.yaml")
        let removed = try Program.run(["config", "reload"] + config + lapwing.places)
        #expect(removed.status == 0, "\(removed.errors)")
        #expect(lapwing.process.isRunning)
        #expect(try Self.status(lapwing).refused == 0)
    }

    @Test func `what a reload would change is told before it is done`() throws {
        let lapwing = try Self.serving()
        let next = lapwing.directory.path + "/next"
        try FileManager.default.copyItem(atPath: lapwing.directory.path + "/c", toPath: next)
        func diff(_ arguments: String...) throws -> Program.Result {
            try Program.run(["config", "diff", next] + arguments + lapwing.places)
        }
        let same = try diff("--fail-on-change")
        #expect(same.status == 0 && same.output.contains("nothing changes"), "\(same.errors)")
        #expect(same.output.contains("no request that there can be would be decided otherwise"))

        let json = try diff("--against", lapwing.directory.path + "/c", "-o", "json")
        #expect(json.status == 0 && json.output.contains("\"version\""), "\(json.output)\(json.errors)")

        func edit(_ name: String, _ old: String, _ new: String) throws {
            let file = next + "/" + name
            try String(contentsOfFile: file, encoding: .utf8).replacing(old, with: new)
                .write(toFile: file, atomically: true, encoding: .utf8)
        }
        try edit("settings.yaml", "logFormat: text", "logFormat: json")
        let notLive = try diff()
        #expect(notLive.status == 1 && notLive.output.contains("`logFormat` of Settings cannot change"))
        try edit("settings.yaml", "logFormat: json", "logFormat: text")

        try edit("policies.yaml", "\"/v1/stream\"", "\"/v1/stream\", \"/v1/embed\"")
        try edit("gateway.yaml", "  upstreams:", "  - { name: second, address: 127.0.0.1, port: 0 }\n  upstreams:")
        // Traffic that was recorded.
        let requests = lapwing.directory.path + "/requests.jsonl"
        let request = """
            {"caller":{"spiffe_id":"spiffe://cluster.local/ns/ml-api/sa/api-gateway"},"request":{"authority":"x",\
            "method":"POST","path":"/v1/embed"}}

            """
        try request.write(toFile: requests, atomically: true, encoding: .utf8)
        let changed = try diff("--fail-on-change", "--requests", requests)
        #expect(changed.status == 1)
        #expect(changed.output.contains("spec.rules[0].to[0].operation.paths[2]: nothing → \"/v1/embed\""))
        #expect(changed.output.contains("+ inference listener second"))
        #expect(changed.output.contains("newly allowed") && changed.output.contains("POST /v1/embed"))
        #expect(changed.output.contains("of 1 recorded requests 1 would be decided otherwise"), "\(changed.errors)")
    }
}
