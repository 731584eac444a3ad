import Foundation
import Testing

/// The outside suites of OpenSSF Model Signing, in the folder that `LAPWING_CORPUS` names.
enum ModelSigningCorpus {
    static let folder: URL? = ProcessInfo.processInfo.environment["LAPWING_CORPUS"].map {
        URL(fileURLWithPath: $0).appendingPathComponent("oms")
    }

    /// Whether the suite is there; prints a line where it is not.
    static let isPresent: Bool = {
        guard let folder, FileManager.default.fileExists(atPath: folder.path) else {
            print("suite model signing: skipped, since LAPWING_CORPUS does not name a folder that holds `oms`")
            return false
        }
        return true
    }()

    static func path(_ relative: String) throws -> String {
        try #require(folder).appendingPathComponent(relative).path
    }

    static func text(_ relative: String) throws -> String {
        try String(contentsOfFile: path(relative), encoding: .utf8)
    }
}
