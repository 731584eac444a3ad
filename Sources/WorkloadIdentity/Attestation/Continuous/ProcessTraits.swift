// `stat` belongs to this module wherever Foundation is loaded.
import CoreFoundation
import Glibc

/// What of a process is cheap to look at, and is another thing once what the process was attested by is.
///
/// It proves nothing: where it differs from before, the process is attested anew, and a program is measured only then.
struct ProcessTraits: Hashable, Sendable {
    /// The user who owns the process's directory in `/proc`: its effective one, or root where it may not be looked into.
    let owner: UInt32
    /// The file that it runs, with its times; nil where that cannot be looked at.
    let program: Executable.Identity?
    /// Where it stands among the control groups; nil where nobody asked, or where that cannot be read.
    let groups: String?

    /// Looks at a process; one that has gone has no owner and no program.
    ///
    /// - Parameters:
    ///   - pid: the process's number.
    ///   - asksGroups: whether control groups matter.
    init(pid: Int32, asksGroups: Bool) {
        owner = Self.status("/proc/\(pid)")?.st_uid ?? .max
        program = Self.status("/proc/\(pid)/exe").map(Executable.Identity.init)
        groups = asksGroups ? try? PrivateFile.readPublic("/proc/\(pid)/cgroup", maximum: 64 * 1024) : nil
    }

    /// What a name leads to; the link of a program leads to the very file that runs, whatever its name leads to by now.
    private static func status(_ path: String) -> stat? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? status : nil
    }
}
