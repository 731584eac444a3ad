/// A Sigstore instance and who of those that it names may sign.
public struct SigstoreTrust: Sendable {
    let root: TrustedRoot
    /// The names; nil for any.
    let identities: [IdentityPattern]?
    /// Who has to have vouched for the name; nil for anybody.
    let issuers: [String]?

    /// Trust in some identities, as some issuers vouch for them.
    public init(root: TrustedRoot, identities: [IdentityPattern]?, issuers: [String]?) {
        self.root = root
        self.identities = identities
        self.issuers = issuers
    }
}
