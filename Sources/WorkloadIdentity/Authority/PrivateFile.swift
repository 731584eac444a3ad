// `stat` belongs to this module wherever Foundation is loaded.
import CoreFoundation
import Glibc

/// The words for the last failed system call.
enum SystemError {
    static func text(_ code: Int32 = errno) -> String {
        unsafe String(cString: strerror(code))
    }

    /// Whether a call failed for want of descriptors or memory, which says nothing about what was asked for.
    static func isExhaustion(_ code: Int32) -> Bool {
        code == EMFILE || code == ENFILE || code == ENOMEM
    }
}

/// Files that only their owner may read.
package enum PrivateFile {
    /// Whether there is anything at a path.
    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    /// Refuses a directory that is not ours or that others may enter.
    package static func checkDirectory(_ path: String) throws(IdentityError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw IdentityError(.badFile, "cannot open `\(path)`: \(SystemError.text())")
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw IdentityError(.badFile, "`\(path)` is no directory") }
        try check(status, path, allowed: 0o700)
    }

    /// Refuses a file that is not ours or that others may read or write.
    package static func check(_ path: String) throws(IdentityError) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else {
            throw IdentityError(.badFile, "cannot open `\(path)`: \(SystemError.text())")
        }
        try check(status, path, allowed: 0o600)
    }

    private static func check(_ status: stat, _ path: String, allowed: mode_t) throws(IdentityError) {
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw IdentityError(
                .badFile,
                "`\(path)` belongs to uid \(status.st_uid), not to us (uid \(geteuid())); "
                    + "mend it with `chown \(geteuid()) \(path)`"
            )
        }
        let mode = status.st_mode & 0o7777
        guard mode & ~allowed == 0 else {
            throw IdentityError(
                .badFile,
                "`\(path)` is open to others (mode \(octal(mode))); mend it with `chmod \(octal(allowed)) \(path)`"
            )
        }
    }

    private static func octal(_ mode: mode_t) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }

    /// Reads a file that only its owner may read.
    package static func read(_ path: String, maximum: Int) throws(IdentityError) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw IdentityError(.badFile, "cannot read `\(path)`: \(SystemError.text())") }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw IdentityError(.badFile, "cannot read `\(path)`: \(SystemError.text())")
        }
        try check(status, path, allowed: 0o600)
        return try readAll(descriptor, path, maximum: maximum)
    }

    /// Reads a file that anybody may read, such as a certificate.
    package static func readPublic(_ path: String, maximum: Int) throws(IdentityError) -> String {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw IdentityError(.badFile, "cannot read `\(path)`: \(SystemError.text())") }
        defer { close(descriptor) }
        return try readAll(descriptor, path, maximum: maximum)
    }

    private static func readAll(_ descriptor: Int32, _ path: String, maximum: Int) throws(IdentityError) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            // `read` writes at most `count` bytes into a buffer of that size.
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw IdentityError(.badFile, "cannot read `\(path)`: \(SystemError.text())")
            }
            bytes += chunk[..<count]
            guard bytes.count <= maximum else {
                throw IdentityError(.badFile, "`\(path)` is longer than \(maximum) bytes")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a file of mode 0600 so that it is there whole or not at all, also after a crash.
    package static func write(_ text: String, to path: String) throws(IdentityError) {
        let temporary = path + ".new"
        unsafe unlink(temporary)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw IdentityError(.badFile, "cannot write `\(path)`: \(SystemError.text())") }
        do throws(IdentityError) {
            defer { close(descriptor) }
            try writeAll(Array(text.utf8), to: descriptor, path)
            guard fsync(descriptor) == 0 else {
                throw IdentityError(.badFile, "cannot write `\(path)`: \(SystemError.text())")
            }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            throw IdentityError(.badFile, "cannot write `\(path)`: \(SystemError.text())")
        }
        let slash = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = unsafe open(slash.isEmpty ? "/" : slash, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(IdentityError) {
        var sent = 0
        while sent < bytes.count {
            // The pointer stays inside the array: `sent` is below its count.
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + sent }, buffer.count - sent)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw IdentityError(.badFile, "cannot write `\(path)`: \(SystemError.text())")
            }
            sent += count
        }
    }
}
