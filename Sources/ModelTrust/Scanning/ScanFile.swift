import CLinux
import Glibc

/// Opens files to be scanned: regular files only, and never through a link.
enum ScanFile {
    /// Opens a file below a folder, folder by folder.
    ///
    /// - Parameters:
    ///   - name: its path below the folder, without `..`.
    ///   - folder: the folder; it may itself be named through links.
    ///   - shown: how the report names the file.
    /// - Returns: the file, which is closed when the input goes.
    /// - Throws: ``ScanStop`` where it is no regular file, is reached by a link, or cannot be read.
    static func open(_ name: String, in folder: String, as shown: String) throws(ScanStop) -> ScanInput {
        let parts = name.split(separator: "/").map(String.init)
        guard let last = parts.last, !parts.contains("..") else {
            throw ScanStop(rule: "unreadable", message: "it has no name")
        }
        var directory = Descriptor(unsafe Glibc.open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
        for part in parts.dropLast() {
            guard directory.number >= 0 else { break }
            let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW
            directory = Descriptor(unsafe openat(directory.number, part, flags))
        }
        guard directory.number >= 0 else { throw failure(errno) }
        // O_NONBLOCK: opening a FIFO must not wait for whoever writes to it.
        let flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let file = Descriptor(unsafe openat(directory.number, last, flags))
        guard file.number >= 0 else { throw failure(errno) }
        var facts = lapwing_file_facts()
        guard unsafe lapwing_file_facts(file.number, &facts) == 0 else { throw failure(errno) }
        guard facts.kind == S_IFREG else {
            throw ScanStop(rule: "special-file", message: "it is not a regular file: a device, pipe, socket or folder")
        }
        let input = ScanInput(path: shown, size: facts.size) { (offset, count) throws(ScanStop) in
            try file.read(at: offset, count: count)
        }
        input.folder = siblings(of: parts, in: folder, as: shown)
        return input
    }

    private static func siblings(of parts: [String], in folder: String, as shown: String) -> ScanFolder {
        let place = parts.dropLast().joined(separator: "/")
        let shownPlace = MemberPath.folder(of: shown)
        return ScanFolder { (name) throws(ScanStop) in
            guard MemberName.fault(name) == nil else { return nil }
            do throws(ScanStop) {
                return try open(place.isEmpty ? name : place + "/" + name, in: folder, as: shownPlace + name)
            } catch {
                // That it is not there is an answer; that it is a link or cannot be read is a finding.
                if error.rule == "missing" { return nil }
                throw error
            }
        }
    }

    private static func failure(_ error: Int32) -> ScanStop {
        switch error {
        case ELOOP, ENOTDIR: ScanStop(rule: "link", message: "it is a link, and links are not followed")
        case ENOENT: ScanStop(rule: "missing", message: "it is not there")
        // What O_NONBLOCK says of a socket.
        case ENXIO: ScanStop(rule: "special-file", message: "it is not a regular file")
        default: ScanStop(rule: "unreadable", message: "it cannot be opened: \(Descriptor.text(error))")
        }
    }
}

/// A descriptor that is closed with the last use of it.
private final class Descriptor {
    let number: Int32

    init(_ number: Int32) { self.number = number }

    func read(at offset: UInt64, count: Int) throws(ScanStop) -> [UInt8] {
        var error: Int32 = 0
        // Sound: pread writes at most as many bytes as are asked for, and the array says how many it wrote.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let position = off_t(clamping: offset + UInt64(filled))
                let got = unsafe pread(number, buffer.baseAddress?.advanced(by: filled), count - filled, position)
                if got < 0, errno == EINTR { continue }
                if got < 0 { error = errno }
                if got <= 0 { break }
                filled += got
            }
        }
        guard error == 0 else {
            throw ScanStop(rule: "unreadable", offset: offset, message: "it cannot be read: \(Self.text(error))")
        }
        return bytes
    }

    static func text(_ error: Int32) -> String {
        // Sound: strerror returns a string that stays until the next call on this thread.
        unsafe String(cString: strerror(error))
    }

    deinit {
        let saved = errno
        if number >= 0 { close(number) }
        errno = saved
    }
}
