import Foundation
import Glibc
import RPC
import Testing

@testable import WorkloadIdentity

@Suite(.timeLimit(.minutes(5))) struct ControlGroupTests {
    private static let id = String(repeating: "0a", count: 32)
    private static let uid = "8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55"
    private static let escaped = uid.replacing("-", with: "_")

    /// What stands at a path: the runtime, whether the pod is known, and the unit.
    struct Case: Sendable, CustomStringConvertible {
        let path: String
        var runtime: String?
        var isContainer = true
        var isInPod = true
        var unit: String?
        var description: String { path }
    }

    private static let cases = [
        Case(
            path:
                "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(escaped).slice/cri-containerd-\(id).scope",
            runtime: "containerd"
        ),
        Case(
            path: "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod\(escaped).slice/crio-\(id).scope",
            runtime: "cri-o"
        ),
        Case(path: "/kubepods.slice/kubepods-pod\(escaped).slice/docker-\(id).scope", runtime: "docker"),
        Case(
            path: "/kubepods.slice/kubepods-pod\(escaped).slice/cri-containerd-\(id).scope/init",
            runtime: "containerd"
        ),
        Case(
            path:
                "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod\(escaped).slice/cri-containerd-\(id).scope",
            runtime: "containerd"
        ),
        Case(path: "/kubepods/burstable/pod\(uid)/\(id)"), Case(path: "/kubepods/pod\(uid)/\(id)"),
        Case(path: "/kubepods/besteffort/pod\(uid)/crio-\(id)", runtime: "cri-o"),
        Case(path: "/kubelet/kubepods/pod\(uid)/\(id)"),
        // A pod of a file on the node has a digest in the place of a UID.
        Case(path: "/kubepods/pod\(String(repeating: "a", count: 32))/\(id)"),
        Case(path: "/system.slice/docker-\(id).scope", runtime: "docker", isInPod: false),
        Case(path: "/docker/\(id)", runtime: "docker", isInPod: false),
        Case(path: "/docker/\(id)/init.scope", runtime: "docker", isInPod: false),
        Case(path: "/machine.slice/libpod-\(id).scope/container", runtime: "podman", isInPod: false),
        Case(path: "/system.slice/nerdctl-\(id).scope", runtime: "containerd", isInPod: false),
        Case(path: "/system.slice/model.service", isContainer: false, unit: "model.service"),
        Case(path: "/system.slice/model.service/worker", isContainer: false, unit: "model.service"),
        Case(path: "/ml.slice/ml-gpu.slice/model@7.service", isContainer: false, unit: "model@7.service"),
        Case(
            path: "/user.slice/user-1000.slice/user@1000.service/app.slice/x.service",
            isContainer: false,
            unit: "user@1000.service"
        ),
        Case(path: "/user.slice/user-1000.slice/session-3.scope", isContainer: false, unit: "session-3.scope"),
    ]

    @Test(arguments: cases)
    func `containers and units are read from where runtimes and systemd put them`(_ item: Case) {
        for text in ["0::\(item.path)\n", "2:cpu:/x\n1:name=systemd:/system.slice/y.service\n0::\(item.path)\n"] {
            let group = ControlGroup(text: text)
            #expect((group.container != nil) == item.isContainer)
            #expect(group.container?.runtime?.rawValue == item.runtime)
            if item.isContainer {
                #expect(group.container?.id == Self.id)
                #expect((group.container?.podUID != nil) == item.isInPod)
            }
            #expect(group.unit == item.unit)
        }
    }

    /// Places that a user, a service or a container could make for itself.
    @Test(arguments: [
        "/user.slice/user-1000.slice/user@1000.service/kubepods.slice/kubepods-pod\(escaped).slice/cri-containerd-\(id).scope",
        "/user.slice/user-1000.slice/user@1000.service/system.slice/model.service",
        "/user.slice/user-1000.slice/user@1000.service/docker/\(id)", "/x/kubepods/pod\(uid)/\(id)",
        "/system.slice/evil.service/docker-\(id).scope", "/system.slice/evil.service/kubepods/pod\(uid)/\(id)",
        "/kubepods.slice/cri-containerd-\(id).scope",
        "/kubepods.slice/kubepods-pod\(uid).slice/cri-containerd-\(id).scope",
        "/kubepods.slice/kubepods-burstable-pod\(escaped).slice/cri-containerd-\(id).scope",
        "/kubepods/pod\(uid)/\(id.dropLast())", "/kubepods/pod\(uid)/\(id.uppercased())", "/kubepods/pod\(uid)x/\(id)",
        "/kubepods/pod../\(id)", "/../kubepods/pod\(uid)/\(id)", "/kubepods//pod\(uid)/\(id)",
        "/kubepods/./pod\(uid)/\(id)",
        "/docker-\(id).scope", "/system.slice/crio-conmon-\(id).scope", "/system.slice/docker-\(id).scope.slice", "/",
        "",
        "/kubepods/pod\(uid)/\(id) (deleted)", "/model.service",
    ])
    func `no other place is a container`(_ path: String) {
        let group = ControlGroup(text: "0::\(path)\n")
        #expect(group.container == nil)
        #expect(group.unit == nil || !["model.service"].contains(group.unit))
    }

    @Test func `version 1 and doubled lines say nothing`() {
        let path = "/kubepods/pod\(Self.uid)/\(Self.id)"
        for text in ["4:memory:\(path)\n", "", "0::\(path)\n0::/docker/\(Self.id)\n", "10::\(path)", "garbage\0"] {
            #expect(ControlGroup(text: text).container == nil)
        }
    }

    @Test(arguments: [1, 2] as [UInt64])
    func `hostile paths are read as one container or none`(seed: UInt64) {
        var random = SeededGenerator(seed)
        let good = Array("0::\(Self.cases[0].path)\n".utf8)
        for _ in 0..<3000 {
            let group = ControlGroup(text: String(decoding: random.mutate(good), as: UTF8.self))
            guard let container = group.container else { continue }
            #expect(container.id.utf8.count == 64)
            #expect(container.podUID.map { $0.utf8.count == 36 } ?? true)
        }
    }
}
