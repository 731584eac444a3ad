/// One field of a rule, in Envoy's terms: a condition on the request's target (a permission) or on its caller (a principal).
struct EnvoyCondition {
    /// What a condition speaks of.
    enum Side { case permission, principal }

    let side: Side
    /// The conditions on the values, all of which must hold; empty for a field that says nothing.
    let values: [ExportValue]

    /// Translates a field and, where there is one, its opposite.
    ///
    /// - Parameters:
    ///   - field: the field.
    ///   - key: the condition's key, for a field of a `when`.
    ///   - policy: the policy that it stands in.
    ///   - trustDomains: the mesh's trust domain, then its aliases.
    init(
        _ field: AuthorizationPolicy.Field,
        key: String?,
        of policy: AuthorizationPolicy,
        trustDomains: [String]
    ) {
        let side: Side =
            switch field.subject {
            case .host, .method, .path, .destinationPort, .destinationIP, .serverName, .filterMetadata: .permission
            default: .principal
            }
        self.side = side
        let texts = field.values.map(\.text)
        var positive = Self.whole(field.subject, texts, side)
        if positive == nil {
            let alternatives = texts.flatMap {
                Self.alternatives($0, field, key: key, policy: policy, trustDomains: trustDomains)
            }
            positive = alternatives.isEmpty ? nil : side.any(alternatives)
        }
        guard let positive else {
            self.values = []
            return
        }
        self.values = [field.isNegated ? side.not(positive) : positive]
    }

    /// What is matched as a whole instead of value by value.
    private static func whole(
        _ subject: AuthorizationPolicy.Subject,
        _ texts: [String],
        _ side: Side
    ) -> ExportValue? {
        switch subject {
        case .requestPrincipal:
            let alternatives = texts.map(requestPrincipal)
            return alternatives.count == 1 ? alternatives.first : side.any(alternatives)
        case .requestAudience: return claim(["aud"], texts)
        case .requestPresenter: return claim(["azp"], texts)
        case .requestClaim(let path): return claim(path, texts)
        case .filterMetadata(let filter, let path):
            let matchers = texts.map { text -> ExportValue in
                guard text.hasPrefix("["), text.hasSuffix("]") else {
                    return .object(["stringMatch": EnvoyMatcher.string(text)])
                }
                let inner = text.split(separator: "[").joined().split(separator: "]").joined()
                return .object([
                    "listMatch": .object([
                        "oneOf": .object(["stringMatch": EnvoyMatcher.string(inner)])
                    ])
                ])
            }
            return .object([
                "metadata": EnvoyMatcher.metadata(filter: filter, path: path, value: EnvoyMatcher.any(matchers))
            ])
        default: return nil
        }
    }

    /// The conditions that one value stands for.
    private static func alternatives(
        _ text: String,
        _ field: AuthorizationPolicy.Field,
        key: String?,
        policy: AuthorizationPolicy,
        trustDomains: [String]
    ) -> [ExportValue] {
        func name(_ matcher: ExportValue) -> ExportValue {
            .object(["authenticated": .object(["principalName": matcher])])
        }
        func addresses(_ kind: String) -> [ExportValue] {
            EnvoyMatcher.addresses(text).map { [.mapping([.init(key: kind, value: $0)])] } ?? []
        }
        switch field.subject {
        case .principal:
            return TrustDomainAliases.expand(text, trustDomains: trustDomains).map { name(EnvoyMatcher.principal($0)) }
        case .namespace: return [name(EnvoyMatcher.namespace(text))]
        case .serviceAccount: return [name(EnvoyMatcher.serviceAccount(text, in: policy.namespace))]
        case .trustDomain: return [name(EnvoyMatcher.trustDomain(text))]
        case .sourceIP: return addresses("directRemoteIp")
        case .remoteIP: return addresses("remoteIp")
        case .destinationIP: return addresses("destinationIp")
        case .destinationPort: return UInt16(text).map { [.object(["destinationPort": .number(Int($0))])] } ?? []
        case .serverName: return [.object(["requestedServerName": EnvoyMatcher.string(text)])]
        case .host: return [.object(["header": EnvoyMatcher.header(":authority", text, ignoringCase: true)])]
        case .method: return [.object(["header": EnvoyMatcher.header(":method", text)])]
        case .header(let name): return [.object(["header": EnvoyMatcher.header(headerName(key) ?? name, text)])]
        case .path:
            guard PathTemplate.isTemplate(text) else {
                return [.object(["urlPath": .object(["path": EnvoyMatcher.string(text)])])]
            }
            let template = text.replacing("{**}", with: "**").replacing("{*}", with: "*")
            return [
                .object([
                    "uriTemplate": .object([
                        "name": .string("uri-template"),
                        "typedConfig": .object([
                            "@type": .string(
                                "type.googleapis.com/envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"
                            ),
                            "pathTemplate": .string(template),
                        ]),
                    ])
                ])
            ]
        // Envoy does not read the extension; the rule or the field is left out before, and said to be.
        case .modelDigest, .modelSigner, .requestPrincipal, .requestAudience, .requestPresenter, .requestClaim,
            .filterMetadata:
            return []
        }
    }

