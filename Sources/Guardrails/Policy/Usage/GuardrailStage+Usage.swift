import ZeroTrust

extension GuardrailStage {
    /// What a request wants to use of the guardrail's limits.
    public func claims(of request: ModelRequest, by identity: String) -> [UsageClaim] {
        var claims: [UsageClaim] = []
        for (number, limit) in guardrail.limits.enumerated() {
            var key = "\(guardrail.name)\u{0}\(number)"
            if limit.keys.contains(.identity) { key += "\u{0}i\(identity)" }
            if limit.keys.contains(.model) {
                // So many bytes of the name, however few characters they are.
                key += "\u{0}m" + String(decoding: (request.model ?? "").utf8.prefix(256), as: UTF8.self)
            }
            if let rate = limit.requests { claims.append(UsageClaim(key: key + "\u{0}r", rate: rate, owner: identity)) }
            if let rate = limit.tokens {
                claims.append(
                    UsageClaim(
                        key: key + "\u{0}t",
                        rate: rate,
                        amount: max(1, request.counts.tokens),
                        owner: identity
                    )
                )
            }
            if let most = limit.concurrent {
                claims.append(UsageClaim(key: key + "\u{0}c", concurrent: most, owner: identity))
            }
        }
        return claims
    }

    /// The refusal of a request for which there is nothing left of a limit.
    public static func refusal(_ claim: UsageClaim, retryAfter: Duration?) -> DialectRefusal {
        guard claim.concurrent == nil else {
            return DialectRefusal(
                status: 429,
                rule: LimitRule.tooManyConcurrent.rawValue,
                message: "too many requests are under way",
                retryAfter: 1
            )
        }
        let isTokens = claim.key.hasSuffix("\u{0}t")
        guard let retryAfter else {
            return DialectRefusal(
                status: 413,
                rule: LimitRule.moreThanBurst.rawValue,
                message: "the request asks for more \(isTokens ? "tokens" : "requests") than ever are allowed at once"
            )
        }
        let (seconds, attoseconds) = retryAfter.components
        return DialectRefusal(
            status: 429,
            rule: (isTokens ? LimitRule.tokenRate : .requestRate).rawValue,
            message: "too many \(isTokens ? "tokens" : "requests") in a short time",
            retryAfter: max(1, Int(seconds) + (attoseconds > 0 ? 1 : 0))
        )
    }
}

extension ModelRequest.Counts {
    /// The tokens that are sent and asked for.
    var tokens: Int {
        let (asked, overflows) = (maximumTokens ?? 0).multipliedReportingOverflow(by: choices)
        let (all, overflowsToo) = asked.addingReportingOverflow(inputTokens)
        return overflows || overflowsToo ? .max : all
    }
}
