import Resources

extension LintRule {
    /// Rules that let in, or fail to keep out, more callers than they seem to.
    static let openings: [LintRule] = [
        LintRule("LW0034", "allow-everything", .warning, "an ALLOW rule without any field allows every request") {
            input,
            found in
            for policy in input.policies where policy.action == .allow && !policy.isDryRun {
                for rule in policy.rules where rule.from.isEmpty && rule.to.isEmpty && rule.when.isEmpty {
                    found.add(
                        rule.location,
                        in: policy.location,
                        "this rule allows every request of every caller",
                        fix: "say in `from` who may call, and in `to` what"
                    )
                }
            }
        },
        LintRule(
            "LW0035",
            "anonymous-allowed",
            .warning,
            "an ALLOW rule asks for no identity where plaintext is let in"
        ) { input, found in
            for policy in input.policies where policy.action == .allow && !policy.isDryRun {
                guard input.admitsPlaintext(to: policy) else { continue }
                for rule in policy.rules where !rule.asksForIdentity && !rule.isEverything && !rule.onlyExcludesCallers
                {
                    found.add(
                        rule.location,
                        in: policy.location,
                        "this rule asks for no identity, and the workload lets plaintext in: anyone may call",
                        fix: "ask for `principals` or `namespaces`, or set a PeerAuthentication to STRICT"
                    )
                }
            }
        },
        LintRule(
            "LW0036",
            "only-excluded-callers",
            .warning,
            "an ALLOW rule says only who may not call, and allows everyone else"
        ) { input, found in
            for policy in input.policies where policy.action == .allow && !policy.isDryRun {
                let others = input.compatibility(of: policy) == .istio ? ", a caller without an identity too" : ""
                for rule in policy.rules where rule.onlyExcludesCallers {
                    found.add(
                        rule.from.first?.location ?? rule.location,
                        in: policy.location,
                        "this source only excludes callers: whoever is not named is allowed\(others)",
                        fix: "name those that may call, or add `principals: [\"*\"]` beside the exclusion"
                    )
                }
            }
        },
        LintRule(
            "LW0087",
            "rule-in-two",
            .warning,
            "an ALLOW policy names callers in one rule and operations in the next"
        ) { input, found in
            for policy in input.policies where policy.action == .allow && !policy.isDryRun {
                for (first, second) in zip(policy.rules, policy.rules.dropFirst())
                where first.namesOnly(callers: true) && second.namesOnly(callers: false)
                    || first.namesOnly(callers: false) && second.namesOnly(callers: true)
                {
                    found.add(
                        second.location,
                        in: policy.location,
                        "this rule and the one before it are alternatives: the callers of one may do anything, and what "
                            + "the other names anybody may do",
                        fix:
                            "if one rule was meant, take away the dash before the second key; if both were, write them "
                            + "as two policies"
                    )
                }
            }
        },
        LintRule("LW0037", "any-principal", .warning, "an ALLOW rule takes any certificate for an identity") {
            input,
            found in
            input.forEachField(of: [.allow]) { policy, field in
                guard field.subject == .principal, !field.isNegated,
                    let star = field.values.first(where: { $0.text == "*" })
                else { return }
                found.add(
                    star.location,
                    in: policy.location,
                    "`*` allows whoever has a certificate that verifies, of any namespace",
                    fix: "name the callers, or their `namespaces`"
                )
            }
        },
        LintRule("LW0038", "any-trust-domain", .warning, "an ALLOW rule takes callers of any trust domain") {
            input,
            found in
            input.forEachField(of: [.allow]) { policy, field in
                guard !field.isNegated else { return }
                for value in field.values {
                    let isAny = field.subject == .trustDomain && value.text == "*"
                    let isSuffix =
                        field.subject == .principal && value.text.hasPrefix("*") && value.text.count > 1
                    guard isAny || isSuffix else { continue }
                    found.add(
                        value.location,
                        in: policy.location,
                        "`\(value.text)` takes callers of any trust domain that is federated, whoever runs it",
                        fix: "write the trust domain out"
                    )
                }
            }
        },
        LintRule(
            "LW0039",
            "account-of-root-namespace",
            .warning,
            "a service account without a namespace stands in a policy for all namespaces"
        ) { input, found in
            for policy in input.policies where policy.namespace == input.options.rootNamespace {
                policy.forEachField { field, _ in
                    guard field.subject == .serviceAccount else { return }
                    for value in field.values where !value.text.contains("/") {
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(value.text)` is read as `\(policy.namespace)/\(value.text)`, the policy's own namespace",
                            fix: "write `NAMESPACE/\(value.text)`"
                        )
                    }
                }
            }
        },
        LintRule(
            "LW0040",
            "deny-without-ports",
            .warning,
            "a DENY rule with fields of HTTP alone denies all of a port that carries no HTTP"
        ) { input, found in
            for policy in input.policies where policy.action == .deny && !policy.isDryRun {
                for rule in policy.rules where rule.deniesOpaquePorts {
                    found.add(
                        rule.location,
                        in: policy.location,
                        "without `ports`, this rule denies all traffic to ports that carry no HTTP",
                        fix: "add `ports` with the ports that carry HTTP"
                    )
                }
            }
        },
        LintRule(
            "LW0041",
            "identity-left-off",
            .warning,
            "a DENY rule names callers where a caller can come without an identity"
        ) { input, found in
            input.forEachField(of: [.deny, .custom]) { policy, field in
                let names: Set<AuthorizationPolicy.Subject> = [.principal, .namespace, .serviceAccount, .trustDomain]
                guard names.contains(field.subject), !field.isNegated, input.admitsPlaintext(to: policy) else { return }
                found.add(
                    field.location,
                    in: policy.location,
                    "a caller that is named in `\(field.name)` passes by calling in plaintext, which the workload lets in",
                    fix: "set a PeerAuthentication to STRICT, or allow by name instead"
                )
            }
        },
        LintRule(
            "LW0048",
            "head-not-denied",
            .warning,
            "a list denies GET and not HEAD, which most services answer alike",
            isFixable: true
        ) { input, found in
            for policy in input.policies where !policy.isDryRun {
                policy.forEachField { field, _ in
                    guard field.subject == .method, policy.opensWhenMissed(field),
                        let get = field.values.first(where: { $0.text == "GET" }),
                        !field.values.contains(where: { ValuePattern($0.text, .method).matches("HEAD") })
                    else { return }
                    found.add(
                        get.location,
                        in: policy.location,
                        "HEAD is not named: most services answer it as they do GET, with the same effects",
                        fix: "add `HEAD`",
                        edits: [LintEdit(.insertAfter("HEAD"), of: get)]
                    )
                }
            }
        },
    ]
}

extension AuthorizationPolicy.Rule {
    /// Whether the rule has no field at all.
    var isEverything: Bool { from.isEmpty && to.isEmpty && when.isEmpty }

    /// Whether each way to match the rule asks for a name that the caller proved.
    var asksForIdentity: Bool {
        let isNamed = { (field: AuthorizationPolicy.Field) in field.subject.isIdentity && !field.isNegated }
        if when.contains(where: { $0.fields.contains(where: isNamed) }) { return true }
        return !from.isEmpty && from.allSatisfy { $0.fields.contains(where: isNamed) }
    }

    /// Whether a way to match the rule only says who may not call.
    var onlyExcludesCallers: Bool {
        guard !when.contains(where: { $0.fields.contains { $0.subject.isIdentity && !$0.isNegated } }) else {
            return false
        }
        return from.contains { group in
            let identities = group.fields.filter { $0.subject.isIdentity }
            return !identities.isEmpty && identities.allSatisfy(\.isNegated)
        }
    }

    /// Whether it says who calls and nothing of what, or what is called and nothing of by whom.
    func namesOnly(callers: Bool) -> Bool {
        when.isEmpty && (callers ? !from.isEmpty && to.isEmpty : from.isEmpty && !to.isEmpty)
    }

    /// Whether, as a rule of a DENY policy, it denies whole ports that carry no HTTP.
    var deniesOpaquePorts: Bool {
        guard to.isEmpty else {
            return !to.contains { $0.fields.contains { $0.subject == .destinationPort } }
        }
        return !from.isEmpty && from.allSatisfy { $0.fields.allSatisfy(\.subject.isHTTPOnly) }
    }
}

extension LintInput {
    /// Calls with every field of the policies of some actions that are not on trial.
    func forEachField(
        of actions: Set<AuthorizationPolicy.Action>,
        _ body: (_ policy: AuthorizationPolicy, _ field: AuthorizationPolicy.Field) -> Void
    ) {
        for policy in policies where actions.contains(policy.action) && !policy.isDryRun {
            policy.forEachField { field, _ in body(policy, field) }
        }
    }
}
