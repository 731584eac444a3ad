import SPIFFE
import ZeroTrust

/// One field of a rule, compiled.
final class FieldMatcher: Sendable {
    let subject: AuthorizationPolicy.Subject
    /// The values as Istio reads them.
    let patterns: [Pattern]
    let isNegated: Bool
    /// The values as strict mode reads them beside that, or nil under `istio`.
    let strict: StrictReading?
    /// Whether several lines of the header that is looked at are one value.
    private let joinsLines: Bool

    /// Compiles a field of a rule.
    init(_ field: AuthorizationPolicy.Field, _ context: RuleContext) {
        self.subject = field.subject
        self.isNegated = field.isNegated
        self.patterns = field.values.flatMap { Self.compile($0.text, field.subject, context) }
        self.strict = context.isStrict ? StrictReading(field, patterns, context) : nil
        if case .header(let name) = field.subject {
            self.joinsLines = !context.isStrict && HeaderLines.areJoined(name)
        } else {
            self.joinsLines = false
        }
    }

    /// Compiles a field by itself, as in a rule of a policy that has no other.
    convenience init(_ field: AuthorizationPolicy.Field, of policy: AuthorizationPolicy, options: PolicyEngine.Options)
    {
        self.init(field, RuleContext(policy, options))
    }

    private static func compile(
        _ text: String,
        _ subject: AuthorizationPolicy.Subject,
        _ context: RuleContext
    ) -> [Pattern] {
        switch subject {
        case .principal:
            return TrustDomainAliases.expand(text, trustDomains: context.trustDomains)
                .map { .string($0, star: .nonEmpty, prefix: "spiffe://") }
        case .namespace: return [.glob(Array("*/ns/\(text)/*".utf8))]
        case .serviceAccount:
            let (namespace, account) = context.serviceAccount(text)
            return [.serviceAccount(namespace: namespace, name: account)]
        case .trustDomain: return [trustDomain(text)]
        case .sourceIP, .remoteIP, .destinationIP: return AddressBlock(text).map { [.block($0)] } ?? []
        case .destinationPort: return UInt16(text).map { [.port($0)] } ?? []
        case .host: return [.string(text.lowercased(), star: .present)]
        case .method, .header: return [.string(text, star: .present)]
        case .requestPrincipal: return [.requestPrincipal(text)]
        case .modelDigest, .modelSigner, .serverName, .requestAudience, .requestPresenter, .requestClaim,
            .filterMetadata:
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
        if let strict { return strict.matches(self, attributes) }
        return matchesAnyValue(attributes) != isNegated
    }

    /// Whether any value matches as Istio reads it.
    func matchesAnyValue(_ attributes: Attributes) -> Bool {
        switch subject {
        case .principal, .namespace, .serviceAccount, .trustDomain:
            guard let name = attributes.caller.name else { return false }
            if matchesAny(name) { return true }
            let others = attributes.caller.otherNames
            for index in others.indices where matchesAny(others[index]) { return true }
            return false
        case .modelDigest: return attributes.caller.model.map { matchesAny($0.digest) } ?? false
        case .modelSigner: return attributes.caller.model.map { matchesAny($0.signer) } ?? false
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
        case .requestPrincipal: return matchesAnyPrincipal(attributes.token)
        case .requestAudience: return matchesAny(attributes.token?.audience)
        case .requestPresenter: return matchesAny(attributes.token?.presenter)
        case .requestClaim(let path): return matchesAny(attributes.token?.claim(at: path))
        case .filterMetadata: return false
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
            if joinsLines { return matchesJoinedLines(name, headers) }
            for index in headers.indices where headers[index].name == name && matchesAny(headers[index].value) {
                return true
            }
            return false
        }
    }

    /// Whether the one value of a header's lines matches; allocates only where there are several lines.
    private func matchesJoinedLines(_ name: String, _ headers: [Exchange.Header]) -> Bool {
        var line: Int?
        for index in headers.indices where headers[index].name == name {
            guard line == nil else { return HeaderLines.value(of: name, in: headers).map(matchesAny) ?? false }
            line = index
        }
        guard let line else { return false }
        return matchesAny(headers[line].value)
    }

    private func matchesAnyPrincipal(_ token: TokenClaims?) -> Bool {
        guard let token, let issuer = token.issuer, let subject = token.subject else { return false }
        let (first, second) = (issuer.utf8.span, subject.utf8.span)
        for index in patterns.indices where patterns[index].matches(issuer: first, subject: second) { return true }
        return false
    }

    /// Whether a claim is a string that matches, or a list that has one.
    private func matchesAny(_ claim: TokenClaims.Claim?) -> Bool {
        switch claim {
        case .text(let text): return matchesAny(text)
        case .list(let elements):
            for index in elements.indices {
                if case .text(let text) = elements[index], matchesAny(text) { return true }
            }
            return false
        case .members, .other, nil: return false
        }
    }

    func matchesAny(_ text: String) -> Bool {
        let bytes = text.utf8.span
        for index in patterns.indices where patterns[index].matches(bytes) { return true }
        return false
    }

    func matchesAny(_ address: IPAddress) -> Bool {
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
