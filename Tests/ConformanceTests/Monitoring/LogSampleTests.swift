import Foundation
import Monitoring
import Testing

/// Lines of logs as their programs write them.
@Suite struct LogSampleTests {
    @Test func `every sample line of foreign logs is read`() throws {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("suite log-samples: skipped, since LAPWING_CORPUS is not set")
            return
        }
        let folder = URL(fileURLWithPath: root + "/iam/log_samples")
        var report = SuiteReport(name: "log-samples")
        for file in MonitoringCorpus.files(in: folder, ending: "") where !file.hasDirectoryPath {
            let name = file.lastPathComponent
            let source: LogSource =
                name.hasPrefix("pgaudit") ? .postgres : name.hasPrefix("s3") ? .s3 : .cloudTrail
            for (index, line) in try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).enumerated() {
                do {
                    if try LogParser.observation(in: line, of: source, record: UInt64(index)) != nil {
                        report.passed()
                    } else {
                        report.failed("\(name):\(index + 1) says nothing")
                    }
                } catch {
                    report.failed("\(name):\(index + 1): \(error)")
                }
            }
        }
        report.finish()
    }
}
