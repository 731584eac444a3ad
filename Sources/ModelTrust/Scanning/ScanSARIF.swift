import Foundation

/// Findings as SARIF 2.1.0 (OASIS), which code hosts show beside the files that they are about.
public struct ScanSARIF: Sendable, Encodable {
    private let schema = "https://json.schemastore.org/sarif-2.1.0.json"
    private let version = "2.1.0"
    private let runs: [Run]

    private enum CodingKeys: String, CodingKey {
        case schema = "$schema"
        case version, runs
    }

    /// A log of one run.
    public init(_ report: ScanReport, version: String) {
        let findings = report.findings + report.files.flatMap(\.findings)
        let rules = Set(findings.map(\.rule)).sorted()
        self.runs = [
            Run(
                tool: Tool(driver: Driver(name: "lapwing", version: version, rules: rules.map { Rule(id: $0) })),
                results: findings.map { Result($0) }
            )
        ]
    }

    // MARK: - The parts, named as the standard names them

    private struct Run: Encodable {
        let tool: Tool
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

    private struct Rule: Encodable {
        let id: String
    }

    private struct Message: Encodable {
        let text: String
    }

    private struct Result: Encodable {
        let ruleId: String
        let level: String
        let message: Message
        let locations: [Location]

        init(_ finding: ScanFinding) {
            self.ruleId = finding.rule
            switch finding.verdict {
            case .unsafe: self.level = "error"
            case .notProven: self.level = "warning"
            case .proven: self.level = "note"
            }
            self.message = Message(text: finding.message)
            self.locations = [Location(finding)]
        }
    }

    private struct Location: Encodable {
        struct Physical: Encodable {
            let artifactLocation: Artifact
            let region: Region?
        }

        struct Artifact: Encodable {
            let uri: String
        }

        struct Region: Encodable {
            let byteOffset: UInt64
        }

        struct Logical: Encodable {
            let fullyQualifiedName: String
        }

        let physicalLocation: Physical
        let logicalLocations: [Logical]?

        init(_ finding: ScanFinding) {
            let file = finding.path.range(of: "!/").map { String(finding.path[..<$0.lowerBound]) } ?? finding.path
            let isWithin = file != finding.path
            // An offset within a member is none of the file's.
            let region = isWithin ? nil : finding.offset.map { Region(byteOffset: $0) }
            self.physicalLocation = Physical(artifactLocation: Artifact(uri: Self.uri(of: file)), region: region)
            let place = [isWithin ? finding.path : nil, finding.element].compactMap(\.self).joined(separator: " ")
            self.logicalLocations = place.isEmpty ? nil : [Logical(fullyQualifiedName: place)]
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
