import Foundation
import Resources
import ZeroTrust

/// Makes ztunnel's `Authorization` of policies: what Istio's ambient mode has its node proxies enforce, which see
/// connections and no HTTP.
///
/// A rule of an ALLOW policy that looks at HTTP is left out, so that it allows nothing. In a DENY policy the HTTP fields
/// alone are left out, so that it denies more; but an alternative of which nothing is left matches nothing, and where
/// that are all of them, the rule denies nothing: such a loss is a weaker one.
public struct ZtunnelExport: Sendable {
    /// The namespace whose policies apply in all namespaces.
    public var rootNamespace: String

    /// An exporter.
    public init(rootNamespace: String = "istio-system") {
        self.rootNamespace = rootNamespace
    }

    /// What policies become; those attached to something else than workloads are not for ztunnel.
    public func export(_ policies: PolicySet) -> PolicyExport {
        var export = PolicyExport(values: [], losses: [])
        for policy in policies.policies {
            if let value = authorization(policy, &export.losses) { export.values.append(value) }
        }
        export.values += ZtunnelPeerAuthentication(rootNamespace: rootNamespace)
            .export(policies.peerAuthentications, &export.losses)
        return export
    }

    private func authorization(
        _ policy: AuthorizationPolicy,
        _ losses: inout [PolicyExport.Loss]
    ) -> ExportValue? {
        guard policy.targetReferences.isEmpty else {
            let message =
                "the policy `\(policy.name)` has target references, which a waypoint enforces and ztunnel does not"
            losses.append(PolicyExport.Loss(policy.location, message, policy.action == .deny ? .weaker : .stricter))
            return nil
        }
        guard policy.action == .allow || policy.action == .deny else {
            let message = "ztunnel knows no action \(policy.action.rawValue); the policy `\(policy.name)` is left out"
            losses.append(PolicyExport.Loss(policy.location, message, policy.action == .custom ? .weaker : .none))
            return nil
        }
        var groups: [ExportValue] = []
        for (index, rule) in policy.rules.enumerated() {
            let name = "ns[\(policy.namespace)]-policy[\(policy.name)]-rule[\(index)]"
            report(rule, name, policy.action, &losses)
            if policy.action == .allow, !rule.fieldsBeyondZtunnel.isEmpty { continue }
            groups.append(group(rule, of: policy))
        }
        let scope: String? =
            !policy.selector.isEmpty ? "WORKLOAD_SELECTOR" : policy.namespace == rootNamespace ? nil : "NAMESPACE"
        return .object([
            "action": policy.action == .deny ? .string("DENY") : nil,
            "dryRun": policy.isDryRun ? .bool(true) : nil,
            "groups": groups.isEmpty ? nil : .list(groups),
            "name": .string(policy.name),
            "namespace": .string(policy.namespace),
            "scope": scope.map { .string($0) },
        ])
    }

    private func report(
        _ rule: AuthorizationPolicy.Rule,
        _ name: String,
        _ action: AuthorizationPolicy.Action,
        _ losses: inout [PolicyExport.Loss]
    ) {
        let lost = rule.fieldsBeyondZtunnel
        guard !lost.isEmpty else { return }
        let fields = lost.map { "`\($0)`" }.joined(separator: ", ")
        if action == .allow {
            let message = "\(name): ztunnel does not see \(fields); the rule is left out and allows nothing"
            losses.append(PolicyExport.Loss(rule.location, message, .stricter))
        } else if rule.hasClause(where: { $0.allSatisfy(\.isBeyondZtunnel) }) {
            let message =
                "\(name): ztunnel does not see \(fields), and nothing else is left beside them; "
                + "it does not enforce the rule"
            losses.append(PolicyExport.Loss(rule.location, message, .weaker))
        } else if rule.hasClause(where: { $0.contains(where: \.isBeyondZtunnel) }) {
            let message =
                "\(name): ztunnel does not see \(fields), and in one alternative nothing else is left; "
                + "it does not enforce that one"
            losses.append(PolicyExport.Loss(rule.location, message, .weaker))
        } else {
            let message = "\(name): ztunnel does not see \(fields); the rule denies whatever they say"
            losses.append(PolicyExport.Loss(rule.location, message, .stricter))
        }
    }

