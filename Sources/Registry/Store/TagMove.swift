public import ZeroTrust

/// One change of a tag: it was set, moved, or taken away.
public struct TagMove: Hashable, Sendable {
    /// The repository.
    public var repository: RepositoryName
    /// The tag.
    public var tag: TagName
    /// What it pointed to before; nil where it was not there.
    public var from: ContentDigest?
    /// What it points to after; nil where it was taken away.
    public var to: ContentDigest?
    /// Who did it.
    public var by: String
    /// When.
    public var at: Timestamp
    /// The id of the record that says so in the audit log.
    public var record: RequestID

    /// A change of a tag.
    public init(
        repository: RepositoryName,
        tag: TagName,
        from: ContentDigest?,
        to: ContentDigest?,
        by: String,
        at: Timestamp,
        record: RequestID
    ) {
        self.repository = repository
        self.tag = tag
        self.from = from
        self.to = to
        self.by = by
        self.at = at
        self.record = record
    }
}
