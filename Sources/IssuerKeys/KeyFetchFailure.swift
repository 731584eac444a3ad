/// Why an issuer's keys could not be fetched.
public struct KeyFetchFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason as a code that stays the same from release to release.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// Nobody answered, or not the one whom the certificate authorities vouch for.
        case unreachable
        /// The answer did not come in time.
        case timedOut = "timed_out"
        /// The answer is longer than any that is read.
        case tooLarge = "too_large"
        /// The answer has another status than 200.
        case badStatus = "bad_status"
        /// The answer leads to where keys are not fetched, or round in circles.
        case badRedirect = "bad_redirect"
        /// The answer is no key set, or no description of the issuer.
        case badDocument = "bad_document"
        /// The file of certificate authorities cannot be read.
        case badAuthorities = "bad_authorities"
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
