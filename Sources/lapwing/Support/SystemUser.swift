import CLinux
import Foundation
import Glibc
import ModelTrust

/// A user of this machine other than root, as which something runs that needs none of root's powers.
struct SystemUser: Sendable, Hashable {
    let name: String
    let uid: UInt32
    let gid: UInt32
    /// The home directory and the login shell.
    let home: String
    let shell: String

    /// Looks a user up.
    ///
    /// - Throws: ``CommandError`` where there is none of that name, or it is root.
    init(named name: String) throws {
        guard let record = unsafe getpwnam(name) else {
            throw CommandError(.usage, "there is no user `\(name)`; `useradd` makes one")
        }
        // The record is the C library's and stays as it is until the next lookup.
        (uid, gid) = unsafe (record.pointee.pw_uid, record.pointee.pw_gid)
        home = unsafe record.pointee.pw_dir.map { unsafe String(cString: $0) } ?? "/"
        shell = unsafe record.pointee.pw_shell.map { unsafe String(cString: $0) } ?? "/bin/sh"
        guard uid != 0 else { throw CommandError(.usage, "`\(name)` is root; name another user") }
        self.name = name
    }

    /// The user with its groups, for a command that is started as it.
    var commandUser: CommandUser {
        var count: Int32 = 256
        // Sound: the call writes at most as many groups as the array has, and says how many.
        let groups = unsafe [gid_t](unsafeUninitializedCapacity: Int(count)) { buffer, filled in
            guard let base = buffer.baseAddress, unsafe getgrouplist(name, gid, base, &count) >= 0 else { return }
            filled = Int(count)
        }
        return CommandUser(uid: uid, gid: gid, groups: groups)
    }

    /// Gives up root for good, with its groups and capabilities, for this thread and what it starts or becomes.
    ///
    /// Users are a matter of threads. The C library tells the others, but not one that has left for good, as Dispatch has
    /// the first thread of a program do: that one stays root's. Go on with ``restart()``, or in a child.
    ///
    /// - Throws: ``CommandError`` where that is not possible.
    func become() throws {
        guard unsafe initgroups(name, gid) == 0, setgid(gid) == 0, setuid(uid) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandError(.unreachable, "cannot become `\(name)`: \(reason)")
        }
        guard geteuid() == uid, getuid() == uid, setuid(0) != 0 else {
            throw CommandError(.unreachable, "cannot become `\(name)`: root's powers did not go")
        }
    }

    /// Becomes the user, and begins this program anew, as one thread that is nobody else's.
    ///
    /// - Throws: ``CommandError`` where that is not possible.
    func restart() throws -> Never {
        let program: String
        do { program = try ProcessLife.ownPath.get() } catch {
            throw CommandError(.unreachable, "cannot find this program's own file: \(error)")
        }
        let arguments = CStrings(CommandLine.arguments)
        try become()
        // Sound: the list outlives the call, which comes back only where it has failed.
        _ = withExtendedLifetime(arguments) { unsafe execv(program, arguments.pointers) }
        let reason = unsafe String(cString: strerror(errno))
        throw CommandError(.unreachable, "`\(name)` cannot run `\(program)`: \(reason)")
    }

    /// Makes a directory that is root's, and everything in it, the user's; leaves any other as it is.
    ///
    /// Nobody but root could write there before, so that nothing in it is a trap, and the directory itself is given away
    /// last. No link is followed.
    ///
    /// - Throws: ``CommandError`` where that is not possible.
    func takeOver(_ path: String) throws {
        var facts = lapwing_file_facts()
        guard unsafe lapwing_file_facts_of_link(path, &facts) == 0, facts.kind == S_IFDIR, facts.owner == 0,
            facts.mode & 0o022 == 0
        else { return }
        let inside = try? FileManager.default.subpathsOfDirectory(atPath: path)
        for name in (inside ?? []).map({ path + "/" + $0 }) + [path] { try own(name) }
    }

    /// Makes one file, socket or directory the user's; a link stays what it is.
    ///
    /// - Throws: ``CommandError`` where that is not possible.
    func own(_ path: String) throws {
        guard unsafe lchown(path, uid, gid) != 0 else { return }
        let reason = unsafe String(cString: strerror(errno))
        throw CommandError(.unreachable, "cannot give `\(path)` to `\(name)`: \(reason)")
    }
}
