import CLinux
import Glibc

/// A listening Unix socket that came into the world whole: listening, with its mode, under its name.
///
/// The socket is bound in a directory that nobody else can enter, gets its mode there, and is then renamed to its
/// place, so that there is no moment at which somebody can connect who should not. A name that is taken by a socket
/// on which nobody listens is taken over; one on which somebody listens, or that is no socket, is refused.
package struct UnixSocketListener: Sendable {
    /// The listening socket; whoever made the value owns it.
    package let descriptor: Int32
    private let path: String
    private let device: UInt64
    private let inode: UInt64

    /// The longest path that every client can connect to.
    ///
    /// Linux takes 107 bytes; NIO's clients, which go by the shortest of the systems that they run on, take 103.
    static let maximumPathLength = 103

    /// Binds and listens.
    package init(path: String, mode: UInt32, backlog: Int32 = 1_024) throws(RPCBindError) {
        guard path.utf8.count <= Self.maximumPathLength, !path.utf8.contains(0), !path.isEmpty else {
            throw RPCBindError(path, "the path is empty or longer than \(Self.maximumPathLength) bytes")
        }
        let slash = path.lastIndex(of: "/")
        let parent = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."

        // Serialises those who look whether the name is free and then take it.
        let parentDescriptor = unsafe open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard parentDescriptor >= 0 else { throw RPCBindError(path, "cannot open `\(parent)`", errno) }
        defer { _ = close(parentDescriptor) }
        guard flock(parentDescriptor, LOCK_EX) == 0 else { throw RPCBindError(path, "cannot lock `\(parent)`", errno) }

        try Self.requireFree(path)

        let directory = "\(parent)/.lapwing-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        guard unsafe mkdir(directory, 0o700) == 0 else { throw RPCBindError(path, "cannot make `\(directory)`", errno) }
        defer { _ = unsafe rmdir(directory) }
        let directoryDescriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard directoryDescriptor >= 0 else { throw RPCBindError(path, "cannot open `\(directory)`", errno) }
        defer { _ = close(directoryDescriptor) }

        // Through /proc, because a socket's path is short and the directory's name makes it longer.
        let descriptor = unsafe lapwing_unix_listen("/proc/self/fd/\(directoryDescriptor)/socket", backlog)
        guard descriptor >= 0 else { throw RPCBindError(path, "cannot bind", errno) }
        var status = stat()
        guard unsafe fchmodat(directoryDescriptor, "socket", mode_t(mode), 0) == 0,
            unsafe fstatat(directoryDescriptor, "socket", &status, 0) == 0,
            unsafe renameat(directoryDescriptor, "socket", AT_FDCWD, path) == 0
        else {
            let code = errno
            _ = unsafe unlinkat(directoryDescriptor, "socket", 0)
            _ = close(descriptor)
            throw RPCBindError(path, "cannot put the socket in its place", code)
        }
        self.descriptor = descriptor
        self.path = path
        self.device = UInt64(status.st_dev)
        self.inode = UInt64(status.st_ino)
    }

    private static func requireFree(_ path: String) throws(RPCBindError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else {
            if errno == ENOENT { return }
            throw RPCBindError(path, "cannot look at it", errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw RPCBindError(path, "something that is not a socket has this name")
        }
        if unsafe lapwing_unix_probe(path) == 0 {
            throw RPCBindError(path, "somebody listens on it")
        }
        guard errno == ECONNREFUSED || errno == ENOENT else {
            throw RPCBindError(path, "cannot tell whether somebody listens on it", errno)
        }
    }

    /// Removes the name, where it still is this socket's.
    package func unlinkPath() {
        var status = stat()
        guard unsafe lstat(self.path, &status) == 0, UInt64(status.st_dev) == self.device,
            UInt64(status.st_ino) == self.inode
        else { return }
        _ = unsafe unlink(self.path)
    }
}
