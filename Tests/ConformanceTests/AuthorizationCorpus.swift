import Foundation
import Testing

/// Where the Istio cases lie.
enum AuthorizationCorpus {
    /// The folder `istio` of the corpus, or nil, with a line that says so, where no corpus is set.
    static var folder: URL? {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("skipped: LAPWING_CORPUS is not set")
            return nil
        }
        return URL(fileURLWithPath: root).appendingPathComponent("istio")
    }
}

/// Counts the cases of an outside suite and names those that fail.
struct SuiteReport {
    private let name: String
    private var passes = 0
    private var failures: [String] = []

    init(name: String) {
        self.name = name
    }

    mutating func passed() {
        passes += 1
    }

    mutating func failed(_ what: String) {
        failures.append(what)
    }

    /// Prints the counts; a failure, or a suite without a case, fails the test.
    func finish() {
        for failure in failures { print("\(name): FAILED \(failure)") }
        print("\(name): \(passes) passed, \(failures.count) failed")
        #expect(failures.isEmpty, "\(failures.count) of \(passes + failures.count) cases of \(name) failed")
        #expect(passes + failures.count > 0, "\(name) has no case")
    }
}
