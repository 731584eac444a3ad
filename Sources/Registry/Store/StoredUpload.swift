public import ZeroTrust

/// An upload that has begun and not ended; its bytes lie in a file of its id.
public struct StoredUpload: Hashable, Sendable {
    /// What names it: a UUID, as a request's id is.
    public var id: RequestID
    /// The repository that it is for.
    public var repository: RepositoryName
    /// Who began it, and alone may go on with it.
    public var owner: String
    /// When it began.
    public var startedAt: Timestamp

    /// An upload.
    public init(id: RequestID, repository: RepositoryName, owner: String, startedAt: Timestamp) {
        self.id = id
        self.repository = repository
        self.owner = owner
        self.startedAt = startedAt
    }
}
