import Foundation
import Logging
import Testing

@testable import Kubernetes

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// `Tests/Peers/kubernetes_api.py`, with which a test talks line by line.
final class APIServer {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer = Data()
    let directory: String
    private(set) var port = 0

    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static var python: String? {
        let folder = ProcessInfo.processInfo.environment["LAPWING_PEERS"] ?? root.appendingPathComponent(".venv").path
        let python = folder + "/bin/python"
        return FileManager.default.isExecutableFile(atPath: python) ? python : nil
    }

    /// Whether it can run; in CI it must.
    static var isAvailable: Bool {
        if python != nil || ProcessInfo.processInfo.environment["CI"] == "true" { return true }
        print("peers: skipped, there is no Python in LAPWING_PEERS or .venv; run scripts/setup-test-peers")
        return false
    }

    init() throws {
        directory = FileManager.default.temporaryDirectory.path + "/lapwing-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        process.executableURL = URL(fileURLWithPath: try #require(Self.python, "the peers are not installed"))
        process.arguments = [Self.root.appendingPathComponent("Tests/Peers/kubernetes_api.py").path, directory]
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.standardError
        try process.run()
        port = try #require(line().flatMap { Int($0) }, "the API server of the tests does not start")
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func line() -> String? {
        while true {
            if let end = buffer.firstIndex(of: 0x0a) {
                defer { buffer = Data(buffer[(end + 1)...]) }
                return String(decoding: buffer[..<end], as: UTF8.self)
            }
            let chunk = output.fileHandleForReading.availableData
            if chunk.isEmpty { return nil }
            buffer += chunk
        }
    }

    /// Tells it something, and gives what it answers.
    @discardableResult
    func ask(_ command: [String: Any]) throws -> [String: Any] {
        let data = try JSONSerialization.data(withJSONObject: command)
        try input.fileHandleForWriting.write(contentsOf: data + Data("\n".utf8))
        let answer = try #require(line(), "the API server of the tests has ended")
        return try #require(try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])
    }

    /// Makes or changes a pod with one container; returns its UID.
    @discardableResult
    func put(
        _ name: String,
        node: String = "node-1",
        account: String = "model",
        labels: [String: String] = ["app": "model"],
        container: String = APIServer.container,
        uid: String? = nil,
        phase: String = "Running"
    ) throws -> String {
        var metadata: [String: Any] = ["name": name, "namespace": "ml", "labels": labels]
        metadata["uid"] = uid
        let status: [String: Any] = [
            "name": "server", "image": "r/model:1", "imageID": "r/model@sha256:ab",
            "containerID": "containerd://\(container)",
            "ready": true, "restartCount": 0,
        ]
        let answer = try ask([
            "put": [
                "metadata": metadata, "spec": ["nodeName": node, "serviceAccountName": account],
                "status": ["phase": phase, "containerStatuses": [status]],
            ]
        ])
        return try #require(answer["uid"] as? String)
    }

    func token(_ pod: String = "model-0", _ more: [String: Any] = [:]) throws -> String {
        let wish = ["namespace": "ml", "pod": pod].merging(more) { $1 }
        return try #require(try ask(["token": wish])["token"] as? String)
    }

    /// The requests since this was asked last.
    func asked() throws -> [String] { try ask(["asked": true])["asked"] as? [String] ?? [] }

    static let container = String(repeating: "0a", count: 32)

    var server: KubernetesServer {
        KubernetesServer(
            url: "https://127.0.0.1:\(port)",
            authoritiesFile: directory + "/ca.crt",
            tokenFile: directory + "/token"
        )
    }

    func api() throws -> KubernetesAPI { try KubernetesAPI(server, timeout: .seconds(3)) }
}
