import Crypto
public import FoundationEssentials
import SPIFFE
import ZeroTrust

/// What a valid token proves of a request: the only form in which a token's claims reach a ``Permit``.
///
/// Nothing but ``TokenVerifier`` makes one.
public struct RequestIdentity: Sendable {
    /// What the token says.
    public let claims: TokenClaims
    /// When the token expires, or nil where it never does.
    public let expiresAt: Date?
    /// What becomes of the token, and what goes upstream in its place.
    public let forwarding: TokenForwarding

    /// What it is withdrawn by; nil where its subject is no SPIFFE ID.
    fileprivate let revocable: RevocableToken?

    fileprivate init(_ token: VerifiedToken, _ forwarding: TokenForwarding) {
        self.revocable = token.revocable
        self.claims = token.claims
        self.expiresAt = token.expiresAt.map { Date(timeIntervalSince1970: $0) }
        self.forwarding = forwarding
    }
}

/// Verifies the tokens of requests by the rules of the `RequestAuthentication`s that select a workload.
///
/// A request without a token passes without an identity; one with a token that no rule accepts is refused. Under
/// `strict`, every token at every place must be accepted and all must be the same one, since a server behind may read
/// another place first; a token must also expire. Under `istio`, one rule that accepts all tokens at its own places is
/// enough, as in Envoy, a token in a CORS preflight counts for nothing, and an `exp` of 0 is none.
///
/// ```swift
/// let verifier = TokenVerifier(rules: rules, keys: store)
/// switch verifier.verify(TokenRequest(headers: headers, path: path)) {
/// case .absent: proceed(nil)
/// case .verified(let identity): proceed(identity)
/// case .refused(let refusal): answer(401, refusal.code)
/// }
/// ```
public struct TokenVerifier: Sendable {
    /// How far clocks may differ: what Envoy allows by default.
    public static let leeway: Double = 60

    /// The names, in lower case, of the headers in which tokens may stand.
    public let consultedHeaders: Set<String>
    /// The names of the query parameters in which tokens may stand: their values are secrets.
    public let consultedParameters: Set<String>
    /// The names, in lower case, of the headers in which only verified claims go upstream: what a client sends in them
    /// is taken out of every request.
    public let reservedHeaders: Set<String>

    private let rules: [TokenRule]
    private let keys: any TokenKeySource
    /// Whether each request's token counts, that of a CORS preflight too; false under `istio`.
    public let looksAtPreflights: Bool
    private let isStrict: Bool
    private let clock: @Sendable () -> Date
    private let verified = VerifiedTokens()

    /// A verifier.
    ///
    /// - Parameters:
    ///   - rules: the issuers whose tokens are accepted.
    ///   - keys: where their keys are found.
    ///   - compatibility: whose reading of several tokens holds.
    ///   - clock: the time.
    public init(
        rules: [TokenRule],
        keys: any TokenKeySource,
        compatibility: Compatibility = .strict,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.rules = rules
        self.keys = keys
        self.isStrict = compatibility == .strict
        self.looksAtPreflights = compatibility == .strict
        self.clock = clock
        var consulted: Set<String> = []
        var parameters: Set<String> = []
        for place in rules.flatMap(\.places) {
            switch place {
            case .header(let name, _): consulted.insert(name)
            case .cookie: consulted.insert("cookie")
            case .parameter(let name): parameters.insert(name)
            }
        }
        self.consultedHeaders = consulted
        self.consultedParameters = parameters
        self.reservedHeaders = Set(
            rules.flatMap { $0.claimHeaders.map(\.header) + ($0.payloadHeader.map { [$0] } ?? []) }
        )
    }

    /// How the keys stand that are fetched from URLs.
    public var keyStatuses: [TokenKeyStatus] { keys.statuses }

