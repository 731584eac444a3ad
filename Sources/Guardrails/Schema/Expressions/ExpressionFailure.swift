/// Why a regular expression was refused.
public struct ExpressionFailure: Error, Hashable, Sendable {
    /// What is wrong, in lower case.
    public let message: String
    /// The character at which it is, from 0.
    public let offset: Int
}

extension ExpressionFailure: CustomStringConvertible {
    /// `message at character 3`.
    public var description: String { "\(message) at character \(offset)" }
}
