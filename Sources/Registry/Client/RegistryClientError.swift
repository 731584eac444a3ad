/// Work with a registry that a client could not do.
public struct RegistryClientError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: Sendable {
        /// Nobody answers, or not to the end.
        case unreachable
        /// The registry refused.
        case refused
        /// The registry, or what stands before it, could not do it now: its disk is full, say.
        case failed
        /// The registry has no such thing.
        case notFound
        /// The bytes are not those of their digest, or the artifact is not of a form that is taken.
        case unverified
        /// A file here cannot be read or written.
        case file
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened.
    public let description: String

    /// An error of a kind.
    public init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }
}
