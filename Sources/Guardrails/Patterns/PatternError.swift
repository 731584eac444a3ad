/// Why a rule or a set of rules cannot be used.
///
/// It is thrown when rules are compiled, never while text is looked through.
public struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong, to switch on.
    public enum Code: String, Sendable {
        /// The pattern is not of the language that it is to be in.
        case syntax
        /// The pattern has no largest width, or one beyond what an answer may hold back.
        case unbounded
        /// The pattern needs more states than a rule may have.
        case tooLarge = "too-large"
        /// The machine or its library does not serve.
        case unavailable
        /// A file of rules does not say what such a file says.
        case file
    }

    /// What went wrong.
    public let code: Code
    /// What to read: where, what, and what to do.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// What to read.
    public var description: String { message }
}
