import Foundation
import Glibc

/// A control group that is really made, for tests that run as root.
package final class RealControlGroup {
    /// Where version 2 of the hierarchy is mounted and may be written to; nil where it is not.
    private static let root: String? = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"].first {
        FileManager.default.fileExists(atPath: $0 + "/cgroup.subtree_control")
            && FileManager.default.isWritableFile(atPath: $0) && geteuid() == 0
    }

    /// Whether one can be made; said where it cannot.
    package static var isAvailable: Bool {
        if root != nil { return true }
        print("control groups: skipped, version 2 of the hierarchy cannot be written to here")
        return false
    }

    private var made: [String] = []
    package let path: String

    /// Makes a group, with those that it is in.
    package init(_ name: String) throws {
        var path = Self.root ?? ""
        for part in name.split(separator: "/") {
            path += "/" + part
            if unsafe mkdir(path, 0o755) == 0 { made.append(path) }
        }
        self.path = path
    }

    /// Puts a process in.
    package func add(_ pid: Int32) throws {
        try "\(pid)".write(toFile: path + "/cgroup.procs", atomically: false, encoding: .utf8)
    }

    deinit {
        // A group can be removed once its processes have ended.
        for path in made.reversed() {
            for _ in 0..<100 where unsafe rmdir(path) != 0 && errno == EBUSY { usleep(20_000) }
        }
    }
}
