/// Why a Kubernetes API server, or a kubelet, gave no answer.
public struct KubernetesFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason as a code that stays the same from release to release.
    public enum Code: String, Sendable, CaseIterable {
        /// Nobody answered in time, or not the one whom the certificate authorities vouch for.
        case unreachable
        /// We may not do that (401, 403).
        case forbidden
        /// There is no such object (404).
        case notFound = "not_found"
        /// What is watched has changed too often since: it has to be listed again (410).
        case gone
        /// Another status than those of success.
        case badStatus = "bad_status"
        /// An answer that is longer than any that is read, or that cannot be read.
        case badAnswer = "bad_answer"
        /// A file that cannot be read.
        case badFile = "bad_file"
    }

    /// The reason.
    public let code: Code
    /// The reason in words.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// The words and the code.
    public var description: String { "\(message) (\(code.rawValue))" }
}
