import CLinux
import Glibc

/// What the file system says of a file: as long as none of it changes, neither have its bytes.
struct FileFacts: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let size: UInt64
    /// The kind, without the permissions.
    let kind: UInt32
    private let times: Times

    /// When the bytes, and when anything about the file, changed last.
    ///
    /// Here and not in an array: a model may have a million files.
    private struct Times: Hashable, Sendable {
        let modified, modifiedNanoseconds, changed, changedNanoseconds: Int64
    }

    init(_ facts: lapwing_file_facts) {
        device = facts.device
        inode = facts.inode
        size = facts.size
        kind = facts.kind
        times = Times(
            modified: facts.times.0,
            modifiedNanoseconds: facts.times.1,
            changed: facts.times.2,
            changedNanoseconds: facts.times.3
        )
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
