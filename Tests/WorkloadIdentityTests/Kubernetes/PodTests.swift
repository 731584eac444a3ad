import Foundation
import SPIFFE
import TestIdentities
import Testing

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct PodTests {
    static let id = String(repeating: "0a", count: 32)
    static let json = """
        {"metadata":{"uid":"8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55","namespace":"ml","name":"model-0",
        "labels":{"app":"model","empty":""},
        "ownerReferences":[{"kind":"ReplicaSet","name":"model","uid":"1"}]},
        "spec":{"serviceAccountName":"model","nodeName":"node-1"},
        "status":{"containerStatuses":[{"name":"server","image":"r/model:1","imageID":"r/model@sha256:ab","containerID":"containerd://\(id)"},
        {"name":"waiting","image":"r/x:1","imageID":"","containerID":""}],
        "initContainerStatuses":[{"name":"fetch","image":"r/fetch:1","imageID":"r/fetch@sha256:cd","containerID":"containerd://11"}]}}
        """

    static func pod(_ text: String = json) throws -> Pod { try Pod(try StrictJSON(Array(text.utf8))) }

    @Test func `a container has its own selectors and those of its pod, under SPIRE's names`() throws {
        let found = try #require(try Self.pod().selectors(ofContainer: Self.id, Set(Selector.Kind.allCases)))
        #expect(
            found.map(\.description).sorted() == [
                "k8s:container-image:r/model:1", "k8s:container-image:r/model@sha256:ab", "k8s:container-name:server",
                "k8s:node-name:node-1", "k8s:ns:ml", "k8s:pod-image:r/model:1", "k8s:pod-image:r/model@sha256:ab",
                "k8s:pod-init-image:r/fetch:1", "k8s:pod-init-image:r/fetch@sha256:cd", "k8s:pod-label:app:model",
                "k8s:pod-label:empty:", "k8s:pod-name:model-0", "k8s:pod-owner-uid:ReplicaSet:1",
                "k8s:pod-owner:ReplicaSet:model", "k8s:pod-uid:8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55", "k8s:sa:model",
            ]
        )
        // Each of them can be written in an entry.
        for selector in found { #expect(try Selector(selector.description) == selector) }
        #expect(try Self.pod().selectors(ofContainer: "22", Set(Selector.Kind.allCases)) == nil)
        #expect(try Self.pod().selectors(ofContainer: Self.id, [.kubernetesNamespace])?.map(\.value) == ["ml"])
    }

    /// Who has signed which image.
    private struct Signed: ImageSignatureSource {
        let changes = ChangeFeed()
        let revision: UInt64 = 1
        let signers: [String: Set<ImageSigner>]
        func signers(of digest: String) -> Set<ImageSigner> { signers[digest] ?? [] }
    }

    @Test func `a container has the signers of the image that it runs, and of no other of the pod`() throws {
        let (own, other) = (String(repeating: "ab", count: 32), String(repeating: "cd", count: 32))
        func selectors(_ imageID: String, _ kinds: Set<Selector.Kind> = Set(Selector.Kind.allCases)) throws -> [String]
        {
            let pod = try Self.pod(
                Self.json.replacing("r/model@sha256:ab", with: imageID)
                    .replacing("r/fetch@sha256:cd", with: "r/fetch@sha256:\(other)")
            )
            let container = try #require(pod.containers.first { $0.id == Self.id })
            let source = Signed(signers: [
                own: [
                    ImageSigner(subject: "ci@example.com", issuer: "https://id.example"),
                    ImageSigner(subject: "5a5a", issuer: nil),
                ],
                other: [ImageSigner(subject: "mallory@example.com", issuer: nil)],
            ])
            return container.selectors(signedBy: source, kinds).map(\.description).sorted()
        }
        let found = try selectors("registry.example:5000/r/model@sha256:\(own)")
        #expect(
            found == [
                "k8s:image-signature-issuer:https://id.example", "k8s:image-signature-subject:5a5a",
                "k8s:image-signature-subject:ci@example.com", "k8s:image-signature:verified",
            ]
        )
        for text in found { #expect(try Selector(text).description == text) }
        #expect(try selectors("r/model@sha256:\(own)", [.kubernetesImageSignature]) == ["k8s:image-signature:verified"])
        for none in [
            "sha256:\(own)", "r/model@sha256:\(own.uppercased())", "r/model@sha256:\(own)0", "r/model:\(own)",
            "r/model@sha512:\(own)", "@sha256:", "r/model@sha256:\(own)@sha256:\(own.dropLast())e",
        ] {
            #expect(try selectors(none).isEmpty, "\(none)")
        }
    }

    @Test func `what is missing is empty, and what a pod must have is asked for`() throws {
        let bare = try Self.pod(#"{"metadata":{"uid":"u","namespace":"n","name":"p"},"spec":{},"status":{}}"#)
        #expect(bare.serviceAccount == "default" && bare.node.isEmpty && bare.containers.isEmpty)
        for text in [
            "{}", #"{"metadata":{"uid":"u","namespace":"n"}}"#, #"{"metadata":{"uid":1,"namespace":"n","name":"p"}}"#,
            #"{"metadata":{"uid":"u","namespace":"n","name":"p","labels":[]}}"#,
            #"{"metadata":{"uid":"u","namespace":"n","name":"p","labels":{"a":1}}}"#,
            #"{"metadata":{"uid":"u","namespace":"n","name":"p"},"status":{"containerStatuses":{}}}"#,
        ] {
            #expect(throws: IdentityError.self, "\(text)") { try Self.pod(text) }
        }
    }

    @Test(arguments: [
        "k8s:ns:", "k8s:ns:ML", "k8s:sa:a:b", "k8s:pod-label:app", "k8s:pod-label::x", "k8s:pod-uid:x", "k8s:node:n",
        "k8s:uid:1",
        "unix:ns:ml", "container:id:abc", "container:runtime:rkt", "systemd:id:model", "systemd:id:a/b.service", "k8s:",
        "k8s:pod-owner:ReplicaSet:", "k8s:pod-image:a b", "k8s:image-signature:", "k8s:image-signature:no",
        "k8s:image-signature-subject:", "k8s:image-signature-issuer:", "docker:id:x",
    ])
    func `a selector that nothing could fit is refused`(_ text: String) {
        #expect(throws: IdentityError.self) { try Selector(text) }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `hostile pods are read or refused`(seed: UInt64) {
        var random = SeededGenerator(seed)
        for _ in 0..<1500 {
            guard let json = try? StrictJSON(random.mutate(Array(Self.json.utf8)), maximumDepth: 64),
                let pod = try? Pod(json)
            else { continue }
            #expect(!pod.uid.isEmpty && !pod.namespace.isEmpty && !pod.name.isEmpty)
        }
    }
}

/// The attestor with pods that a test tells it of, and real control groups where they can be made.
@Suite(.timeLimit(.minutes(5))) struct PodAttestationTests {
    /// Pods of a test.
    final class Pods: PodSource {
        let changes = ChangeFeed()
        let revision: UInt64 = 1
        let answer: @Sendable () throws -> Pod?

        init(_ answer: @escaping @Sendable () throws -> Pod?) { self.answer = answer }

        func pod(uid: String, container: String) async throws -> Pod? { try answer() }
    }

    @Test(.enabled(if: RealControlGroup.isAvailable))
    func `a process in a container of a pod has the pod's selectors, and no other process has them`() async throws {
        let group = try RealControlGroup(
            "kubepods.slice/kubepods-pod8f8a3c3e_5a1d_4b6e_9d36_0c2f4b1a7e55.slice/cri-containerd-\(PodTests.id).scope"
        )
        let (inside, outside) = (try WorkloadAttestorTests.sleeper(), try WorkloadAttestorTests.sleeper())
        defer {
            inside.end()
            outside.end()
        }
        try group.add(inside.processIdentifier)
        let pod = try PodTests.pod()
        let attestor = WorkloadAttestor(pods: Pods { pod }, logger: quietLogger)
        let kinds = Set(Selector.Kind.allCases.filter { $0.namespace != .unix })
        let process = try WorkloadProcess(WorkloadAttestorTests.credentials(inside.processIdentifier))
        let found = try await attestor.selectors(of: process, kinds: kinds).map(\.description)
        for selector in ["k8s:ns:ml", "k8s:sa:model", "container:id:\(PodTests.id)", "container:runtime:containerd"] {
            #expect(found.contains(selector))
        }
        let other = try WorkloadProcess(WorkloadAttestorTests.credentials(outside.processIdentifier))
        #expect(try await attestor.selectors(of: other, kinds: kinds).isEmpty)
        // A pod that is not there, or that has no such container, gives nothing; an answer that cannot be had is no answer.
        let absent = WorkloadAttestor(pods: Pods { nil }, logger: quietLogger)
        #expect(try await absent.selectors(of: process, kinds: [.kubernetesNamespace]).isEmpty)
        let silent = WorkloadAttestor(pods: Pods { throw IdentityError(.exhausted, "nobody") }, logger: quietLogger)
        let failure = await #expect(throws: IdentityError.self) {
            try await silent.selectors(of: process, kinds: [.kubernetesNamespace])
        }
        #expect(failure?.code == .exhausted)
        let none = WorkloadAttestor(logger: quietLogger)
        #expect(try await none.selectors(of: process, kinds: [.kubernetesNamespace]).isEmpty)
    }

    @Test(.enabled(if: RealControlGroup.isAvailable))
    func `a process of a systemd unit has the unit`() async throws {
        let group = try RealControlGroup("system.slice/lapwing-test.service")
        let sleeper = try WorkloadAttestorTests.sleeper()
        defer { sleeper.end() }
        try group.add(sleeper.processIdentifier)
        let attestor = WorkloadAttestor(logger: quietLogger)
        let process = try WorkloadProcess(WorkloadAttestorTests.credentials(sleeper.processIdentifier))
        let found = try await attestor.selectors(of: process, kinds: [.systemdUnit, .containerID])
        #expect(found == [try Selector("systemd:id:lapwing-test.service")])
    }
}
