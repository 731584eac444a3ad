import Foundation
import ModelTrust

/// The folder in which what others signed about a model lies: one bundle a file.
struct EvidenceFolder {
    let path: String

    /// The files of bundles; a folder that is not there has none.
    func bundles() throws -> [ModelAdmission.Bundle] {
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch CocoaError.fileReadNoSuchFile {
            return []
        } catch {
            throw CommandError(.usage, "the evidence in `\(path)` cannot be read: \(SystemReason.of(error))")
        }
        let wanted = names.filter { !$0.hasPrefix(".") && ($0.hasSuffix(".json") || $0.hasSuffix(".sig")) }.sorted()
        guard wanted.count <= EvidenceReader.maximumBundles else {
            throw CommandError(
                .usage,
                "there are \(wanted.count) files in `\(path)`, and at most \(EvidenceReader.maximumBundles) are read"
            )
        }
        return try wanted.map { ($0, try Self.read(path + "/" + $0)) }
    }

    /// Adds a bundle under a name of its own, and returns its path.
    func add(_ bundle: [UInt8], named name: String) throws -> String {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch { throw CommandError(.usage, "`\(path)` cannot be made: \(SystemReason.of(error))") }
        var place = "\(path)/\(name).json"
        var number = 2
        while FileManager.default.fileExists(atPath: place) {
            place = "\(path)/\(name)-\(number).json"
            number += 1
        }
        try OutputFile.write(bundle, to: place)
        return place
    }

    /// A bundle of at most four MiB.
    static func read(_ path: String) throws -> [UInt8] {
        do { return try ModelTrustPolicySet.read(path) } catch let refusal as ModelRefusal {
            throw CommandError(.usage, refusal.message)
        }
    }
}
