public import FoundationEssentials
public import Logging
public import SPIFFE
import Synchronization
public import ZeroTrust

/// The bundles of the trust domains that this one federates with, each apart from the others and from ours (SPIFFE
/// Federation §4.2).
///
/// Whoever fetches them hands over what was fetched; it counts only for a trust domain that the configuration names, and
/// only once it is recorded and kept. Where fetching fails the last good bundle stays, also over a restart, and that is
/// said. A trust domain that leaves the configuration is believed no longer at once.
///
/// ```swift
/// let federation = FederatedBundles(store: store, logger: logger)
/// try await federation.restore(rules.trustDomains)
/// federation.follow(rules.trustDomains)
/// ```
public final class FederatedBundles: Sendable {
    /// A bundle that took the place of another, or the first one.
    public struct Change: Hashable, Sendable {
        /// Whose it is.
        public let trustDomain: TrustDomain
        /// Where it was fetched.
        public let url: String
        /// The sequence number before; nil where there was none.
        public let before: UInt64?
        /// The sequence number from now on; nil where it has none.
        public let after: UInt64?
        /// How many X.509 authorities it has; with none no certificate of the trust domain is believed.
        public let x509Authorities: Int
        /// How many keys for tokens it has; with none no token of the trust domain is believed.
        public let jwtAuthorities: Int
    }

    /// How one trust domain stands.
    public struct Status: Sendable {
        /// What is configured.
        public let relationship: FederatedTrustDomain
        /// Its bundle, or nil where none was ever had.
        public let bundle: SPIFFEBundle?
        /// When its endpoint answered last; nil where it never did.
        public let refreshedAt: Date?
        /// Why the last answer was none, or was not taken; nil where it was.
        public let problem: String?
    }

    private struct Held {
        var relationship: FederatedTrustDomain
        var bundle: SPIFFEBundle?
        var refreshedAt: Date?
        var problem: String?
    }

    private struct State {
        var held: [TrustDomain: Held] = [:]
        var revision: UInt64 = 0
        var refreshes: UInt64 = 0
        /// What was kept before the start, until it is asked for.
        var stored: [TrustDomain: StoredForeignBundle] = [:]
        /// What the store keeps of trust domains that are no longer, or anew, configured.
        var obsolete: Set<TrustDomain> = []
    }

    /// The longest document that is taken, in bytes.
    public static let maximumDocumentLength = 256 * 1024

    /// Announces every change of a bundle, and of the list of trust domains.
    public let changes = ChangeFeed()

    private let store: (any AuthorityStore)?
    private let clock: @Sendable () -> Date
    private let logger: Logger
    private let onChange: @Sendable (Change) async throws -> Void

    /// Guards what is held.
    private let state = Mutex(State())

    /// Bundles of nobody yet.
    ///
    /// - Parameters:
    ///   - store: where the last good bundles are kept; nil where they need not be.
    ///   - clock: the time of day.
    ///   - logger: where failures are told.
    ///   - onChange: records each change; where it throws, the bundle is not taken.
    public init(
        store: (any AuthorityStore)? = nil,
        clock: @escaping @Sendable () -> Date = { Date() },
        logger: Logger,
        onChange: @escaping @Sendable (Change) async throws -> Void = { _ in }
    ) {
        self.store = store
        self.clock = clock
        self.logger = logger
        self.onChange = onChange
    }

    /// Grows whenever any workload might get another bundle.
    public var revision: UInt64 { state.withLock { $0.revision } }

    /// Grows when somebody asks for the bundles to be fetched now.
    var refreshes: UInt64 { state.withLock { $0.refreshes } }

    /// How every trust domain stands, in the order of their names.
    public var statuses: [Status] {
        state.withLock { state in
            state.held.values.sorted { $0.relationship.trustDomain.name < $1.relationship.trustDomain.name }
                .map { held in
                    Status(
                        relationship: held.relationship,
                        bundle: held.bundle,
                        refreshedAt: held.refreshedAt,
                        problem: held.problem
                    )
                }
        }
    }

