public import Resources

/// An IAM policy as it is written: statements that allow and deny.
///
/// What AWS would refuse to store is read all the same and listed in ``findings``, since what is exported or generated
/// by others has to be judged too. A statement that cannot mean anything matches nothing.
public struct PolicyDocument: Hashable, Sendable {
    /// The version of the language.
    public enum Version: String, Hashable, Sendable {
        /// Without variables; the one of a policy that names none.
        case v2008 = "2008-10-17"
        /// With variables.
        case v2012 = "2012-10-17"
    }

    /// The version of the language.
    public let version: Version
    /// The statements, in order.
    public let statements: [PolicyStatement]
    /// What AWS would refuse, or what is probably a mistake; empty for a policy that is well-formed.
    public let findings: [Diagnostic]
    /// What messages call the file that it was read from; nil for one that was made here.
    let file: String?

    /// Reads a policy.
    ///
    /// - Parameters:
    ///   - text: the JSON, in UTF-8.
    ///   - file: what messages call it.
    /// - Throws: `ResourceError` for what is no JSON, exceeds a bound, or has no statements that could be read.
    public init(json text: some Sequence<UInt8>, file: String = "policy") throws {
        try self.init(PolicyJSON.read(text, file: file))
    }

    /// Reads a policy that was parsed before.
    ///
    /// - Throws: `ResourceError` for what is no policy.
    init(_ value: Value) throws {
        var decoder = PolicyDecoder()
        let (version, statements) = try decoder.document(value)
        self.version = version
        self.statements = statements
        self.findings = decoder.findings
        self.file = value.location.file
    }

    /// A policy of statements made here.
    init(statements: [PolicyStatement]) {
        self.version = .v2012
        self.statements = statements
        self.findings = []
        self.file = nil
    }
}

extension PolicyDocument {
    /// Whether two policies say the same at the same places; what the file of one without statements is called is nothing
    /// of it.
    public static func == (left: Self, right: Self) -> Bool {
        left.version == right.version && left.statements == right.statements && left.findings == right.findings
    }

    /// Hashes what equality is about.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(version)
        hasher.combine(statements)
        hasher.combine(findings)
    }
}
