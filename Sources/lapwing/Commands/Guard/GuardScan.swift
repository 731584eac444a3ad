import Foundation
import Guardrails

/// Looks through texts and says where something was found.
struct GuardScan {
    /// Something that was found, without the text.
    struct Row: Encodable {
        let file: String
        /// From 1.
        let line: Int
        /// In bytes, from 1.
        let column: Int
        let rule: String
        /// The bytes of the text.
        let start: Int
        let end: Int
    }

    /// The output of `-o json`.
    struct Report: Encodable {
        let version = 1
        let findings: [Row]
    }

    private let rules: OutputRules
    private let gitleaks: GitleaksRules?

    init(policy: OutputPolicy, rulesFile: String?) throws {
        do {
            rules = try OutputRules(policy)
            gitleaks = try rulesFile.map { path in
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw CommandError(.usage, "`\(path)` cannot be read")
                }
                return try GitleaksRules(contentsOf: Array(data), name: path)
            }
        } catch let error as PatternError { throw CommandError(.usage, error.message) }
    }

    /// A text as a filter would let it out.
    func redacted(_ bytes: [UInt8]) -> [UInt8] {
        var filter = TextFilter(rules)
        var output = filter.feed(bytes)
        filter.finish(into: &output)
        return output
    }

    /// What is in the `text` of each line.
    func lines(_ bytes: [UInt8], path: String) throws -> [Row] {
        struct Line: Decodable { let text: String }
        var rows: [Row] = []
        for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            guard let text = try? JSONDecoder().decode(Line.self, from: Data(line)).text else {
                throw CommandError(.usage, "\(path):\(index + 1): not a JSON object with a member `text`")
            }
            rows += try self.rows(Array(text.utf8), path: path, line: index + 1)
        }
        return rows
    }

    /// What is in a text; `line` is its own, where it is one of many.
    func rows(_ bytes: [UInt8], path: String, line: Int?) throws -> [Row] {
        var filter = TextFilter(rules)
        var output = filter.feed(bytes)
        filter.finish(into: &output)
        var found = filter.takeFindings().map { (rule: $0.rule, range: $0.start..<$0.end) }
        do {
            for finding in try gitleaks?.findings(in: bytes, path: path == "-" ? "" : path) ?? [] {
                found.append((rule: "rules/\(finding.rule)", range: finding.secret))
            }
        } catch let error as PatternError { throw CommandError(.usage, "\(path): \(error.message)") }
        if path.hasSuffix(".p12") || path.hasSuffix(".pfx") { found.append((rule: "secret/pkcs12-file", range: 0..<0)) }
        found.sort { ($0.range.lowerBound, $0.rule) < ($1.range.lowerBound, $1.rule) }
        var current = 1
        var lineStart = 0
        var index = 0
        return found.map { entry in
            while line == nil, index < entry.range.lowerBound {
                if bytes[index] == 0x0A {
                    current += 1
                    lineStart = index + 1
                }
                index += 1
            }
            return Row(
                file: path,
                line: line ?? current,
                column: entry.range.lowerBound - lineStart + 1,
                rule: entry.rule,
                start: entry.range.lowerBound,
                end: entry.range.upperBound
            )
        }
    }
}
