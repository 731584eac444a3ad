import Foundation
import Guardrails
import Testing

/// The official suite of JSON Schema, draft 2020-12, in the corpus' folder `json-schema`.
///
/// Every required test and every format is expected to hold. Of the optional ones that are left out each is named.
@Suite struct JSONSchemaTests {
    /// What is left out, by file and description of its group.
    private static let leftOut: [String: String] = [
        "optional/cross-draft.json": "schemas of draft 2019-09 are refused rather than read"
    ]

    @Test func `the official suite holds`() throws {
        guard let root = ProcessInfo.processInfo.environment["LAPWING_CORPUS"], !root.isEmpty else {
            print("json-schema: skipped, LAPWING_CORPUS is not set")
            return
        }
        let corpus = URL(fileURLWithPath: root).appendingPathComponent("json-schema")
        try #require(FileManager.default.fileExists(atPath: corpus.path), "there is no \(corpus.path)")
        let remotes = try Self.remotes(corpus.appendingPathComponent("remotes"))
        var report = SuiteReport(name: "json-schema")
        var skipped = 0
        let tests = corpus.appendingPathComponent("tests/draft2020-12")
        for name in try Self.files(tests) {
            let document = try JSONDocument(Array(Data(contentsOf: tests.appendingPathComponent(name))))
            if let reason = Self.leftOut[name] {
                let count = document.root.elements.reduce(0) { $0 + ($1["tests"]?.count ?? 0) }
                print("json-schema: left out \(name), \(count) tests: \(reason)")
                skipped += count
                continue
            }
            for group in document.root.elements {
                Self.run(group, name, remotes, &report)
            }
        }
        print("json-schema: \(skipped) left out")
        report.finish()
    }

    private static func run(
        _ group: JSONValue,
        _ name: String,
        _ remotes: [String: JSONDocument],
        _ report: inout SuiteReport
    ) {
        let title = group["description"]?.string ?? ""
        guard let schema = group["schema"] else { return report.failed("\(name): \(title): no schema") }
        let options = JSONSchema.Options(assertsFormats: name.hasPrefix("optional/format/"), others: remotes)
        let read = Result { () throws(JSONSchemaError) in try JSONSchema(schema, options: options) }
        for test in group["tests"].map({ Array($0.elements) }) ?? [] {
            let label = "\(name): \(title): \(test["description"]?.string ?? "")"
            guard let data = test["data"], let isValid = test["valid"]?.bool else {
                report.failed("\(label): not read")
                continue
            }
            switch read {
            case .failure(let error): report.failed("\(label): \(error)")
            case .success(let schema):
                let verdict = schema.verdict(on: data)
                let isRight: Bool =
                    switch verdict {
                    case .valid: isValid
                    case .invalid(let violations): !isValid && !violations.isEmpty
                    case .undecided: false
                    }
                if isRight { report.passed() } else { report.failed("\(label): expected \(isValid), was \(verdict)") }
            }
        }
    }

    private static func files(_ folder: URL) throws -> [String] {
        let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".json") }.sorted()
    }

    /// The schemas that the tests refer to, by the address at which they would be served.
    private static func remotes(_ folder: URL) throws -> [String: JSONDocument] {
        var remotes: [String: JSONDocument] = [:]
        for name in try files(folder) {
            let bytes = Array(try Data(contentsOf: folder.appendingPathComponent(name)))
            remotes["http://localhost:1234/\(name)"] = try JSONDocument(bytes)
        }
        return remotes
    }
}
