import Crypto
import Foundation

@testable import ModelTrust

/// A model in a folder that goes with this value.
final class TemporaryModel: Sendable {
    let path: String
    let manifest: LoadManifest

    /// Writes files, and a manifest of each file's digest.
    init(_ files: [String: [UInt8]]) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lapwing-model-\(UUID().uuidString)")
        var entries: [LoadManifest.File] = []
        for (name, bytes) in files {
            let file = folder.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(bytes).write(to: file)
            entries.append(
                LoadManifest.File(
                    path: ModelPath(unchecked: Array(name.utf8)),
                    parts: [.init(end: nil, digest: Array(SHA256.hash(data: bytes)))]
                )
            )
        }
        path = folder.path
        manifest = LoadManifest(files: entries)
    }

    /// What a manifest says of bytes that were signed by shards of a size.
    static func shards(of bytes: [UInt8], size: Int) -> [LoadManifest.Part] {
        stride(from: 0, to: bytes.count, by: size).map { start in
            let end = min(start + size, bytes.count)
            return .init(end: UInt64(end), digest: Array(SHA256.hash(data: bytes[start..<end])))
        }
    }

    /// Changes a byte of a file where it lies.
    func flip(_ name: String, at offset: Int) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path + "/" + name))
        defer { try? file.close() }
        try file.seek(toOffset: UInt64(offset))
        let byte = try file.read(upToCount: 1)?.first ?? 0
        try file.seek(toOffset: UInt64(offset))
        try file.write(contentsOf: Data([byte ^ 0x55]))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension LoadFailure {
    /// What some work throws.
    static func caught(_ body: () throws(LoadFailure) -> Void) -> LoadFailure? {
        do throws(LoadFailure) {
            try body()
            return nil
        } catch {
            return error
        }
    }
}
