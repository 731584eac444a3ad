import Foundation
import Testing

/// The outside suite of the SPIFFE specifications, in the folder that `LAPWING_CORPUS` names.
enum SPIFFECorpus {
    static let folder: URL? = {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else { return nil }
        return URL(fileURLWithPath: root).appendingPathComponent("spiffe")
    }()

    /// Whether a corpus is set, which then has to hold the suite; prints a line where none is.
    static let isPresent: Bool = {
        guard folder != nil else {
            print("suite spiffe: skipped, since LAPWING_CORPUS is not set")
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
