import AuditLog
import Authorization
import Logging
import MutualTLS
import NIOCore
import SPIFFE
import ZeroTrust

/// What a connection to an egress listener works with: the configuration that it began with, and what all share.
final class EgressContext: Sendable {
    let configuration: EgressConfiguration
    let pathNormalization: PathNormalization
    let limits: HTTP1Limits
    let shared: EgressShared

    init(_ configuration: EgressConfiguration, of gateway: GatewayConfiguration, _ shared: EgressShared) {
        self.configuration = configuration
        self.pathNormalization = gateway.pathNormalization
        self.limits = gateway.limits.http1
        self.shared = shared
    }

    var identity: TLSIdentity { shared.identity }
    var answers: AnswerCache { shared.answers }
    var budget: NameBudget { shared.budget }
    var log: any RecordLog { shared.log }
    var logger: Logger { shared.logger }
    var node: String { shared.node }

    /// Decides by what is in force now.
    var engine: EgressEngine { EgressEngine(snapshot: shared.snapshots.current, own: identity.svid.id) }

    // MARK: What takes time

    /// The SPIFFE IDs of whoever is at the other end, and still is after they were found.
    func identities(of owner: ConnectionOwner) async throws -> [SPIFFEID] {
        let identities = try await shared.attestor.identities(of: owner.peer)
        guard owner.isUnchanged else { return [] }
        return identities
    }

    /// What names lead to, from memory where that is fresh enough.
    func resolve(_ names: [DestinationName]) async throws -> [IPAddress] {
        var addresses: [IPAddress] = []
        for name in names {
            let found: [IPAddress]
            if let known = answers.find(name, at: .now()) {
                found = known
            } else {
                found = try await shared.resolver.addresses(of: name)
            }
            addresses += found
        }
        return addresses
    }

    /// Remembers what names led to, once that was judged to be good.
    func keep(_ addresses: [IPAddress], of names: [DestinationName]) {
        guard names.count == 1, let name = names.first, answers.find(name, at: .now()) == nil else { return }
        answers.keep(addresses, of: name, at: .now(), for: TimeAmount(configuration.maximumAnswerAge))
    }
}
