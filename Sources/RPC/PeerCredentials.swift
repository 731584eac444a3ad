import CLinux
import Glibc

/// Who connected to a Unix socket, as the kernel recorded it at that moment.
///
/// The numbers are facts about the past: a process can change its ids or end. Whoever decides on them looks at
/// ``process`` before and after reading anything by ``pid``.
public struct PeerCredentials: Sendable {
    /// The process.
    public let pid: Int32
    /// Its effective user.
    public let uid: UInt32
    /// Its effective group.
    public let gid: UInt32
    /// Its supplementary groups.
    public let groups: [UInt32]
    /// The process itself; nil where it had ended before it could be held.
    public let process: ProcessHandle?

    /// Makes credentials, as a test does.
    public init(pid: Int32, uid: UInt32, gid: UInt32, groups: [UInt32] = [], process: ProcessHandle? = nil) {
        self.pid = pid
        self.uid = uid
        self.gid = gid
        self.groups = groups
        self.process = process
    }

    /// Reads the credentials of the peer of a connected Unix socket; nil for any other socket.
    public init?(socket descriptor: Int32) {
        var credentials = lapwing_peer_credentials()
        // A TCP socket answers with pid 0.
        guard unsafe lapwing_peer_credentials(descriptor, &credentials) == 0, credentials.pid > 0 else { return nil }
        self.pid = credentials.pid
        self.uid = credentials.uid
        self.gid = credentials.gid
        guard let groups = Self.groups(of: descriptor) else { return nil }
        self.groups = groups

        let held = lapwing_peer_pidfd(descriptor)
        if held >= 0 {
            self.process = ProcessHandle(adopting: held, origin: .socket)
        } else if errno == ENOPROTOOPT {
            self.process = ProcessHandle(pid: credentials.pid)
        } else {
            self.process = nil
        }
    }

    private static func groups(of descriptor: Int32) -> [UInt32]? {
        // NGROUPS_MAX on Linux.
        for capacity in [64, 65_536] {
            var count: Int32 = -1
            let groups = unsafe [UInt32](unsafeUninitializedCapacity: capacity) { buffer, initialised in
                // Sound: the kernel writes at most `capacity` elements and the call returns how many.
                guard let base = buffer.baseAddress else { return }
                count = unsafe lapwing_peer_groups(descriptor, base, UInt32(capacity))
                initialised = max(0, Int(count))
            }
            if count >= 0 { return groups }
            guard errno == ERANGE else { return nil }
        }
        return nil
    }
}
