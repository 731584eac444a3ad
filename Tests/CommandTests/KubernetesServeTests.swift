import Crypto
import Foundation
import Glibc
import TestIdentities
import Testing

/// Pods end to end: `lapwing serve` against a server that speaks Kubernetes' API, and processes in real control groups.
@Suite(.enabled(if: CloudPeers.areInstalled && RealControlGroup.isAvailable), .serialized, .timeLimit(.minutes(5)))
struct `Kubernetes end to end` {
    @Test(.timeLimit(.minutes(3)))
    func `a process in a pod's container gets the pod's identity, until the pod is another or gone`() throws {
        let cluster = try Cluster()
        let (uid, container) = ("8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55", String(repeating: "3e", count: 32))
        try cluster.put("model-0", uid: uid, container: container, label: "model")
        let lapwing = try Installation { folder in
            try """
            \(cluster.resource)
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

/// Who has signed an image, end to end.
@Suite(.enabled(if: CloudPeers.areInstalled && RealControlGroup.isAvailable), .serialized, .timeLimit(.minutes(5)))
struct `Signed images` {
    /// A bundle as `cosign sign --key` writes it.
    static func bundle(of digest: String, by key: P256.Signing.PrivateKey) throws -> Data {
        let type = "application/vnd.in-toto+json"
        let payload = Data(
            (#"{"_type":"https://in-toto.io/Statement/v1","predicate":{},"#
                + #""predicateType":"https://sigstore.dev/cosign/sign/v1","subject":[{"digest":{"sha256":"\#(digest)"}}]}"#)
                .utf8
        )
        let signed = Data("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
        let signature = try key.signature(for: SHA256.hash(data: signed)).derRepresentation
        let hint = Data(SHA256.hash(data: key.publicKey.derRepresentation)).base64EncodedString()
        return try JSONSerialization.data(withJSONObject: [
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": ["publicKey": ["hint": hint]],
            "dsseEnvelope": [
                "payload": payload.base64EncodedString(), "payloadType": type,
                "signatures": [["sig": signature.base64EncodedString()]],
            ],
        ])
    }

    @Test(.timeLimit(.minutes(3)))
    func `a process gets what its entry gives signed images, from the signature on and until it is taken away`() throws
    {
        let cluster = try Cluster()
        let (uid, container) = ("6d1f0f0e-93c4-4c2a-8f8e-7a4f4b1a7e56", String(repeating: "5d", count: 32))
        let digest = String(repeating: "9c", count: 32)
        try cluster.put("model-1", uid: uid, container: container, label: "model", digest: digest)
        let (key, stranger) = (P256.Signing.PrivateKey(), P256.Signing.PrivateKey())
        let images = try TemporaryDirectory()
        try Self.bundle(of: digest, by: stranger).write(to: URL(fileURLWithPath: images.path + "/stranger.json"))
        try Self.bundle(of: String(repeating: "0", count: 64), by: key)
            .write(to: URL(fileURLWithPath: images.path + "/other.json"))
        _ = try images.write("no bundle", to: "README")
        let lapwing = try Installation { folder in
            try key.publicKey.pemRepresentation.write(
                toFile: folder + "/cosign.pub",
                atomically: true,
                encoding: .utf8
            )
            try """
            \(cluster.resource)
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: ImageSignatures
            metadata: { name: images }
            spec:
              directory: \(images.path)
              signers:
                - key: { publicKey: { file: cosign.pub } }
            ---
            apiVersion: lapwing.dev/v1alpha1
            kind: WorkloadEntry
            metadata: { name: a-signed-pod }
            spec:
              spiffeID: spiffe://cluster.local/ns/ml/sa/signed
              selectors: ["k8s:ns:ml", "k8s:image-signature:verified"]
            """.write(toFile: folder + "/kubernetes.yaml", atomically: true, encoding: .utf8)
        }
        let signed = "spiffe://cluster.local/ns/ml/sa/signed"
        #expect(try lapwing.wait { try lapwing.run("identity", "svid", "fetch").status == 0 })
        let group = try RealControlGroup(uid: uid, container: container)
        func isGiven() throws -> Bool {
            try Program.run(
                [
                    "-c", "echo $$ > \(group.path)/cgroup.procs && exec \"$0\" \"$@\"", try Program.path, "identity",
                    "svid", "fetch",
                ]
                    + lapwing.places,
                program: "/bin/sh"
            ).output.contains(signed)
        }
        #expect(try !isGiven(), "signed by a stranger, or another image")
        let file = images.path + "/model.json"
        try Self.bundle(of: digest, by: key).write(to: URL(fileURLWithPath: file))
        #expect(try lapwing.wait(isGiven))
        // One that has it loses it with the signature.
        let holder = Process()
        holder.executableURL = URL(fileURLWithPath: "/bin/sh")
        let folder = lapwing.directory.path + "/kept"
        holder.arguments =
            [
                "-c", "echo $$ > \(group.path)/cgroup.procs && exec \"$0\" \"$@\"", try Program.path, "identity",
                "watch", "--audience", "shop", "--spiffe-id", signed, "--directory", folder,
            ] + lapwing.places
        holder.standardError = FileHandle.nullDevice
        try holder.run()
        defer { holder.stop() }
        #expect(try lapwing.wait { FileManager.default.fileExists(atPath: folder + "/environment") })
        try FileManager.default.removeItem(atPath: file)
        #expect(try lapwing.wait { try !isGiven() })
        #expect(
            try lapwing.wait {
                try lapwing.run("identity", "revocations").output.contains("is no longer what its entry asks for")
            }
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
