import Glibc

/// A lock on a file that one process holds at a time; it ends with the process.
package final class FileLock: Sendable {
    private let file: Int32

    /// Takes the lock.
    ///
    /// - Throws: ``AuditLogError`` where another holds it.
    package init(_ path: String) throws {
        let file = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileError(number: errno, operation: "open", path: path) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(file)
            guard number == EWOULDBLOCK else { throw FileError(number: number, operation: "lock", path: path) }
            throw AuditLogError(
                .locked,
                "`\(path)` is held by another process, which `fuser \(path)` names; stop that one, or "
                    + "use another directory here"
            )
        }
        self.file = file
    }

    deinit {
        close(file)
    }
}
