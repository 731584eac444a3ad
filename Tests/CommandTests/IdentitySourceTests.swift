import Foundation
import Testing

/// `lapwing serve --workload-api`: identity and bundles from another's Workload API, as SPIRE's.
@Suite(.enabled(if: CloudPeers.areInstalled), .serialized, .timeLimit(.minutes(5)))
struct `An existing SPIRE as the source` {
    private static let gateway = "spiffe://cluster.local/ns/ml-inference/sa/inference-service"

    /// The serial number of the certificate that a listener shows, in lower-case hexadecimal; nil where it shows none.
    private static func serial(_ port: Int) throws -> String? {
        let shown = try Program.run(
            ["-c", "openssl s_client -connect 127.0.0.1:\(port) </dev/null 2>/dev/null | openssl x509 -noout -serial"],
            program: "/bin/sh"
        ).output
        guard let text = shown.split(separator: "=").last, shown.hasPrefix("serial=") else { return nil }
        return String(text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased().drop { $0 == "0" })
    }

    private static func start(_ source: String, port: Int) throws -> Installation {
        try Installation("--workload-api", source) { folder in
            let file = folder + "/gateway.yaml"
            let text = try String(contentsOfFile: file, encoding: .utf8).replacing(
                "{ name: mtls, address: 127.0.0.1, port: 0 }",
                with: "{ name: mtls, address: 127.0.0.1, port: \(port) }"
            )
            try text.write(toFile: file, atomically: true, encoding: .utf8)
        }
    }

    private static func log(_ lapwing: Installation) throws -> String {
        try String(contentsOfFile: lapwing.log, encoding: .utf8)
    }

    @Test(.timeLimit(.minutes(4)))
    func `nothing that cannot be relied on is taken, and the last good one stays until it expires`() throws {
        let source = try WorkloadAPIFake(Self.gateway)
        let port = try CloudPeers.freePort()
        // What is wrong from the start is never shown.
        _ = try source.send("expired")
        let lapwing = try Self.start("unix:" + source.socket, port: port)
        #expect(try lapwing.wait { try Self.log(lapwing).contains("identity refused") })
        #expect(try Self.serial(port) == nil)

        for kind in [
            "expired", "early", "wrong-key", "unknown-ca", "other-id", "other-domain", "no-key", "empty", "garbage",
        ] {
            // After a good one the source is asked again at once; after bad ones, ever more seldom.
            let good = try source.send("good")
            #expect(try lapwing.wait { try Self.serial(port) == good })
            func told() throws -> Int { try Self.log(lapwing).components(separatedBy: "identity refused").count }
            let before = try told()
            _ = try source.send(kind)
            #expect(try lapwing.wait { try told() > before }, "\(kind) is not told of")
            #expect(try Self.serial(port) == good, "\(kind)")
        }
        // The record and the rest work as ever, and the next good one is taken.
        #expect(try lapwing.wait { try lapwing.run("audit", "verify").status == 0 })
        #expect(try lapwing.run("identity", "revocations").status == 0)
        let next = try source.send("good 8")
        #expect(try lapwing.wait { try Self.serial(port) == next })
        // It is shown until it expires, and not a moment longer.
        _ = try source.send("unknown-ca")
        #expect(try lapwing.wait { try Self.serial(port) == nil })
        #expect(try Self.log(lapwing).contains("has expired"))
        let last = try source.send("good")
        #expect(try lapwing.wait { try Self.serial(port) == last })
        lapwing.process.terminate()
        lapwing.process.waitUntilExit()
        #expect(lapwing.process.terminationStatus == 0)
    }

    @Test(.timeLimit(.minutes(3)))
    func `another Lapwing is a source as well, and its rotations are followed`() throws {
        let source = try Installation()
        #expect(try source.wait { try source.run("identity", "svid", "fetch").status == 0 })
        let port = try CloudPeers.freePort()
        let lapwing = try Self.start("unix:" + source.directory.path + "/r/workload-api.sock", port: port)
        #expect(try lapwing.wait { try Self.serial(port) != nil })
        let first = try Self.serial(port)
        // What the second one would vouch for nobody asks, and its own Workload API is not there.
        #expect(try lapwing.run("identity", "svid", "fetch").status == 3)
        #expect(try source.run("identity", "ca", "rotate").status == 0)
        #expect(try lapwing.wait { try Self.serial(port) != first })
        // A caller with an SVID of the source's is somebody.
        let keys = source.directory.path + "/svid"
        #expect(try source.run("identity", "svid", "fetch", "--write", keys).status == 0)
        let answer = try Program.run(
            [
                "-sk", "-m", "10", "-o", "/dev/null", "-w", "%{http_code}", "--cert", keys + "/svid.0.pem", "--key",
                keys + "/svid.0.key", "https://127.0.0.1:\(port)/v1/predict",
            ],
            program: "/usr/bin/curl"
        ).output
        #expect(answer == "403")
        lapwing.process.terminate()
        lapwing.process.waitUntilExit()
        #expect(lapwing.process.terminationStatus == 0)
    }

    @Test func `a source over TCP is refused`() throws {
        let directory = try TemporaryDirectory()
        _ = try Program.run("init", directory.path + "/c")
        let config = [
            "--config", directory.path + "/c", "--state", directory.path + "/s", "--run", directory.path + "/r",
        ]
        let result = try Program.run(["serve", "--workload-api", "tcp://127.0.0.1:8081"] + config)
        #expect(result.status == 2 && result.errors.contains("unix:/PATH"), "\(result.errors)")
    }
}

/// `Tests/Peers/workload_api_fake.py`.
final class WorkloadAPIFake {
    private let directory: TemporaryDirectory
    private let process = Process()
    private let input = Pipe()
    private let answers: String
    let socket: String

    init(_ id: String) throws {
        directory = try TemporaryDirectory()
        socket = directory.path + "/api.sock"
        answers = try directory.write("", to: "answers")
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        process.executableURL = URL(fileURLWithPath: CloudPeers.python)
        process.arguments = [root.appendingPathComponent("Peers/workload_api_fake.py").path, socket, id]
        process.environment = ProcessInfo.processInfo.environment.merging([
            "PYTHONDONTWRITEBYTECODE": "1", "GRPC_VERBOSITY": "NONE",
        ]) { $1 }
        process.standardInput = input
        process.standardOutput = FileHandle(forWritingAtPath: answers)
        try process.run()
        try wait(for: 1)
    }

    deinit { process.stop() }

    private var lines: [Substring] {
        get throws { try String(contentsOfFile: answers, encoding: .utf8).split(separator: "\n") }
    }

    private func wait(for count: Int) throws {
        for _ in 0..<300 {
            if try lines.count >= count { return }
            Thread.sleep(forTimeInterval: 0.05)
        }
        Issue.record("the fake does not answer")
    }

    /// Has it send something; returns the serial number of the certificate.
    func send(_ kind: String) throws -> String {
        let before = try lines.count
        try input.fileHandleForWriting.write(contentsOf: Data((kind + "\n").utf8))
        try wait(for: before + 1)
        return String(try #require(try lines.last))
    }
}
