import Foundation
import Testing

@testable import ModelTrust

/// Files that scikit-learn wrote here, of models that do what they say and of models that were changed to do harm.
@Suite struct EstimatorFilesTests {
    /// The Python of the model servers, which has scikit-learn, or nil, with a line that says so.
    private static let python: String? = {
        guard let peers = ExternalProgram.python else { return nil }
        let python = URL(fileURLWithPath: peers).deletingLastPathComponent().appendingPathComponent(
            "../servers/bin/python"
        ).path
        if FileManager.default.isExecutableFile(atPath: python) { return python }
        if ProcessInfo.processInfo.environment["CI"] == "true" { Issue.record("there is no \(python)") }
        print("scikit-learn: skipped, there is no \(python)")
        return nil
    }()

    @Test func `a model of scikit-learn is proven, and one that would do harm is not`() throws {
        guard let python = Self.python else { return }
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("estimators-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let program = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
            "../../Peers/estimator_files.py"
        ).path
        let (status, output) = try ExternalProgram.run(python, [program, folder.path], in: folder.path)
        try #require(status == 0, "\(output)")
        var counts: [String: Int] = [:]
        for place in ["benign", "hostile"] {
            let path = folder.appendingPathComponent(place).path
            for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted() {
                let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)))
                let context = ScanProbe.scan(bytes, path: name)
                #expect((context.verdict == .proven) == (place == "benign"), "\(place)/\(name): \(context.findings)")
                counts[place, default: 0] += 1
            }
        }
        print("scikit-learn: \(counts["benign"] ?? 0) files proven, \(counts["hostile"] ?? 0) hostile ones not")
        #expect(counts["benign", default: 0] >= 50 && counts["hostile", default: 0] >= 60)
    }
}
