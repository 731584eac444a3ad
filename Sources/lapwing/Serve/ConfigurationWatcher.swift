import CLinux
import Foundation
import Resources

/// Notices that something in the configuration directory, or in the one file that takes its place, has changed.
struct ConfigurationWatcher {
    let path: String
    private var fingerprint: [String: Mark]

    /// What tells one version of a file from another without reading it.
    private struct Mark: Equatable {
        let inode: UInt64
        let size: UInt64
        let seconds: Int64
        let nanoseconds: Int64
    }

    init(path: String) {
        self.path = path
        self.fingerprint = Self.look(at: path)
    }

    /// Waits for a change; looks once a second.
    ///
    /// - Throws: `CancellationError`.
    mutating func change() async throws {
        while true {
            try await Task.sleep(for: .seconds(1))
            let now = Self.look(at: path)
            guard now != fingerprint else { continue }
            // A file that is being written is left to settle.
            try await Task.sleep(for: .milliseconds(200))
            let settled = Self.look(at: path)
            guard settled == now else { continue }
            fingerprint = settled
            return
        }
    }

    private static func look(at path: String) -> [String: Mark] {
        var marks: [String: Mark] = [:]
        // Of a file there are no names below it: it is looked at itself.
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: path)) ?? [""]
        for name in names.prefix(20_000) where name.isEmpty || ResourceLoader.isYAML(name) {
            var facts = lapwing_file_facts()
            let file = name.isEmpty ? path : path + "/" + name
            guard unsafe lapwing_file_facts_of_path(file, &facts) == 0 else { continue }
            marks[name] = Mark(
                inode: facts.inode,
                size: facts.size,
                seconds: facts.times.0,
                nanoseconds: facts.times.1
            )
        }
        return marks
    }
}
