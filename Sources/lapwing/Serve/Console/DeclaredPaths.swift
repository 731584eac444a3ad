import Authorization
import Console
import DataAccess
import Monitoring
import ZeroTrust

extension DeclaredPath {
    /// What a configuration lets somebody call: by the ALLOW rules of each gateway, by what monitors are told to expect,
    /// and by the calls of estates.
    static func all(of configuration: Configuration) -> [DeclaredPath] {
        let trustDomain = configuration.settings.trustDomain.value
        var paths: Set<DeclaredPath> = []
        for gateway in configuration.gateways {
            guard let id = try? gateway.identity(in: trustDomain).description,
                let engine = try? configuration.engine(for: gateway)
            else { continue }
            for policy in engine.policies where policy.action == .allow && !policy.isDryRun {
                for rule in policy.rules {
                    for caller in callers(of: rule, namespace: policy.namespace, trustDomain) {
                        paths.insert(DeclaredPath(caller: caller, callee: id))
                    }
                }
            }
        }
        for edge in configuration.monitorPolicy.declared where !edge.callee.contains("*") {
            paths.insert(DeclaredPath(caller: edge.caller, callee: edge.callee))
        }
        for estate in (try? Estate.load(configuration.documents)) ?? [] {
            for call in estate.calls {
                guard let caller = estate.component(call.caller), let callee = estate.component(call.callee) else {
                    continue
                }
                paths.insert(
                    DeclaredPath(
                        caller: caller.identity.spiffeID.description,
                        callee: callee.identity.spiffeID.description
                    )
                )
            }
        }
        return paths.sorted { ($0.caller, $0.callee) < ($1.caller, $1.callee) }
    }

    /// Whom a rule's `from` names; anyone where it names nobody.
    private static func callers(
        of rule: AuthorizationPolicy.Rule,
        namespace: String,
        _ trustDomain: TrustDomain
    ) -> [String] {
        guard !rule.from.isEmpty else { return ["*"] }
        return rule.from.flatMap { group -> [String] in
            let named = group.fields.filter { !$0.isNegated }.flatMap { field -> [String] in
                field.values.compactMap { value in
                    pattern(value.text, field.subject, namespace: namespace, trustDomain)
                }
            }
            return named.isEmpty ? ["*"] : named
        }
    }

    private static func pattern(
        _ text: String,
        _ subject: AuthorizationPolicy.Subject,
        namespace: String,
        _ trustDomain: TrustDomain
    ) -> String? {
        switch subject {
        case .principal: return text == "*" ? "*" : text.hasPrefix("spiffe://") ? text : "spiffe://" + text
        case .namespace: return "spiffe://\(trustDomain)/ns/\(text)/sa/*"
        case .serviceAccount:
            let parts = text.split(separator: "/", maxSplits: 1).map(String.init)
            guard let account = parts.last else { return nil }
            return "spiffe://\(trustDomain)/ns/\(parts.count == 2 ? parts[0] : namespace)/sa/\(account)"
        default: return nil
        }
    }
}
