import Foundation
import Resources

/// Findings as SARIF 2.1.0 (OASIS), which code hosts show beside the lines that they are about.
///
/// ```swift
/// let log = SARIFLog(findings, rules: linter.rules, version: "0.2.0")
/// let data = try JSONEncoder().encode(log)
/// ```
public struct SARIFLog: Sendable, Encodable {
    private let schema = "https://json.schemastore.org/sarif-2.1.0.json"
    private let version = "2.1.0"
    private let runs: [Run]

    private enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case version, runs
    }

    /// A log of one run.
    ///
    /// - Parameters:
    ///   - findings: what was found.
    ///   - rules: the rules that were asked, whether they found something or not.
    ///   - version: the program's version.
    public init(_ findings: [LintFinding], rules: [LintRule], version: String) {
        let indices = Dictionary(
            rules.enumerated().map { ($0.element.id, $0.offset) },
            uniquingKeysWith: { first, _ in first }
        )
        self.runs = [
            Run(
                tool: Tool(driver: Driver(name: "lapwing", version: version, rules: rules.map { Rule($0) })),
                columnKind: "unicodeCodePoints",
                results: findings.map { Result($0, index: indices[$0.rule]) }
            )
        ]
    }

    // MARK: - The parts, named as the standard names them

    private struct Run: Encodable {
        let tool: Tool
        let columnKind: String
        let results: [Result]
    }

    private struct Tool: Encodable {
        let driver: Driver
    }

    private struct Driver: Encodable {
        let name: String
        let version: String
        let rules: [Rule]
    }

    private struct Message: Encodable {
        let text: String
    }

    private struct Rule: Encodable {
        struct Configuration: Encodable {
            let level: String
        }

        let id: String
        let name: String
        let shortDescription: Message
        let defaultConfiguration: Configuration

        init(_ rule: LintRule) {
            self.id = rule.id
            self.name = rule.name
            self.shortDescription = Message(text: rule.summary)
            self.defaultConfiguration = Configuration(level: rule.severity.rawValue)
        }
    }

    private struct Result: Encodable {
        let ruleId: String
        let ruleIndex: Int?
        let level: String
        let message: Message
        let locations: [Location]

        init(_ finding: LintFinding, index: Int?) {
            self.ruleId = finding.rule
            self.ruleIndex = index
            self.level = finding.severity.rawValue
            self.message = Message(text: "\(finding.message); \(finding.fix)")
            self.locations = [Location(finding)]
        }
    }

    private struct Location: Encodable {
        struct Physical: Encodable {
            let artifactLocation: Artifact
            let region: Region
        }

        struct Artifact: Encodable {
            let uri: String
        }

        struct Region: Encodable {
            let startLine: Int
            let startColumn: Int
        }

        struct Logical: Encodable {
            let fullyQualifiedName: String
        }

        let physicalLocation: Physical
        let logicalLocations: [Logical]?

        init(_ finding: LintFinding) {
            self.physicalLocation = Physical(
                artifactLocation: Artifact(uri: Self.uri(of: finding.location.file)),
                region: Region(startLine: finding.location.line, startColumn: finding.location.column)
            )
            self.logicalLocations =
                finding.resource.isEmpty ? nil : [Logical(fullyQualifiedName: finding.resource)]
        }

        /// A file's name as a URI: absolute with its scheme, else relative (RFC 3986 §4.2).
        private static func uri(of file: String) -> String {
            let allowed = CharacterSet(
                charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
            )
            let path = file.addingPercentEncoding(withAllowedCharacters: allowed) ?? ""
            return path.hasPrefix("/") ? "file://\(path)" : path
        }
    }
}
