/// Why an external provider gave no answer.
public struct ExternalFailure: Error, Sendable, Hashable {
    /// The reason as a code that stays the same from release to release.
    public enum Code: String, Sendable, Codable, CaseIterable {
        /// The provider could not be reached, or is not the one that it should be.
        case unreachable = "provider_unreachable"
        /// The provider did not answer in time.
        case timedOut = "provider_timed_out"
        /// The provider said that it failed.
        case failed = "provider_error"
        /// The provider's answer cannot be understood, or asks for what is not done.
        case badAnswer = "provider_answer_invalid"
        /// The provider's answer is longer than any that is read.
        case answerTooLarge = "provider_answer_too_large"
        /// Too many requests wait for the provider.
        case overloaded = "provider_overloaded"
    }

    /// The reason.
    public let code: Code
    /// The reason in words, for logs and never for the caller.
    public let message: String

    /// A failure.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
