public import Logging
public import SPIFFE
import Synchronization
public import WorkloadIdentity
import ZeroTrust

/// Follows the bundles of other trust domains: asks each endpoint when it is due, and reports what it answered.
///
/// What counts is not decided here. The endpoint of `https_spiffe` is told by the latest bundle of its own trust domain
/// (SPIFFE Federation §5.2.2.4), which is handed in with ``update(_:)``: before that no such endpoint is believed.
///
/// ```swift
/// let poller = BundlePoller(report: report, logger: logger)
/// poller.follow(rules.trustDomains)
/// poller.update(bundles)
/// await poller.run()
/// ```
public final class BundlePoller: Sendable {
    /// What an endpoint answered.
    public enum Outcome: Sendable {
        /// A body.
        case document([UInt8])
        /// Nothing that could be a bundle, for this reason.
        case failure(String)
    }

    /// Why a bundle was looked at and does not count.
    public struct Refusal: Error, CustomStringConvertible {
        /// The reason.
        public let description: String

        /// A refusal for a reason.
        public init(_ reason: String) { description = reason }
    }

    /// Hands over what an endpoint answered; it throws ``Refusal`` where that does not count, and anything else where
    /// nobody could say: then the endpoint is asked again soon.
    public typealias Report = @Sendable (FederatedTrustDomain, Outcome) async throws -> Void
    /// Asks an endpoint; it throws ``FederationFailure``.
    public typealias Fetch = @Sendable (BundleEndpointURL, BundleEndpointClient.Judge) async throws -> [UInt8]

    private struct State {
        var relationships: [TrustDomain: FederatedTrustDomain] = [:]
        var schedule = PollSchedule()
        var bundles: X509BundleSet = [:]
    }

    /// Guards what is followed, and the latest bundles.
    private let state = Mutex(State())
    private let fetch: Fetch
    private let report: Report
    private let ticks: @Sendable () -> ContinuousClock.Instant
    private let logger: Logger

    /// A poller that follows nobody yet.
    ///
    /// - Parameters:
    ///   - fetch: asks an endpoint.
    ///   - report: hands over what it answered.
    ///   - ticks: the time that passes.
    ///   - logger: where failures are told.
    public init(
        fetch: @escaping Fetch = { try await BundleEndpointClient().fetch($0, telling: $1) },
        report: @escaping Report,
        ticks: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        logger: Logger
    ) {
        self.fetch = fetch
        self.report = report
        self.ticks = ticks
        self.logger = logger
    }

    /// Follows these trust domains from now on, and no others.
    ///
    /// Of a trust domain that is configured anew the bundle begins anew: what was fetched before does not count.
    public func follow(_ relationships: [FederatedTrustDomain]) {
        state.withLock { state in
            let before = state.relationships
            state.relationships = Dictionary(relationships.map { ($0.trustDomain, $0) }) { first, _ in first }
            for (domain, relationship) in state.relationships {
                guard let old = before[domain], old.relationship != relationship.relationship else { continue }
                state.bundles[domain] = relationship.bundle?.x509Bundle
            }
            state.schedule.follow(state.relationships.mapValues(\.relationship), at: ticks())
        }
    }

    /// Takes the latest bundles, by which endpoints are told.
    public func update(_ bundles: X509BundleSet) { state.withLock { $0.bundles = bundles } }

    /// Asks every endpoint as soon as it can be.
    public func hurry() { state.withLock { $0.schedule.hurry(at: ticks()) } }

    /// Asks what is due, again and again, until the task is cancelled.
    public func run() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for relationship in takeDue() { group.addTask { await self.ask(relationship) } }
                try? await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    /// Asks what is due now, and comes back when that is done.
    func round() async {
        await withDiscardingTaskGroup { group in
            for relationship in takeDue() { group.addTask { await self.ask(relationship) } }
        }
    }

    private func takeDue() -> [FederatedTrustDomain] {
        state.withLock { state in
            state.schedule.takeDue(at: ticks()).compactMap { state.relationships[$0] }
        }
    }

    private func ask(_ relationship: FederatedTrustDomain) async {
        let outcome: PollSchedule.Outcome
        do {
            let document = try await fetch(relationship.url, try judge(of: relationship))
            try await report(relationship, .document(document))
            let bundle = try? SPIFFEBundle(trustDomain: relationship.trustDomain, document: document)
            outcome = .taken(hint: bundle?.refreshHint)
        } catch let failure as FederationFailure {
            logger.warning(
                "bundle endpoint gave no bundle",
                metadata: ["trust_domain": "\(relationship.trustDomain)", "error": "\(failure)"]
            )
            try? await report(relationship, .failure(failure.description))
            outcome = .refused
        } catch let refusal as Refusal {
            logger.warning(
                "fetched bundle not taken",
                metadata: ["trust_domain": "\(relationship.trustDomain)", "error": "\(refusal)"]
            )
            outcome = .refused
        } catch {
            logger.warning(
                "fetched bundle not handed over",
                metadata: ["trust_domain": "\(relationship.trustDomain)", "error": "\(error)"]
            )
            outcome = .unheard
        }
        let now = ticks()
        state.withLock {
            $0.schedule.finished(
                relationship.trustDomain,
                under: relationship.relationship,
                outcome,
                at: now,
                jitter: .random(in: 0...1)
            )
        }
    }

    private func judge(of relationship: FederatedTrustDomain) throws -> BundleEndpointClient.Judge {
        switch relationship.profile {
        case .web(let file): return .web(authoritiesFile: file)
        case .spiffe(let id):
            // Where no other was ever fetched, the configured one is among them.
            guard let bundle = state.withLock({ $0.bundles[id.trustDomain] }) else {
                throw FederationFailure(
                    .untrusted,
                    "there is no bundle of `\(id.trustDomain)` yet, by which the endpoint `\(id)` could be told"
                )
            }
            return .spiffe(id, [id.trustDomain: bundle])
        }
    }
}
