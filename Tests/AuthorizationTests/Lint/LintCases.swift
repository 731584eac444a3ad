import Authorization

/// A finding and its near miss for every rule.
extension LintCase {
    typealias Y = LintYAML

    static let all: [LintCase] =
        [
            values, loading, combinations, openings, paths, headers, tokens, scopes, cluster,
        ].flatMap { $0 }

    private static let caller = "from: [{source: {principals: [cluster.local/ns/a/sa/b]}}]"

    private static let values: [LintCase] = [
        LintCase(
            "LW0001",
            bad: Y.source("principals: ['spiffe://cluster.local/ns/a/sa/b']"),
            good: Y.source("principals: [cluster.local/ns/a/sa/b]")
        ),
        LintCase("LW0002", bad: Y.operation("methods: [get]"), good: Y.operation("methods: [GET]")),
        LintCase("LW0003", bad: Y.operation("paths: [v1/predict]"), good: Y.operation("paths: [/v1/predict]")),
        LintCase(
            "LW0004",
            bad: Y.operation("paths: ['/v1/*/predict']"),
            good: Y.operation("paths: ['/v1/{*}/predict']")
        ),
        LintCase("LW0005", bad: Y.operation("paths: ['/v1/predict?a=1']"), good: Y.operation("paths: [/v1/predict]")),
        LintCase(
            "LW0014",
            bad: Y.source("principals: [ns/a/sa/b]"),
            good: Y.source("principals: [cluster.local/ns/a/sa/b]")
        ),
        LintCase(
            "LW0015",
            bad: Y.source("principals: ['cluster.local/ns/*/sa/b']"),
            good: Y.source("principals: ['cluster.local/ns/a/*']")
        ),
        LintCase("LW0016", bad: Y.source("namespaces: [a/b]"), good: Y.source("namespaces: [a-b]")),
        LintCase("LW0017", bad: Y.source("namespaces: [ML]"), good: Y.source("namespaces: [ml]")),
        LintCase(
            "LW0018",
            bad: Y.operation("hosts: ['https://model.example/']"),
            good: Y.operation("hosts: [model.example]")
        ),
        LintCase("LW0019", bad: Y.operation("hosts: [Model.example]"), good: Y.operation("hosts: [model.example]")),
        LintCase(
            "LW0022",
            bad: Y.condition("connection.sni", "values: [Model.example]"),
            good: Y.condition("connection.sni", "values: [model.example]")
        ),
        LintCase("LW0023", bad: Y.operation("methods: [PSOT]"), good: Y.operation("methods: [POST]")),
        LintCase(
            "LW0025",
            bad: Y.source("ipBlocks: [10.1.2.3/8]"),
            good: Y.source("ipBlocks: [10.0.0.0/8, 10.1.2.3/32]")
        ),
        LintCase("LW0026", bad: Y.source("ipBlocks: [0.0.0.0/0]"), good: Y.source("ipBlocks: [0.0.0.0/1]")),
        LintCase("LW0027", bad: Y.source("ipBlocks: ['::ffff:10.0.0.1']"), good: Y.source("ipBlocks: ['2001:db8::1']")),
        LintCase("LW0028", bad: Y.operation("methods: [GET, PUT, GET]"), good: Y.operation("methods: [GET, PUT]")),
        LintCase(
            "LW0086",
            bad: Y.condition("source.model.digest", "values: ['*']"),
            good: Y.condition("source.principal", "values: [cluster.local/ns/a/sa/b]")
        ),
        LintCase("LW0029", bad: Y.operation("paths: ['/v1/*', /v1/a]"), good: Y.operation("paths: ['/v1/*', /v2/a]")),
    ]

    private static let loading: [LintCase] = [
        LintCase("LW0006", bad: Y.authorization("{action: DENY}"), good: Y.authorization("{action: ALLOW}")),
        LintCase("LW0007", bad: Y.operation("method: [GET]"), good: Y.operation("methods: [GET]")),
        LintCase("LW0008", bad: Y.authorization("{action: allow}"), good: Y.authorization("{action: ALLOW}")),
        LintCase("LW0009", bad: Y.operation("ports: [8443]"), good: Y.operation("ports: ['8443']")),
        LintCase(
            "LW0010",
            bad: Y.object("security.istio.io/v1beta1", "AuthorizationPolicy", "p", "namespace: a}"),
            good: Y.object("security.istio.io/v1", "AuthorizationPolicy", "p", "namespace: a}")
        ),
        LintCase(
            "LW0011",
            bad: Y.request("issuer: a, jwks_uri: 'https://a.example/keys'"),
            good: Y.request("issuer: a, jwksUri: 'https://a.example/keys'")
        ),
        LintCase(
            "LW0012",
            bad: Y.authorization("{targetRef: {kind: Service, name: a}}"),
            good: Y.authorization("{targetRefs: [{kind: Service, name: a}]}")
        ),
        LintCase("LW0013", bad: Y.authorization("{}", namespace: nil), good: Y.authorization("{}")),
    ]

