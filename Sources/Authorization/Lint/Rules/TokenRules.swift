import Resources

extension LintRule {
    /// Tokens: the policies that ask for them and the resources that verify them.
    static let tokens: [LintRule] = [
        LintRule(
            "LW0054",
            "token-never-verified",
            .warning,
            "a policy asks for a token, and no RequestAuthentication verifies one"
        ) { input, found in
            for policy in input.policies {
                let isVerified = input.requestAuthentications.contains {
                    !$0.rules.isEmpty && input.mayMeet($0.reach, policy.reach)
                }
                guard !isVerified else { continue }
                policy.forEachField { field, condition in
                    guard field.subject.isOfToken else { return }
                    found.add(
                        condition?.location ?? field.location,
                        in: policy.location,
                        "`\(condition?.key ?? field.name)` is never there: no RequestAuthentication that concerns the "
                            + "workload verifies tokens",
                        fix: "add a RequestAuthentication with the issuer of the tokens"
                    )
                }
            }
        },
        LintRule(
            "LW0055",
            "missing-token-allowed",
            .warning,
            "an ALLOW rule excludes tokens, and allows requests without any"
        ) { input, found in
            for policy in input.policies where policy.action == .allow && !policy.isDryRun {
                for rule in policy.rules {
                    let named = rule.when.flatMap(\.fields).contains { $0.subject.isOfToken && !$0.isNegated }
                    for group in rule.from.map(\.fields) + rule.when.map(\.fields) {
                        let isAsked = named || group.contains { $0.subject.isOfToken && !$0.isNegated }
                        for field in group where field.subject.isOfToken && field.isNegated && !isAsked {
                            found.add(
                                field.location,
                                in: policy.location,
                                "a request without a token has none of these values, and is allowed",
                                fix: "ask for a token as well: `requestPrincipals: [\"ISSUER/*\"]`",
                                closedInStrictModeFor: policy
                            )
                        }
                    }
                }
            }
        },
        LintRule(
            "LW0056",
            "token-not-required",
            .warning,
            "tokens are verified, and no policy asks for one: a request without a token passes"
        ) { input, found in
            for resource in input.requestAuthentications where !resource.rules.isEmpty {
                let isRequired = input.policies.contains { policy in
                    guard !policy.isDryRun, policy.action != .audit, input.mayMeet(resource.reach, policy.reach) else {
                        return false
                    }
                    var asks = false
                    policy.forEachField { field, _ in if field.subject.isOfToken { asks = true } }
                    return asks
                }
                guard !isRequired else { continue }
                found.add(
                    resource.location,
                    in: resource.location,
                    "a bad token is refused, and a request without one passes: no policy asks for a token",
                    fix: "add an AuthorizationPolicy that asks for `requestPrincipals`"
                )
            }
        },
        LintRule(
            "LW0057",
            "request-principal-without-subject",
            .warning,
            "a request principal is not of the form ISSUER/SUBJECT, and never matches"
        ) { input, found in
            for policy in input.policies {
                policy.forEachField { field, _ in
                    guard field.subject == .requestPrincipal else { return }
                    for value in field.values where !value.text.contains("/") && !value.text.contains("*") {
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(value.text)` never matches: a request principal is `ISSUER/SUBJECT`",
                            fix: "write `\(value.text)/*` for every subject of the issuer"
                        )
                    }
                }
            }
        },
        LintRule("LW0058", "any-token", .note, "an ALLOW rule takes a token of any issuer that is accepted") {
            input,
            found in
            input.forEachField(of: [.allow]) { policy, field in
                guard field.subject == .requestPrincipal, !field.isNegated,
                    let star = field.values.first(where: { $0.text == "*" })
                else { return }
                let issuers = Set(
                    input.requestAuthentications.filter { input.mayMeet($0.reach, policy.reach) }
                        .flatMap { $0.rules.map { $0.issuer?.text ?? "" } }
                )
                guard issuers.count > 1 else { return }
                found.add(
                    star.location,
                    in: policy.location,
                    "`*` takes a token of any of the \(issuers.count) issuers that are accepted here",
                    fix: "write `ISSUER/*`"
                )
            }
        },
        issuer("LW0059", "keys-over-http", .warning, "keys are fetched without TLS") { rule in
            guard case .url(let url) = rule.keys, url.text.lowercased().hasPrefix("http://") else { return nil }
            return (
                url.location,
                "the keys are fetched over plain HTTP: whoever is on the way can put keys of their own in their place",
                "serve the keys over `https`"
            )
        },
        issuer("LW0060", "private-key-in-policy", .error, "a key set holds a key that signs") { rule in
            guard case .inline(let keys) = rule.keys, KeySetCheck.holdsPrivateKey(keys.text) else { return nil }
            return (
                keys.location,
                "the key set holds a private or symmetric key: whoever reads the configuration can sign tokens",
                "make new keys now, and write only the public ones here"
            )
        },
        issuer("LW0061", "audience-missing", .warning, "tokens are taken whomever they were issued for") { rule in
            guard rule.audiences.isEmpty else { return nil }
            return (
                rule.location,
                "without `audiences`, a token that was issued for another service is accepted here",
                "write the audience of this service"
            )
        },
        issuer("LW0062", "issuer-missing", .warning, "tokens are taken whoever they say issued them") { rule in
            guard rule.issuer == nil else { return nil }
            return (
                rule.location,
                "without `issuer`, any token that these keys verify is accepted, whatever issuer it names",
                "write the issuer"
            )
        },
        issuer("LW0063", "token-in-query", .warning, "tokens are taken from the query of the URL") { rule in
            guard let name = rule.fromParameters.first else { return nil }
            return (
                name.location,
                "a token in the query `\(name.text)` ends up in logs, histories and `Referer` headers",
                "take tokens from a header"
            )
        },
        issuer("LW0064", "token-forwarded", .note, "the token goes on to the service") { rule in
            guard rule.forwardsOriginalToken else { return nil }
            return (
                rule.location,
                "`forwardOriginalToken` gives the service the token, with which it can act as the caller elsewhere",
                "forward single claims with `outputClaimToHeaders`"
            )
        },
        issuer("LW0065", "claim-in-reserved-header", .warning, "a claim is written into a header that others trust") {
            rule in
            let names = rule.outputClaims.map(\.header) + (rule.outputPayloadToHeader.map { [$0] } ?? [])
            guard let name = names.first(where: { HeaderKind.reserved.contains($0.text.lowercased()) }) else {
                return nil
            }
            return (
                name.location,
                "`\(name.text)` has a meaning of its own to proxies and services, and a claim can hold anything",
                "use a header of your own, such as `x-claim-sub`"
            )
        },
        LintRule(
            "LW0066",
            "issuer-twice",
            .warning,
            "one issuer is declared with different keys for the same workloads"
        ) { input, found in
            var seen: [(resource: RequestAuthentication, rule: RequestAuthentication.JWTRule)] = []
            for resource in input.requestAuthentications {
                for rule in resource.rules {
                    defer { seen.append((resource, rule)) }
                    guard let issuer = rule.issuer else { continue }
                    let other = seen.first {
                        $0.rule.issuer?.text == issuer.text && !$0.rule.keys.isSame(as: rule.keys)
                            && input.mayMeet($0.resource.reach, resource.reach)
                    }
                    guard let other else { continue }
                    found.add(
                        issuer.location,
                        in: resource.location,
                        "`\(issuer.text)` is declared with other keys at \(other.rule.location): a token that either "
                            + "verifies is accepted",
                        fix: "declare an issuer once"
                    )
                }
            }
        },
        issuer("LW0067", "no-keys", .warning, "a key set is empty, so that every token is refused") { rule in
            guard case .inline(let keys) = rule.keys, KeySetCheck.count(in: keys.text) == 0 else { return nil }
            return (
                keys.location, "the key set is empty: no token of this issuer verifies", "write the issuer's keys"
            )
        },
    ]

    /// A rule about single JWT rules.
    private static func issuer(
        _ id: String,
        _ name: String,
        _ severity: LintSeverity,
        _ summary: String,
        _ judge:
            @escaping @Sendable (_ rule: RequestAuthentication.JWTRule)
            -> (location: SourceLocation, message: String, fix: String)?
    ) -> LintRule {
        LintRule(id, name, severity, summary) { input, found in
            for resource in input.requestAuthentications {
                for rule in resource.rules {
                    guard let (location, message, fix) = judge(rule) else { continue }
                    found.add(location, in: resource.location, message, fix: fix)
                }
            }
        }
    }
}

extension AuthorizationPolicy.Subject {
    /// Whether the attribute comes from a verified token.
    var isOfToken: Bool {
        switch self {
        case .requestPrincipal, .requestAudience, .requestPresenter, .requestClaim: true
        default: false
        }
    }
}

extension RequestAuthentication.KeySource {
    /// Whether both name the same keys, wherever they stand.
    fileprivate func isSame(as other: Self) -> Bool {
        switch (self, other) {
        case (.inline(let left), .inline(let right)), (.url(let left), .url(let right)): left.text == right.text
        case (.discovery, .discovery): true
        case (.trustDomain(let left), .trustDomain(let right)): left == right
        default: false
        }
    }
}
