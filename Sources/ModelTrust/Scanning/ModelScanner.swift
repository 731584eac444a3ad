/// Looks through model files and says of each whether loading it is safe.
///
/// ```swift
/// let report = ModelScanner().scan(path: "model.pt")
/// guard report.verdict == .proven else { … }
/// ```
///
/// Nothing is ever loaded. The formats are told apart by content; a name means nothing. Files that outsiders wrote are
/// best scanned in a process of its own that may do nothing else, as `lapwing model scan` does.
public struct ModelScanner: Sendable {
    /// Creates a scanner.
    public init() {}

    /// Scans one file.
    ///
    /// Never throws: what cannot be read is not proven.
    public func scan(path: String) -> FileScanReport {
        let context = ScanContext()
        do throws(ScanStop) {
            context.scan(try ScanFile.open(path))
        } catch {
            return FileScanReport(
                path: path,
                formats: [],
                findings: [
                    ScanFinding(rule: error.rule, verdict: .notProven, path: path, message: error.message)
                ],
                claims: []
            )
        }
        return FileScanReport(path: path, context: context)
    }
}