    private static let combinations: [LintCase] = [
        LintCase(
            "LW0030",
            bad: Y.operation("paths: [/a, /b], notPaths: ['*']"),
            good: Y.operation("paths: ['/a*'], notPaths: [/a/b]")
        ),
        LintCase(
            "LW0030",
            bad: Y.source("principals: [cluster.local/ns/a/sa/b], namespaces: [c]"),
            good: Y.source("principals: [cluster.local/ns/a/sa/b], namespaces: [a]")
        ),
        LintCase(
            "LW0030",
            bad: Y.rule(
                "{\(caller), when: [{key: destination.port, values: ['80']}, {key: destination.port, values: ['81']}]}"
            ),
            good: Y.rule("{\(caller), when: [{key: destination.port, values: ['80', '81']}]}")
        ),
        LintCase(
            "LW0031",
            bad: Y.authorization("{rules: [{\(caller)}, {\(caller)}]}"),
            good: Y.authorization("{rules: [{\(caller)}, {from: [{source: {namespaces: [c]}}]}]}")
        ),
        LintCase(
            "LW0032",
            bad: Y.authorization("{rules: [{\(caller), to: [{operation: {paths: [/a]}}]}, {\(caller)}]}"),
            good: Y.authorization(
                "{rules: [{\(caller), to: [{operation: {paths: [/a]}}]}, {\(caller), to: [{operation: {paths: [/b]}}]}]}"
            )
        ),
        LintCase(
            "LW0033",
            bad: Y.join(
                Y.rule("{\(caller), to: [{operation: {paths: [/a]}}]}", name: "allow"),
                Y.rule("{to: [{operation: {ports: ['1'], paths: ['/a*']}}]}", action: "DENY", name: "narrow"),
                Y.rule("{to: [{operation: {paths: ['/a*']}}]}", action: "DENY", name: "deny")
            ),
            good: Y.join(
                Y.rule("{\(caller), to: [{operation: {paths: [/a]}}]}", name: "allow"),
                Y.rule("{to: [{operation: {ports: ['1'], paths: ['/a*']}}]}", action: "DENY", name: "narrow")
            )
        ),
    ]

    private static let openings: [LintCase] = [
        LintCase("LW0034", bad: Y.rule("{}"), good: Y.rule("{}", action: "DENY")),
        LintCase(
            "LW0035",
            bad: Y.join(Y.peer("{mtls: {mode: PERMISSIVE}}"), Y.rule("{to: [{operation: {paths: [/a]}}]}")),
            good: Y.join(Y.peer("{mtls: {mode: STRICT}}"), Y.rule("{to: [{operation: {paths: [/a]}}]}"))
        ),
        LintCase(
            "LW0036",
            bad: Y.source("notNamespaces: [a]"),
            good: Y.source("namespaces: ['*'], notNamespaces: [a]")
        ),
        LintCase(
            "LW0087",
            bad: Y.rule("{from: [{source: {namespaces: [a]}}]}, {to: [{operation: {methods: [GET]}}]}"),
            good: Y.rule(
                "{from: [{source: {namespaces: [a]}}], to: [{operation: {methods: [GET]}}]}, "
                    + "{to: [{operation: {paths: [/health]}}]}"
            )
        ),
        LintCase("LW0037", bad: Y.source("principals: ['*']"), good: Y.source("principals: ['cluster.local/*']")),
        LintCase("LW0038", bad: Y.source("trustDomains: ['*']"), good: Y.source("trustDomains: [cluster.local]")),
        LintCase(
            "LW0039",
            bad: Y.rule("{from: [{source: {serviceAccounts: [b]}}]}", namespace: "istio-system"),
            good: Y.rule("{from: [{source: {serviceAccounts: [a/b]}}]}", namespace: "istio-system")
        ),
        LintCase(
            "LW0040",
            bad: Y.operation("methods: [PUT]", action: "DENY"),
            good: Y.operation("methods: [PUT], ports: ['80']", action: "DENY")
        ),
        LintCase(
            "LW0041",
            bad: Y.join(Y.peer("{mtls: {mode: PERMISSIVE}}"), Y.source("namespaces: [a]", action: "DENY")),
            good: Y.source("namespaces: [a]", action: "DENY")
        ),
        LintCase(
            "LW0048",
            bad: Y.operation("methods: [GET], ports: ['80']", action: "DENY"),
            good: Y.operation("methods: [GET]")
        ),
    ]

