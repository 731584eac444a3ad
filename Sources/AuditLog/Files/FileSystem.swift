import CLinux
import Glibc

/// A system call that failed.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The error number.
    package let number: Int32
    /// What was tried: `write`.
    package let operation: String
    /// The file that it was tried on.
    package let path: String

    package init(number: Int32, operation: String, path: String) {
        self.number = number
        self.operation = operation
        self.path = path
    }

    package var description: String {
        // `strerror` returns a string that lives at least until its next call on this thread.
        "\(operation) `\(path)`: " + (unsafe String(cString: strerror(number)))
    }
}

/// The file operations that the log is built from: a seam, so that tests can make each of them fail.
package protocol FileSystem: Sendable {
    /// Creates a file, or opens an existing one, for reading and writing.
    func open(_ path: String, create: Bool) throws(FileError) -> Int32
    /// Creates a file that its owner alone may use, or opens an existing one, for reading and writing.
    func openPrivate(_ path: String) throws(FileError) -> Int32
    /// Creates a file that does not exist, for writing; nil where it does.
    func create(_ path: String) throws(FileError) -> Int32?
    /// How many bytes a file has.
    func length(of file: Int32, path: String) throws(FileError) -> Int
    /// So many bytes of a file from an offset on; that it has fewer is a failure.
    func read(_ file: Int32, from offset: Int, count: Int, path: String) throws(FileError) -> [UInt8]
    /// Closes a file.
    func close(_ file: Int32)
    /// Reserves the first bytes of a file on the disk.
    func preallocate(_ file: Int32, length: Int, path: String) throws(FileError)
    /// Cuts a file to a length.
    func truncate(_ file: Int32, length: Int, path: String) throws(FileError)
    /// Writes bytes at an offset; returns how many were written.
    func write(_ bytes: ArraySlice<UInt8>, to file: Int32, at offset: Int, path: String) throws(FileError) -> Int
    /// Brings a file's bytes to the disk.
    func synchronize(_ file: Int32, path: String) throws(FileError)
    /// Brings everything of the file system that a file lies on to the disk.
    func synchronizeFileSystem(_ file: Int32, path: String) throws(FileError)
    /// Brings a directory's entries to the disk.
    func synchronizeDirectory(_ path: String) throws(FileError)
    /// Gives a file another name, replacing what has it.
    func rename(_ path: String, to newPath: String) throws(FileError)
    /// Removes a file.
    func remove(_ path: String) throws(FileError)
    /// Removes an empty directory.
    func removeDirectory(_ path: String) throws(FileError)
    /// Makes a directory; returns false where it exists already.
    func makeDirectory(_ path: String) throws(FileError) -> Bool
    /// A file's bytes; nil where there is no such file.
    func contents(_ path: String) throws(FileError) -> [UInt8]?
    /// The names in a directory; nil where there is no such directory.
    func names(_ path: String) throws(FileError) -> [String]?
    /// Whether bytes of a file in a directory that are written again need no more room.
    func rewritesInPlace(_ path: String) -> Bool
}

extension FileSystem {
    package func rewritesInPlace(_ path: String) -> Bool { true }
}

