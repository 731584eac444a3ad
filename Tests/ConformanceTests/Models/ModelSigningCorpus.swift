import Foundation
import Testing

/// The outside suites of OpenSSF Model Signing, in the folder that `LAPWING_CORPUS` names.
enum ModelSigningCorpus {
    static let folder: URL? = {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else { return nil }
        return URL(fileURLWithPath: root).appendingPathComponent("oms")
    }()

    /// Whether a corpus is set, which then has to hold the suite; prints a line where none is.
    static let isPresent: Bool = {
        guard folder != nil else {
            print("suite model signing: skipped, since LAPWING_CORPUS is not set")
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
