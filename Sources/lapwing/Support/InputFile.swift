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
        let data: Data
        do { data = try handle.read(upToCount: limit + 1) ?? Data() } catch {
            throw CommandError(.usage, "`\(path)` cannot be read: \(SystemReason.of(error))")
        }
        guard data.count <= limit else {
            throw CommandError(.usage, "`\(path)` has more than \(limit) bytes, which no \(what) has")
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
