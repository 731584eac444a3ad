import CLinux
import Glibc

/// A file that holds a secret key, which its owner alone can read.
package enum SecretFile {
    /// The text of a key file without its last line feed; nil where there is no such file.
    ///
    /// - Throws: ``AuditLogError`` where others can read it; ``FileError`` where it cannot be read.
    package static func read(_ path: String, files: any FileSystem) throws -> String? {
        guard let bytes = try files.contents(path) else { return nil }
        var facts = lapwing_file_facts()
        guard unsafe lapwing_file_facts_of_path(path, &facts) == 0, facts.mode & 0o077 == 0 else {
            throw AuditLogError(.io, "the key `\(path)` can be read by others; expected mode 0600")
        }
        var text = String(decoding: bytes, as: UTF8.self)
        if text.hasSuffix("\n") { text.removeLast() }
        return text
    }

    /// Makes a key file, whole or not at all, and brings it to the disk.
    ///
    /// - Throws: ``FileError`` where it cannot be written.
    package static func create(_ path: String, text: String, files: any FileSystem) throws(FileError) {
        // The mode is set when the file is made, before any byte of the key is in it.
        let temporary = path + ".tmp"
        unsafe unlink(temporary)
        let file = unsafe Glibc.open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileError(number: errno, operation: "create", path: temporary) }
        do {
            defer { files.close(file) }
            try files.writeAll(Array((text + "\n").utf8), to: file, at: 0, path: temporary)
            try files.synchronize(file, path: temporary)
        }
        try files.rename(temporary, to: path)
        try files.synchronizeDirectory(SystemFiles.parent(path))
    }
}