    /// Whether what stands on a verified token may not go on, since its workload or the token was revoked meanwhile.
    ///
    /// Only tokens of workloads can be revoked: their subject is a SPIFFE ID.
    public func isRevoked(_ identity: RequestIdentity) -> Bool {
        identity.revocable.flatMap(revocation) != nil
    }

    private func revocation(of token: RevocableToken) -> TokenRefusal.Code? {
        if keys.isRevoked(token.id) { return .revoked }
        return token.tokenID.map(keys.isRevoked(tokenID:)) == true ? .tokenRevoked : nil
    }

    /// Verifies the tokens of a request.
    public func verify(_ request: TokenRequest) -> TokenVerdict {
        if request.isPreflight, !looksAtPreflights { return .absent }
        var examination = Examination(verifier: self, request: request)
        do throws(TokenRefusal) {
            let identity = isStrict ? try examination.strictly() : try examination.likeEnvoy()
            return identity.map { .verified($0) } ?? .absent
        } catch {
            return .refused(error)
        }
    }

    /// One request, its tokens found once.
    private struct Examination {
        let verifier: TokenVerifier
        let request: TokenRequest
        private var parsed: [String: Result<CompactToken, TokenRefusal>] = [:]

        init(verifier: TokenVerifier, request: TokenRequest) {
            self.verifier = verifier
            self.request = request
        }

        private var rules: [TokenRule] { verifier.rules }

        // MARK: - Every token, and all the same

        mutating func strictly() throws(TokenRefusal) -> RequestIdentity? {
            var accepted: (text: String, rule: Int, token: VerifiedToken)?
            for place in Set(rules.flatMap(\.places)) {
                for text in request.tokens(at: place, strictly: true) {
                    let (rule, token) = try acceptAny(text, at: place)
                    if let accepted, accepted.text != text {
                        throw TokenRefusal(.severalTokens, "the request has several tokens, which are not the same")
                    }
                    // Whatever the order of the places, the first rule counts.
                    if let accepted, accepted.rule <= rule { continue }
                    accepted = (text, rule, token)
                }
            }
            guard let accepted else { return nil }
            guard accepted.token.expiresAt != nil else {
                throw TokenRefusal(.neverExpires, "the token has no `exp`")
            }
            return identity(accepted.token, accepted.rule)
        }

        private mutating func acceptAny(
            _ text: String,
            at place: TokenRule.Place
        ) throws(TokenRefusal) -> (rule: Int, token: VerifiedToken) {
            let token = try parse(text)
            var refusal = unknown(token, "no rule accepts tokens of that issuer there")
            for index in rules.indices where rules[index].concerns(token) && rules[index].places.contains(place) {
                do throws(TokenRefusal) { return (index, try accept(text, by: index)) } catch { refusal = error }
            }
            throw refusal
        }

        // MARK: - As Envoy

        mutating func likeEnvoy() throws(TokenRefusal) -> RequestIdentity? {
            var refusal: TokenRefusal?
            for index in rules.indices {
                let texts = rules[index].places.flatMap { request.tokens(at: $0, strictly: false) }
                guard !texts.isEmpty else { continue }
                do throws(TokenRefusal) {
                    // Envoy begins with the last, and what the first says stands in the end.
                    var token: VerifiedToken?
                    for text in texts.reversed() { token = try accept(text, by: index) }
                    if let token { return identity(token, index) }
                } catch { refusal = refusal ?? error }
            }
            if let refusal { throw refusal }
            return nil
        }

        // MARK: - One token

        private mutating func parse(_ text: String) throws(TokenRefusal) -> CompactToken {
            if let known = parsed[text] { return try known.get() }
            do throws(TokenRefusal) {
                let token = try CompactToken(text)
                parsed[text] = .success(token)
                return token
            } catch {
                parsed[text] = .failure(error)
                throw error
            }
        }

