import CLinux
import Foundation
import Glibc

/// How much room there is for what a directory will hold.
struct DiskSpace {
    /// Where the room was looked for: the directory, or the nearest above it that exists.
    let path: String
    /// The bytes that are free for this user.
    let free: UInt64
    /// How many files more can be made; nil where the file system has no such bound.
    let files: UInt64?
    /// Which file system it is.
    let device: UInt64

    /// The room at a place; nil where it cannot be read.
    init?(of directory: String) {
        var path = directory
        while !FileManager.default.fileExists(atPath: path), path != "/", !path.isEmpty {
            path = (path as NSString).deletingLastPathComponent
        }
        if path.isEmpty { path = "." }
        var space = statvfs()
        // Sound: the pointer is to a local variable and does not outlive the call.
        guard unsafe statvfs(path, &space) == 0 else { return nil }
        var facts = lapwing_file_facts()
        guard unsafe lapwing_file_facts_of_path(path, &facts) == 0 else { return nil }
        self.path = path
        self.free = UInt64(space.f_bavail) * UInt64(space.f_frsize)
        self.files = space.f_files == 0 ? nil : UInt64(space.f_favail)
        self.device = facts.device
    }

    /// That nothing can start here, and what to do; nil where there is room.
    ///
    /// The record wants a segment of its log, and the authority's database some pages.
    var shortage: String? {
        guard free < 32 << 20 else { return nil }
        return
            "There is no room: \(free >> 20) MiB are free at `\(path)`, and a start needs 32, whatever `fullDisk` says; "
            + "free some space there, or name another place with --state"
    }
}