    /// The header's name as the policy writes it.
    private static func headerName(_ key: String?) -> String? {
        key.map { String($0.drop { $0 != "[" }.dropFirst().dropLast()) }
    }

    // MARK: - Tokens

    private static let tokenFilter = "envoy.filters.http.jwt_authn"

    private static func claim(_ path: [String], _ texts: [String]) -> ExportValue {
        let value = EnvoyMatcher.any(texts.map { .object(["stringMatch": EnvoyMatcher.string($0)]) })
        return .object([
            "metadata": EnvoyMatcher.metadata(
                filter: tokenFilter,
                path: ["payload"] + path,
                value: EnvoyMatcher.any([.object(["listMatch": .object(["oneOf": value])]), value])
            )
        ])
    }

    /// `ISSUER/SUBJECT`, parted at the last slash, since an issuer may be a URL.
    private static func requestPrincipal(_ text: String) -> ExportValue {
        let slash = text.lastIndex(of: "/")
        let issuer = slash.map { String(text[..<$0]) } ?? text
        let subject = slash.map { String(text[text.index(after: $0)...]) } ?? ""
        let any = EnvoyMatcher.regex(".+")
        let issuerMatch: ExportValue
        let subjectMatch: ExportValue
        if text == "*" {
            (issuerMatch, subjectMatch) = (any, any)
        } else if text.hasPrefix("*") {
            if slash == nil {
                (issuerMatch, subjectMatch) = (any, EnvoyMatcher.suffix(String(text.dropFirst())))
            } else {
                issuerMatch = issuer == "*" ? any : EnvoyMatcher.suffix(String(issuer.dropFirst()))
                subjectMatch = EnvoyMatcher.exact(subject)
            }
        } else if text.hasSuffix("*") {
            if slash == nil {
                (issuerMatch, subjectMatch) = (EnvoyMatcher.prefix(String(text.dropLast())), any)
            } else {
                issuerMatch = EnvoyMatcher.exact(issuer)
                subjectMatch = subject == "*" ? any : EnvoyMatcher.prefix(String(subject.dropLast()))
            }
        } else {
            (issuerMatch, subjectMatch) = (EnvoyMatcher.exact(issuer), EnvoyMatcher.exact(subject))
        }
        func claim(_ name: String, _ matcher: ExportValue) -> ExportValue {
            .object([
                "metadata": EnvoyMatcher.metadata(
                    filter: tokenFilter,
                    path: ["payload", name],
                    value: .object(["stringMatch": matcher])
                )
            ])
        }
        return Side.principal.all([claim("iss", issuerMatch), claim("sub", subjectMatch)])
    }
}

extension EnvoyCondition.Side {
    private var list: String { self == .permission ? "rules" : "ids" }

    private func object(_ key: String, _ value: ExportValue) -> ExportValue {
        .mapping([ExportValue.Entry(key: key, value: value)])
    }

    /// All of some conditions.
    func all(_ conditions: [ExportValue]) -> ExportValue {
        object(self == .permission ? "andRules" : "andIds", object(list, .list(conditions)))
    }

    /// Any of some conditions.
    func any(_ conditions: [ExportValue]) -> ExportValue {
        object(self == .permission ? "orRules" : "orIds", object(list, .list(conditions)))
    }

    /// Not a condition.
    func not(_ condition: ExportValue) -> ExportValue {
        object(self == .permission ? "notRule" : "notId", condition)
    }
}
