/// What a scan of several files has to say.
public struct ScanReport: Hashable, Sendable, Encodable {
    /// The files, in the order in which they were scanned.
    public let files: [FileScanReport]
    /// What belongs to no file: a folder that cannot be listed.
    public let findings: [ScanFinding]

    /// Puts reports together; a file that another names as its raw data need not be of a known format.
    public init(files: [FileScanReport], findings: [ScanFinding]) {
        let claimed = Set(
            files.flatMap { file in file.claims.map { MemberPath.folder(of: file.path) + $0 } }
        )
        self.files = files.map { file in
            guard claimed.contains(file.path) else { return file }
            let kept = file.findings.filter { $0.rule != "unknown-format" || $0.path != file.path }
            return FileScanReport(path: file.path, formats: file.formats, findings: kept, claims: file.claims)
        }
        self.findings = findings
    }

    /// The worst of all; a scan of nothing proves nothing.
    public var verdict: ScanVerdict {
        let worst = (files.map(\.verdict) + findings.map(\.verdict)).max()
        return worst ?? .notProven
    }

    /// How many files have a verdict.
    public func count(_ verdict: ScanVerdict) -> Int { files.count { $0.verdict == verdict } }

    private enum CodingKeys: String, CodingKey {
        case version, verdict, files, findings
    }

    private struct File: Encodable {
        let path: String
        let verdict: ScanVerdict
        let formats: [String]
        let findings: [ScanFinding]
    }

    /// The report with its version, as `lapwing model scan -o json` prints it.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(1, forKey: .version)
        try container.encode(verdict, forKey: .verdict)
        try container.encode(
            files.map { File(path: $0.path, verdict: $0.verdict, formats: $0.formats, findings: $0.findings) },
            forKey: .files
        )
        try container.encode(findings, forKey: .findings)
    }
}
