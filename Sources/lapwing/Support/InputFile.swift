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
