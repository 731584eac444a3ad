public import FoundationEssentials
public import SPIFFE
import Synchronization
public import ZeroTrust

/// Holds key sets: those written out in rules for ever, those fetched from URLs until they expire.
///
/// ```swift
/// let store = TokenKeyStore()
/// store.replace(keysAt: url, with: keySet, until: now + 3600)
/// ```
///
/// Whoever fetches puts a key set in; a set whose time is over is refused as if it had never been there.
public final class TokenKeyStore: TokenKeySource {
    private struct Entry {
        let keys: TokenKeySet
        let until: Date
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var missed: Set<String> = []
        var statuses: [String: TokenKeyStatus] = [:]
        /// The bundles of trust domains, which no configuration takes away.
        var bundles: [TrustDomain: (bundle: JWTBundle, entry: Entry)] = [:]
        var revoked = RevocationSet()
    }

    /// Guards the fetched key sets and the URLs whose keys were missed.
    private let state = Mutex(State())
    private let clock: @Sendable () -> Date

    /// An empty store.
    public init(clock: @escaping @Sendable () -> Date = { Date() }) {
        self.clock = clock
    }

    /// Puts the key set of a URL in place of the one before.
    public func replace(keysAt url: String, with keys: TokenKeySet, until: Date) {
        state.withLock {
            $0.entries[url] = Entry(keys: keys, until: until)
            $0.missed.remove(url)
            var status = $0.statuses[url] ?? TokenKeyStatus(url: url)
            status.fetches += 1
            status.until = until
            status.problem = nil
            $0.statuses[url] = status
        }
    }

    /// Puts the JWT bundle of a trust domain in place of the one before.
    ///
    /// - Parameters:
    ///   - bundle: the keys; with none every token is refused.
    ///   - until: when it is believed no longer, unless it is put in place again.
    public func replace(_ bundle: JWTBundle, until: Date) {
        state.withLock { state in
            // What the same keys have verified stays verified.
            let last = state.bundles[bundle.trustDomain]
            let keys = last.flatMap { $0.bundle == bundle ? $0.entry.keys : nil } ?? TokenKeySet(bundle)
            state.bundles[bundle.trustDomain] = (bundle, Entry(keys: keys, until: until))
        }
    }

    /// Forgets the bundles of every trust domain but these.
    public func keep(onlyBundlesOf trustDomains: Set<TrustDomain>) {
        state.withLock { $0.bundles = $0.bundles.filter { trustDomains.contains($0.key) } }
    }

    /// Believes the bundles that are there until this moment, and no longer.
    public func limitBundles(until: Date) {
        state.withLock { state in
            for (trustDomain, value) in state.bundles where until < value.entry.until {
                state.bundles[trustDomain] = (value.bundle, Entry(keys: value.entry.keys, until: until))
            }
        }
    }

    /// Accepts no token of these workloads, and none of these tokens, from now on; it replaces the list before.
    public func revoke(_ revocations: RevocationSet) {
        state.withLock { $0.revoked = revocations }
    }

    /// Whether a workload is revoked.
    public func isRevoked(_ id: SPIFFEID) -> Bool { state.withLock { $0.revoked.ids.contains(id) } }

    /// Whether one token is revoked.
    public func isRevoked(tokenID: String) -> Bool { state.withLock { $0.revoked.revokes(number: tokenID) } }

    /// Notes that the keys of a URL could not be fetched; the last ones stay until their time is over.
    public func noteFailure(_ problem: String, at url: String) {
        state.withLock {
            var status = $0.statuses[url] ?? TokenKeyStatus(url: url)
            status.failures += 1
            status.problem = problem
            $0.statuses[url] = status
        }
    }

    /// Whether there are keys of a URL that are believed now.
    public func hasKeys(at url: String) -> Bool {
        let now = clock()
        return state.withLock { state in state.entries[url].map { now < $0.until } ?? false }
    }

    /// How the keys of each URL stand, by URL.
    public var statuses: [TokenKeyStatus] { state.withLock { $0.statuses.values.sorted { $0.url < $1.url } } }

    /// Forgets the keys of every URL but these, as after a reload.
    public func keep(onlyKeysAt urls: Set<String>) {
        state.withLock {
            $0.entries = $0.entries.filter { urls.contains($0.key) }
            $0.missed.formIntersection(urls)
            $0.statuses = $0.statuses.filter { urls.contains($0.key) }
        }
    }

    /// The URLs of which a token named an unknown key since the last call.
    public func takeMissed() -> Set<String> {
        state.withLock { state in
            defer { state.missed = [] }
            return state.missed
        }
    }

    /// The keys of a rule: its own, or those last fetched from its URL.
    public func keys(for rule: TokenRule) -> TokenKeySet? {
        switch rule.keys {
        case .inline(let keys): return keys
        case .trustDomain(let trustDomain):
            let now = clock()
            return state.withLock { state in
                guard let entry = state.bundles[trustDomain]?.entry, now < entry.until else { return nil }
                return entry.keys
            }
        case .url(let url):
            let now = clock()
            return state.withLock { state in
                guard let entry = state.entries[url], now < entry.until else { return nil }
                return entry.keys
            }
        }
    }

    /// Notes the URL of a rule whose keys were missed.
    public func missedKey(for rule: TokenRule) {
        guard case .url(let url) = rule.keys else { return }
        state.withLock { state in _ = state.missed.insert(url) }
    }
}
