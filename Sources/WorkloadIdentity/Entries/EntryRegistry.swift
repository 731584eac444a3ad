public import FoundationEssentials
public import Resources
import SPIFFE
import Synchronization
public import ZeroTrust

/// Every entry, from files and by command, and what is revoked, as one snapshot that is replaced whole.
///
/// Entries in files belong to the files and those made by command to the store; the same name in both is an error that
/// names both places. Whoever serves workloads observes ``changes`` and reads ``snapshot`` again.
public final class EntryRegistry: Sendable {
    /// The trust domain that every entry must be of.
    public let trustDomain: TrustDomain
    /// Announces every change of the snapshot.
    public let changes = ChangeFeed()

    private let store: any AuthorityStore

    fileprivate struct State {
        var files: [EntrySnapshot.Item] = []
        var stored: [String: StoredEntry] = [:]
        var revocations: [Revocation.Subject: Revocation] = [:]
        var revision: Int64 = 0
        var snapshot = EntrySnapshot()
    }

    // Guards the sources and the snapshot made of them.
    private let state = Mutex(State())

    /// A registry over a store; ``refresh()`` reads the entries that are in it.
    public init(trustDomain: TrustDomain, store: any AuthorityStore) {
        self.trustDomain = trustDomain
        self.store = store
    }

    /// Every entry now.
    public var snapshot: EntrySnapshot { state.withLock { $0.snapshot } }

    /// Replaces the entries from files by those among these documents.
    ///
    /// - Throws: `ResourceError` with every document that is wrong, clashes with another or with an entry in the store;
    ///   then nothing has changed.
    public func load(_ documents: [Document]) throws {
        let mine = documents.filter { $0.kind == WorkloadEntry.kind && $0.apiVersion.hasPrefix("lapwing.dev/") }
        let items = try collectingDiagnostics(mine) { document in
            let entry = try WorkloadEntry(document)
            guard entry.id.trustDomain == trustDomain else {
                throw ResourceError(
                    at: document.location,
                    "`\(entry.id)` is not of the trust domain `\(trustDomain)` that is served here"
                )
            }
            return EntrySnapshot.Item(entry: entry, source: .file(document.metadata.nameLocation))
        }
        try state.withLock { state in
            try Self.checkNames(items, stored: state.stored)
            state.files = items
            state.rebuild()
        }
        changes.announce()
    }

    /// Refuses a name that stands twice, and names both places.
    private static func checkNames(_ files: [EntrySnapshot.Item], stored: [String: StoredEntry]) throws {
        var seen: [String: EntrySnapshot.Source] = [:]
        var diagnostics: [Diagnostic] = []
        for item in files {
            guard case .file(let location) = item.source else { continue }
            let name = item.entry.name
            if let other = seen[name] ?? stored[name].map({ .command($0) }) {
                diagnostics.append(Diagnostic(at: location, "the entry `\(name)` is declared here and in \(other)"))
            }
            seen[name] = item.source
        }
        guard diagnostics.isEmpty else { throw ResourceError(diagnostics) }
    }

    /// Reads the store, where it changed since it was last read.
    ///
    /// - Throws: the store's error, or `ResourceError` where a name stands in a file as well; then nothing has changed.
    public func refresh() async throws {
        let known = state.withLock { $0.revision }
        if known != 0, try await store.entriesRevision() == known { return }
        let list = try await store.entries()
        let revocations = Dictionary(try await store.revocations().map { ($0.subject, $0) }) { first, _ in first }
        let isChanged = try state.withLock { state in
            guard list.revision >= state.revision else { return false }
            let stored = Dictionary(list.entries.map { ($0.entry.name, $0) }) { first, _ in first }
            try Self.checkNames(state.files, stored: stored)
            let isChanged = state.stored != stored || state.revocations != revocations
            state.stored = stored
            state.revocations = revocations
            state.revision = list.revision
            state.rebuild()
            return isChanged
        }
        if isChanged { changes.announce() }
    }

    /// Adds an entry to the store.
    ///
    /// - Throws: ``IdentityError`` with `alreadyExists`, naming where, or `invalidArgument` for another trust domain.
    public func create(_ entry: WorkloadEntry, by creator: String, at now: Date) async throws -> StoredEntry {
        guard entry.id.trustDomain == trustDomain else {
            throw IdentityError(
                .invalidArgument,
                "`\(entry.id)` is not of the trust domain `\(trustDomain)` that is served here"
            )
        }
        if let item = snapshot.items[entry.name] {
            throw IdentityError(.alreadyExists, "the entry `\(entry.name)` exists already, in \(item.source)")
        }
        let stored = try await store.create(entry, by: creator, at: now)
        try await apply(revision: stored.revision) { $0.stored[entry.name] = stored }
        return stored
    }

