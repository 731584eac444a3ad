import Glibc

/// Opens files to be scanned: regular files only, and never through a link.
enum ScanFile {
    /// Opens a file as an input; its descriptor is closed when the input goes.
    static func open(_ path: String, as shown: String? = nil) throws(ScanStop) -> ScanInput {
        // O_NONBLOCK: opening a FIFO must not wait for whoever writes to it.
        let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            let reason =
                errno == ELOOP ? "it is a link, and links are not followed" : "it cannot be opened: \(text(errno))"
            throw ScanStop(rule: errno == ELOOP ? "link" : "unreadable", message: reason)
        }
        let file = OpenFile(descriptor)
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw ScanStop(rule: "unreadable", message: "it cannot be looked at: \(text(errno))")
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ScanStop(rule: "special-file", message: "it is not a regular file: a device, pipe, socket or folder")
        }
        return ScanInput(path: shown ?? path, size: UInt64(max(status.st_size, 0))) {
            (offset, count) throws(ScanStop) in try file.read(at: offset, count: count)
        }
    }

    fileprivate static func text(_ error: Int32) -> String {
        // Sound: strerror returns a string that stays until the next call on this thread.
        unsafe String(cString: strerror(error))
    }
}

/// A descriptor that is closed with the last use of it.
private final class OpenFile {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func read(at offset: UInt64, count: Int) throws(ScanStop) -> [UInt8] {
        var error: Int32 = 0
        // Sound: pread writes at most as many bytes as are asked for, and the array says how many it wrote.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let position = off_t(clamping: offset + UInt64(filled))
                let got = unsafe pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, position)
                if got < 0, errno == EINTR { continue }
                if got < 0 { error = errno }
                if got <= 0 { break }
                filled += got
            }
        }
        guard error == 0 else {
            throw ScanStop(rule: "unreadable", offset: offset, message: "it cannot be read: \(ScanFile.text(error))")
        }
        return bytes
    }

    deinit { close(descriptor) }
}