    /// The bundle of a trust domain, where it is configured and there is one.
    public func bundle(of trustDomain: TrustDomain) -> SPIFFEBundle? {
        state.withLock { $0.held[trustDomain]?.bundle }
    }

    /// The bundles of these trust domains, as far as there are any, in the order of their names.
    func bundles(of trustDomains: Set<TrustDomain>) -> [SPIFFEBundle] {
        guard !trustDomains.isEmpty else { return [] }
        return state.withLock { state in trustDomains.compactMap { state.held[$0]?.bundle } }
            .sorted { $0.trustDomain.name < $1.trustDomain.name }
    }

    /// Whether a trust domain is configured.
    public func isConfigured(_ trustDomain: TrustDomain) -> Bool { state.withLock { $0.held[trustDomain] != nil } }

    /// Reads what was kept before the start.
    ///
    /// - Throws: the store's error.
    public func restore() async throws {
        guard let store else { return }
        let kept = try await store.foreignBundles()
        state.withLock { state in
            for bundle in kept { state.stored[bundle.trustDomain] = bundle }
        }
    }

    /// Federates with these trust domains from now on, and with no others.
    ///
    /// What was fetched under another configuration of the same trust domain does not count.
    public func follow(_ relationships: [FederatedTrustDomain]) {
        state.withLock { state in
            var next: [TrustDomain: Held] = [:]
            for relationship in relationships {
                let domain = relationship.trustDomain
                if var held = state.held[domain], held.relationship.relationship == relationship.relationship {
                    // The resource may have another name now, which says nothing about the trust domain.
                    held.relationship = relationship
                    next[domain] = held
                } else if let kept = restored(relationship, &state) {
                    next[domain] = kept
                } else {
                    next[domain] = Held(relationship: relationship, bundle: relationship.bundle)
                    state.obsolete.insert(domain)
                }
            }
            for domain in Set(state.held.keys).union(state.stored.keys) where next[domain] == nil {
                state.obsolete.insert(domain)
            }
            state.stored = [:]
            state.held = next
            state.revision += 1
        }
        changes.announce()
    }

    /// What was kept of a relationship, where it was fetched under the same configuration and can be read.
    private func restored(_ relationship: FederatedTrustDomain, _ state: inout State) -> Held? {
        guard let kept = state.stored[relationship.trustDomain], kept.relationship == relationship.relationship else {
            return nil
        }
        do throws(SVIDError) {
            let bundle = try SPIFFEBundle(trustDomain: kept.trustDomain, document: kept.document)
            return Held(relationship: relationship, bundle: bundle, refreshedAt: kept.refreshedAt)
        } catch {
            logger.error(
                "kept bundle unreadable; the configured one serves",
                metadata: ["trust_domain": "\(kept.trustDomain)", "error": "\(error)"]
            )
            return nil
        }
    }

