import SPIFFE
import ZeroTrust

/// What Envoy calls a secret, in the names that SPIRE gave them.
enum SecretName: Hashable, Sendable {
    /// `default`: the workload's certificate; of several, that of the first entry by name.
    case ownCertificate
    /// A SPIFFE ID with a path: the certificate of that identity.
    case certificate(SPIFFEID)
    /// `ROOTCA`: the roots of this trust domain.
    case ownRoots
    /// A trust domain's ID, `spiffe://cluster.local`: its roots.
    case roots(TrustDomain)
    /// `ALL`: the roots of every trust domain that is known, each for its own IDs.
    case allRoots

    /// Reads a name; nil for one that is none of these.
    init?(_ name: String) {
        switch name {
        case "default": self = .ownCertificate
        case "ROOTCA": self = .ownRoots
        case "ALL": self = .allRoots
        default:
            guard let id = try? SPIFFEID(name) else { return nil }
            self = id.path.isEmpty ? .roots(id.trustDomain) : .certificate(id)
        }
    }
}
