/// Why a bundle endpoint gave no bundle.
public struct FederationFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason as a code that stays the same from release to release.
    public enum Code: String, Sendable, CaseIterable {
        /// Nobody answered, or the connection broke.
        case unreachable
        /// The answer did not come in time.
        case timedOut = "timed_out"
        /// The server is not the one that is configured.
        case untrusted
        /// The answer is longer than any that is read.
        case tooLarge = "too_large"
        /// The answer has another status than 200.
        case badStatus = "bad_status"
        /// The answer leads to where no bundle endpoint is, or round in circles.
        case badRedirect = "bad_redirect"
        /// What came is no HTTP.
        case badAnswer = "bad_answer"
        /// A certificate or a key on disk cannot be used.
        case badFile = "bad_file"
    }

    /// The reason.
    public let code: Code
    /// The reason in words.
    public let message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The words and the code.
    public var description: String { "\(message) (\(code.rawValue))" }
}
