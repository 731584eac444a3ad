import Resources

/// Reads the `key` of a condition: what attribute it looks at.
enum ConditionKey {
    /// Why a key is refused.
    struct Problem: Error {
        let message: String
        /// The known key that was probably meant.
        let nearest: String?

        init(_ message: String, nearest: String? = nil) {
            self.message = message
            self.nearest = nearest
        }
    }

    private static let fixed: [String: AuthorizationPolicy.Subject] = [
        "source.ip": .sourceIP, "remote.ip": .remoteIP, "source.namespace": .namespace,
        "source.serviceAccount": .serviceAccount, "source.principal": .principal, "source.trustDomain": .trustDomain,
        "source.model.digest": .modelDigest, "source.model.signer": .modelSigner,
        "destination.ip": .destinationIP, "destination.port": .destinationPort, "connection.sni": .serverName,
        "request.auth.principal": .requestPrincipal, "request.auth.audiences": .requestAudience,
        "request.auth.presenter": .requestPresenter,
    ]

    /// Keys of the policies before AuthorizationPolicy, and what took their place.
    private static let replaced: [Substring: String] = [
        "source.user": "`source.principal`",
        "destination.name": "the selector",
        "destination.user": "the selector",
        "destination.labels": "the selector",
        "destination.namespace": "the policy's own namespace",
    ]

    /// The attribute that a key names.
    static func subject(of key: String) -> Result<AuthorizationPolicy.Subject, Problem> {
        if let subject = fixed[key] { return .success(subject) }
        if key.isEmpty { return .failure(Problem("the `key` of a condition must not be empty")) }
        if key.hasPrefix("request.headers") {
            if let name = header(in: key) { return .success(.header(name.lowercased())) }
            return .failure(Problem("`\(key)` names no header; write `request.headers[x-team]`"))
        }
        if key.hasPrefix("request.auth.claims") {
            if let path = claim(in: key) { return .success(.requestClaim(path)) }
            return .failure(Problem("`\(key)` names no claim; write `request.auth.claims[groups]`"))
        }
        if key.hasPrefix("experimental.envoy.filters.") {
            if let subject = metadata(in: key) { return .success(subject) }
            return .failure(Problem("`\(key)` names no metadata; write `experimental.envoy.filters.FILTER[KEY]`"))
        }
        if let replacement = replaced[key.prefix { $0 != "[" }] {
            return .failure(Problem("`\(key)` is no longer known; use \(replacement)"))
        }
        let known = Array(fixed.keys) + ["request.headers[NAME]", "request.auth.claims[NAME]"]
        return .failure(
            Problem(
                "unknown condition key `\(key)`; \(suggestion(for: key, among: known))",
                nearest: nearestName(to: key, among: fixed.keys)
            )
        )
    }

    /// The name in `request.headers[NAME]`.
    private static func header(in key: String) -> String? {
        let rest = key.dropFirst("request.headers".count)
        guard rest.hasPrefix("["), rest.hasSuffix("]"), rest.count > 2 else { return nil }
        let name = rest.dropFirst().dropLast()
        let token = name.first == ":" ? name.dropFirst() : name
        guard !token.isEmpty, token.utf8.allSatisfy({ HeaderName.allows($0) }) else { return nil }
        return String(name)
    }

    /// The names in `request.auth.claims[a][b]`, outermost first.
    private static func claim(in key: String) -> [String]? {
        let rest = key.dropFirst("request.auth.claims".count)
        guard rest.hasPrefix("["), rest.hasSuffix("]") else { return nil }
        let inner = rest.dropFirst().dropLast()
        let names = inner.split(separator: "][", omittingEmptySubsequences: false).map(String.init)
        return names.allSatisfy { !$0.isEmpty && !$0.contains("[") && !$0.contains("]") } ? names : nil
    }

    /// What `experimental.envoy.filters.a.b[c]` reads: the key is all that stands between the outermost brackets.
    private static func metadata(in key: String) -> AuthorizationPolicy.Subject? {
        let rest = key.dropFirst("experimental.".count)
        guard let bracket = rest.firstIndex(of: "["), rest.hasSuffix("]") else { return nil }
        let name = rest[rest.index(after: bracket)...].dropLast()
        let filter = rest[..<bracket]
        guard !name.isEmpty, filter.count > "envoy.filters.".count else { return nil }
        return .filterMetadata(filter: String(filter), path: [String(name)])
    }
}
