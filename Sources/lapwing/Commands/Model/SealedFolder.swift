import Foundation
import Glibc
import ModelTrust

/// A folder of links to a sealed model's files, by the names that they have in the model.
struct SealedFolder {
    private static let prefix = "lapwing-sealed-"

    /// Where the command finds the model: the folder, or the only file's own path.
    let path: String
    private let folder: URL

    /// Makes the folder, after those of processes that were killed were removed.
    init(_ model: SealedModel) throws {
        let parent = FileManager.default.temporaryDirectory
        Self.removeAbandoned(in: parent)
        folder = parent.appendingPathComponent("\(Self.prefix)\(getpid())-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
        for name in model.names where !name.isEmpty {
            let link = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: link.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try FileManager.default.createSymbolicLink(
                atPath: link.path,
                withDestinationPath: model.path(of: name) ?? ""
            )
        }
        path = model.path(of: "") ?? folder.path
    }

    /// Removes the folder.
    func remove() { try? FileManager.default.removeItem(at: folder) }

    private static func removeAbandoned(in parent: URL) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? [] {
            guard name.hasPrefix(prefix), let pid = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" }) else {
                continue
            }
            if kill(pid, 0) != 0, errno == ESRCH, OwnFolder.isAt(parent.path + "/" + name) {
                try? FileManager.default.removeItem(at: parent.appendingPathComponent(name))
            }
        }
    }
}
