import Foundation
import Glibc
import ModelTrust

/// Where a model is mounted for a command: by the model's own name, in a folder that nobody else may write to.
///
/// A mount stays with the folder that it lies over. Over the model itself, whoever may rename a folder above it could
/// put another in its place, and the command would read that one.
struct ModelRunPlace {
    private static let prefix = "lapwing-mounted-"

    /// What is mounted over: an empty folder, or an empty file where the model is one.
    let path: String
    private let folder: String

    /// Makes the place, after those of processes that were killed were removed.
    ///
    /// - Parameters:
    ///   - model: the model.
    ///   - isShared: whether other users may pass through the folder, in which only this one may write.
    /// - Throws: ``CommandError`` where no folder can be made.
    init(for model: LoadedModel, isShared: Bool = false) throws {
        let parent = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
        Self.removeAbandoned(in: parent)
        folder = "\(parent.path)/\(Self.prefix)\(getpid())-\(UUID().uuidString)"
        guard unsafe mkdir(folder, isShared ? 0o755 : 0o700) == 0 else {
            let reason = unsafe String(cString: strerror(errno))
            throw CommandError(.unreachable, "cannot make a folder to mount in: \(reason)")
        }
        let name = URL(fileURLWithPath: model.path).lastPathComponent
        path = folder + "/" + (name == "/" ? "model" : name)
        if model.size(of: "") == nil {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        } else {
            try Data().write(to: URL(fileURLWithPath: path))
        }
    }

    /// Removes the place.
    func remove() { Self.remove(folder) }

    /// What lies over it is never walked into: only an empty folder or file, and the folder around it, go.
    private static func remove(_ folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            if unsafe rmdir(folder + "/" + name) != 0 { _ = unsafe unlink(folder + "/" + name) }
        }
        _ = unsafe rmdir(folder)
    }

    private static func removeAbandoned(in parent: URL) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? [] {
            guard name.hasPrefix(prefix), let pid = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" }) else {
                continue
            }
            let folder = parent.path + "/" + name
            if kill(pid, 0) != 0, errno == ESRCH, OwnFolder.isAt(folder) { remove(folder) }
        }
    }
}
