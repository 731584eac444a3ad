import Foundation
import Gateway
import MutualTLS
import SPIFFE
import Synchronization
import WorkloadIdentity
import ZeroTrust

/// The SVIDs of the gateways, by the SPIFFE ID that each answers as.
final class GatewayIdentities: Sendable {
    private struct State {
        var options: [SPIFFEID: TLSOptions]
        var identities: [SPIFFEID: TLSIdentity] = [:]
        var revoked = RevocationSet()
        /// What the authority said last.
        var context: X509Context?
        /// Since when something is missing that was there before.
        var lostSince: ContinuousClock.Instant?
    }

    /// How long a new identity is awaited, and a lost one missed: the authority reads the files in its own time.
    static let patience = Duration.seconds(5)

    private let trustDomain: TrustDomain
    private let clock: @Sendable () -> Date
    /// Guards who is needed, and what is there.
    private let state: Mutex<State>

    /// The identities of these gateways, none of which is there yet.
    ///
    /// - Throws: ``CommandError`` where a workload's names do not make an ID.
    init(
        gateways: [GatewayConfiguration],
        in trustDomain: TrustDomain,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        self.trustDomain = trustDomain
        self.clock = clock
        self.state = Mutex(State(options: try Self.options(gateways, trustDomain)))
    }

    /// TLS 1.2 is spoken where any listener asks for it; the others refuse it after the handshake.
    private static func options(
        _ gateways: [GatewayConfiguration],
        _ trustDomain: TrustDomain
    ) throws -> [SPIFFEID: TLSOptions] {
        Dictionary(
            try gateways.map { gateway in
                let allowsTLS12 = gateway.listeners.contains(where: \.allowsTLS12)
                return (
                    try gateway.identity(in: trustDomain), TLSOptions(minimumVersion: allowsTLS12 ? .tls12 : .tls13)
                )
            },
            uniquingKeysWith: { $0.minimumVersion == .tls12 ? $0 : $1 }
        )
    }

    /// The IDs that are needed and not there.
    var missing: [String] {
        state.withLock { state in Self.missing(state) }
    }

    private static func missing(_ state: State) -> [String] {
        state.options.keys.filter { id in !(state.context?.svids.contains { $0.id == id } ?? false) }
            .map(\.description).sorted()
    }

    /// Takes a new state; returns the IDs that are needed and not in it.
    func update(_ context: X509Context) throws -> [String] {
        try state.withLock { state in
            state.context = context
            for (id, options) in state.options { try take(id, options, &state) }
            let missing = Self.missing(state)
            state.lostSince = missing.isEmpty ? nil : state.lostSince ?? .now
            return missing
        }
    }

    /// Takes note that there is no identity at all.
    func lose() {
        state.withLock { $0.lostSince = $0.lostSince ?? .now }
    }

    /// The identities that were lost, and did not come back in time.
    var lost: [String] {
        state.withLock { state in
            guard let since = state.lostSince, .now - since > Self.patience else { return [] }
            return Self.missing(state)
        }
    }

    /// When the first identity that is shown expires; nil where none is.
    var firstExpiry: Date? { state.withLock { $0.identities.values.map(\.svid.notAfter).min() } }

    /// The identities that are shown and have expired.
    func expired(at now: Date) -> [String] {
        state.withLock { state in
            state.identities.filter { $0.value.svid.notAfter <= now }.keys.map(\.description).sorted()
        }
    }

    private func take(_ id: SPIFFEID, _ options: TLSOptions, _ state: inout State) throws {
        guard let context = state.context, let svid = context.svids.first(where: { $0.id == id }) else { return }
        if let identity = state.identities[id] {
            try identity.update(svid: svid, bundles: context.bundles)
        } else {
            let identity = try TLSIdentity(
                svid: svid,
                bundles: context.bundles,
                options: options,
                clock: clock
            )
            // Under the same lock as `revoke` sees it, so that neither misses the other.
            identity.revoke(state.revoked)
            state.identities[id] = identity
        }
    }

    /// Waits until the identities of other gateways are there too, and speaks TLS as they ask beside what it speaks now.
    ///
    /// - Throws: ``CommandError`` where one does not come in time; what is needed then stays as it was.
    func require(_ gateways: [GatewayConfiguration]) async throws {
        let next = try Self.options(gateways, trustDomain)
        let before = state.withLock { state in
            defer { state.options.merge(next) { $1 } }
            return state.options
        }
        let end = ContinuousClock.now + Self.patience
        while true {
            let missing = try state.withLock { state in
                for (id, options) in next where state.identities[id] == nil { try take(id, options, &state) }
                return next.keys.filter { state.identities[$0] == nil }.map(\.description).sorted()
            }
            if missing.isEmpty { break }
            guard ContinuousClock.now < end else {
                state.withLock { $0.options = before }
                throw CommandError(
                    .unreachable,
                    "no entry gives this process \(missing.joined(separator: ", ")); add a WorkloadEntry that fits it"
                )
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        // What is spoken now goes on being spoken until the new configuration is in force.
        for (id, options) in next where options.minimumVersion == .tls12 {
            try state.withLock { $0.identities[id] }?.update(options: options)
        }
    }

    /// Needs the identities of these gateways and no other, and speaks TLS as they ask.
    func retain(_ gateways: [GatewayConfiguration]) throws {
        let next = try Self.options(gateways, trustDomain)
        state.withLock { state in
            state.options = next
            state.identities = state.identities.filter { next[$0.key] != nil }
            if Self.missing(state).isEmpty { state.lostSince = nil }
        }
        for (id, identity) in state.withLock({ $0.identities }) {
            guard let options = next[id], identity.options != options else { continue }
            try identity.update(options: options)
        }
    }

    /// Whether every gateway has had its SVID.
    var isComplete: Bool {
        state.withLock { state in state.options.keys.allSatisfy { state.identities[$0] != nil } }
    }

    /// Believes no longer what is revoked.
    func revoke(_ revocations: RevocationSet) {
        for identity in state.withLock({ state in
            state.revoked = revocations
            return Array(state.identities.values)
        }) {
            identity.revoke(revocations)
        }
    }

    /// The identity that a gateway answers as.
    func identity(of gateway: GatewayConfiguration) throws -> TLSIdentity {
        let id = try gateway.identity(in: trustDomain)
        guard let identity = state.withLock({ $0.identities[id] }) else {
            throw CommandError(.unreachable, "the gateway `\(gateway.name)` has no SVID for `\(id)`")
        }
        return identity
    }
}
