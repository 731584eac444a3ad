import Foundation
import ModelTrust
import Testing

/// Model files of every format, hostile and ordinary, in the corpus' folder `model-formats`.
///
/// None is ever loaded.
@Suite struct ModelFormatTests {
    private struct Case: Decodable {
        let file: String
        let truth: Truth
        let kind: String
        let why: String
    }

    /// What is in a file.
    private enum Truth: String, Decodable {
        case malicious, suspicious, benign, invalid, dos
    }

    @Test func `malicious files are flagged, broken ones refused, and benign ones proven`() throws {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("model formats: skipped, LAPWING_CORPUS is not set")
            return
        }
        let folder = URL(fileURLWithPath: root).appendingPathComponent("model-formats")
        let list = folder.appendingPathComponent("cases.json")
        let cases = try JSONDecoder().decode([Case].self, from: Data(contentsOf: list))
        var report = SuiteReport(name: "model formats")
        // Malicious files must be flagged; how many are called unsafe outright is shown beside.
        var malicious = (all: 0, unsafe: 0)
        for item in cases {
            let result = ModelScanner().scan(path: folder.appendingPathComponent(item.file).path)
            let isRight = item.truth == .benign ? result.verdict == .proven : result.verdict != .proven
            if item.truth == .malicious {
                malicious.all += 1
                malicious.unsafe += result.verdict == .unsafe ? 1 : 0
                if isRight, result.verdict != .unsafe { print("model formats: not called unsafe: \(item.file)") }
            }
            if isRight {
                report.passed()
            } else {
                let found = result.findings.map { "\($0.rule): \($0.message)" }.joined(separator: "; ")
                report.failed("\(item.kind) \(item.file) is \(item.truth) and was \(result.verdict): \(found)")
            }
        }
        print("model formats: \(malicious.unsafe) of \(malicious.all) malicious files are called unsafe")
        report.finish()
    }
}
