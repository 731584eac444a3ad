import Foundation
import Resources

/// Files that a guardrail names.
enum PolicyFile {
    /// The bytes of a file whose name stands in a resource: an absolute one, or one beside the resource's own file.
    ///
    /// - Throws: `ResourceError` at the name, where the file cannot be read or is too large.
    static func read(_ value: Value, most: Int) throws -> [UInt8] {
        let name = try value.string()
        let folder = URL(fileURLWithPath: value.location.file).deletingLastPathComponent()
        let path = URL(fileURLWithPath: name, relativeTo: folder).path
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw value.error("the file `\(path)` cannot be read")
        }
        defer { try? handle.close() }
        guard let data = try? handle.read(upToCount: most + 1) else {
            throw value.error("the file `\(path)` cannot be read")
        }
        guard data.count <= most else { throw value.error("the file `\(path)` has more than \(most) bytes") }
        return Array(data)
    }
}
