import Glibc

/// Where a process stands in the hierarchy of control groups (cgroup v2), which is how container runtimes and systemd
/// mark what they have started.
///
/// A process may be allowed to make groups below its own, under any name (systemd's `Delegate=`, a user's session), and
/// so pose as a container in whose name it has made one. A path is therefore read from the root, strictly in the forms
/// that the runtimes use, and the outermost mark counts: what is made further in says nothing.
struct ControlGroup: Hashable, Sendable {
    /// Who started a container.
    enum Runtime: String, Hashable, Sendable {
        case containerd
        case crio = "cri-o"
        case docker
        case podman
    }

    /// A container, by its runtime's name for it.
    struct Container: Hashable, Sendable {
        /// The runtime; nil where the path does not say.
        let runtime: Runtime?
        /// The ID, 64 digits of hexadecimal.
        let id: String
        /// The UID of the pod that it belongs to; nil where it is of none.
        let podUID: String?
    }

    /// The container; nil where the process is in none.
    let container: Container?
    /// The systemd unit; nil where the process is in none, or in a container.
    let unit: String?

    /// Reads what the kernel says in `/proc/PID/cgroup`.
    ///
    /// - Throws: ``IdentityError`` with `processGone` where the process has ended.
    init(pid: Int32) throws(IdentityError) {
        do {
            self.init(text: try PrivateFile.readPublic("/proc/\(pid)/cgroup", maximum: 64 * 1024))
        } catch {
            guard !SystemError.isExhaustion(errno) else { throw IdentityError(.exhausted, error.message) }
            throw IdentityError(.processGone, "the process has ended: \(error.message)")
        }
    }

    /// Reads the one line of version 2, `0::PATH`.
    init(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: true).filter { $0.hasPrefix("0::") }
        // A path that leads out of our own root of the hierarchy (`/../`) is another's, and is not looked at.
        guard lines.count == 1, let line = lines.first, !line.hasSuffix(" (deleted)") else {
            (container, unit) = (nil, nil)
            return
        }
        let path = line.dropFirst(3)
        let segments = path.split(separator: "/", omittingEmptySubsequences: false)
        guard segments.first == "", segments.dropFirst().allSatisfy({ !$0.isEmpty && $0 != ".." && $0 != "." }) else {
            (container, unit) = (nil, nil)
            return
        }
        let groups = segments.dropFirst()
        container = Self.container(groups)
        unit = container == nil ? Self.unit(groups) : nil
    }

    // MARK: Containers

    private static func container(_ groups: ArraySlice<Substring>) -> Container? {
        guard let first = groups.first else { return nil }
        switch first {
        case "kubepods": return byFileSystem(groups.dropFirst())
        case "kubepods.slice": return bySystemd(groups.dropFirst(), prefix: "kubepods")
        // The kubelet of `kind` and others runs in a slice of its own.
        case "kubelet.slice":
            guard groups.dropFirst().first == "kubelet-kubepods.slice" else { return nil }
            return bySystemd(groups.dropFirst(2), prefix: "kubelet-kubepods")
        case "kubelet":
            guard groups.dropFirst().first == "kubepods" else { return nil }
            return byFileSystem(groups.dropFirst(2))
        case "docker":
            guard let id = groups.dropFirst().first, isID(id) else { return nil }
            return Container(runtime: .docker, id: String(id), podUID: nil)
        case "system.slice":
            return groups.dropFirst().first.flatMap { scope($0, among: ["docker": .docker, "nerdctl": .containerd]) }
        case "machine.slice": return groups.dropFirst().first.flatMap { scope($0, among: ["libpod": .podman]) }
        default: return nil
        }
    }

    /// `kubepods.slice/kubepods-burstable.slice/kubepods-burstable-podUID.slice/cri-containerd-ID.scope`.
    private static func bySystemd(_ groups: ArraySlice<Substring>, prefix: String) -> Container? {
        var (groups, prefix) = (groups, prefix)
        for quality in ["besteffort", "burstable"] where groups.first == Substring("\(prefix)-\(quality).slice") {
            prefix += "-" + quality
            groups = groups.dropFirst()
            break
        }
        guard let pod = groups.first, pod.hasPrefix(prefix + "-pod"), pod.hasSuffix(".slice"),
            let last = groups.dropFirst().first,
            let found = scope(last, among: ["cri-containerd": .containerd, "crio": .crio, "docker": .docker])
        else { return nil }
        // systemd reads `-` as a step, so that the UID has `_` in its place.
        let part = pod.dropFirst(prefix.utf8.count + 4).dropLast(6)
        guard !part.contains("-"), let uid = podUID(String(part.map { $0 == "_" ? "-" : $0 })) else { return nil }
        return Container(runtime: found.runtime, id: found.id, podUID: uid)
    }

    /// `kubepods/burstable/podUID/ID`.
    private static func byFileSystem(_ groups: ArraySlice<Substring>) -> Container? {
        let groups = ["besteffort", "burstable"].contains(groups.first) ? groups.dropFirst() : groups
        guard let pod = groups.first, pod.hasPrefix("pod"), let last = groups.dropFirst().first,
            let uid = podUID(String(pod.dropFirst(3)))
        else { return nil }
        if isID(last) { return Container(runtime: nil, id: String(last), podUID: uid) }
        guard last.hasPrefix("crio-"), isID(last.dropFirst(5)) else { return nil }
        return Container(runtime: .crio, id: String(last.dropFirst(5)), podUID: uid)
    }

    /// `RUNTIME-ID.scope`.
    private static func scope(_ group: Substring, among runtimes: [String: Runtime]) -> Container? {
        guard group.hasSuffix(".scope"), let dash = group.lastIndex(of: "-"),
            let runtime = runtimes[String(group[..<dash])]
        else { return nil }
        let id = group[group.index(after: dash)...].dropLast(6)
        return isID(id) ? Container(runtime: runtime, id: String(id), podUID: nil) : nil
    }

    private static func isID(_ text: Substring) -> Bool { text.utf8.count == 64 && text.utf8.allSatisfy(isHexadecimal) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// A pod's UID: a UUID, or for a pod of a file the digest of what the file says.
    static func podUID(_ text: String) -> String? {
        let bytes = Array(text.utf8)
        if bytes.count == 32 { return bytes.allSatisfy(isHexadecimal) ? text : nil }
        guard bytes.count == 36 else { return nil }
        for (index, byte) in bytes.enumerated() {
            let isDash = [8, 13, 18, 23].contains(index)
            guard isDash ? byte == UInt8(ascii: "-") : isHexadecimal(byte) else { return nil }
        }
        return text
    }

    // MARK: Units

    /// The outermost group that is no slice: slices hold units, and units are what systemd starts.
    private static func unit(_ groups: ArraySlice<Substring>) -> String? {
        guard let unit = groups.first(where: { !$0.hasSuffix(".slice") }), unit != groups.first,
            unit.hasSuffix(".service") || unit.hasSuffix(".scope"), unit.utf8.count <= 255
        else { return nil }
        return String(unit)
    }
}
