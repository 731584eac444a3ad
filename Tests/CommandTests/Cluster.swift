import Foundation
import Testing

/// The API server of the tests, beside a program.
final class Cluster {
    let directory: TemporaryDirectory
    private let process = Process()
    private let input = Pipe()
    private let answers: String
    let port: Int

    init() throws {
        directory = try TemporaryDirectory()
        answers = try directory.write("", to: "answers")
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        process.executableURL = URL(fileURLWithPath: CloudPeers.python)
        process.arguments = [root.appendingPathComponent("Peers/kubernetes_api.py").path, directory.path]
        process.environment = ProcessInfo.processInfo.environment.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
        process.standardInput = input
        process.standardOutput = FileHandle(forWritingAtPath: answers)
        try process.run()
        var port: Int?
        for _ in 0..<200 where port == nil {
            Thread.sleep(forTimeInterval: 0.05)
            port = try String(contentsOfFile: answers, encoding: .utf8).split(separator: "\n").first.flatMap { Int($0) }
        }
        self.port = try #require(port)
    }

    /// The resource that names it to an authority.
    var resource: String {
        """
        apiVersion: lapwing.dev/v1alpha1
        kind: KubernetesAttestation
        metadata: { name: cluster }
        spec:
          nodeName: node-1
          apiServer:
            url: https://127.0.0.1:\(port)
            caFile: \(directory.path)/ca.crt
            tokenFile: \(directory.path)/token
        """
    }

    deinit { process.stop() }

    /// Tells it something, and waits until it has answered.
    func tell(_ command: String) throws {
        func count() throws -> Int { try String(contentsOfFile: answers, encoding: .utf8).split(separator: "\n").count }
        let before = try count()
        try input.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
        for _ in 0..<200 where try count() == before { Thread.sleep(forTimeInterval: 0.05) }
    }

    func put(_ name: String, uid: String, container: String, label: String, digest: String = "ab") throws {
        try tell(
            """
            {"put": {"metadata": {"name": "\(name)", "namespace": "ml", "uid": "\(uid)", "labels": {"app": "\(label)"}}, \
            "spec": {"nodeName": "node-1", "serviceAccountName": "model"}, "status": {"phase": "Running", \
            "containerStatuses": [{"name": "server", "image": "r/model:1", "imageID": "r/model@sha256:\(digest)", \
            "containerID": "containerd://\(container)", "ready": true, "restartCount": 0}]}}}
            """
        )
    }
}
