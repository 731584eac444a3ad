import Glibc
public import Logging
import NIOPosix
import RPC

/// Finds out what a process is, as the selectors that it fits.
///
/// Ids and groups are those that the kernel recorded when the process connected; path and digest are read from the
/// process now. Only the kinds that some entry uses are looked at: no name service is asked for nothing, no program is
/// measured for nothing. What cannot be found out gives no selector, and so fits no entry that asks for it.
///
/// A process that runs another program in place of the one that connected is seen as what it is at the next look. A
/// process can still hand its connection to another on purpose: the identity is that of whoever connected, and the
/// stream ends when that process does.
public final class WorkloadAttestor: Sendable {
    private let digests: ExecutableDigests
    private let pods: (any PodSource)?
    private let images: (any ImageSignatureSource)?
    private let logger: Logger

    /// The largest program that is measured unless told otherwise: 512 MiB.
    public static let defaultMaximumExecutableSize: Int64 = 512 << 20

    /// An attestor.
    ///
    /// - Parameters:
    ///   - maximumExecutableSize: the largest program that is measured, in bytes.
    ///   - pods: where pods are looked up; nil where there are none.
    ///   - images: where it is known who has signed the images of containers; nil where nobody is asked.
    ///   - logger: where failures are told.
    public init(
        maximumExecutableSize: Int64 = defaultMaximumExecutableSize,
        pods: (any PodSource)? = nil,
        images: (any ImageSignatureSource)? = nil,
        logger: Logger
    ) {
        self.digests = ExecutableDigests(maximumSize: maximumExecutableSize)
        self.pods = pods
        self.images = images
        self.logger = logger
        let changes = ChangeFeed()
        self.changes = pods == nil && images == nil ? nil : changes
        for source in [pods?.changes, images?.changes] { _ = source?.observe { changes.announce() } }
    }

    /// Announces that a process may be something else, though it has not changed itself: its pod has, or who has signed its
    /// image.
    let changes: ChangeFeed?

    /// Grows with every such change.
    var revision: UInt64 { (pods?.revision ?? 0) &+ (images?.revision ?? 0) }

    /// The selectors of these kinds that the process fits now.
    ///
    /// - Throws: ``IdentityError`` with `processGone` where it has ended or is no longer the same, and `exhausted` where the
    ///   system cannot tell now.
    public func selectors(of process: WorkloadProcess, kinds: Set<Selector.Kind>) async throws -> Set<Selector> {
        // Files and name services may make a thread wait.
        var (selectors, group) = try await NIOThreadPool.singleton.runIfActive {
            try process.read { () throws(IdentityError) in
                (try self.look(at: process, kinds), try self.group(of: process, kinds))
            }
        }
        guard let group else { return selectors }
        if let container = group.container {
            if kinds.contains(.containerID) { selectors.insert(Selector(.containerID, container.id)) }
            if kinds.contains(.containerRuntime), let runtime = container.runtime {
                selectors.insert(Selector(.containerRuntime, runtime.rawValue))
            }
            selectors.formUnion(try await self.selectors(of: container, process, kinds))
        }
        if kinds.contains(.systemdUnit), let unit = group.unit { selectors.insert(Selector(.systemdUnit, unit)) }
        return selectors
    }

    /// Where the process stands among the control groups, where any selector asks for it.
    private func group(of process: WorkloadProcess, _ kinds: Set<Selector.Kind>) throws(IdentityError) -> ControlGroup?
    {
        guard kinds.contains(where: { [.k8s, .container, .systemd].contains($0.namespace) }) else { return nil }
        return try ControlGroup(pid: process.credentials.pid)
    }

    /// The selectors of the container's pod.
    private func selectors(
        of container: ControlGroup.Container,
        _ process: WorkloadProcess,
        _ kinds: Set<Selector.Kind>
    ) async throws -> Set<Selector> {
        guard kinds.contains(where: { $0.namespace == .k8s }), let pods, let uid = container.podUID else { return [] }
        guard let pod = try await pods.pod(uid: uid, container: container.id),
            var found = pod.selectors(ofContainer: container.id, kinds)
        else {
            logger.warning(
                "pod of a process not found",
                metadata: ["process.pid": "\(process.credentials.pid)", "k8s.pod.uid": "\(uid)"]
            )
            return []
        }
        if let images, let own = pod.containers.first(where: { $0.id == container.id }) {
            found.formUnion(own.selectors(signedBy: images, kinds))
        }
        // The answer took its time: it counts where the process is the same still.
        try await NIOThreadPool.singleton.runIfActive { try process.read { () throws(IdentityError) in } }
        return found
    }

