internal import CLinux
import Glibc

/// A file of a model, opened once and without following a link; closed with the last use of it.
final class ModelFile: Sendable {
    private let descriptor: Int32
    let path: String

    /// Opens a file by its name relative to a folder, component by component; an empty name is the folder itself, which
    /// is then a file.
    init(_ path: String, in root: String) throws(LoadFailure) {
        self.path = path
        if path.isEmpty {
            descriptor = try Self.check(unsafe open(root, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), path)
            return
        }
        guard RelativeName.isInside(path) || !path.contains("..") && !path.hasPrefix("/") else {
            throw LoadFailure(.missing, path, "the name leads out of the model")
        }
        var folder = unsafe open(root, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard folder >= 0 else {
            throw LoadFailure(.missing, path, "the model cannot be opened: \(Self.reason(errno))")
        }
        let parts = path.split(separator: "/").map(String.init)
        for part in parts.dropLast() {
            let next = unsafe openat(folder, part, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW)
            let error = errno
            close(folder)
            guard next >= 0 else { throw LoadFailure(.missing, path, "it cannot be opened: \(Self.reason(error))") }
            folder = next
        }
        defer { close(folder) }
        let name = parts.last ?? ""
        descriptor = try Self.check(unsafe openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), path)
    }

    private static func check(_ descriptor: Int32, _ path: String) throws(LoadFailure) -> Int32 {
        guard descriptor >= 0 else { throw LoadFailure(.missing, path, "it cannot be opened: \(reason(errno))") }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw LoadFailure(.missing, path, "it is not a regular file")
        }
        return descriptor
    }

    static func reason(_ error: Int32) -> String {
        // Sound: strerror returns a string that stays until the next call on this thread.
        unsafe String(cString: strerror(error))
    }

    /// How many bytes the file has now.
    func size() throws(LoadFailure) -> UInt64 {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw LoadFailure(.unreadable, path, "it cannot be looked at: \(Self.reason(errno))")
        }
        return UInt64(max(status.st_size, 0))
    }

    /// Bytes into memory of the process's own: as many as are asked for, or as there are.
    func read(at offset: UInt64, count: Int) throws(LoadFailure) -> [UInt8] {
        var error: Int32 = 0
        // Sound: pread writes at most as many bytes as are asked for, and the array says how many it wrote.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let place = off_t(clamping: offset + UInt64(filled))
                let got = unsafe pread(descriptor, buffer.baseAddress?.advanced(by: filled), count - filled, place)
                if got < 0, errno == EINTR { continue }
                if got < 0 { error = errno }
                if got <= 0 { break }
                filled += got
            }
        }
        guard error == 0 else {
            throw LoadFailure(.unreadable, path, at: offset, "it cannot be read: \(Self.reason(error))")
        }
        return bytes
    }

    deinit { close(descriptor) }
}
