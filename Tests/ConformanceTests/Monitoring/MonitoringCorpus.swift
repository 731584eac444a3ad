import Foundation
import Monitoring
import Testing

/// The data of the folder `monitoring` in the corpus.
enum MonitoringCorpus {
    /// A folder of it; nil, with a line that says so, where it is not there.
    static func folder(_ name: String) -> URL? {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"] else {
            print("suite monitoring/\(name): skipped, since LAPWING_CORPUS is not set")
            return nil
        }
        let folder = URL(fileURLWithPath: root).appendingPathComponent("monitoring/" + name)
        guard FileManager.default.fileExists(atPath: folder.path) else {
            print("suite monitoring/\(name): skipped, since LAPWING_CORPUS does not hold it")
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
