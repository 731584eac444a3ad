import Foundation
import WorkloadIdentity

extension FederationRules {
    /// How long a forced successor is published before it signs: three times as long as others stay away at most
    /// (SPIFFE Federation §4.1).
    var overlap: TimeInterval {
        max(RotationSchedule().overlap, 3 * TimeInterval(endpoints.map(\.refreshHint).max() ?? 0))
    }

    /// Refuses what takes effect at a start only: endpoints of our own, and the first trust domain, for which a process is
    /// started.
    ///
    /// - Throws: ``NotLive`` that names what differs.
    func requireLive(in next: FederationRules) throws {
        guard endpoints == next.endpoints else {
            throw NotLive(["a `BundleEndpoint` cannot come, change or go while Lapwing runs"])
        }
        guard issuerEndpoints == next.issuerEndpoints else {
            throw NotLive(["an `OIDCEndpoint` cannot come, change or go while Lapwing runs"])
        }
        guard !isEmpty || next.isEmpty else {
            throw NotLive(["the first `FederatedTrustDomain` cannot come while Lapwing runs"])
        }
    }
}
