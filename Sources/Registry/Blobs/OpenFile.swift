import CLinux
import Glibc

/// A file that is open until nobody holds it any more.
final class OpenFile: Sendable {
    private let descriptor: Int32
    private let path: String

    /// Which way a file is opened.
    enum Mode { case read, append, create }

    /// Opens a file; a link is not followed.
    ///
    /// - Throws: ``RegistryError``; `blobUnknown` where there is no such file.
    init(_ path: String, _ mode: Mode) throws(RegistryError) {
        let flags =
            switch mode {
            case .read: O_RDONLY
            case .append: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            }
        descriptor = unsafe open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0o600)
        self.path = path
        guard descriptor >= 0 else { throw Self.failure("open", path) }
    }

    /// Takes over a descriptor.
    init(adopting descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { _ = close(descriptor) }

    /// The file's length in bytes.
    func length() throws(RegistryError) -> UInt64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.failure("look at", path) }
        return UInt64(status.st_size)
    }

    /// Writes all of some bytes at an offset.
    func write(_ bytes: borrowing RawSpan, at offset: UInt64) throws(RegistryError) {
        var done = 0
        while done < bytes.byteCount {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                // Sound: the pointer and the length are those of the part of the span that is still to be written.
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
                return unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(offset) + done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Self.failure("write", path) }
            done += count
        }
    }

    /// Reads at most so many bytes at an offset; empty at the end.
    func read(at offset: UInt64, count: Int) throws(RegistryError) -> [UInt8] {
        while true {
            var result = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
                // Sound: the kernel writes at most `count` bytes, and says how many.
                result = unsafe pread(descriptor, buffer.baseAddress, count, off_t(offset))
                initialised = max(0, result)
            }
            if result < 0, errno == EINTR { continue }
            guard result >= 0 else { throw Self.failure("read", path) }
            return bytes
        }
    }

    /// Cuts the file.
    func truncate(to length: UInt64) throws(RegistryError) {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw Self.failure("cut", path) }
    }

    /// Brings the file's bytes to the disk.
    func synchronize() throws(RegistryError) {
        guard fsync(descriptor) == 0 else { throw Self.failure("bring to the disk", path) }
    }

    /// Gives back a lock on the file.
    func unlock() { _ = flock(descriptor, LOCK_UN) }

    /// A failed system call in the registry's terms.
    static func failure(_ operation: String, _ path: String, _ number: Int32 = errno) -> RegistryError {
        switch number {
        case ENOSPC, EDQUOT, EFBIG:
            RegistryError(.storageFull, "the registry's disk is full; free some of it and go on")
        case ENOENT: RegistryError(.blobUnknown, "there is no such content")
        default:
            // `strerror` returns a string that lives at least until its next call on this thread.
            RegistryError(
                .unavailable,
                "cannot \(operation) `\(path)`: " + (unsafe String(cString: strerror(number)))
            )
        }
    }
}
