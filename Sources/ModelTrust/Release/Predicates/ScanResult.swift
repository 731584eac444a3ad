internal import SPIFFE
public import ZeroTrust

/// The claim that a model was scanned for what runs code, with the verdict.
///
/// ```json
/// {"verdict": "proven", "scanner": "lapwing 0.1", "scannedAt": "2026-11-25T12:00:00Z"}
/// ```
public struct ScanResult: Hashable, Sendable, Predicate {
    static let type = "https://lapwing.dev/attestation/scan/v1"

    /// The verdict.
    public let verdict: ScanVerdict
    /// What scanned it.
    public let scanner: String
    /// When.
    public let scannedAt: Timestamp

    /// The result of a scan.
    public init(verdict: ScanVerdict, scanner: String, scannedAt: Timestamp) {
        self.verdict = verdict
        self.scanner = scanner
        self.scannedAt = scannedAt
    }

    init(_ fields: inout PredicateFields) throws(PredicateError) {
        guard let verdict = ScanVerdict(rawValue: try fields.text("verdict")) else {
            throw fields.wrong("verdict", "`proven`, `not-proven` or `unsafe`")
        }
        self.verdict = verdict
        scanner = try fields.text("scanner")
        scannedAt = try fields.moment("scannedAt")
    }

    /// Whether another scan counts more: a later one, or one of the same moment that found more.
    func isOutdone(by other: ScanResult) -> Bool {
        scannedAt.nanoseconds == other.scannedAt.nanoseconds
            ? verdict < other.verdict : scannedAt.nanoseconds < other.scannedAt.nanoseconds
    }

    /// The claim as JSON.
    public var json: [UInt8] {
        let value = StrictJSON.object([
            "verdict": .string(verdict.rawValue), "scanner": .string(scanner),
            "scannedAt": .string(scannedAt.description),
        ])
        return Array(value.text.utf8)
    }
}
