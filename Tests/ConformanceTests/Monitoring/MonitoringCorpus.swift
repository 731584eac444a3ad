import Foundation
import Monitoring
import Testing

/// The data of the folder `monitoring` in the corpus.
enum MonitoringCorpus {
    /// A folder of it; nil, with a line that says so, where no corpus is set.
    ///
    /// One that a corpus does not hold, or that is empty, fails the test.
    static func folder(_ name: String) -> URL? {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("suite monitoring/\(name): skipped, since LAPWING_CORPUS is not set")
            return nil
        }
        let folder = URL(fileURLWithPath: root).appendingPathComponent("monitoring/" + name)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        guard !names.isEmpty else {
            Issue.record("there is nothing in \(folder.path)")
            return nil
        }
        return folder
    }

    /// The files below a folder whose names end so, in order.
    static func files(in folder: URL, ending: String) -> [URL] {
        let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }
        return (all ?? []).filter { $0.lastPathComponent.hasSuffix(ending) }.sorted { $0.path < $1.path }
    }
}
