/// Looks through model files and says of each whether loading it is safe.
///
/// ```swift
/// let report = ModelScanner().scan(path: "model.pt")
/// guard report.verdict == .proven else { … }
/// ```
///
/// Nothing is ever loaded. The formats are told apart by content and never by name. Files that outsiders wrote are
/// best scanned in a process of its own that may do nothing else, as `lapwing model scan` does.
public struct ModelScanner: Sendable {
    /// The state of the scanner's rules: one more with each change by which the same file may be judged otherwise, so
    /// that whoever keeps verdicts knows that they are old.
    public static let revision = 10

    /// Creates a scanner.
    public init() {}

    /// Scans one file, which never throws: what cannot be read is not proven.
    public func scan(path: String) -> FileScanReport {
        let name = path.split(separator: "/").last.map(String.init) ?? ""
        let folder = MemberPath.folder(of: path)
        return scan(name, in: folder.isEmpty ? "." : folder, as: path)
    }

    /// Scans a file of a folder, whose other files it may name.
    ///
    /// - Parameters:
    ///   - name: the file's path below the folder; no link in it is followed.
    ///   - folder: the folder.
    ///   - shown: how the report names the file.
    /// - Returns: what was found; never less than a finding where the file cannot be read.
    public func scan(_ name: String, in folder: String, as shown: String) -> FileScanReport {
        let context = ScanContext()
        do throws(ScanStop) {
            context.scan(try ScanFile.open(name, in: folder, as: shown))
        } catch {
            let finding = ScanFinding(rule: error.rule, verdict: .notProven, path: shown, message: error.message)
            return FileScanReport(path: shown, formats: [], findings: [finding], claims: [])
        }
        return FileScanReport(path: shown, context: context)
    }
}
