import CLinux
import Glibc
import RPC

/// Finds the processes that hold a TCP socket, each held so that no other can take its place.
enum SocketHolders {
    /// A socket that more processes hold is nobody's in particular.
    private static let maximum = 16

    /// The processes, by their numbers; at least one.
    ///
    /// - Throws: ``IdentityError`` with `processGone` where there is none, where one is not of the user who made the socket,
    ///   or where they are too many.
    static func find(inode: UInt64, uid: UInt32) throws(IdentityError) -> [WorkloadProcess] {
        var pids = [Int32](repeating: 0, count: maximum)
        // The call writes at most as many numbers as the buffer has.
        let count = unsafe pids.withUnsafeMutableBufferPointer { buffer -> Int32 in
            guard let base = buffer.baseAddress else { return -1 }
            return unsafe lapwing_socket_holders(inode, base, Int32(buffer.count))
        }
        guard count > 0 else {
            throw IdentityError(
                .processGone,
                count == 0
                    ? "no process that can be looked at holds the socket \(inode)"
                    : "the socket \(inode) is held by too many processes: \(SystemError.text())"
            )
        }
        var processes: [WorkloadProcess] = []
        for pid in pids.prefix(Int(count)).sorted() {
            // The process is held first, so that what is read about it below is about this one.
            guard let handle = ProcessHandle(pid: pid) else {
                throw IdentityError(.processGone, "the process \(pid) has ended")
            }
            let ids = try ProcessIDs(pid: pid)
            guard ids.uid == uid else {
                throw IdentityError(
                    .processGone,
                    "the process \(pid) runs as uid \(ids.uid) and holds a socket that uid \(uid) made"
                )
            }
            processes.append(
                try WorkloadProcess(
                    PeerCredentials(pid: pid, uid: ids.uid, gid: ids.gid, groups: ids.groups, process: handle)
                )
            )
        }
        return processes
    }

    /// Whether a process holds the socket still.
    static func holds(_ process: WorkloadProcess, inode: UInt64) -> Bool {
        lapwing_holds_socket(process.credentials.pid, inode) == 1
    }
}

/// The user and groups that a process runs as now.
struct ProcessIDs: Hashable {
    let uid: UInt32
    let gid: UInt32
    let groups: [UInt32]

    /// Reads `/proc/PID/status`.
    init(pid: Int32) throws(IdentityError) {
        let text = try PrivateFile.readPublic("/proc/\(pid)/status", maximum: 64 * 1024)
        guard let ids = ProcessIDs(status: text) else {
            throw IdentityError(.processGone, "the process \(pid) cannot be read")
        }
        self = ids
    }

    /// Reads the lines `Uid:`, `Gid:` and `Groups:`; of the first two, the second number is the effective one.
    init?(status: String) {
        func numbers(_ name: String) -> [UInt32]? {
            for line in status.utf8.split(separator: UInt8(ascii: "\n")) where line.starts(with: name.utf8) {
                let fields = line.dropFirst(name.utf8.count).split {
                    $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ")
                }
                let numbers = fields.compactMap { UInt32(Substring($0)) }
                return numbers.count == fields.count ? numbers : nil
            }
            return nil
        }
        guard let users = numbers("Uid:"), users.count > 1, let groups = numbers("Gid:"), groups.count > 1,
            let others = numbers("Groups:")
        else { return nil }
        self.uid = users[1]
        self.gid = groups[1]
        self.groups = others
    }
}
