import CLinux
import Glibc

/// What the file system says of a file: as long as none of it changes, neither have its bytes.
struct FileFacts: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: UInt64
    /// The kind, without the permissions.
    let kind: UInt32
    private let modified: [Int64]

    init(_ facts: lapwing_file_facts) {
        device = facts.device
        inode = facts.inode
        size = facts.size
        kind = facts.kind
        modified = [facts.times.0, facts.times.1, facts.times.2, facts.times.3]
    }

    var isFile: Bool { kind == S_IFREG }
    var isDirectory: Bool { kind == S_IFDIR }
    var isLink: Bool { kind == S_IFLNK }

    /// What it is, for messages.
    var kindInWords: String {
        switch kind {
        case S_IFREG: "a file"
        case S_IFDIR: "a directory"
        case S_IFLNK: "a symbolic link"
        case S_IFIFO: "a named pipe"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "no file"
        }
    }

    func isSameFile(as other: FileFacts) -> Bool { device == other.device && inode == other.inode }
}
