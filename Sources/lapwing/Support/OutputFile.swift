import Foundation
import Glibc

/// Files that a command writes: whole, or not at all.
enum OutputFile {
    /// Writes a file beside its place, brings it to the disk, and moves it there.
    ///
    /// - Throws: ``CommandError`` where that fails; nothing is left behind then.
    static func write(_ bytes: [UInt8], to path: String) throws {
        let temporary = path + ".\(getpid()).tmp"
        func fail() -> CommandError {
            let reason = unsafe String(cString: strerror(errno))
            return CommandError(.unreachable, "cannot write `\(path)`: \(reason)")
        }
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw fail() }
        var failure: CommandError?
        var rest = bytes[...]
        while !rest.isEmpty, failure == nil {
            // Sound: the pointer is to the slice's bytes and does not outlive the call.
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { failure = fail() }
        }
        if failure == nil, fsync(descriptor) != 0 { failure = fail() }
        if close(descriptor) != 0, failure == nil { failure = fail() }
        if failure == nil, unsafe rename(temporary, path) != 0 { failure = fail() }
        guard let failure else { return }
        unsafe unlink(temporary)
        throw failure
    }
}
