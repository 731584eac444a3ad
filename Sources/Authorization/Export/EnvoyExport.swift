import Resources

/// Makes Envoy's filters of policies: the configuration that Istio gives a sidecar for them.
///
/// ```swift
/// let export = EnvoyExport(layer: .http).export(policies, compatibility: .istio)
/// for filter in export.values { print(filter.yaml) }
/// ```
///
/// CUSTOM policies come first, then AUDIT, DENY and ALLOW. Under `strict`, where no ALLOW policy is in force, a filter
/// follows that lets nothing through, as Lapwing does.
public struct EnvoyExport: Sendable {
    /// Where the filters stand.
    public enum Layer: String, Sendable, CaseIterable {
        /// Among the filters of an HTTP connection manager.
        case http
        /// Among the filters of a listener, where there is no HTTP.
        case tcp
    }

    /// Where the filters stand.
    public var layer: Layer
    /// The mesh's trust domain, then its aliases; empty leaves every principal as written.
    public var trustDomains: [String]
    /// Whom CUSTOM policies can ask.
    public var providers: [EnvoyAuthorizationProvider]

    /// An exporter.
    public init(layer: Layer = .http, trustDomains: [String] = [], providers: [EnvoyAuthorizationProvider] = []) {
        self.layer = layer
        self.trustDomains = trustDomains
        self.providers = providers
    }

    /// The filters for policies that apply to one workload.
    public func export(_ policies: [AuthorizationPolicy], compatibility: Compatibility) -> PolicyExport {
        var export = customFilters(policies)
        for action in [AuthorizationPolicy.Action.audit, .deny, .allow] {
            let chosen = policies.filter { $0.action == action }
            guard !chosen.isEmpty else { continue }
            export.values.append(filter(enforced(chosen, &export.losses)))
        }
        if compatibility == .strict, !policies.contains(where: { $0.action == .allow && !$0.isDryRun }) {
            export.values.append(filter(EnvoyRules(defaultDeny: ())))
        }
        return export
    }

    /// The filters that ask external providers, for the CUSTOM policies among some.
    func customFilters(_ policies: [AuthorizationPolicy]) -> PolicyExport {
        var export = PolicyExport(values: [], losses: [])
        let custom = policies.filter { $0.action == .custom }
        let names = Set(custom.map { $0.provider ?? "" }).sorted()
        for name in names {
            let chosen = custom.filter { ($0.provider ?? "") == name }
            var rules = EnvoyRules(action: .deny)
            for policy in chosen { add(policy, to: &rules, &export.losses) }
            switch provider(name, among: names) {
            case .failure(let problem):
                for policy in chosen {
                    let message = "\(problem.message); what the policy `\(policy.name)` matches is denied"
                    export.losses.append(PolicyExport.Loss(policy.location, message, .stricter))
                }
                let denying = rules.renamed { $0 + "-deny-due-to-bad-CUSTOM-action" }
                export.values.append(rbac(rules: denying, shadowRules: nil, prefix: nil))
            case .success(let provider):
                guard let filter = provider.filter(layer) else {
                    for policy in chosen {
                        let message = "the provider `\(name)` speaks HTTP and is not asked about connections without it"
                        export.losses.append(PolicyExport.Loss(policy.location, message, .weaker))
                    }
                    continue
                }
                export.values.append(rbac(rules: nil, shadowRules: rules, prefix: "istio_ext_authz_"))
                export.values.append(filter)
            }
        }
        return export
    }

    private func provider(
        _ name: String,
        among names: [String]
    ) -> Result<EnvoyAuthorizationProvider, EnvoyAuthorizationProvider.Problem> {
        guard names.count == 1 else {
            let list = names.map { "`\($0)`" }.joined(separator: ", ")
            return .failure(.init(message: "a workload can ask one provider, and these policies name \(list)"))
        }
        guard let provider = providers.first(where: { $0.name == name }) else {
            return .failure(.init(message: "there is no provider `\(name)`"))
        }
        if let problem = provider.problem { return .failure(problem) }
        return .success(provider)
    }

    // MARK: - Rules

    private func enforced(
        _ policies: [AuthorizationPolicy],
        _ losses: inout [PolicyExport.Loss]
    ) -> (rules: EnvoyRules?, shadowRules: EnvoyRules?) {
        func rules(_ chosen: [AuthorizationPolicy]) -> EnvoyRules? {
            guard let action = chosen.first?.action else { return nil }
            var rules = EnvoyRules(action: action)
            for policy in chosen { add(policy, to: &rules, &losses) }
            return rules
        }
        return (rules(policies.filter { !$0.isDryRun }), rules(policies.filter(\.isDryRun)))
    }