    /// Takes what an endpoint answered.
    ///
    /// - Parameters:
    ///   - document: the body of the answer.
    ///   - trustDomain: of whom it was asked.
    ///   - relationship: the configuration under which it was asked.
    /// - Returns: whether the bundle is another than the one before.
    /// - Throws: ``IdentityError``: `notFound` for a trust domain that is not, or no longer, configured so;
    ///   `invalidArgument` for a bundle that is not taken; the store's and the record's errors. The last good one stays.
    @discardableResult
    public func take(
        _ document: [UInt8],
        of trustDomain: TrustDomain,
        under relationship: String
    ) async throws -> Bool {
        let held = try held(trustDomain, relationship)
        let bundle: SPIFFEBundle
        do {
            guard document.count <= Self.maximumDocumentLength else {
                throw IdentityError(
                    .invalidArgument,
                    "the bundle of `\(trustDomain)` has more than \(Self.maximumDocumentLength) bytes"
                )
            }
            bundle = try SPIFFEBundle(trustDomain: trustDomain, document: document)
            guard BundleSuccession(of: bundle, after: held.bundle) != .older else {
                throw IdentityError(
                    .invalidArgument,
                    "the bundle of `\(trustDomain)` has the sequence number \(bundle.sequence ?? 0), which is older than "
                        + "\(held.bundle?.sequence ?? 0); the newer one stays"
                )
            }
        } catch {
            let problem = (error as? IdentityError)?.message ?? "\(error)"
            note(problem, of: trustDomain, under: relationship)
            throw IdentityError(.invalidArgument, problem)
        }
        let succession = BundleSuccession(of: bundle, after: held.bundle)
        if succession == .renumbered {
            logger.warning(
                "foreign bundle changed under its old sequence number",
                metadata: ["trust_domain": "\(trustDomain)", "sequence": "\(bundle.sequence ?? 0)"]
            )
        }
        let now = clock()
        if succession != .same {
            try await onChange(
                Change(
                    trustDomain: trustDomain,
                    url: held.relationship.url.text,
                    before: held.bundle?.sequence,
                    after: bundle.sequence,
                    x509Authorities: bundle.x509Bundle.authoritiesDER.count,
                    jwtAuthorities: bundle.jwtAuthorities.count
                )
            )
        }
        try await flush()
        try await store?.keep(
            StoredForeignBundle(
                trustDomain: trustDomain,
                relationship: relationship,
                document: document,
                refreshedAt: now
            )
        )
        let isTaken = state.withLock { state in
            // Another configuration, or another bundle, may have come in meanwhile.
            guard var current = state.held[trustDomain], current.relationship.relationship == relationship,
                current.bundle == held.bundle
            else { return false }
            current.bundle = bundle
            current.refreshedAt = now
            current.problem = nil
            state.held[trustDomain] = current
            if succession != .same { state.revision += 1 }
            return true
        }
        guard isTaken else {
            throw IdentityError(.notFound, "what is configured about `\(trustDomain)` has changed meanwhile")
        }
        guard succession != .same else { return false }
        logger.notice(
            "foreign bundle changed",
            metadata: [
                "trust_domain": "\(trustDomain)", "sequence": "\(bundle.sequence.map(String.init) ?? "none")",
                "authorities": "\(bundle.x509Bundle.authoritiesDER.count)",
            ]
        )
        changes.announce()
        return true
    }

    /// Takes note that an endpoint gave no answer, or none that counts; the last good bundle stays.
    public func note(_ problem: String, of trustDomain: TrustDomain, under relationship: String) {
        let line = PrintableLine.of(problem)
        let isHeld = state.withLock { state -> Bool? in
            guard state.held[trustDomain]?.relationship.relationship == relationship else { return nil }
            state.held[trustDomain]?.problem = line
            return state.held[trustDomain]?.bundle != nil
        }
        guard let isHeld else { return }
        logger.warning(
            "foreign bundle not refreshed",
            metadata: [
                "trust_domain": "\(trustDomain)", "error": "\(line)",
                "bundle": "\(isHeld ? "the last good one stays" : "none; nobody of it is believed")",
            ]
        )
    }

    /// Has every endpoint asked now.
    public func refresh() {
        state.withLock { $0.refreshes += 1 }
        changes.announce()
    }

    /// Removes from the store what is no longer configured.
    ///
    /// - Throws: the store's error; it is tried again at the next call.
    public func flush() async throws {
        guard let store else { return }
        for domain in state.withLock({ $0.obsolete }) {
            try await store.forgetForeignBundle(of: domain)
            _ = state.withLock { $0.obsolete.remove(domain) }
        }
    }

    private func held(_ trustDomain: TrustDomain, _ relationship: String) throws(IdentityError) -> Held {
        guard let held = state.withLock({ $0.held[trustDomain] }), held.relationship.relationship == relationship else {
            throw IdentityError(.notFound, "`\(trustDomain)` is not, or no longer, configured so")
        }
        return held
    }
}
