import Authorization
import Foundation
import Resources
import Testing
import ZeroTrust

/// The short form of `Benchmarks/policy`: the same rules and requests on Lapwing's engine and on others, without a clock.
@Suite struct PolicyPeersTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private struct Case: Decodable {
        let caller, method, path: String
        let allowed: Bool
    }

    /// The Python that has the test peers' packages; under CI it has to be there.
    private static let python: String? = {
        let environment = ProcessInfo.processInfo.environment
        let path = (environment["LAPWING_PEERS"] ?? root + "/.venv") + "/bin/python"
        let isThere = FileManager.default.isExecutableFile(atPath: path)
        return isThere || environment["CI"] == "true" ? path : nil
    }()

    private static func run(_ arguments: [String]) throws -> (status: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python ?? "")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test(.timeLimit(.minutes(2)))
    func `Lapwing, Cedar, Casbin and Rego decide the benchmark's cases alike`() throws {
        guard Self.python != nil, try Self.run(["-c", "import casbin, cedarpy, regopy"]).status == 0 else {
            try #require(
                ProcessInfo.processInfo.environment["CI"] != "true",
                "the policy engines are not installed: scripts/setup-test-peers"
            )
            return print("skipped: the policy engines from PyPI are not installed (scripts/setup-test-peers)")
        }
        let directory = FileManager.default.temporaryDirectory.appending(path: "lapwing-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let sizes = [10, 100]
        let peers = try Self.run([
            Self.root + "/Benchmarks/policy/run", "--check", directory.path, "--rules",
            sizes.map(String.init).joined(separator: ","),
        ])
        print(peers.output, terminator: "")
        #expect(peers.status == 0)
        for rules in sizes {
            let policies = try ResourceLoader.load(path: directory.path + "/policies-\(rules).yaml").documents
            let engine = try PolicyEngine(
                policies: PolicySet.load(policies),
                workload: Workload(namespace: "ml-inference"),
                options: PolicyEngine.Options()
            )
            let lines = try String(contentsOfFile: directory.path + "/requests-\(rules).jsonl", encoding: .utf8)
                .split(separator: "\n")
            let wrong = try lines.count { try decide($0, by: engine) == false }
            print("lapwing with \(rules) rules: \(lines.count - wrong) passed, \(wrong) failed")
            #expect(wrong == 0 && !lines.isEmpty)
        }
    }

    /// Whether the engine decides a case as every engine should.
    private func decide(_ line: Substring, by engine: PolicyEngine) throws -> Bool {
        let request = try JSONDecoder().decode(Case.self, from: Data(line.utf8))
        let loopback = IPAddress(v4: 0x7f00_0001)
        let attributes = Attributes(
            caller: Caller(try SPIFFEID("spiffe://" + request.caller)),
            method: request.method,
            path: request.path,
            authority: "inference.example",
            source: loopback,
            destination: .init(address: loopback, port: 8443)
        )
        return (engine.evaluate(attributes).outcome == .allow) == request.allowed
    }
}
