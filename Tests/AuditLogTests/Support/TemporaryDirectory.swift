import Foundation
import Testing

/// A directory of a test's own, removed with the value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "lapwing-audit-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        self.path = url.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// All files below the directory, with their sizes.
    ///
    /// What a writer at work renames or removes meanwhile is not among them.
    func files() throws -> [String: Int] {
        var files: [String: Int] = [:]
        let all = try #require(FileManager.default.enumerator(atPath: path))
        for case let name as String in all {
            guard let attributes = try? FileManager.default.attributesOfItem(atPath: path + "/" + name),
                attributes[.type] as? FileAttributeType == .typeRegular
            else { continue }
            files[name] = attributes[.size] as? Int
        }
        return files
    }

    func read(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: path + "/" + name)))
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: path + "/" + name))
    }

    /// Changes one bit of a file.
    func flip(_ name: String, at offset: Int) throws {
        var bytes = try read(name)
        bytes[offset] ^= 1
        try write(bytes, to: name)
    }
}

/// The factor by which campaigns grow, from `LAPWING_SCALE`.
let scale = max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)

/// A generator with a seed, so that a failure can be seen again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
