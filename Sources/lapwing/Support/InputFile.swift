import Foundation
import ModelTrust

/// Small files that a command is given: keys, certificates.
enum InputFile {
    /// The text of a regular file of at most four MiB.
    ///
    /// - Throws: ``CommandError`` where it is anything else.
    static func text(_ path: String) throws -> String {
        let bytes: [UInt8]
        do { bytes = try ModelTrustPolicySet.read(path) } catch let refusal as ModelRefusal {
            throw CommandError(.usage, refusal.message)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandError(.usage, "`\(path)` is not UTF-8 text")
        }
        return text
    }

    /// The bytes of a file that has at most so many; what it is said to be goes into the refusal of a longer one.
    ///
    /// - Throws: ``CommandError`` where it is anything else, or cannot be read.
    static func bytes(_ path: String, atMost limit: Int, of what: String) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else { throw CommandError.unreadable(path) }
        defer { try? handle.close() }
        return try bytes(of: handle, called: "`\(path)`", atMost: limit, of: what)
    }

    /// The bytes of standard input, within the same bound.
    ///
    /// - Throws: ``CommandError`` where there are more, or they cannot be read.
    static func standardInput(atMost limit: Int, of what: String) throws -> [UInt8] {
        try bytes(of: .standardInput, called: "standard input", atMost: limit, of: what)
    }

    private static func bytes(
        of handle: FileHandle,
        called name: String,
        atMost limit: Int,
        of what: String
    ) throws -> [UInt8] {
        let data: Data
        do { data = try handle.read(upToCount: limit + 1) ?? Data() } catch {
            throw CommandError(.usage, "\(name) cannot be read: \(SystemReason.of(error))")
        }
        guard data.count <= limit else {
            let most = limit % (1 << 20) == 0 ? "\(limit >> 20) MiB" : "\(limit) bytes"
            throw CommandError(.usage, "\(name) has more than \(most), which no \(what) has")
        }
        return Array(data)
    }

    /// What a file's text says.
    ///
    /// - Throws: ``CommandError`` with the file's name where it does not say it.
    static func read<Value>(_ path: String, _ make: (String) throws -> Value) throws -> Value {
        let text = try text(path)
        do { return try make(text) } catch let refusal as ModelRefusal {
            throw CommandError(.usage, "`\(path)`: \(refusal.message)")
        }
    }
}