        /// Verifies a token by one rule: its issuer, its times, its audience, its signature.
        private mutating func accept(_ text: String, by index: Int) throws(TokenRefusal) -> VerifiedToken {
            let rule = rules[index]
            let keys = verifier.keys.keys(for: rule)
            let key = VerifiedTokens.Key(digest: SHA256.hash(data: Array(text.utf8)), rule: index)
            if let keys, let token = verifier.verified.token(key, generation: keys.generation) {
                try checkTimes(token.profile, token.expiresAt, token.notBefore)
                try checkRevocation(token.revocable)
                return token
            }
            let token = try parse(text)
            guard rule.concerns(token) else { throw unknown(token, "the rule is for another issuer") }
            try RegisteredClaims.check(token)
            let profile = try rule.trustDomain.map { _ throws(TokenRefusal) in try JWTSVIDProfile(token) }
            let expiresAt = verifier.isStrict ? token.expiresAt : RegisteredClaims.expiryAsEnvoy(token)
            try checkTimes(profile, expiresAt, token.notBefore)
            let revocable = RevocableToken(token)
            try checkRevocation(revocable)
            guard rule.audiences.isEmpty || !rule.audiences.isDisjoint(with: token.audiences) else {
                throw TokenRefusal(.wrongAudience, "none of the token's audiences is accepted")
            }
            guard let keys else {
                throw TokenRefusal(.noKeys, "there are no keys of `\((rule.issuer ?? "the issuer").prefix(200))` now")
            }
            do throws(TokenRefusal) { try keys.verify(token) } catch {
                if error.code == .unknownKey { verifier.keys.missedKey(for: rule) }
                throw error
            }
            let verified = VerifiedToken(token, rule, expiresAt: expiresAt, profile, revocable)
            verifier.verified.insert(verified, key, generation: keys.generation)
            return verified
        }

        /// Why no rule is for a token.
        private func unknown(_ token: CompactToken, _ message: String) -> TokenRefusal {
            guard let issuer = token.issuer else {
                // Without an issuer it can only be a JWT-SVID, and there is no rule for those of its trust domain.
                return TokenRefusal(.malformed, "the token names no issuer")
            }
            return TokenRefusal(.unknownIssuer, "\(message): the token is of `\(issuer.prefix(200))`")
        }

        /// Whether a token's workload is still believed, and the token not withdrawn.
        private func checkRevocation(_ token: RevocableToken?) throws(TokenRefusal) {
            guard let token, let code = verifier.revocation(of: token) else { return }
            throw TokenRefusal(
                code,
                "`\(token.id)` \(code == .revoked ? "is revoked" : "has had this token withdrawn")"
            )
        }

        /// Whether a token holds now: a JWT-SVID by its own rules, with no grace.
        private func checkTimes(
            _ profile: JWTSVIDProfile?,
            _ expiresAt: Double?,
            _ notBefore: Double?
        ) throws(TokenRefusal) {
            if let profile { return try profile.checkTimes(at: verifier.clock()) }
            let now = verifier.clock().timeIntervalSince1970
            if let notBefore, now + TokenVerifier.leeway < notBefore {
                throw TokenRefusal(.notYetValid, "the token is not valid yet")
            }
            if let expiresAt, now > expiresAt + TokenVerifier.leeway {
                throw TokenRefusal(.expired, "the token has expired")
            }
        }

        private func identity(_ token: VerifiedToken, _ index: Int) -> RequestIdentity {
            var forwarding = TokenForwarding()
            forwarding.setHeaders = token.setHeaders
            // Under `strict` the same token may have stood at places of several rules.
            for rule in verifier.isStrict ? rules : [rules[index]] where !rule.forwardsToken {
                for place in rule.places
                where !request.tokens(at: place, strictly: verifier.isStrict).isEmpty {
                    switch place {
                    case .header(let name, _): forwarding.removedHeaders.append(name)
                    case .parameter(let name): forwarding.removedParameters.append(name)
                    case .cookie(let name): forwarding.removedCookies.append(name)
                    }
                }
            }
            return RequestIdentity(token, forwarding)
        }
    }
}
