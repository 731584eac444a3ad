/// What a scan has to say about one file.
public struct FileScanReport: Hashable, Sendable, Codable {
    /// The file, as it was named.
    public let path: String
    /// The formats that it was read as, from the outermost container inwards, each once.
    public let formats: [String]
    /// What was found.
    public let findings: [ScanFinding]
    /// The files beside it that it names as its own raw data.
    public let claims: [String]

    /// Creates a report.
    public init(path: String, formats: [String], findings: [ScanFinding], claims: [String]) {
        self.path = path
        self.formats = formats
        self.findings = findings
        self.claims = claims
    }

    init(path: String, context: ScanContext) {
        var formats: [String] = []
        for (_, format) in context.formats where !formats.contains(format) { formats.append(format) }
        self.init(path: path, formats: formats, findings: context.findings, claims: context.claims.sorted())
    }

    /// The worst that was found; proven where nothing was.
    public var verdict: ScanVerdict { findings.map(\.verdict).max() ?? .proven }
}
