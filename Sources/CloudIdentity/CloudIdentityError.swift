/// Work with a cloud that could not be done.
public struct CloudIdentityError: Error, Hashable, Sendable {
    /// What kind of failure it is.
    public enum Code: String, Sendable {
        /// The cloud refused the token: expired, for another audience, of an issuer or a subject that it does not trust.
        case refused
        /// The cloud did not answer in time, or not at all.
        case unreachable
        /// The answer is not what the cloud's interface promises.
        case badAnswer
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened: for records and for whoever runs the program.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension CloudIdentityError: CustomStringConvertible {
    /// The message.
    public var description: String { message }
}