    private func look(
        at process: WorkloadProcess,
        _ kinds: Set<Selector.Kind>
    ) throws(IdentityError) -> Set<Selector> {
        let credentials = process.credentials
        let others = credentials.groups.filter { $0 != credentials.gid }
        var selectors: Set<Selector> = []
        for kind in kinds {
            switch kind {
            case .uid: selectors.insert(Selector(.uid, String(credentials.uid)))
            case .gid: selectors.insert(Selector(.gid, String(credentials.gid)))
            case .supplementaryGID:
                for group in others { selectors.insert(Selector(.supplementaryGID, String(group))) }
            case .user:
                if let name = NameService.user(credentials.uid) { selectors.insert(Selector(.user, name)) }
            case .group:
                if let name = NameService.group(credentials.gid) { selectors.insert(Selector(.group, name)) }
            case .supplementaryGroup:
                for group in others {
                    if let name = NameService.group(group) { selectors.insert(Selector(.supplementaryGroup, name)) }
                }
            case .path, .sha256: break
            // These are seen by the control group.
            case .kubernetesNamespace, .kubernetesServiceAccount, .kubernetesNode, .kubernetesPodName,
                .kubernetesPodUID, .kubernetesPodLabel, .kubernetesPodOwner, .kubernetesPodOwnerUID,
                .kubernetesPodImage, .kubernetesPodInitialImage, .kubernetesContainerName, .kubernetesContainerImage,
                .kubernetesImageSignature, .kubernetesImageSignatureSubject, .kubernetesImageSignatureIssuer,
                .containerID, .containerRuntime, .systemdUnit:
                break
            // These are shown by workloads of other machines.
            case .x509Subject, .x509Authority, .joinToken, .evidence: break
            // What a process has loaded is not seen on it: a loader proves it.
            case .modelDigest, .modelSigner, .modelVerified: break
            }
        }
        if kinds.contains(.path) || kinds.contains(.sha256) {
            do {
                try Executable.withDescriptor(of: credentials.pid) { descriptor throws(IdentityError) in
                    if kinds.contains(.path),
                        let path = try Executable.path(of: credentials.pid, descriptor: descriptor)
                    {
                        selectors.insert(Selector(.path, path))
                    }
                    if kinds.contains(.sha256) {
                        selectors.insert(Selector(.sha256, try digests.digest(of: descriptor)))
                    }
                }
            } catch {
                // What a lack of descriptors hides is not known; it is not absent.
                guard error.code != .exhausted else { throw error }
                logger.warning(
                    "program not attested",
                    metadata: ["process.pid": "\(credentials.pid)", "error": "\(error)"]
                )
            }
        }
        return selectors
    }
}

/// The names behind ids, from whatever the system's name service is.
enum NameService {
    /// The user's name, or nil where there is none.
    static func user(_ uid: UInt32) -> String? {
        unsafe lookUp { buffer, count in
            var record = unsafe passwd()
            var found: UnsafeMutablePointer<passwd>?
            let code = unsafe getpwuid_r(uid, &record, buffer, count, &found)
            // The name lies in the buffer, which outlives this.
            return unsafe (code, found == nil ? nil : String(cString: record.pw_name))
        }
    }

    /// The group's name, or nil where there is none.
    static func group(_ gid: UInt32) -> String? {
        unsafe lookUp { buffer, count in
            var record = unsafe Glibc.group()
            var found: UnsafeMutablePointer<Glibc.group>?
            let code = unsafe getgrgid_r(gid, &record, buffer, count, &found)
            // The name lies in the buffer, which outlives this.
            return unsafe (code, found == nil ? nil : String(cString: record.gr_name))
        }
    }

    /// Tries larger buffers until the record fits: a group may have many members.
    private static func lookUp(_ body: (UnsafeMutablePointer<CChar>, Int) -> (Int32, String?)) -> String? {
        for size in [1 << 10, 1 << 14, 1 << 20] {
            let buffer = UnsafeMutablePointer<CChar>.allocate(capacity: size)
            defer { unsafe buffer.deallocate() }
            let (code, name) = unsafe body(buffer, size)
            if code != ERANGE { return code == 0 ? name : nil }
        }
        return nil
    }
}
