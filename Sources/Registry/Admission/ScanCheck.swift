public import ModelTrust
import NIOPosix

/// Asks that every file of the artifact is proven safe to load: what runs code, and what is not understood, is refused.
///
/// Nothing is loaded. Who scans is for the program to say: a process that can do nothing else, since the bytes are
/// anybody's who may push.
public struct ScanCheck: AdmissionCheck {
    /// The name by which rules ask for it.
    public let name = "scan"
    /// The rules of the scanner.
    public var grounds: String { "scanner \(ModelScanner.revision)" }
    /// The most findings that are told of one artifact.
    private static let maximumReasons = 16

    private let scan: @Sendable (_ folder: String) throws -> ScanReport

    /// A check that has folders scanned.
    public init(scanning scan: @escaping @Sendable (_ folder: String) throws -> ScanReport) {
        self.scan = scan
    }

    /// Scans every file.
    ///
    /// - Returns: what was found that stands against it.
    public func reasons(against artifact: Artifact, requirement: AdmissionRequirement) async throws -> [String] {
        guard requirement.scan else { return [] }
        return try await NIOThreadPool.singleton.runIfActive {
            try artifact.laidOut { laidOut in
                let report = try scan(laidOut.model)
                let findings = report.findings + report.files.flatMap(\.findings)
                var reasons = findings.filter { $0.verdict != .proven }.prefix(Self.maximumReasons).map { finding in
                    let file =
                        finding.path.hasPrefix(laidOut.model + "/")
                        ? String(finding.path.dropFirst(laidOut.model.count + 1)) : finding.path
                    return "`\(file)` is \(finding.verdict.rawValue) (\(finding.rule)): \(finding.message)"
                }
                // A report without a finding that still proves nothing, or not of every file, does not pass.
                if reasons.isEmpty, report.verdict != .proven || report.files.count != laidOut.files.count {
                    reasons.append("the scan does not prove every file")
                }
                return reasons
            }
        }
    }
}
