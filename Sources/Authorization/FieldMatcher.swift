import ZeroTrust

/// One field of a rule, compiled.
final class FieldMatcher: Sendable {
    let subject: AuthorizationPolicy.Subject
    let patterns: [Pattern]
    let isNegated: Bool

    /// Compiles a field of a policy in a namespace.
    init(_ field: AuthorizationPolicy.Field, namespace: String, trustDomains: [String]) {
        self.subject = field.subject
        self.isNegated = field.isNegated
        self.patterns = field.values.flatMap {
            Self.compile($0.text, field.subject, namespace: namespace, trustDomains: trustDomains)
        }
    }

    private static func compile(
        _ text: String,
        _ subject: AuthorizationPolicy.Subject,
        namespace: String,
        trustDomains: [String]
    ) -> [Pattern] {
        switch subject {
        case .principal:
            return TrustDomainAliases.expand(text, trustDomains: trustDomains)
                .map { .string($0, star: .nonEmpty, prefix: "spiffe://") }
        case .namespace: return [.glob(Array("*/ns/\(text)/*".utf8))]
        case .serviceAccount:
            let parts = text.split(separator: "/", omittingEmptySubsequences: false)
            let account = parts.last ?? ""
            let space = parts.count == 2 ? parts[0] : namespace[...]
            return [.serviceAccount(namespace: Array(space.utf8), name: Array(account.utf8))]
        case .trustDomain: return [trustDomain(text)]
        case .sourceIP, .remoteIP, .destinationIP: return AddressBlock(text).map { [.block($0)] } ?? []
        case .destinationPort: return UInt16(text).map { [.port($0)] } ?? []
        case .host: return [.string(text.lowercased(), star: .present)]
        case .method, .header: return [.string(text, star: .present)]
        case .requestPrincipal, .requestAudience, .requestPresenter, .requestClaim, .filterMetadata, .serverName:
            return [.string(text, star: .nonEmpty)]
        case .path:
            if PathTemplate.isTemplate(text), let template = try? PathTemplate(text) { return [.template(template)] }
            return [.string(text, star: .nonEmpty)]
        }
    }

    private static func trustDomain(_ text: String) -> Pattern {
        if text == "*" { return .prefix(SPIFFEName.scheme) }
        if text.hasPrefix("*") { return .trustDomain(prefix: [], suffix: Array(text.utf8.dropFirst())) }
        if text.hasSuffix("*") { return .trustDomain(prefix: Array(text.utf8.dropLast()), suffix: []) }
        return .prefix(SPIFFEName.scheme + Array("\(text)/".utf8))
    }

    /// Whether the field matches; allocates nothing.
    ///
    /// Arrays are gone through by index here and in what follows: unoptimised, their iterators allocate.
    func matches(_ attributes: Attributes) -> Bool {
        matchesAnyValue(attributes) != isNegated
    }

    private func matchesAnyValue(_ attributes: Attributes) -> Bool {
        switch subject {
        case .principal, .namespace, .serviceAccount, .trustDomain:
            guard let name = attributes.caller.name else { return false }
            if matchesAny(name) { return true }
            let others = attributes.caller.otherNames
            for index in others.indices where matchesAny(others[index]) { return true }
            return false
        case .sourceIP: return matchesAny(attributes.source)
        case .remoteIP: return matchesAny(attributes.remote)
        case .destinationIP: return matchesAny(attributes.destination.address)
        case .destinationPort: return matchesAny(attributes.destination.port)
        case .host:
            let bytes = attributes.authority.utf8.span
            for index in patterns.indices where patterns[index].matchesIgnoringCase(bytes) { return true }
            return false
        case .method: return matchesAny(attributes.method)
        case .path:
            let bytes = attributes.path.utf8.span
            let path = bytes.extracting(0..<bytes.pathCount)
            for index in patterns.indices where patterns[index].matches(path) { return true }
            return false
        case .serverName: return matchesAny(attributes.serverName ?? "")
        case .header(let name): return matchesAnyHeader(name, attributes)
        case .requestPrincipal, .requestAudience, .requestPresenter, .requestClaim, .filterMetadata: return false
        }
    }

    private func matchesAnyHeader(_ name: String, _ attributes: Attributes) -> Bool {
        switch name {
        case ":authority", "host": return matchesAny(attributes.authority)
        case ":method": return matchesAny(attributes.method)
        case ":path": return matchesAny(attributes.path)
        case ":scheme": return matchesAny(attributes.caller.name == nil ? "http" : "https")
        default:
            let headers = attributes.headers
            for index in headers.indices where headers[index].name == name && matchesAny(headers[index].value) {
                return true
            }
            return false
        }
    }

    private func matchesAny(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in patterns.indices where patterns[index].matches(bytes) { return true }
        return false
    }

    private func matchesAny(_ address: IPAddress) -> Bool {
        for index in patterns.indices {
            if case .block(let block) = patterns[index], block.contains(address) { return true }
        }
        return false
    }

    private func matchesAny(_ port: UInt16) -> Bool {
        for index in patterns.indices {
            if case .port(let value) = patterns[index], value == port { return true }
        }
        return false
    }
}

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
