/// What the fields of one rule are compiled with.
struct RuleContext: Sendable {
    /// The namespace of the rule's policy.
    let namespace: String
    /// The mesh's trust domain, then its aliases.
    let trustDomains: [String]
    /// Whether strict mode's readings hold.
    let isStrict: Bool
    /// Whether a match of the rule allows something, rather than to deny, ask or mark.
    let grants: Bool
    /// Whether another field beside says which trust domains are meant.
    var namesTrustDomain = false

    /// The namespace and the name of a service account as a policy writes it.
    func serviceAccount(_ text: String) -> (namespace: [UInt8], name: [UInt8]) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let space = parts.count == 2 ? parts[0] : namespace[...]
        return (Array(space.utf8), Array((parts.last ?? "").utf8))
    }
}
