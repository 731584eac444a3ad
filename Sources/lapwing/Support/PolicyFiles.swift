import DataAccess
import Foundation
import Resources

/// Reads the JSON policies of a directory, whole or not at all: what is there and is not read could let through anything.
enum PolicyFiles {
    /// The most bytes of all files.
    static let maximumTotal = 256 << 20

    /// The files whose names end in `.json`, by their path in the directory.
    ///
    /// - Throws: ``CommandError`` for a directory that is not there or holds none, for one that holds too much, and for
    ///   anything in it that cannot be read.
    static func read(_ directory: String) throws -> [String: [UInt8]] {
        guard isFolder(directory) == true else { throw CommandError(.usage, "there is no directory `\(directory)`") }
        var files: [String: [UInt8]] = [:]
        var total = 0
        for name in try names(in: directory) {
            guard files.count < ResourceLoader.maximumFiles else {
                throw CommandError(.usage, "`\(directory)` holds more than \(ResourceLoader.maximumFiles) files")
            }
            let bytes = try bytes(of: name, in: directory)
            total += bytes.count
            guard total <= maximumTotal else {
                throw CommandError(
                    .usage,
                    "the policies of `\(directory)` have more than \(maximumTotal) bytes together"
                )
            }
            files[name] = bytes
        }
        guard !files.isEmpty else { throw CommandError(.usage, "`\(directory)` holds no policies") }
        return files
    }

    /// The paths in a directory that end in `.json`, in order; links to folders are not followed, and refused.
    static func names(in directory: String) throws -> [String] {
        var found: [String] = []
        var folders = [""]
        while let folder = folders.popLast() {
            let path = folder.isEmpty ? directory : directory + "/" + folder
            let names: [String]
            do { names = try FileManager.default.contentsOfDirectory(atPath: path) } catch {
                throw CommandError(.unreachable, "cannot read the directory `\(path)`: \(SystemReason.of(error))")
            }
            for name in names {
                let inner = folder.isEmpty ? name : folder + "/" + name
                guard isFolder(directory + "/" + inner) == true else {
                    if name.hasSuffix(".json") { found.append(inner) }
                    continue
                }
                if isLink(directory + "/" + inner) {
                    // What a mounted ConfigMap has beside its files.
                    if name.hasPrefix(".") { continue }
                    throw CommandError(
                        .usage,
                        "`\(directory)/\(inner)` is a link to a directory; put the directory there"
                    )
                }
                if !name.hasPrefix("..") { folders.append(inner) }
                guard folders.count <= ResourceLoader.maximumFiles else {
                    throw CommandError(.usage, "`\(directory)` holds more than \(ResourceLoader.maximumFiles) folders")
                }
            }
        }
        return found.sorted()
    }

    /// One file.
    static func bytes(of name: String, in directory: String) throws -> [UInt8] {
        try InputFile.bytes(directory + "/" + name, atMost: AWSArtifacts.maximumBytes(of: name), of: "policy")
    }

    /// Whether a path, links followed, is a directory; nil where there is nothing.
    private static func isFolder(_ path: String) -> Bool? {
        var isFolder: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) ? isFolder.boolValue : nil
    }

    private static func isLink(_ path: String) -> Bool {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: path)) != nil
    }
}
