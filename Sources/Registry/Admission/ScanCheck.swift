import ModelTrust
import NIOPosix

/// Asks that every file of the artifact is proven safe to load: what runs code, and what is not understood, is refused.
///
/// Nothing is loaded; the scanner reads, within bounds of time, depth and memory.
public struct ScanCheck: AdmissionCheck {
    /// The name by which rules ask for it.
    public let name = "scan"
    /// The most findings that are told of one artifact.
    private static let maximumReasons = 16

    /// A check.
    public init() {}

    /// Scans every file.
    ///
    /// - Returns: what was found that stands against it.
    public func reasons(against artifact: Artifact, requirement: AdmissionRequirement) async throws -> [String] {
        guard requirement.scan else { return [] }
        return try await NIOThreadPool.singleton.runIfActive {
            try artifact.laidOut { files in
                var reasons: [String] = []
                for file in files.files {
                    let report = ModelScanner().scan(path: files.model + "/" + file)
                    for finding in report.findings where finding.verdict != .proven {
                        guard reasons.count < Self.maximumReasons else { return reasons }
                        reasons.append("`\(file)` is \(finding.verdict.rawValue) (\(finding.rule)): \(finding.message)")
                    }
                    // A report without a finding that still proves nothing does not pass.
                    if report.verdict != .proven, reasons.isEmpty { reasons.append("`\(file)` is not proven") }
                }
                return reasons
            }
        }
    }
}
