/// What verification found about one file of a model.
public struct FileVerdict: Hashable, Sendable {
    /// What was found.
    public enum Finding: String, Hashable, Sendable {
        /// Its bytes are the signed ones.
        case verified
        /// Its bytes are not the signed ones.
        case mismatch
        /// It is signed and not there.
        case missing
        /// It is there and not signed.
        case unsigned
        /// It is there, not signed, and that was allowed.
        case tolerated
        /// It cannot be read, or is not a file.
        case unreadable
    }

    /// The path within the model.
    public let path: ModelPath
    /// What was found.
    public let finding: Finding
    /// More about it, for people.
    public let detail: String?
    /// How many bytes were hashed.
    public let size: UInt64

    init(_ path: ModelPath, _ finding: Finding, _ detail: String? = nil, size: UInt64 = 0) {
        self.path = path
        self.finding = finding
        self.detail = detail
        self.size = size
    }
}
