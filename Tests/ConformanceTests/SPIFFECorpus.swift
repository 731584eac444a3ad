import Foundation
import Testing

/// The outside suite of the SPIFFE specifications, in the folder that `LAPWING_CORPUS` names.
enum SPIFFECorpus {
    static let folder: URL? = ProcessInfo.processInfo.environment["LAPWING_CORPUS"].map {
        URL(fileURLWithPath: $0).appendingPathComponent("spiffe")
    }

    /// Whether the suite is there; prints a line where it is not.
    static let isPresent: Bool = {
        guard let folder, FileManager.default.fileExists(atPath: folder.path) else {
            print("suite spiffe: skipped, since LAPWING_CORPUS does not name a folder that holds `spiffe`")
            return false
        }
        return true
    }()

    static func data(_ path: String) throws -> Data {
        try Data(contentsOf: try #require(folder).appendingPathComponent(path))
    }

    static func json<Value: Decodable>(_ path: String, as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: data(path))
    }

    /// The files of a folder, by name.
    static func files(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: try #require(folder).appendingPathComponent(path).path)
            .sorted()
    }
}

/// Counts a suite's cases and names the failures.
struct Tally {
    let suite: String
    private(set) var passed = 0
    private(set) var failures: [String] = []

    init(_ suite: String) { self.suite = suite }

    mutating func note(_ name: @autoclosure () -> String, _ passes: Bool) {
        if passes { passed += 1 } else { failures.append(name()) }
    }

    /// Prints the counts and each failure, and fails the test where there is one.
    func report() {
        print("suite \(suite): \(passed) passed, \(failures.count) failed")
        for failure in failures { print("  failed: \(failure)") }
        #expect(failures.isEmpty)
        #expect(passed > 0)
    }
}
