/// One thing that is wrong, or doubtful, at one place in a configuration file.
public struct Diagnostic: Hashable, Sendable {
    /// How bad it is.
    public enum Severity: String, Sendable {
        /// The configuration is refused.
        case error
        /// The configuration loads, and probably does not do what was meant.
        case warning
    }

    /// How bad it is.
    public let severity: Severity
    /// Where it stands.
    public let location: SourceLocation
    /// What is wrong and what was expected, in lower case.
    public let message: String
    /// The lint rule that found it, such as `LW0001`; nil for what reading itself found.
    public let rule: String?
    /// What to write instead of what stands there, where that is known.
    public let correction: Correction?

    /// A text to write instead of another.
    public struct Correction: Hashable, Sendable {
        /// The key or value that stands there.
        public let found: String
        /// The key or value to write.
        public let replacement: String
        /// What is wrong with what stands there.
        public let kind: Kind

        /// What a correction corrects.
        public enum Kind: Hashable, Sendable {
            /// The name of a field.
            case key
            /// A value.
            case value
            /// The quotes that a value lacks, without which it is no text.
            case quotes
        }

        /// A correction of one key or value.
        public init(of found: String, to replacement: String, _ kind: Kind = .value) {
            self.found = found
            self.replacement = replacement
            self.kind = kind
        }
    }

    /// A diagnostic.
    public init(
        _ severity: Severity = .error,
        at location: SourceLocation,
        _ message: String,
        rule: String? = nil,
        correction: Correction? = nil
    ) {
        self.severity = severity
        self.location = location
        self.message = message
        self.rule = rule
        self.correction = correction
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `file:line:column: error: message`, and the lint rule where one found it.
    public var description: String {
        "\(location): \(severity.rawValue): \(message)" + (rule.map { " [\($0)]" } ?? "")
    }
}

/// A configuration that was refused: everything that was found wrong, in the order of the files.
public struct ResourceError: Error, Hashable, Sendable {
    /// What is wrong; at least one.
    public let diagnostics: [Diagnostic]

    /// An error of several findings.
    public init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// An error of one finding.
    public init(at location: SourceLocation, _ message: String) {
        self.diagnostics = [Diagnostic(at: location, message)]
    }
}

extension ResourceError: CustomStringConvertible {
    /// One line for each finding.
    public var description: String { diagnostics.map(\.description).joined(separator: "\n") }
}

/// Runs each piece of work, and throws what all of them found wrong together.
///
/// - Throws: ``ResourceError`` with the findings of every element that failed; any other error at once.
public func collectingDiagnostics<Element, Result>(
    _ elements: some Sequence<Element>,
    _ read: (Element) throws -> Result
) throws -> [Result] {
    var results: [Result] = []
    var diagnostics: [Diagnostic] = []
    for element in elements {
        do { results.append(try read(element)) } catch let error as ResourceError { diagnostics += error.diagnostics }
    }
    guard diagnostics.isEmpty else { throw ResourceError(diagnostics) }
    return results
}
