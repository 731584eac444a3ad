// `stat` belongs to this module wherever Foundation is loaded.
import CoreFoundation
import Crypto
import Glibc
import Synchronization
import ZeroTrust

/// The program that a process runs: its path and digest.
struct Executable {
    /// What makes a file the same file with the same content, as far as the file system can say.
    struct Identity: Hashable {
        let device: UInt64
        let inode: UInt64
        let size: Int64
        let modified: [Int]
        let changed: [Int]

        init(_ status: stat) {
            self.device = UInt64(status.st_dev)
            self.inode = UInt64(status.st_ino)
            self.size = Int64(status.st_size)
            self.modified = [status.st_mtim.tv_sec, status.st_mtim.tv_nsec]
            self.changed = [status.st_ctim.tv_sec, status.st_ctim.tv_nsec]
        }
    }

    /// Opens the program of a process itself, whatever its name leads to by now.
    static func withDescriptor<Result>(
        of pid: Int32,
        _ body: (Int32) throws(IdentityError) -> Result
    ) throws(IdentityError) -> Result {
        let descriptor = unsafe open("/proc/\(pid)/exe", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw IdentityError(
                SystemError.isExhaustion(errno) ? .exhausted : .unavailable,
                "the program of the process \(pid) cannot be opened: \(SystemError.text())"
            )
        }
        defer { close(descriptor) }
        return try body(descriptor)
    }

    static func identity(of descriptor: Int32) throws(IdentityError) -> Identity {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw IdentityError(.unavailable, "a program cannot be looked at: \(SystemError.text())")
        }
        return Identity(status)
    }

    /// The path of a process's program, where our own view of that path is the same file; nil otherwise.
    ///
    /// A process in another mount namespace may run anything under a well-known path.
    static func path(of pid: Int32, descriptor: Int32) throws(IdentityError) -> String? {
        var buffer = [UInt8](repeating: 0, count: 4097)
        // `readlink` writes at most as many bytes as the buffer has.
        let count = unsafe buffer.withUnsafeMutableBytes { bytes -> Int in
            guard let base = bytes.baseAddress else { return -1 }
            return unsafe readlink("/proc/\(pid)/exe", base.assumingMemoryBound(to: CChar.self), bytes.count)
        }
        guard count > 0, count < buffer.count else { return nil }
        let path = String(decoding: buffer[..<count], as: UTF8.self)
        var status = stat()
        guard path.utf8.first == UInt8(ascii: "/"), unsafe stat(path, &status) == 0 else { return nil }
        return Identity(status) == (try identity(of: descriptor)) ? path : nil
    }
}

/// The digests of programs, each computed once for as long as the file stays as it is.
final class ExecutableDigests: Sendable {
    private let maximumSize: Int64
    // Guards the digests by file.
    private let cache = Mutex<[Executable.Identity: String]>([:])
    private static let maximumCount = 1024

    init(maximumSize: Int64) {
        self.maximumSize = maximumSize
    }

    /// The SHA-256 of an open file in hexadecimal.
    ///
    /// - Throws: ``IdentityError`` where the file is too large, or changes while it is read.
    func digest(of descriptor: Int32) throws(IdentityError) -> String {
        let identity = try Executable.identity(of: descriptor)
        if let known = cache.withLock({ $0[identity] }) { return known }
        guard identity.size <= maximumSize else {
            throw IdentityError(.unavailable, "a program of \(identity.size) bytes is too large to be measured")
        }
        var hash = SHA256()
        var chunk = [UInt8](repeating: 0, count: 256 * 1024)
        var offset: Int64 = 0
        while true {
            // `pread` writes at most `count` bytes into a buffer of that size.
            let count = unsafe chunk.withUnsafeMutableBytes {
                unsafe pread(descriptor, $0.baseAddress, $0.count, Int(offset))
            }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw IdentityError(.unavailable, "a program cannot be read: \(SystemError.text())")
            }
            hash.update(data: chunk[..<count])
            offset += Int64(count)
            guard offset <= maximumSize else {
                throw IdentityError(.unavailable, "a program grows while it is measured")
            }
        }
        guard try Executable.identity(of: descriptor) == identity, offset == identity.size else {
            throw IdentityError(.unavailable, "a program changes while it is measured")
        }
        let digest = Hexadecimal.text(hash.finalize())
        cache.withLock { cache in
            if cache.count >= Self.maximumCount { cache.removeAll() }
            cache[identity] = digest
        }
        return digest
    }
}
