public import Authorization
public import FoundationEssentials
public import Logging
import Synchronization

/// Keeps the keys of issuers fresh, for verifiers that take them from its store.
///
/// It never makes anybody wait: where there are no keys, tokens are refused until there are. While an issuer cannot be
/// reached its last keys serve until their time is over.
///
/// ```swift
/// let keys = IssuerKeys(logger: logger)
/// keys.follow(sources)
/// let verifier = TokenVerifier(rules: rules, keys: keys.store)
/// await keys.run()
/// ```
public final class IssuerKeys: Sendable {
    /// Fetches a source's keys; it throws ``KeyFetchFailure``.
    public typealias Fetch = @Sendable (IssuerKeySource) async throws -> TokenKeySet

    private struct State {
        var sources: [String: IssuerKeySource] = [:]
        var schedule = FetchSchedule()
    }

    /// Where verifiers find the keys.
    public let store: TokenKeyStore
    /// Guards the sources, and when each is asked.
    private let state = Mutex(State())
    private let fetch: Fetch
    private let logger: Logger
    private let clock: @Sendable () -> Date

    /// Keys of no source yet.
    ///
    /// - Parameters:
    ///   - logger: where failures are told.
    ///   - fetch: fetches a source's keys.
    ///   - clock: the time.
    public init(
        logger: Logger,
        fetch: @escaping Fetch = { try await IssuerKeyFetcher().keys(of: $0) },
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.store = TokenKeyStore(clock: clock)
        self.logger = logger
        self.fetch = fetch
        self.clock = clock
    }

    /// Follows these sources from now on, and no others; of several with the same URL the first counts.
    public func follow(_ sources: [IssuerKeySource]) {
        let byURL = Dictionary(sources.map { ($0.url, $0) }, uniquingKeysWith: { first, _ in first })
        state.withLock { state in
            // Keys that came on other terms serve until new ones are there, which is at once.
            for (url, source) in state.sources where byURL[url] != source { state.schedule.forget(url) }
            state.sources = byURL
            state.schedule.follow(byURL.mapValues { $0.settings.refresh / .seconds(1) }, at: clock())
        }
        store.keep(onlyKeysAt: Set(byURL.keys))
    }

    /// Fetches what is due, again and again, until the task is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for source in takeDue() { group.addTask { await self.refresh(source) } }
                try? await Task.sleep(for: .milliseconds(500))
            }
        }
    }

    /// Fetches what is due now, and comes back when that is done.
    func round() async {
        await withDiscardingTaskGroup { group in
            for source in takeDue() { group.addTask { await self.refresh(source) } }
        }
    }

    private func takeDue() -> [IssuerKeySource] {
        let missed = store.takeMissed()
        return state.withLock { state in
            state.schedule.takeDue(missed: missed, at: clock()).compactMap { state.sources[$0] }
        }
    }

    private func refresh(_ source: IssuerKeySource) async {
        var failure: (any Error)?
        var keys: TokenKeySet?
        do { keys = try await fetch(source) } catch { failure = error }
        // A reload may have taken the source away meanwhile, or put another in its place.
        guard !Task.isCancelled, state.withLock({ $0.sources[source.url] == source }) else { return }
        if let keys {
            store.replace(keysAt: source.url, with: keys, until: clock() + source.settings.lifetime / .seconds(1))
        } else if let failure {
            store.noteFailure("\(failure)", at: source.url)
            logger.warning(
                "keys of an issuer not fetched",
                metadata: [
                    "url": "\(source.url)", "error": "\(failure)",
                    "keys": "\(store.hasKeys(at: source.url) ? "the last ones serve" : "none; tokens are refused")",
                ]
            )
        }
        state.withLock {
            $0.schedule.finished(
                source.url,
                succeeded: failure == nil,
                at: clock(),
                jitter: Double.random(in: 0...1)
            )
        }
    }
}
