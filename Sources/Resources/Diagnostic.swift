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

    /// A diagnostic.
    public init(_ severity: Severity = .error, at location: SourceLocation, _ message: String) {
        self.severity = severity
        self.location = location
        self.message = message
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `file:line:column: error: message`.
    public var description: String { "\(location): \(severity.rawValue): \(message)" }
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