/// The file system of the machine.
package struct SystemFiles: FileSystem {
    package init() {}

    /// Runs a call until it is not interrupted.
    private static func retry<Value: SignedInteger>(
        _ operation: String,
        _ path: String,
        _ call: () -> Value
    ) throws(FileError) -> Value {
        while true {
            let result = call()
            if result >= 0 { return result }
            let number = errno
            guard number == EINTR else { throw FileError(number: number, operation: operation, path: path) }
        }
    }

    package func open(_ path: String, create: Bool) throws(FileError) -> Int32 {
        // A link that somebody left here is not followed.
        let flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0)
        return try Self.retry("open", path) { unsafe Glibc.open(path, flags, 0o644) }
    }

    package func openPrivate(_ path: String) throws(FileError) -> Int32 {
        try Self.retry("open", path) { unsafe Glibc.open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_CREAT, 0o600) }
    }

    package func length(of file: Int32, path: String) throws(FileError) -> Int {
        var facts = stat()
        _ = try Self.retry("read", path) { unsafe fstat(file, &facts) }
        return Int(facts.st_size)
    }

    package func read(_ file: Int32, from offset: Int, count: Int, path: String) throws(FileError) -> [UInt8] {
        let (bytes, failure) = Self.read(file, from: offset, count: count, path)
        if let failure { throw failure }
        guard bytes.count == count else { throw FileError(number: EIO, operation: "read", path: path) }
        return bytes
    }

    /// As many bytes as there are, and why there are not more where that is a failure.
    private static func read(
        _ file: Int32,
        from offset: Int,
        count size: Int,
        _ path: String
    ) -> (bytes: [UInt8], failure: FileError?) {
        var failure: FileError?
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                // Reads only into the part of the buffer that is left.
                let read = unsafe pread(
                    file,
                    buffer.baseAddress.map { unsafe $0 + count },
                    size - count,
                    offset + count
                )
                if read > 0 {
                    count += read
                } else if read == 0 {
                    return
                } else if errno != EINTR {
                    failure = FileError(number: errno, operation: "read", path: path)
                    return
                }
            }
        }
        return (bytes, failure)
    }

    package func create(_ path: String) throws(FileError) -> Int32? {
        do {
            return try Self.retry("create", path) {
                unsafe Glibc.open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_CREAT | O_EXCL, 0o644)
            }
        } catch {
            guard error.number == EEXIST else { throw error }
            return nil
        }
    }

    package func close(_ file: Int32) {
        _ = Glibc.close(file)
    }

    /// True on ext4 and XFS only: others may write in another place, as btrfs and ZFS do.
    package func rewritesInPlace(_ path: String) -> Bool {
        unsafe [0xef53, 0x5846_5342].contains(lapwing_filesystem_type(path))
    }

    package func preallocate(_ file: Int32, length: Int, path: String) throws(FileError) {
        while true {
            // This call returns its error number.
            let number = posix_fallocate(file, 0, length)
            if number == 0 { return }
            guard number == EINTR else { throw FileError(number: number, operation: "allocate", path: path) }
        }
    }

    package func truncate(_ file: Int32, length: Int, path: String) throws(FileError) {
        _ = try Self.retry("truncate", path) { ftruncate(file, length) }
    }

    package func write(
        _ bytes: ArraySlice<UInt8>,
        to file: Int32,
        at offset: Int,
        path: String
    ) throws(FileError) -> Int {
        try Self.retry("write", path) {
            // The buffer is read only within the closure.
            unsafe bytes.withUnsafeBytes { buffer in unsafe pwrite(file, buffer.baseAddress, buffer.count, offset) }
        }
    }

    package func synchronize(_ file: Int32, path: String) throws(FileError) {
        guard fdatasync(file) == 0 else { throw FileError(number: errno, operation: "sync", path: path) }
    }

    package func synchronizeFileSystem(_ file: Int32, path: String) throws(FileError) {
        guard lapwing_syncfs(file) == 0 else { throw FileError(number: errno, operation: "sync", path: path) }
    }

    package func synchronizeDirectory(_ path: String) throws(FileError) {
        let directory = try Self.retry("open", path) { unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw FileError(number: errno, operation: "sync", path: path) }
    }

    package func rename(_ path: String, to newPath: String) throws(FileError) {
        _ = try Self.retry("rename", path) { unsafe Glibc.rename(path, newPath) }
    }

    package func remove(_ path: String) throws(FileError) {
        _ = try Self.retry("remove", path) { unsafe unlink(path) }
    }

    package func removeDirectory(_ path: String) throws(FileError) {
        _ = try Self.retry("remove", path) { unsafe rmdir(path) }
    }

    package func makeDirectory(_ path: String) throws(FileError) -> Bool {
        do {
            _ = try Self.retry("make directory", path) { unsafe mkdir(path, 0o755) }
            return true
        } catch {
            guard error.number == EEXIST else { throw error }
            return false
        }
    }

    package func contents(_ path: String) throws(FileError) -> [UInt8]? {
        let file: Int32
        do {
            file = try Self.retry("open", path) { unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC) }
        } catch {
            guard error.number == ENOENT else { throw error }
            return nil
        }
        defer { close(file) }
        var status = stat()
        _ = try Self.retry("read", path) { unsafe fstat(file, &status) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw FileError(number: EISDIR, operation: "read", path: path)
        }
        let (bytes, failure) = Self.read(file, from: 0, count: Int(status.st_size), path)
        if let failure { throw failure }
        return bytes
    }

    package func names(_ path: String) throws(FileError) -> [String]? {
        guard let directory = unsafe opendir(path) else {
            let number = errno
            guard number == ENOENT else { throw FileError(number: number, operation: "list", path: path) }
            return nil
        }
        defer { unsafe _ = closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // `d_name` ends in a zero byte and lives until the next `readdir`.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

extension FileSystem {
    /// Writes all bytes at an offset.
    ///
    /// A write that makes no progress is a failure.
    package func writeAll(_ bytes: [UInt8], to file: Int32, at offset: Int, path: String) throws(FileError) {
        var written = 0
        while written < bytes.count {
            let count = try write(bytes[written...], to: file, at: offset + written, path: path)
            guard count > 0 else { throw FileError(number: EIO, operation: "write", path: path) }
            written += count
        }
    }

    /// Puts a file in place whole: written beside its name, synchronised, then renamed.
    ///
    /// The directory is the caller's to synchronise.
    func install(_ bytes: [UInt8], at path: String) throws(FileError) {
        let temporary = path + ".tmp"
        try write(bytes, whole: temporary)
        try rename(temporary, to: path)
    }

    /// Makes bytes the whole of a file, and brings them to the disk.
    func write(_ bytes: [UInt8], whole path: String) throws(FileError) {
        let file = try open(path, create: true)
        do {
            try truncate(file, length: 0, path: path)
            try writeAll(bytes, to: file, at: 0, path: path)
            try synchronize(file, path: path)
        } catch {
            close(file)
            throw error
        }
        close(file)
    }

    /// Makes a directory and those above it that are missing; each parent of a new one is synchronised.
    func makeDirectories(_ path: String) throws(FileError) {
        do {
            if try makeDirectory(path) { try synchronizeDirectory(Self.parent(path)) }
        } catch {
            guard error.number == ENOENT, Self.parent(path) != path else { throw error }
            try makeDirectories(Self.parent(path))
            if try makeDirectory(path) { try synchronizeDirectory(Self.parent(path)) }
        }
    }

    /// The directory that holds a path.
    package static func parent(_ path: String) -> String {
        var path = path[...]
        while path.utf8.count > 1, path.last == "/" { path = path.dropLast() }
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }
}
