import Foundation

/// A directory of its own for each test, gone after it.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "lapwing-\(UUID().uuidString.prefix(8))"
        )
        try FileManager.default.createDirectory(
            at: url,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        self.path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }
}
