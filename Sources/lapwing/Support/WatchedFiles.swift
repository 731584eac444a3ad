import Foundation

/// The files of a directory, and which of them were saved since they were looked at last.
struct WatchedFiles {
    let directory: String
    private let endings: [String]
    private var seen: [String: Stamp] = [:]

    /// What tells that a file was saved.
    private struct Stamp: Equatable {
        let number: UInt64
        let size: UInt64
        let time: Date
    }

    /// The files as they are now.
    ///
    /// - Parameters:
    ///   - directory: the directory, or one file.
    ///   - endings: how the names of the files that count end.
    /// - Throws: ``CommandError`` for a directory that is not there.
    init(_ directory: String, endingIn endings: [String]) throws {
        self.directory = directory
        self.endings = endings
        seen = try stamps()
    }

    /// The files that were saved, are new or are gone, by their path in the directory; all, where that is gone.
    mutating func changes() -> Set<String> {
        let now = (try? stamps()) ?? [:]
        var changed = Set(now.filter { seen[$0.key] != $0.value }.keys)
        changed.formUnion(seen.keys.filter { now[$0] == nil })
        seen = now
        return changed
    }

    private func stamps() throws -> [String: Stamp] {
        if let own = stamp(directory), !own.isDirectory { return ["": own.stamp] }
        guard let names = FileManager.default.enumerator(atPath: directory) else {
            throw CommandError(.usage, "there is no directory `\(directory)`")
        }
        var stamps: [String: Stamp] = [:]
        for case let name as String in names where endings.contains(where: name.lowercased().hasSuffix) {
            if let found = stamp(directory + "/" + name), !found.isDirectory { stamps[name] = found.stamp }
        }
        return stamps
    }

    private func stamp(_ path: String) -> (stamp: Stamp, isDirectory: Bool)? {
        // Through links, as whoever reads the file goes.
        let path = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        guard let found = try? FileManager.default.attributesOfItem(atPath: path),
            let number = found[.systemFileNumber] as? UInt64, let size = found[.size] as? UInt64,
            let time = found[.modificationDate] as? Date
        else { return nil }
        return (Stamp(number: number, size: size, time: time), found[.type] as? FileAttributeType == .typeDirectory)
    }
}
