import Foundation
import Glibc
import TestIdentities
import Testing

/// Pods end to end: `lapwing serve` against a server that speaks Kubernetes' API, and processes in real control groups.
@Suite(.enabled(if: CloudPeers.areInstalled && RealControlGroup.isAvailable), .serialized)
struct `Kubernetes end to end` {
    @Test(.timeLimit(.minutes(3)))
    func `a process in a pod's container gets the pod's identity, until the pod is another or gone`() throws {
        let cluster = try Cluster()
        let (uid, container) = ("8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55", String(repeating: "3e", count: 32))
        try cluster.put("model-0", uid: uid, container: container, label: "model")
        let lapwing = try Installation { folder in
            try """
            apiVersion: lapwing.dev/v1alpha1
            kind: KubernetesAttestation
            metadata: { name: cluster }
            spec:
              nodeName: node-1
              apiServer:
                url: https://127.0.0.1:\(cluster.port)
                caFile: \(cluster.directory.path)/ca.crt
                tokenFile: \(cluster.directory.path)/token
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: a-pod }
            spec:
              spiffeID: spiffe://cluster.local/ns/ml/sa/model
              selectors: ["k8s:ns:ml", "k8s:sa:model", "k8s:pod-label:app:model", "k8s:container-image:r/model@sha256:ab"]
            """.write(toFile: folder + "/kubernetes.yaml", atomically: true, encoding: .utf8)
        }
        let pod = "spiffe://cluster.local/ns/ml/sa/model"
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        #expect(try !lapwing.run("identity", "svid", "fetch").output.contains(pod), "we are in no pod")

        let group = try RealControlGroup(uid: uid, container: container)
        func inside() throws -> Program.Result {
            try Program.run(
                [
                    "-c", "echo $$ > \(group.path)/cgroup.procs && exec \"$0\" \"$@\"", try Program.path, "identity",
                    "svid", "fetch",
                ]
                    + lapwing.places,
                program: "/bin/sh"
            )
        }
        let fetched = try inside()
        #expect(fetched.output.contains(pod), "\(fetched.errors)")
        try cluster.put("model-0", uid: uid, container: container, label: "other")
        #expect(try lapwing.wait { try !inside().output.contains(pod) })
        try cluster.put("model-0", uid: uid, container: container, label: "model")
        #expect(try lapwing.wait { try inside().output.contains(pod) })
        // Another container's ID under the pod's own UID is nobody.
        let stranger = try RealControlGroup(uid: uid, container: String(repeating: "4f", count: 32))
        let other = try Program.run(
            [
                "-c", "echo $$ > \(stranger.path)/cgroup.procs && exec \"$0\" \"$@\"", try Program.path, "identity",
                "svid", "fetch",
            ]
                + lapwing.places,
            program: "/bin/sh"
        )
        #expect(!other.output.contains(pod))
        try cluster.tell("{\"delete\": [\"ml\", \"model-0\"]}")
        #expect(try lapwing.wait { try !inside().output.contains(pod) })
        lapwing.process.terminate()
        lapwing.process.waitUntilExit()
        #expect(lapwing.process.terminationStatus == 0)
    }
}

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

    deinit { process.stop() }

    /// Tells it something, and waits until it has answered.
    func tell(_ command: String) throws {
        func count() throws -> Int { try String(contentsOfFile: answers, encoding: .utf8).split(separator: "\n").count }
        let before = try count()
        try input.fileHandleForWriting.write(contentsOf: Data((command + "\n").utf8))
        for _ in 0..<200 where try count() == before { Thread.sleep(forTimeInterval: 0.05) }
    }

    func put(_ name: String, uid: String, container: String, label: String) throws {
        try tell(
            """
            {"put": {"metadata": {"name": "\(name)", "namespace": "ml", "uid": "\(uid)", "labels": {"app": "\(label)"}}, \
            "spec": {"nodeName": "node-1", "serviceAccountName": "model"}, "status": {"phase": "Running", \
            "containerStatuses": [{"name": "server", "image": "r/model:1", "imageID": "r/model@sha256:ab", \
            "containerID": "containerd://\(container)", "ready": true, "restartCount": 0}]}}}
            """
        )
    }
}

extension RealControlGroup {
    /// The group of a container in a pod, as containerd and the kubelet name it.
    fileprivate convenience init(uid: String, container: String) throws {
        let pod = "kubepods-pod\(uid.replacing("-", with: "_")).slice"
        try self.init("kubepods.slice/\(pod)/cri-containerd-\(container).scope")
    }
}
