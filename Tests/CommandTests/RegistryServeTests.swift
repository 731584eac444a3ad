import Foundation
import Testing

/// The example of a model registry, run as it stands and used by its own commands and by other people's clients.
@Suite(.serialized, .timeLimit(.minutes(5))) struct `A registry behind the gateway` {
    private static let registry = "spiffe://cluster.local/ns/ml-registry/sa/registry"
    private static let trainer = "spiffe://cluster.local/ns/ml-training/sa/training-pipeline"
    private static let deployer = "spiffe://cluster.local/ns/ml-deploy/sa/deployment-pipeline"
    private static let inference = "spiffe://cluster.local/ns/ml-inference/sa/inference-service"

    /// Everything that the example starts, in a directory of its own.
    private final class Installation {
        let directory: TemporaryDirectory
        private let process = Process()
        var places: [String] {
            ["--config", directory.path + "/c", "--state", directory.path + "/s", "--run", directory.path + "/r"]
        }
        private(set) var port = ""

        init() throws {
            directory = try TemporaryDirectory()
            let example =
                URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().path + "/Examples/model-registry"
            try FileManager.default.copyItem(atPath: example, toPath: directory.path + "/c")
            try change("gateway.yaml") {
                $0.replacing("/run/lapwing/registry.sock", with: directory.path + "/r/registry.sock")
                    .replacing("port: 8444", with: "port: 0")
            }
            try change("identities.yaml") { $0.replacing("unix:uid:0", with: "unix:uid:\(geteuid())") }
            let log = try directory.write("", to: "log")
            process.executableURL = URL(fileURLWithPath: try Program.path)
            process.arguments = ["serve"] + places
            process.standardError = FileHandle(forWritingAtPath: log)
            try process.run()
            try #require(
                wait { try String(contentsOfFile: log, encoding: .utf8).contains("roles=authority,registry,gateway") }
            )
            let text = try String(contentsOfFile: log, encoding: .utf8)
            let line = try #require(text.split(separator: "\n").first { $0.contains("listener=mtls port=") })
            port = String(line.split(separator: "port=")[1].prefix { $0.isNumber })
        }

        private func change(_ name: String, _ edit: (String) -> String) throws {
            let file = directory.path + "/c/" + name
            try edit(String(contentsOfFile: file, encoding: .utf8)).write(
                toFile: file,
                atomically: true,
                encoding: .utf8
            )
        }

        func wait(_ condition: () throws -> Bool) throws -> Bool {
            let end = ContinuousClock.now + .seconds(30)
            while ContinuousClock.now < end {
                if try condition() { return true }
                Thread.sleep(forTimeInterval: 0.05)
            }
            return false
        }

        /// A model's files, and a reference in the registry.
        func model() throws -> String {
            let root = directory.path + "/model"
            try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
            _ = try directory.write(String(repeating: "weights", count: 50_000), to: "model/model.safetensors")
            _ = try directory.write("{}", to: "model/config.json")
            return root
        }

        func reference(_ tail: String) -> String { "127.0.0.1:\(port)/fraud/scorer\(tail)" }

        /// `lapwing model …` as a workload.
        func model(_ id: String, _ arguments: String...) throws -> Program.Result {
            try Program.run(["model"] + arguments + ["--as", id, "--registry-id", registry] + places)
        }

        func stop() {
            process.stop()
        }

        deinit { if process.isRunning { stop() } }
    }

    @Test(.timeLimit(.minutes(2)))
    func `a model is pushed, promoted and pulled, and every move of its tags is in the log`() throws {
        let lapwing = try Installation()
        let model = try lapwing.model()
        let pushed = try lapwing.model(Self.trainer, "push", model, lapwing.reference(":v1"))
        #expect(pushed.status == 0 && pushed.output.contains("admitted"), "\(pushed.errors)")
        #expect(try lapwing.model(Self.inference, "push", model, lapwing.reference(":v2")).status == 1)
        #expect(try lapwing.model(Self.trainer, "promote", lapwing.reference(":v1"), "production").status == 1)
        let promoted = try lapwing.model(Self.deployer, "promote", lapwing.reference(":v1"), "production")
        #expect(promoted.status == 0, "\(promoted.errors)")
        let pulled = try lapwing.model(
            Self.inference,
            "pull",
            lapwing.reference(":production"),
            lapwing.directory.path + "/p"
        )
        #expect(pulled.status == 0, "\(pulled.errors)")
        #expect(FileManager.default.contentsEqual(atPath: model, andPath: lapwing.directory.path + "/p"))
        #expect(
            try lapwing.model(Self.trainer, "pull", lapwing.reference(":v1"), lapwing.directory.path + "/q").status == 1
        )
        #expect(try lapwing.model(Self.inference, "list", lapwing.reference("")).output.contains("production,v1"))

        struct History: Decodable {
            struct Move: Decodable { let tag: String, from: String?, to: String?, by: String, record: String }
            let moves: [Move]
        }
        let text = try lapwing.model(Self.inference, "tag", "history", lapwing.reference(""), "-o", "json").output
        let moves = try JSONDecoder().decode(History.self, from: Data(text.utf8)).moves
        #expect(moves.map(\.tag) == ["v1", "production"] && moves.map(\.by) == [Self.trainer, Self.deployer])
        let record = try Program.run(["audit", "show", moves[1].record, "-o", "json"] + lapwing.places).output
        #expect(record.contains(#""action":"registry.tag.move""#) && record.contains(#""kind":"decision""#))
        #expect(try lapwing.wait { try Program.run(["audit", "verify"] + lapwing.places).status == 0 })

        // A registry that is somebody else is not spoken to.
        let wrong = try Program.run(
            ["model", "list", lapwing.reference(""), "--as", Self.inference, "--registry-id", Self.trainer]
                + lapwing.places
        )
        #expect(wrong.status == 3, "\(wrong.errors)")
        let plain = try Program.run(["model", "list", lapwing.reference(""), "--plain-http"])
        #expect(plain.status == 3, "\(plain.errors)")
        #expect(try Program.run(["model", "list", "registry.example/a", "--plain-http"]).status == 2)
        #expect(try Program.run(["model", "list", "nonsense"]).status == 2)

        // The console has the same.
        let link = try ConsoleLink(lapwing.places)
        var console = link.client
        try console.enter(link.token)
        let page = try console.ask("/models").body
        for words in ["fraud/scorer", "admitted", "fraud/scorer:production", "ml-training/training-pipeline"] {
            #expect(page.contains(words), "\(words): \(page)")
        }
    }

    @Test(.enabled(if: OutsideClients.areInstalled), .timeLimit(.minutes(3)))
    func `other people's clients push, copy and pull over mutual TLS`() throws {
        let lapwing = try Installation()
        let model = try lapwing.model()
        #expect(try lapwing.model(Self.trainer, "push", model, lapwing.reference(":v1")).status == 0)
        let svids = lapwing.directory.path + "/svids"
        #expect(try Program.run(["identity", "svid", "fetch", "--write", svids] + lapwing.places).status == 0)
        let (writer, reader) = (try number(of: Self.trainer, in: svids), try number(of: Self.inference, in: svids))

        let peers = try Program.run(
            [
                OutsideClients.script, lapwing.port, svids, "\(writer)", "\(reader)", model,
                lapwing.directory.path + "/oras",
            ],
            program: OutsideClients.python
        )
        #expect(peers.status == 0, "\(peers.errors)")
        #expect(peers.output.contains("pulled 2"))

        for (name, number) in [("w", writer), ("r", reader)] {
            let folder = lapwing.directory.path + "/" + name
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            for (from, to) in [
                ("svid.\(number).pem", "client.cert"), ("svid.\(number).key", "client.key"),
                ("bundle.\(number).pem", "ca.crt"),
            ] {
                try FileManager.default.copyItem(atPath: svids + "/" + from, toPath: folder + "/" + to)
            }
        }
        func skopeo(_ arguments: String...) throws -> Program.Result {
            try Program.run(arguments, program: OutsideClients.skopeo)
        }
        let place = lapwing.directory.path
        let remote = "docker://localhost:\(lapwing.port)/fraud/"
        let copied = try skopeo(
            "copy",
            "--insecure-policy",
            "--preserve-digests",
            "--src-cert-dir",
            place + "/r",
            remote + "scorer:v1",
            "oci:\(place)/oci:v1"
        )
        #expect(copied.status == 0, "\(copied.errors)")
        let back = try skopeo(
            "copy",
            "--insecure-policy",
            "--preserve-digests",
            "--dest-cert-dir",
            place + "/w",
            "oci:\(place)/oci:v1",
            remote + "copy:one"
        )
        #expect(back.status == 0, "\(back.errors)")
        let digests = try ["scorer:v1", "copy:one"].map {
            try skopeo("inspect", "--raw", "--cert-dir", place + "/r", remote + $0).output
        }
        #expect(digests[0] == digests[1] && digests[0].contains("vnd.cncf.model.config"))
        #expect(try skopeo("list-tags", "--cert-dir", place + "/r", remote + "copy").output.contains("one"))
        let refused = try skopeo(
            "copy",
            "--insecure-policy",
            "--preserve-digests",
            "--dest-cert-dir",
            place + "/r",
            "oci:\(place)/oci:v1",
            remote + "copy:two"
        )
        #expect(refused.status != 0 && refused.errors.contains("denied"), "\(refused.errors)")
    }

    /// Which SVID of a folder is of an ID.
    private func number(of id: String, in folder: String) throws -> Int {
        try #require(
            (0..<8).first { number in
                let result = try? Program.run(
                    ["x509", "-noout", "-ext", "subjectAltName", "-in", "\(folder)/svid.\(number).pem"],
                    program: "/usr/bin/openssl"
                )
                return result?.output.contains("URI:\(id)\n") == true || result?.output.contains("URI:\(id),") == true
            }
        )
    }

    @Test(.timeLimit(.minutes(2)))
    func `a registry that is killed in the middle of an upload has nothing half, and goes on where it was`() throws {
        let directory = try TemporaryDirectory()
        let example =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path + "/Examples/model-registry"
        let arguments = [
            "registry", "--config", example, "--state", directory.path + "/s", "--run", directory.path + "/r",
        ]
        let socket = directory.path + "/r/registry.sock"
        func start() throws -> Process {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try Program.path)
            process.arguments = arguments
            process.standardInput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            try process.run()
            let end = ContinuousClock.now + .seconds(30)
            while try curl("/v2/").isEmpty, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.05) }
            return process
        }
        func curl(_ path: String, _ more: String...) throws -> String {
            try Program.run(
                ["-s", "-i", "--unix-socket", socket, "-H", "x-lapwing-spiffe-id: \(Self.trainer)"] + more
                    + ["http://registry" + path],
                program: "/usr/bin/curl"
            ).output
        }
        func field(_ name: String, _ answer: String) -> String? {
            answer.split(separator: "\r\n").first { $0.lowercased().hasPrefix(name + ": ") }
                .map { String($0.dropFirst(name.count + 2)) }
        }
        let blobs = directory.path + "/s/registry/blobs"
        func files(_ folder: String) -> [String] {
            (FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []).filter {
                var isDirectory: ObjCBool = false
                _ = unsafe FileManager.default.fileExists(atPath: folder + "/" + $0, isDirectory: &isDirectory)
                return !isDirectory.boolValue
            }
        }
        let content = String(repeating: "0123456789abcdef", count: 200_000)
        let whole = try directory.write(content, to: "whole")
        let first = try start()
        let location = try #require(field("location", try curl("/v2/fraud/m/blobs/uploads/", "-X", "POST")))

        // An upload that never ends by itself: its content comes from a pipe that stays open.
        let upload = Process()
        let pipe = Pipe()
        upload.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        upload.arguments = [
            "-s", "--unix-socket", socket, "-H", "x-lapwing-spiffe-id: \(Self.trainer)", "-H", "expect:", "-X", "PATCH",
            "-T", "-", "http://registry" + location,
        ]
        upload.standardInput = pipe
        upload.standardOutput = FileHandle.nullDevice
        try upload.run()
        try pipe.fileHandleForWriting.write(contentsOf: Data(content.utf8.prefix(2_000_000)))
        let partial = directory.path + "/s/registry/uploads/" + (location.split(separator: "/").last ?? "")
        let end = ContinuousClock.now + .seconds(30)
        var size = 0
        while size < 1_000_000, ContinuousClock.now < end {
            size = (try FileManager.default.attributesOfItem(atPath: partial)[.size] as? Int) ?? 0
        }
        #expect(size >= 1_000_000)
        kill(first.processIdentifier, SIGKILL)
        first.waitUntilExit()
        try pipe.fileHandleForWriting.close()
        upload.waitUntilExit()
        #expect(files(blobs).isEmpty, "half a blob has a blob's name")

        let second = try start()
        defer {
            second.terminate()
            second.waitUntilExit()
        }
        let range = try #require(field("range", try curl(location)))
        let there = try #require(Int(range.dropFirst(2))) + 1
        #expect(there >= 1_000_000 && there <= 2_000_000)
        let rest = try directory.write(String(content.utf8.dropFirst(there)) ?? "", to: "rest")
        let digest = try #require(
            try Program.run([whole], program: "/usr/bin/sha256sum").output.split(separator: " ").first
        )
        let wrong = try curl(location, "-X", "PATCH", "-H", "content-range: 0-9", "--data-binary", "0123456789")
        #expect(wrong.hasPrefix("HTTP/1.1 416"))
        let done = try curl(location + "?digest=sha256:\(digest)", "-X", "PUT", "--data-binary", "@" + rest)
        #expect(done.hasPrefix("HTTP/1.1 201"), "\(done)")
        #expect(files(blobs) == ["sha256/\(digest.prefix(2))/\(digest)"])
        #expect(files(directory.path + "/s/registry/uploads").isEmpty)
    }
}

/// Clients of registries that other people wrote.
private enum OutsideClients {
    static let skopeo = "/usr/bin/skopeo"

    static var script: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
            + "/Peers/registry_clients.py"
    }

    static var python: String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        return (ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? root + "/.venv") + "/bin/python"
    }

    /// Whether they can run; in CI they must.
    static var areInstalled: Bool {
        if ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        let check = try? Program.run(["-c", "import oras, mlflow"], program: python)
        if check?.status == 0, FileManager.default.isExecutableFile(atPath: skopeo) { return true }
        print("skipped: skopeo, oras or mlflow is not installed (scripts/setup --tests, scripts/setup-test-peers)")
        return false
    }
}
