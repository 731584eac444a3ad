/// Widens principals to the names that a mesh's trust domain goes by.
enum TrustDomainAliases {
    /// The principal under each trust domain of the mesh, where it is written with one of them or `cluster.local`.
    ///
    /// No trust domains at all change nothing.
    static func expand(_ principal: String, trustDomains: [String]) -> [String] {
        let parts = principal.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 5, !trustDomains.isEmpty else { return [principal] }
        let written = String(parts[0])
        guard written == "cluster.local" || trustDomains.contains(where: { matches(written, $0) }) else {
            return [principal]
        }
        let rest = parts.dropFirst().joined(separator: "/")
        var expanded: [String] = []
        for domain in trustDomains {
            // A wildcard stands for the domains that it matches.
            let name = matches(written, domain) && written.hasPrefix("*") ? written : domain
            let candidate = "\(name)/\(rest)"
            if !expanded.contains(candidate) { expanded.append(candidate) }
        }
        return expanded
    }

    private static func matches(_ written: String, _ domain: String) -> Bool {
        if written == "*" { return true }
        if written.hasPrefix("*") { return domain.hasSuffix(written.dropFirst()) }
        if written.hasSuffix("*") { return domain.hasPrefix(written.dropLast()) }
        return written == domain
    }
}