    private func add(
        _ policy: AuthorizationPolicy,
        to rules: inout EnvoyRules,
        _ losses: inout [PolicyExport.Loss]
    ) {
        let prefix = policy.action == .custom ? "istio-ext-authz-\(policy.provider.map { $0 + "-" } ?? "")" : ""
        func name(_ index: Int) -> String {
            prefix + "ns[\(policy.namespace)]-policy[\(policy.name)]-rule[\(index)]"
        }
        if policy.rules.isEmpty { rules.policies.append((name(0), EnvoyRules.never)) }
        for (index, rule) in policy.rules.enumerated() {
            let dropped = layer == .tcp ? rule.httpOnlyFields : []
            if leavesOut(rule, name(index), policy, &losses) { continue }
            if !dropped.isEmpty {
                let fields = Set(dropped.map(\.name)).sorted().map { "`\($0)`" }.joined(separator: ", ")
                if policy.action == .allow {
                    let message = "\(name(index)): \(fields) cannot match without HTTP; the rule is left out"
                    losses.append(PolicyExport.Loss(rule.location, message, .stricter))
                    continue
                }
                let message = "\(name(index)): \(fields) cannot match without HTTP; the rule matches whatever they say"
                losses.append(PolicyExport.Loss(rule.location, message, policy.action == .audit ? .none : .stricter))
            }
            rules.policies.append((name(index), translate(rule, of: policy)))
        }
    }

    /// Says what is lost of a rule that asks which model the caller has loaded, which Envoy does not see.
    ///
    /// - Returns: whether the rule is left out whole.
    private func leavesOut(
        _ rule: AuthorizationPolicy.Rule,
        _ name: String,
        _ policy: AuthorizationPolicy,
        _ losses: inout [PolicyExport.Loss]
    ) -> Bool {
        let keys = Set(rule.when.filter { $0.fields.contains(where: \.subject.isModel) }.map(\.key)).sorted()
        guard !keys.isEmpty else { return false }
        let fields = keys.map { "`\($0)`" }.joined(separator: ", ")
        if policy.action == .allow {
            let message = "\(name): \(fields) cannot be asked of Envoy; the rule is left out"
            losses.append(PolicyExport.Loss(rule.location, message, .stricter))
            return true
        }
        let message = "\(name): \(fields) cannot be asked of Envoy; the rule matches whatever they say"
        losses.append(PolicyExport.Loss(rule.location, message, policy.action == .audit ? .none : .stricter))
        return false
    }

    private func translate(_ rule: AuthorizationPolicy.Rule, of policy: AuthorizationPolicy) -> ExportValue {
        func conditions(_ fields: [AuthorizationPolicy.Field], key: String?) -> [EnvoyCondition] {
            fields.filter { (layer == .http || !$0.subject.isHTTPOnly) && !$0.subject.isModel }
                .map { EnvoyCondition($0, key: key, of: policy, trustDomains: trustDomains) }
        }
        let when = rule.when.flatMap { conditions($0.fields, key: $0.key) }
        func alternatives(
            _ groups: [AuthorizationPolicy.FieldGroup],
            _ side: EnvoyCondition.Side
        ) -> ExportValue {
            let common = when.filter { $0.side == side }.flatMap(\.values)
            let own =
                groups.isEmpty
                ? [[]]
                : groups.map { group in
                    conditions(EnvoyRules.ordered(group.fields), key: nil).flatMap(\.values)
                }
            return .list(
                own.map { conditions in
                    let all = conditions + common
                    return side.all(all.isEmpty ? [.object(["any": .bool(true)])] : all)
                }
            )
        }
        return .object([
            "permissions": alternatives(rule.to, .permission), "principals": alternatives(rule.from, .principal),
        ])
    }

    // MARK: - Filters

    private func filter(_ built: (rules: EnvoyRules?, shadowRules: EnvoyRules?)) -> ExportValue {
        let prefix: String? =
            switch built.shadowRules?.action {
            case nil, .allow: "istio_dry_run_allow_"
            case .deny: "istio_dry_run_deny_"
            default: nil
            }
        return rbac(rules: built.rules, shadowRules: built.shadowRules, prefix: prefix)
    }

    private func filter(_ rules: EnvoyRules) -> ExportValue { filter((rules, nil)) }

    private func rbac(rules: EnvoyRules?, shadowRules: EnvoyRules?, prefix: String?) -> ExportValue {
        let kind = layer == .http ? "http" : "network"
        return .object([
            "name": .string("envoy.filters.\(kind).rbac"),
            "typedConfig": .object([
                "@type": .string("type.googleapis.com/envoy.extensions.filters.\(kind).rbac.v3.RBAC"),
                "rules": rules?.value,
                "shadowRules": shadowRules?.value,
                "shadowRulesStatPrefix": prefix.map { .string($0) },
                "statPrefix": layer == .tcp ? .string("tcp.") : nil,
            ]),
        ])
    }
}
