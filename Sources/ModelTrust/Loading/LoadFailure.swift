import Glibc

/// Why bytes of a model were not given out.
public struct LoadFailure: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of failure it is.
    public enum Code: String, Hashable, Sendable {
        /// The bytes are not those that were signed.
        case tampered
        /// The file is not there, is no regular file, or lies behind a link.
        case missing
        /// The bytes could not be read.
        case unreadable
        /// The system does not offer what is needed.
        case unsupported
    }

    /// What kind of failure it is.
    public let code: Code
    /// The file, relative to the model.
    public let path: String
    /// The first byte of the chunk that did not verify, where it is known.
    public let offset: UInt64?
    /// What was wrong, as a sentence that starts in lower case.
    public let message: String

    init(_ code: Code, _ path: String, at offset: UInt64? = nil, _ message: String) {
        (self.code, self.path, self.offset, self.message) = (code, path, offset, message)
    }

    /// What the system calls an error.
    static func reason(_ error: Int32) -> String {
        // Sound: strerror returns a string that stays until the next call on this thread, and is copied at once.
        unsafe String(cString: strerror(error))
    }

    /// The message with its place.
    public var description: String {
        let place = path.isEmpty ? "the model" : "`\(path)`"
        return offset.map { "\(place), byte \($0): \(message)" } ?? "\(place): \(message)"
    }
}
