public import FoundationEssentials
public import ZeroTrust

/// What an authority keeps: the certificates of the trust domain's authorities and the entries made by command.
///
/// Keys are not among it. Several authorities may share one store, so every write says what it was decided on and fails
/// with `conflict` where that is no longer so; the caller reads again. `Storage` implements this on SQLite; any
/// implementation must pass the suite in `StorageTests`.
public protocol AuthorityStore: Sendable {
    /// The certificates of a trust domain, empty at revision 0 where nothing was stored yet.
    func authorityState(of trustDomain: TrustDomain) async throws -> AuthorityState

    /// Replaces the certificates, where `state.revision` is still the stored one.
    ///
    /// - Returns: the state with its new revision.
    /// - Throws: ``IdentityError`` with `conflict` where somebody else wrote meanwhile.
    func commit(_ state: AuthorityState) async throws -> AuthorityState

    /// Every entry made by command, by name, and the revision of the whole list.
    func entries() async throws -> StoredEntries

    /// Adds an entry.
    ///
    /// - Returns: the entry as stored.
    /// - Throws: ``IdentityError`` with `alreadyExists` where the name is taken.
    func create(_ entry: WorkloadEntry, by creator: String, at now: Date) async throws -> StoredEntry

    /// Replaces an entry where its revision is still the one given.
    ///
    /// - Throws: ``IdentityError`` with `notFound`, or `conflict` where somebody else wrote meanwhile.
    func update(_ entry: WorkloadEntry, expecting revision: Int64) async throws -> StoredEntry

    /// Takes an entry out; where a revision is given, only if it is still that one.
    ///
    /// - Returns: the list's revision without it.
    /// - Throws: ``IdentityError`` with `notFound`, or `conflict` where somebody else wrote meanwhile.
    func delete(_ name: String, expecting revision: Int64?) async throws -> Int64

    /// What is revoked, by subject.
    func revocations() async throws -> [Revocation]

    /// Adds a revocation.
    ///
    /// - Returns: the revision of the list of entries, which the revocations share.
    /// - Throws: ``IdentityError`` with `alreadyExists` where the subject is revoked.
    func revoke(_ revocation: Revocation) async throws -> Int64

    /// Adds revocations in one step; those whose subjects are revoked already stay as they are.
    ///
    /// - Returns: the revision from then on.
    func revoke(all revocations: [Revocation]) async throws -> Int64

    /// Takes a revocation back.
    ///
    /// - Returns: the revision of the list of entries, which the revocations share.
    /// - Throws: ``IdentityError`` with `notFound` where the subject is not revoked.
    func restore(_ subject: Revocation.Subject) async throws -> Int64

    /// Takes revocations back in one step; what is not revoked stays so.
    ///
    /// - Returns: the revision from then on.
    func restore(all subjects: [Revocation.Subject]) async throws -> Int64

    /// The revision of the list of entries, which grows with every change: cheap to ask for often.
    func entriesRevision() async throws -> Int64

    /// The last good bundles of foreign trust domains.
    func foreignBundles() async throws -> [StoredForeignBundle]

    /// Keeps a bundle in the place of the one before.
    func keep(_ bundle: StoredForeignBundle) async throws

    /// Adds a join token.
    func create(_ token: JoinToken) async throws

    /// Takes a join token out: exactly one of those who take the same one gets it. Those that are over go as well.
    ///
    /// - Returns: the token, or nil where there is none of the digest that still holds.
    func takeJoinToken(_ digest: [UInt8], at now: Date) async throws -> JoinToken?

    /// Forgets the bundle of a trust domain, where there is one.
    func forgetForeignBundle(of trustDomain: TrustDomain) async throws
}

/// An entry made by command, with its history.
public struct StoredEntry: Hashable, Sendable {
    /// The entry.
    public let entry: WorkloadEntry
    /// The revision of the list that the entry's last change made.
    public let revision: Int64
    /// Who made it.
    public let creator: String
    /// When it was made.
    public let createdAt: Date

    /// An entry as stored.
    public init(entry: WorkloadEntry, revision: Int64, creator: String, createdAt: Date) {
        self.entry = entry
        self.revision = revision
        self.creator = creator
        self.createdAt = createdAt
    }
}

/// The whole list of entries made by command.
public struct StoredEntries: Hashable, Sendable {
    /// The entries by name.
    public let entries: [StoredEntry]
    /// Grows with every change of the list.
    public let revision: Int64

    /// A list.
    public init(entries: [StoredEntry], revision: Int64) {
        self.entries = entries
        self.revision = revision
    }
}