    private static let paths: [LintCase] = [
        LintCase(
            "LW0020",
            bad: Y.operation("hosts: [admin.example], ports: ['80']", action: "DENY"),
            good: Y.operation("hosts: [admin.example, 'admin.example:*'], ports: ['80']", action: "DENY")
        ),
        LintCase("LW0024", bad: Y.operation("paths: [/v1/./predict]"), good: Y.operation("paths: [/v1/.predict]")),
        spelling("LW0042", bad: .unknown, good: .express),
        LintCase(
            "LW0042",
            bad: Y.operation("paths: [/admin/x], ports: ['80']", action: "DENY"),
            good: Y.join(
                Y.operation("paths: [/admin/x], ports: ['80']", action: "DENY"),
                Y.object(
                    "lapwing.dev/v1alpha1",
                    "Gateway",
                    "g",
                    "namespace: ml-inference}\nspec: {pathNormalization: MERGE_SLASHES}"
                )
            )
        ),
        spelling("LW0043", bad: .nginx, good: .tomcat),
        spelling("LW0044", bad: .express, good: .starlette),
        spelling("LW0045", bad: .tomcat, good: .nginx),
        spelling("LW0046", bad: .starlette, good: .exact),
        LintCase(
            "LW0046",
            bad: Y.operation("paths: ['/admin/*'], ports: ['80']", action: "DENY"),
            good: Y.operation("paths: ['/admin/*', '/admin'], ports: ['80']", action: "DENY")
        ),
        LintCase(
            "LW0047",
            bad: Y.operation("paths: ['/v1/*'], notPaths: ['/v1/{*}/delete']"),
            good: Y.operation("paths: ['/v1/{*}/read']")
        ),
    ]

    private static func spelling(_ rule: String, bad: BackendProfile, good: BackendProfile) -> LintCase {
        let yaml = Y.operation("paths: [/admin/x], ports: ['80']", action: "DENY")
        var text = LintCase(rule, bad: yaml, good: yaml, LintOptions(backend: bad))
        text.goodBackend = good
        return text
    }

    private static let headers: [LintCase] = [
        LintCase(
            "LW0021",
            bad: Y.condition("request.headers[:authority]", "values: [a.example]"),
            good: Y.condition("request.headers[:path]", "values: [/a]")
        ),
        LintCase(
            "LW0049",
            bad: Y.condition("request.headers[X-Real-IP]", "values: [10.0.0.1]"),
            good: Y.condition("request.headers[x-team]", "values: [blue]")
        ),
        LintCase(
            "LW0050",
            bad: Y.condition("request.headers[connection]", "values: [close]"),
            good: Y.condition("request.headers[accept]", "values: [text/plain]")
        ),
        LintCase(
            "LW0051",
            bad: Y.condition("request.headers[authorization]", "values: ['Bearer 0123456789']"),
            good: Y.condition("request.headers[authorization]", "values: ['Bearer *']")
        ),
        LintCase(
            "LW0052",
            bad: Y.condition("request.headers[x-team]", "notValues: [red]"),
            good: Y.condition("request.headers[x-team]", "notValues: [red]", action: "DENY")
        ),
        LintCase("LW0053", bad: Y.source("remoteIpBlocks: [10.0.0.0/8]"), good: Y.source("ipBlocks: [10.0.0.0/8]")),
    ]

    private static let issuer = "issuer: a, audiences: [m], jwksUri: 'https://a.example/keys'"
    private static let asks = Y.source("requestPrincipals: ['a/*']")
    private static let publicKey = #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
    private static let privateKey =
        #"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AA"}"#