    /// Takes an entry out of the store.
    ///
    /// - Throws: ``IdentityError`` with `notFound`, or `conflict` where the entry belongs to a file.
    public func delete(_ name: String, expecting revision: Int64? = nil) async throws {
        if case .file(let location)? = snapshot.items[name]?.source {
            throw IdentityError(
                .conflict,
                "the entry `\(name)` belongs to a file; take it out at \(location)"
            )
        }
        let revision = try await store.delete(name, expecting: revision)
        try await apply(revision: revision) { $0.stored[name] = nil }
    }

    /// Makes a join token, and stores its digest.
    ///
    /// - Returns: the token, and its secret, which is told once.
    /// - Throws: ``IdentityError`` with `invalidArgument` for a name or a life that cannot be.
    func createJoinToken(
        _ name: String,
        lifetime: TimeInterval,
        by creator: String,
        at now: Date
    ) async throws -> (token: JoinToken, secret: Redacted<String>) {
        let made = try JoinToken.make(name, lifetime: lifetime, by: creator, at: now)
        try await store.create(made.token)
        return made
    }

    /// What is revoked, in the order of the subjects.
    public var revocations: [Revocation] {
        state.withLock { Array($0.revocations.values) }.sorted { $0.subject.description < $1.subject.description }
    }

    /// Accepts an identity or a certificate no longer.
    ///
    /// - Throws: ``IdentityError`` with `alreadyExists`, or `invalidArgument` for an identity of another trust domain.
    public func revoke(_ revocation: Revocation) async throws {
        if case .id(let id) = revocation.subject, id.trustDomain != trustDomain {
            throw IdentityError(
                .invalidArgument,
                "`\(id)` is not of the trust domain `\(trustDomain)`: its own authority has to revoke it"
            )
        }
        let revision = try await store.revoke(revocation)
        try await apply(revision: revision) { $0.revocations[revocation.subject] = revocation }
    }

    /// Accepts certificates no longer, all in one step; those that are revoked already stay so, for the reason of then.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` for an identity of another trust domain; nothing is revoked
    ///   then.
    public func revoke(all revocations: [Revocation]) async throws {
        for case .id(let id) in revocations.map(\.subject) where id.trustDomain != trustDomain {
            throw IdentityError(.invalidArgument, "`\(id)` is not of the trust domain `\(trustDomain)`")
        }
        guard !revocations.isEmpty else { return }
        let revision = try await store.revoke(all: revocations)
        try await apply(revision: revision) { state in
            for revocation in revocations where state.revocations[revocation.subject] == nil {
                state.revocations[revocation.subject] = revocation
            }
        }
    }

    /// Accepts an identity or a certificate again.
    ///
    /// - Throws: ``IdentityError`` with `notFound` where it is not revoked.
    public func restore(_ subject: Revocation.Subject) async throws {
        let revision = try await store.restore(subject)
        try await apply(revision: revision) { $0.revocations[subject] = nil }
    }

    /// Takes revocations back, all in one step; what is not revoked stays so.
    func restore(all subjects: [Revocation.Subject]) async throws {
        guard !subjects.isEmpty else { return }
        let revision = try await store.restore(all: subjects)
        try await apply(revision: revision) { state in
            for subject in subjects { state.revocations[subject] = nil }
        }
    }

    /// Follows one change of the store; where there were others, reads all of it.
    private func apply(revision: Int64, _ change: (inout State) -> Void) async throws {
        let isApplied = state.withLock { state in
            guard revision == state.revision + 1 else { return false }
            change(&state)
            state.revision = revision
            state.rebuild()
            return true
        }
        guard isApplied else { return try await refresh() }
        changes.announce()
    }
}

extension EntryRegistry.State {
    /// Makes the snapshot anew.
    fileprivate mutating func rebuild() {
        snapshot = EntrySnapshot(
            files + stored.values.map { EntrySnapshot.Item(entry: $0.entry, source: .command($0)) },
            revocations: RevocationSet(revocations.values)
        )
    }
}
