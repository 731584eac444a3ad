import ZeroTrust

/// How strict mode reads one field of a rule, so that a doubt never allows anything.
///
/// Where the field helps to allow (a field of an ALLOW rule, or a negated one of a DENY rule), a value must match every
/// form that an attribute may be given; where it helps to refuse, one form is enough. An identity that is not there is
/// no identity other than the ones excluded: an ALLOW rule with `notPrincipals` needs a caller with a name.
///
/// A class, since each request that is held against the field hands it on.
final class StrictReading: Sendable {
    let grants: Bool
    /// Whether the field refuses, so that a path matches in any form.
    let matchesAnyForm: Bool
    /// Whether the field excludes `*`, which is to ask for absence.
    let asksForAbsence: Bool
    /// The values of identities that a caller with one SPIFFE ID is held to.
    let identities: [Pattern]
    /// What a caller must be for its namespace to be known: of the form that Istio issues, and of the mesh.
    let home: Pattern?
    /// The values of hosts and server names in lower case.
    let lowercase: [Pattern]
    /// The values of request principals, read as one text.
    let joined: [Pattern]
    /// Whether a value has a comma, so that it may be what several lines of a header say together.
    let mayMeanSeveralLines: Bool
    /// The folded form of each value of a path, or nil where folding leaves nothing of it.
    let folded: [FoldedPattern?]

    init(_ field: AuthorizationPolicy.Field, _ patterns: [Pattern], _ context: RuleContext) {
        let texts = field.values.map(\.text)
        self.grants = context.grants
        self.matchesAnyForm = context.grants == field.isNegated
        self.asksForAbsence = field.isNegated && texts.contains("*")
        self.identities = Self.identities(texts, field.subject, context) ?? patterns
        self.home =
            Self.identities(["*"], field.subject == .serviceAccount ? .namespace : field.subject, context)?.first
        var (lowercase, joined, folded): ([Pattern], [Pattern], [FoldedPattern?]) = ([], [], [])
        switch field.subject {
        case .host, .serverName, .header(":authority"), .header("host"):
            lowercase = texts.map { .string($0.lowercased(), star: .present) }
        case .requestPrincipal: joined = texts.map { .string($0, star: .present) }
        case .path: folded = texts.map { FoldedPattern($0) }
        case .header(":path"): folded = texts.map { $0.contains("?") ? nil : FoldedPattern($0) }
        default: break
        }
        self.lowercase = lowercase
        self.joined = joined
        self.mayMeanSeveralLines = texts.contains { $0.utf8.contains(UInt8(ascii: ",")) }
        self.folded = folded
    }

    private static func identities(
        _ texts: [String],
        _ subject: AuthorizationPolicy.Subject,
        _ context: RuleContext
    ) -> [Pattern]? {
        let domains = context.namesTrustDomain ? [] : context.trustDomains.map { Array($0.utf8) }
        switch subject {
        case .namespace:
            return texts.map { .workload(.init(namespace: Array($0.utf8), account: nil, trustDomains: domains)) }
        case .serviceAccount:
            return texts.map {
                let (namespace, account) = context.serviceAccount($0)
                return .workload(.init(namespace: namespace, account: account, trustDomains: domains))
            }
        default: return nil
        }
    }

    /// Whether the field matches; allocates nothing.
    func matches(_ field: FieldMatcher, _ attributes: Attributes) -> Bool {
        // Nothing here sees what Envoy's filters note, so that such a field never allows and never spares.
        if case .filterMetadata = field.subject { return !grants }
        if isAbsent(field.subject, attributes) {
            return field.isNegated && (!grants || asksForAbsence && !possibly(field, attributes))
        }
        let isMatch = matchesAnyForm ? possibly(field, attributes) : surely(field, attributes)
        return isMatch != field.isNegated
    }

    private func isAbsent(_ subject: AuthorizationPolicy.Subject, _ attributes: Attributes) -> Bool {
        switch subject {
        case .principal, .trustDomain: attributes.caller.name == nil || grants && !attributes.caller.isSPIFFE
        case .namespace, .serviceAccount: attributes.caller.name == nil || grants && !isAtHome(attributes.caller)
        case .modelDigest, .modelSigner: attributes.caller.model == nil
        case .serverName: attributes.serverName?.isEmpty ?? true
        case .requestPrincipal: attributes.token?.issuer == nil || attributes.token?.subject == nil
        case .requestAudience: attributes.token?.audience == nil
        case .requestPresenter: attributes.token?.presenter == nil
        case .requestClaim(let path): attributes.token?.claim(at: path) == nil
        default: false
        }
    }

    private func isAtHome(_ caller: Caller) -> Bool {
        guard caller.isSPIFFE, let name = caller.name, let home else { return false }
        return home.matches(name.utf8.span)
    }

    // MARK: - In every form

    private func surely(_ field: FieldMatcher, _ attributes: Attributes) -> Bool {
        switch field.subject {
        case .principal, .namespace, .serviceAccount, .trustDomain:
            guard attributes.caller.isSPIFFE, let name = attributes.caller.name else { return false }
            let bytes = name.utf8.span
            for index in identities.indices where identities[index].matches(bytes) { return true }
            return false
        case .path, .header(":path"):
            for index in field.patterns.indices
            where matches(field, index, attributes) && isFolded(index, attributes, else: true) { return true }
            return false
        case .header(let name) where !name.hasPrefix(":") && name != "host":
            return headerSurely(name, field, attributes)
        default: return field.matchesAnyValue(attributes)
        }
    }