    private func group(_ rule: AuthorizationPolicy.Rule, of policy: AuthorizationPolicy) -> ExportValue {
        func clause(_ groups: [AuthorizationPolicy.FieldGroup]) -> ExportValue {
            .object(["matches": .list(groups.map { ZtunnelMatch($0.fields, of: policy).value })])
        }
        var clauses: [ExportValue] = []
        if !rule.to.isEmpty { clauses.append(clause(rule.to)) }
        if !rule.from.isEmpty { clauses.append(clause(rule.from)) }
        for condition in rule.when {
            clauses.append(.object(["matches": .list([ZtunnelMatch(condition.fields, of: policy).value])]))
        }
        return .object(["rules": clauses.isEmpty ? nil : .list(clauses)])
    }
}

/// The fields of one alternative, as ztunnel reads them.
struct ZtunnelMatch {
    let value: ExportValue

    init(_ fields: [AuthorizationPolicy.Field], of policy: AuthorizationPolicy) {
        self.value = .mapping(
            fields.compactMap { field in
                guard let name = field.subject.ztunnelName else { return nil }
                let key = field.isNegated ? "not" + name.prefix(1).uppercased() + name.dropFirst() : name
                let values = field.values.compactMap { Self.value($0.text, field.subject, policy) }
                return values.isEmpty ? nil : ExportValue.Entry(key: key, value: .list(values))
            }
        )
    }

    private static func value(
        _ text: String,
        _ subject: AuthorizationPolicy.Subject,
        _ policy: AuthorizationPolicy
    ) -> ExportValue? {
        switch subject {
        case .sourceIP, .destinationIP:
            guard let (address, length) = AddressText.parse(text) else { return nil }
            let count = address.family == .v4 ? 4 : 16
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: address.bits >> UInt128(8 * (count - 1 - $0))) }
            return .object(["address": .string(Data(bytes).base64EncodedString()), "length": .number(length)])
        case .destinationPort: return UInt16(text).map { .number(Int($0)) }
        case .serviceAccount:
            let account = ServiceAccountName(text, in: policy.namespace)
            return .object(["namespace": .string(account.namespace), "serviceAccount": .string(account.name)])
        default:
            if text == "*" { return .object(["presence": .object([:])]) }
            if text.hasPrefix("*") { return EnvoyMatcher.suffix(String(text.dropFirst())) }
            if text.hasSuffix("*") { return EnvoyMatcher.prefix(String(text.dropLast())) }
            return EnvoyMatcher.exact(text)
        }
    }
}

extension AuthorizationPolicy.Subject {
    /// What ztunnel calls a list of values, or nil for an attribute that it does not see.
    var ztunnelName: String? {
        switch self {
        case .principal: "principals"
        case .namespace: "namespaces"
        case .serviceAccount: "serviceAccounts"
        case .sourceIP: "sourceIps"
        case .destinationIP: "destinationIps"
        case .destinationPort: "destinationPorts"
        default: nil
        }
    }
}

extension AuthorizationPolicy.Rule {
    /// The fields that ztunnel does not see, by name, and the conditions by key.
    var fieldsBeyondZtunnel: [String] {
        let groups = (from + to).flatMap(\.fields).filter { $0.subject.ztunnelName == nil }.map(\.name)
        let conditions = when.filter { $0.fields.contains { $0.subject.ztunnelName == nil } }.map(\.key)
        return Set(groups + conditions).sorted()
    }

    /// Whether any of the lists of alternatives, and of the conditions, is as told.
    func hasClause(where isSuch: ([[AuthorizationPolicy.Field]]) -> Bool) -> Bool {
        let clauses = [from, to].map { $0.map(\.fields) }.filter { !$0.isEmpty } + when.map { [$0.fields] }
        return clauses.contains(where: isSuch)
    }
}

extension [AuthorizationPolicy.Field] {
    /// Whether ztunnel sees none of the fields.
    var isBeyondZtunnel: Bool { allSatisfy { $0.subject.ztunnelName == nil } }
}
