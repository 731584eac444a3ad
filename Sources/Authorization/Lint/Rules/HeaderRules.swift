import Resources

extension LintRule {
    /// Conditions on headers, and on what is derived from them.
    static let headers: [LintRule] = [
        header(
            "LW0021",
            "authority-as-header",
            "the host is compared as a header, where letter case counts",
            isClosedInStrictMode: true
        ) { name, field, policy in
            guard name == ":authority" || name == "host" else { return nil }
            let effect = policy.opensWhenMissed(field) ? "the rule is passed by" : "the rule does not match"
            return (
                "`\(name)` is compared with regard to case, and with its port: \(effect) other letter case",
                "use `hosts`, which are compared without regard to case"
            )
        },
        header(
            "LW0049",
            "header-of-the-caller",
            "a decision rests on a header that says who or where the caller is, and that any caller may send"
        ) { name, _, policy in
            guard HeaderKind.claims.contains(name), policy.action != .audit else { return nil }
            return (
                "any caller may send `\(name)`: it proves nothing",
                "use the caller's certificate (`principals`) or a token (`requestPrincipals`)"
            )
        },
        header(
            "LW0050",
            "hop-by-hop-header",
            "a decision rests on a header that belongs to one connection and is not forwarded"
        ) { name, _, _ in
            guard HeaderKind.hopByHop.contains(name) else { return nil }
            return (
                "`\(name)` belongs to a single connection: each proxy takes it away or sets its own",
                "leave the condition out"
            )
        },
        header("LW0051", "secret-in-policy", "a policy holds the secret that it compares a header with") {
            name,
            field,
            _ in
            guard HeaderKind.secrets.contains(name),
                field.values.contains(where: { !$0.text.contains("*") && $0.text.utf8.count >= 8 })
            else { return nil }
            return (
                "the value of `\(name)` stands in the policy, where whoever reads the configuration reads it",
                "use a token that is verified (`RequestAuthentication`) or the caller's certificate"
            )
        },
        header(
            "LW0052",
            "missing-header-allowed",
            "an ALLOW rule excludes values of a header, and allows requests without the header"
        ) { name, field, policy in
            guard policy.action == .allow, field.isNegated, !name.hasPrefix(":"), name != "host" else { return nil }
            return (
                "a request without `\(name)` has none of these values, and is allowed",
                "name the values that are allowed in `values`"
            )
        },
        LintRule(
            "LW0053",
            "forwarded-address",
            .warning,
            "a decision rests on `x-forwarded-for`, and no proxy in front is trusted to write it"
        ) { input, found in
            guard input.options.trustedHops == 0 else { return }
            input.forEachField(of: [.allow, .deny, .custom]) { policy, field in
                guard field.subject == .remoteIP else { return }
                found.add(
                    field.location,
                    in: policy.location,
                    "`\(field.name)` is taken from `x-forwarded-for`, which any caller may send",
                    fix: "use `ipBlocks`, or say with `--trusted-hops` how many proxies in front write the header"
                )
            }
        },
    ]

    /// A rule about conditions on headers.
    private static func header(
        _ id: String,
        _ name: String,
        _ summary: String,
        isClosedInStrictMode: Bool = false,
        _ judge:
            @escaping @Sendable (
                _ name: String, _ field: AuthorizationPolicy.Field, _ policy: AuthorizationPolicy
            ) -> (message: String, fix: String)?
    ) -> LintRule {
        LintRule(id, name, .warning, summary) { input, found in
            for policy in input.policies where !policy.isDryRun {
                policy.forEachField { field, condition in
                    guard case .header(let name) = field.subject, let (message, fix) = judge(name, field, policy) else {
                        return
                    }
                    found.add(
                        condition?.location ?? field.location,
                        in: policy.location,
                        message,
                        fix: fix,
                        closedInStrictModeFor: isClosedInStrictMode ? policy : nil
                    )
                }
            }
        }
    }
}

/// Headers by what they are for.
enum HeaderKind {
    /// Headers with which proxies tell what they know of the caller or the request; without a trusted proxy that
    /// overwrites them, the caller writes them.
    static let claims: Set<String> = [
        "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port",
        "x-forwarded-prefix", "x-forwarded-user", "x-forwarded-email", "x-forwarded-groups",
        "x-forwarded-preferred-username", "x-forwarded-client-cert", "x-real-ip", "x-client-ip", "x-cluster-client-ip",
        "true-client-ip", "cf-connecting-ip", "fastly-client-ip", "x-envoy-external-address", "x-envoy-internal",
        "x-envoy-original-path", "x-original-url", "x-rewrite-url", "x-http-method-override", "x-http-method",
        "x-method-override", "x-remote-user", "remote-user", "x-user", "x-user-id", "x-authenticated-user",
        "x-auth-request-user", "x-auth-request-email", "x-auth-request-groups", "x-goog-authenticated-user-email",
        "x-ssl-client-cert", "x-ssl-client-s-dn", "x-ssl-client-verify", "ssl-client-cert", "x-client-cert",
        "x-client-dn", "client-cert", "x-spiffe-id", "x-amzn-oidc-identity", "x-amzn-oidc-data",
    ]
    /// Headers of a single connection (RFC 9110 §7.6.1, RFC 9112).
    static let hopByHop: Set<String> = [
        "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade",
    ]
    /// Headers whose value is a secret.
    static let secrets: Set<String> = [
        "authorization", "cookie", "x-api-key", "api-key", "apikey", "x-auth-token", "x-access-token", "x-csrf-token",
    ]
    /// Headers that no claim of a token may be written into.
    static let reserved: Set<String> = claims.union(hopByHop).union(secrets).union([
        "host", "content-length", "content-type", "x-request-id", "traceparent", "tracestate",
    ])
}
