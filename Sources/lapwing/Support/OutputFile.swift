import CLinux
import Foundation
import Glibc

/// Files that a command writes: whole, or not at all.
enum OutputFile {
    /// Writes a file beside its place, brings it to the disk, and moves it there.
    ///
    /// - Throws: ``CommandError`` where that fails; nothing is left behind then.
    static func write(_ bytes: [UInt8], to path: String) throws {
        // What is there and no file, such as `/dev/null`, is not to be one afterwards.
        var facts = lapwing_file_facts()
        if unsafe lapwing_file_facts_of_path(path, &facts) == 0, facts.kind != S_IFREG {
            let kind = facts.kind == S_IFDIR ? "a directory" : "no file, but a device, a pipe or a socket"
            throw CommandError(.usage, "cannot write `\(path)`: it is \(kind)")
        }
        let temporary = path + ".\(getpid()).tmp"
        func fail() -> CommandError {
            var reason = unsafe String(cString: strerror(errno))
            if errno == ENOENT, let slash = path.lastIndex(of: "/") {
                reason = "there is no folder `\(path[..<slash])`; make it first"
            }
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

    /// Writes a file, and makes the folders that lead to it.
    ///
    /// - Throws: ``CommandError`` where that fails.
    static func writeWithFolders(_ bytes: [UInt8], to path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw CommandError(.unreachable, "cannot make the folder `\(folder.path)`: \(SystemReason.of(error))")
        }
        try write(bytes, to: path)
    }
}