    private func headerSurely(_ name: String, _ field: FieldMatcher, _ attributes: Attributes) -> Bool {
        var found = false
        let headers = attributes.headers
        for index in headers.indices where headers[index].name == name {
            guard !found, field.matchesAny(headers[index].value) else { return false }
            found = true
        }
        return found
    }

    // MARK: - In any form

    private func possibly(_ field: FieldMatcher, _ attributes: Attributes) -> Bool {
        switch field.subject {
        case .sourceIP: return isMatch(attributes.source, field)
        case .remoteIP: return isMatch(attributes.remote, field)
        case .destinationIP: return isMatch(attributes.destination.address, field)
        case .path, .header(":path"):
            for index in field.patterns.indices
            where matches(field, index, attributes) || isFolded(index, attributes, else: false) { return true }
            return false
        case .host, .header(":authority"), .header("host"): return matchesHost(attributes.authority)
        case .serverName: return matchesLowercase((attributes.serverName ?? "").utf8.span)
        case .header(let name) where !name.hasPrefix(":"):
            return field.matchesAnyValue(attributes) || matchesElement(name, field, attributes)
                || mayMeanSeveralLines && hasSeveralLines(name, attributes)
        case .requestPrincipal: return field.matchesAnyValue(attributes) || matchesJoined(attributes.token)
        case .requestAudience: return field.matchesAnyValue(attributes) || isOther(attributes.token?.audience, field)
        case .requestPresenter: return field.matchesAnyValue(attributes) || isOther(attributes.token?.presenter, field)
        case .requestClaim(let path):
            return field.matchesAnyValue(attributes) || isOther(attributes.token?.claim(at: path), field)
        default: return field.matchesAnyValue(attributes)
        }
    }

    /// Whether an address matches, or the IPv4 address that it stands for.
    private func isMatch(_ address: IPAddress, _ field: FieldMatcher) -> Bool {
        field.matchesAny(address) || field.matchesAny(address.unmapped)
    }

    private func matches(_ field: FieldMatcher, _ index: Int, _ attributes: Attributes) -> Bool {
        let bytes = attributes.path.utf8.span
        let count = field.subject == .path ? bytes.pathCount : bytes.count
        return field.patterns[index].matches(bytes.extracting(0..<count))
    }

    private func isFolded(_ index: Int, _ attributes: Attributes, else unknown: Bool) -> Bool {
        guard let pattern = folded[index] else { return unknown }
        if let path = attributes.foldedPath { return pattern.matches(path.span) }
        let bytes = attributes.path.utf8.span
        return pattern.matches(bytes.extracting(0..<FoldedPath.plainCount(bytes)))
    }

    private func matchesHost(_ authority: String) -> Bool {
        let bytes = authority.utf8.span
        return matchesLowercase(bytes) || matchesLowercase(bytes.extracting(0..<bytes.hostCount))
    }

    private func matchesLowercase(_ bytes: Span<UInt8>) -> Bool {
        for index in lowercase.indices where lowercase[index].matchesIgnoringCase(bytes) { return true }
        return false
    }

    /// Whether an element of a list in a header line matches.
    private func matchesElement(_ name: String, _ field: FieldMatcher, _ attributes: Attributes) -> Bool {
        let headers = attributes.headers
        for index in headers.indices where headers[index].name == name {
            let bytes = headers[index].value.utf8.span
            var start = 0
            while start <= bytes.count {
                var end = start
                while end < bytes.count, bytes[end] != UInt8(ascii: ",") { end += 1 }
                let element = bytes.extracting(bytes.trimmed(start, end))
                for pattern in field.patterns.indices where field.patterns[pattern].matches(element) { return true }
                start = end + 1
            }
        }
        return false
    }

    private func hasSeveralLines(_ name: String, _ attributes: Attributes) -> Bool {
        var found = false
        let headers = attributes.headers
        for index in headers.indices where headers[index].name == name {
            if found { return true }
            found = true
        }
        return false
    }

    /// Whether issuer and subject, joined by a `/`, match as one text, wherever the `/` of the value was meant to part them.
    private func matchesJoined(_ token: TokenClaims?) -> Bool {
        guard let issuer = token?.issuer, let subject = token?.subject else { return false }
        let (first, second) = (issuer.utf8.span, subject.utf8.span)
        for index in joined.indices where joined[index].matches(first, joinedWith: second) { return true }
        return false
    }

    /// Whether a claim is a number or a boolean whose text matches, or a list that has one.
    private func isOther(_ claim: TokenClaims.Claim?, _ field: FieldMatcher) -> Bool {
        switch claim {
        case .other(let text): return field.matchesAny(text)
        case .list(let elements):
            for index in elements.indices {
                if case .other(let text) = elements[index], field.matchesAny(text) { return true }
            }
            return false
        default: return false
        }
    }
}
