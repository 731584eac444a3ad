public import Resources

/// What is in force in a MinIO for an estate: policies by name, and what buckets let through without a signature.
///
/// In a folder it lies as `policies/NAME.json`, as `mc admin policy info` shows them, and `buckets/BUCKET.json`, as
/// `mc anonymous get-json` shows them; a bucket without a policy has no file.
public struct MinIOArtifacts: Hashable, Sendable {
    /// The policies by name: those of components, and any other.
    public var policies: [String: PolicyDocument] = [:]
    /// What is allowed without a signature, by bucket.
    public var buckets: [String: PolicyDocument] = [:]
    /// What MinIO would refuse, or may read differently.
    public private(set) var findings: [Diagnostic] = []

    /// Reads what was exported or generated: files by their path in the folder.
    ///
    /// - Throws: `ResourceError` for a file that is no policy, or that is not known.
    public init(files: [String: [UInt8]]) throws {
        _ = try collectingDiagnostics(files.sorted { $0.key < $1.key }) { path, bytes in
            let parts = path.split(separator: "/").map(String.init)
            guard parts.count == 2, ["policies", "buckets"].contains(parts[0]), parts[1].hasSuffix(".json") else {
                throw ResourceError(
                    at: SourceLocation(file: path, line: 1, column: 1),
                    "unknown file; expected `policies/NAME.json` or `buckets/BUCKET.json`"
                )
            }
            let document = try PolicyDocument(json: bytes, file: path)
            let name = String(parts[1].dropLast(5))
            if parts[0] == "policies" { policies[name] = document } else { buckets[name] = document }
            findings += MinIOLanguage.findings(in: document, file: path)
        }
        findings.sort { ($0.location, $0.message) < ($1.location, $1.message) }
    }
}