    private static let tokens: [LintCase] = [
        LintCase("LW0054", bad: asks, good: Y.join(Y.request(issuer), asks)),
        LintCase(
            "LW0055",
            bad: Y.source("notRequestPrincipals: ['a/b']"),
            good: Y.source("requestPrincipals: ['a/*'], notRequestPrincipals: ['a/b']")
        ),
        LintCase("LW0056", bad: Y.request(issuer), good: Y.join(Y.request(issuer), asks)),
        LintCase("LW0057", bad: Y.source("requestPrincipals: [issuer]"), good: asks),
        LintCase(
            "LW0058",
            bad: Y.join(
                Y.request(issuer),
                Y.request(issuer.replacing("issuer: a", with: "issuer: b"), name: "second"),
                Y.source("requestPrincipals: ['*']")
            ),
            good: Y.join(Y.request(issuer), Y.source("requestPrincipals: ['*']"))
        ),
        LintCase(
            "LW0059",
            bad: Y.request("issuer: a, jwksUri: 'http://a.example/keys'"),
            good: Y.request("issuer: a, jwksUri: 'https://a.example/keys'")
        ),
        LintCase(
            "LW0060",
            bad: Y.request("issuer: a, jwks: '{\"keys\":[\(privateKey)]}'"),
            good: Y.request("issuer: a, jwks: '{\"keys\":[\(publicKey)]}'")
        ),
        LintCase("LW0061", bad: Y.request("issuer: a"), good: Y.request("issuer: a, audiences: [m]")),
        LintCase(
            "LW0062",
            bad: Y.request("jwksUri: 'https://a.example/keys'"),
            good: Y.request("issuer: a, jwksUri: 'https://a.example/keys'")
        ),
        LintCase(
            "LW0063",
            bad: Y.request("issuer: a, fromParams: [token]"),
            good: Y.request("issuer: a, fromHeaders: [{name: x-token}]")
        ),
        LintCase(
            "LW0064",
            bad: Y.request("issuer: a, forwardOriginalToken: true"),
            good: Y.request("issuer: a, forwardOriginalToken: false")
        ),
        LintCase(
            "LW0065",
            bad: Y.request("issuer: a, outputClaimToHeaders: [{header: X-Forwarded-User, claim: sub}]"),
            good: Y.request("issuer: a, outputClaimToHeaders: [{header: x-claim-sub, claim: sub}]")
        ),
        LintCase(
            "LW0066",
            bad: Y.join(Y.request(issuer), Y.request("issuer: a, audiences: [m]", name: "second")),
            good: Y.join(Y.request(issuer), Y.request(issuer, name: "second"))
        ),
        LintCase(
            "LW0067",
            bad: Y.request(#"issuer: a, jwks: '{"keys":[]}'"#),
            good: Y.request("issuer: a, jwks: '{\"keys\":[\(publicKey)]}'")
        ),
    ]

    private static let pod = Y.pod("web", namespace: "ml-inference", labels: "{app: web}")
    private static func custom(_ provider: String, name: String = "p", selector: String = "{}") -> String {
        Y.authorization(
            "{action: CUSTOM, provider: {name: \(provider)}, selector: \(selector), rules: [{}]}",
            name: name
        )
    }

    private static let scopes: [LintCase] = [
        LintCase(
            "LW0068",
            bad: Y.join(pod, Y.authorization("{selector: {matchLabels: {app: wbe}}}")),
            good: Y.join(pod, Y.authorization("{selector: {matchLabels: {app: web}}}"))
        ),
        LintCase(
            "LW0068",
            bad: Y.join(pod, Y.authorization("{}", namespace: "elsewhere")),
            good: Y.join(pod, Y.authorization("{}", namespace: "istio-system"))
        ),
        LintCase(
            "LW0069",
            bad: Y.join(Y.object("v1", "Namespace", "batch", "labels: {}}"), Y.source("namespaces: [bacth]")),
            good: Y.join(Y.object("v1", "Namespace", "batch", "labels: {}}"), Y.source("namespaces: ['bat*']"))
        ),
        LintCase(
            "LW0070",
            bad: Y.join(
                Y.pod("gw", namespace: "ml-inference", labels: "{gateway.networking.k8s.io/gateway-name: g, app: gw}"),
                Y.authorization("{selector: {matchLabels: {app: gw}}}")
            ),
            good: Y.join(
                Y.pod("gw", namespace: "ml-inference", labels: "{gateway.networking.k8s.io/gateway-name: g, app: gw}"),
                Y.authorization("{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: g}]}")
            )
        ),
        LintCase(
            "LW0071",
            bad: Y.authorization("{selector: {}}"),
            good: Y.authorization("{selector: {matchLabels: {app: web}}}")
        ),
        LintCase(
            "LW0072",
            bad: Y.authorization("{}", metadata: ", annotations: {istio.io/dry-run: 'true'}"),
            good: Y.authorization("{}", metadata: ", annotations: {istio.io/dry-run: 'false'}")
        ),
        LintCase("LW0073", bad: custom("opa"), good: custom("oauth"), LintOptions(providers: ["oauth"])),
        LintCase(
            "LW0074",
            bad: Y.join(custom("opa"), custom("oauth", name: "q")),
            good: Y.join(
                custom("opa", selector: "{matchLabels: {app: a}}"),
                custom("oauth", name: "q", selector: "{matchLabels: {app: b}}")
            )
        ),
        LintCase("LW0075", bad: Y.peer("{mtls: {mode: PERMISSIVE}}"), good: Y.peer("{mtls: {mode: STRICT}}")),
        LintCase("LW0076", bad: Y.peer("{mtls: {mode: DISABLE}}"), good: Y.peer("{mtls: {mode: UNSET}}")),
        LintCase(
            "LW0077",
            bad: Y.peer("{selector: {matchLabels: {app: web}}, portLevelMtls: {'9090': {mode: PERMISSIVE}}}"),
            good: Y.peer("{selector: {matchLabels: {app: web}}, portLevelMtls: {'9090': {mode: STRICT}}}")
        ),
        LintCase(
            "LW0078",
            bad: Y.peer("{selector: {matchLabels: {app: web}}, mtls: {mode: STRICT}}", namespace: "istio-system"),
            good: Y.peer("{mtls: {mode: STRICT}}", namespace: "istio-system")
        ),
        LintCase(
            "LW0079",
            bad: Y.join(Y.peer("{mtls: {mode: STRICT}}"), Y.peer("{mtls: {mode: STRICT}}", name: "second")),
            good: Y.join(
                Y.peer("{mtls: {mode: STRICT}}"),
                Y.peer("{mtls: {mode: STRICT}}", name: "second", namespace: "other")
            )
        ),
    ]

    private static func sidecar(_ name: String, _ spec: String) -> String {
        Y.object("networking.istio.io/v1", "Sidecar", name, "namespace: ml-inference}\nspec: \(spec)")
    }
    private static func gateway(_ name: String, _ selector: String, port: String) -> String {
        Y.object(
            "networking.istio.io/v1",
            "Gateway",
            name,
            "namespace: ml-inference}\n"
                + "spec: {selector: \(selector), servers: [{port: {number: \(port), name: h}, hosts: [a.example]}]}"
        )
    }
    private static let route = Y.object(
        "networking.istio.io/v1",
        "VirtualService",
        "v",
        "namespace: ml-inference}\n"
            + "spec: {gateways: [g], http: [{match: [{headers: {'@request.auth.claims.group': {exact: a}}}]}]}"
    )
    private static let service = Y.object(
        "v1",
        "Service",
        "web",
        "namespace: ml-inference}\nspec: {selector: {app: web}, ports: [{port: 80, targetPort: 8080}]}"
    )

    private static let cluster: [LintCase] = [
        LintCase(
            "LW0080",
            bad: Y.join(route, gateway("g", "{app: web}", port: "80")),
            good: Y.join(route, gateway("g", "{app: web}", port: "80"), Y.request(issuer))
        ),
        LintCase(
            "LW0081",
            bad: Y.join(
                pod,
                sidecar("a", "{workloadSelector: {labels: {app: web}}}"),
                sidecar("b", "{workloadSelector: {labels: {app: web}}}")
            ),
            good: Y.join(
                pod,
                sidecar("a", "{workloadSelector: {labels: {app: web}}}"),
                sidecar("b", "{workloadSelector: {labels: {app: other}}}")
            )
        ),
        LintCase("LW0082", bad: Y.join(sidecar("a", "{}"), sidecar("b", "{}")), good: sidecar("a", "{}")),
        LintCase(
            "LW0083",
            bad: Y.join(
                sidecar("a", "{}"),
                Y.object("v1", "Namespace", "ml-inference", "labels: {istio.io/dataplane-mode: ambient}}")
            ),
            good: Y.join(
                sidecar("a", "{}"),
                Y.object(
                    "v1",
                    "Namespace",
                    "ml-inference",
                    "labels: {istio.io/dataplane-mode: ambient, istio-injection: enabled}}"
                )
            )
        ),
        LintCase(
            "LW0084",
            bad: Y.join(pod, service, gateway("g", "{app: web}", port: "80")),
            good: Y.join(pod, service, gateway("g", "{app: web}", port: "8080"))
        ),
        LintCase(
            "LW0085",
            bad: Y.join(gateway("a", "{app: web}", port: "80"), gateway("b", "{app: web, x: y}", port: "80")),
            good: Y.join(gateway("a", "{app: web}", port: "80"), gateway("b", "{app: web}", port: "81"))
        ),
    ]
}
