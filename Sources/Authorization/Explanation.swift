import Resources
import ZeroTrust

/// Why a request is decided as it is: every rule with the first field that failed.
///
/// Printed, it is a report for people; encoded, it is the same for programs.
public struct Explanation: Sendable, Hashable, Encodable {
    /// What became of one rule.
    public struct RuleResult: Sendable, Hashable, Encodable {
        /// The rule's name: `ns[x]-policy[y]-rule[0]`.
        public let rule: String
        /// Where the rule stands: `file:line:column`.
        public let location: String
        /// What the rule's policy does: `ALLOW`, `DENY` or `AUDIT`.
        public let action: String
        /// Whether the policy is on trial and decides nothing.
        public let isDryRun: Bool
        /// Whether the rule matches.
        public let matches: Bool
        /// The first field that failed, where the rule does not match.
        public let failure: Failure?
    }

    /// A field that did not match.
    public struct Failure: Sendable, Hashable, Encodable {
        /// The field's place in the rule: `from[0].source.principals`.
        public let field: String
        /// Where the field stands: `file:line:column`.
        public let location: String
        /// What the field asks for, in words.
        public let expected: String
        /// What the request has.
        public let got: String
    }

    /// The outcome: `allow` or `deny`.
    public let outcome: Decision.Outcome
    /// The reason's code.
    public let reason: Decision.Reason
    /// The deciding rule's name, or `none`.
    public let matchedPolicy: String
    /// Where the deciding rule stands.
    public let location: String?
    /// Every rule: those that deny, then those that allow, then the others, each in the order of names.
    public let rules: [RuleResult]
    /// The smallest edit that would turn the outcome round, where one is simple.
    public let edit: String?
}

extension Explanation: CustomStringConvertible {
    /// The report, one or two lines to a rule.
    public var description: String {
        var lines = ["\(outcome.rawValue): \(reason.rawValue) (\(matchedPolicy))"]
        if let location { lines[0] += " at \(location)" }
        for rule in rules {
            let trial = rule.isDryRun ? ", dry-run" : ""
            lines.append("  \(rule.rule) (\(rule.action)\(trial)): \(rule.matches ? "matches" : "does not match")")
            if let failure = rule.failure {
                lines.append(
                    "    \(failure.location): \(failure.field): expected \(failure.expected), got \(failure.got)"
                )
            }
        }
        if let edit { lines.append("smallest edit: \(edit)") }
        return lines.joined(separator: "\n")
    }
}

extension PolicyEngine {
    /// Decides a request and says why, rule by rule.
    public func explain(_ attributes: Attributes) -> Explanation {
        let decision = evaluate(attributes)
        let considered = [custom, deny, allow, audit, trialDeny, trialAllow].flatMap(\.rules)
        let examined = considered.map { RuleExamination($0, attributes) }
        return Explanation(
            outcome: decision.outcome,
            reason: decision.reason,
            matchedPolicy: decision.matchedPolicy,
            location: decision.rule.map { "\($0.location)" },
            rules: examined.map(\.result),
            edit: edit(decision, examined, attributes)
        )
    }

    private func edit(_ decision: Decision, _ rules: [RuleExamination], _ attributes: Attributes) -> String? {
        switch decision.reason {
        case .allowedByRule:
            let others = rules.count { $0.decides(.allow) && $0.failures.isEmpty }
            guard let rule = decision.rule else { return nil }
            return others == 1
                ? "remove rule \(rule.rule) of `\(rule.policy)` at \(rule.location)"
                : "add a DENY policy for this request; \(others) rules allow it"
        case .noAllowPolicyIstio: return "add an ALLOW policy that selects the workload and does not match this request"
        case .deniedByRule:
            let others = rules.count { $0.decides(.deny) && $0.failures.isEmpty }
            guard let rule = decision.rule else { return nil }
            guard others == 1 else { return "narrow each of the \(others) DENY rules that match" }
            let allows = rules.contains { $0.decides(.allow) && $0.failures.isEmpty }
            let also = allows || !hasAllowPolicy && options.compatibility == .istio ? "" : ", and allow the request"
            return "narrow rule \(rule.rule) of `\(rule.policy)` at \(rule.location)\(also)"
        case .noAllowPolicy: return "add an ALLOW policy that selects the workload and matches this request"
        case .askedByRule, .deniedByProvider, .providerFailed, .unknownProvider, .severalProviders:
            return decision.rule.map { "narrow rule \($0.rule) of `\($0.policy)` at \($0.location)" }
        case .tokenRefused, .tokenNotChecked: return nil
        case .noRuleMatched:
            let nearest = rules.filter { $0.decides(.allow) }.min { $0.failures.count < $1.failures.count }
            guard let nearest else { return "add a rule to an ALLOW policy" }
            return nearest.failures.map(\.edit).joined(separator: "; and ")
        }
    }
}

/// One rule held against one request, every field that fails gathered.
private struct RuleExamination {
    struct FailedField {
        let failure: Explanation.Failure
        let edit: String
    }

    let rule: CompiledRule
    /// What fails, counting for `from` and `to` only the alternative that fails least.
    let failures: [FailedField]

    init(_ rule: CompiledRule, _ attributes: Attributes) {
        self.rule = rule
        var failures = Self.nearest(rule.rule.from, rule.sources, "from", "source", attributes)
        failures += Self.nearest(rule.rule.to, rule.operations, "to", "operation", attributes)
        var matchers = rule.conditions[...]
        for (index, condition) in rule.rule.when.enumerated() {
            for field in condition.fields {
                guard let matcher = matchers.popFirst(), !matcher.matches(attributes) else { continue }
                failures.append(Self.failed(field, "when[\(index)] \(condition.key) \(field.name)", attributes))
            }
        }
        self.failures = failures
    }

    func decides(_ action: AuthorizationPolicy.Action) -> Bool { rule.action == action && !rule.isDryRun }

    var result: Explanation.RuleResult {
        Explanation.RuleResult(
            rule: rule.reference.description,
            location: "\(rule.reference.location)",
            action: rule.action.rawValue,
            isDryRun: rule.isDryRun,
            matches: failures.isEmpty,
            failure: failures.first?.failure
        )
    }

    private static func nearest(
        _ groups: [AuthorizationPolicy.FieldGroup],
        _ matchers: [[FieldMatcher]],
        _ list: String,
        _ element: String,
        _ attributes: Attributes
    ) -> [FailedField] {
        var nearest: [FailedField]?
        for (index, (group, compiled)) in zip(groups, matchers).enumerated() {
            var failed: [FailedField] = []
            for (field, matcher) in zip(group.fields, compiled) where !matcher.matches(attributes) {
                failed.append(Self.failed(field, "\(list)[\(index)].\(element).\(field.name)", attributes))
            }
            if failed.count < nearest?.count ?? .max { nearest = failed }
        }
        return nearest ?? []
    }

    private static func failed(
        _ field: AuthorizationPolicy.Field,
        _ path: String,
        _ attributes: Attributes
    ) -> FailedField {
        let values = field.values.prefix(8).map { "`\($0.text)`" }.joined(separator: ", ")
        let more = field.values.count > 8 ? " and \(field.values.count - 8) more" : ""
        let one = field.values.count == 1
        let expected = (field.isNegated ? (one ? "not " : "none of ") : (one ? "" : "one of ")) + values + more
        let got = attributes.words(for: field.subject)
        let failure = Explanation.Failure(
            field: path,
            location: "\(field.location)",
            expected: expected,
            got: got.text
        )
        let edit: String
        if field.isNegated {
            edit = "take what matches \(got.text) out of \(path) at \(field.location)"
        } else if let value = got.value {
            edit = "add `\(value)` to \(path) at \(field.location)"
        } else {
            edit = "remove \(path) at \(field.location)"
        }
        return FailedField(failure: failure, edit: edit)
    }
}

extension Attributes {
    /// What a request has of an attribute: in words, and as a value that a policy could list.
    fileprivate func words(for subject: AuthorizationPolicy.Subject) -> (text: String, value: String?) {
        func quoted(_ text: String) -> (String, String?) { ("`\(text)`", text.isEmpty ? nil : text) }
        switch subject {
        case .principal:
            return named { $0.hasPrefix("spiffe://") ? String($0.dropFirst(9)) : nil }
        case .namespace: return named { Self.segment(after: "/ns/", in: $0) }
        case .serviceAccount:
            return named { name in
                guard let namespace = Self.segment(after: "/ns/", in: name),
                    let account = Self.segment(after: "/sa/", in: name)
                else { return nil }
                return "\(namespace)/\(account)"
            }
        case .trustDomain:
            return named { $0.hasPrefix("spiffe://") ? String($0.dropFirst(9).prefix { $0 != "/" }) : nil }
        case .sourceIP: return quoted("\(source)")
        case .remoteIP: return quoted("\(remote)")
        case .destinationIP: return quoted("\(destination.address)")
        case .destinationPort: return quoted("\(destination.port)")
        case .host: return quoted(authority)
        case .method: return quoted(method)
        case .path: return quoted(String(path.prefix { $0 != "?" && $0 != "#" }))
        case .serverName: return serverName.map(quoted) ?? ("no server name", nil)
        case .header(":authority"), .header("host"): return quoted(authority)
        case .header(":method"): return quoted(method)
        case .header(":path"): return quoted(path)
        case .header(let name):
            let lines = headers.filter { $0.name == name }.map(\.value)
            guard let first = lines.first else { return ("no such header", nil) }
            return (lines.map { "`\($0)`" }.joined(separator: ", "), first.isEmpty ? nil : first)
        case .requestPrincipal:
            guard let token else { return ("no token", nil) }
            return quoted("\(token.issuer ?? "")/\(token.subject ?? "")")
        case .requestAudience: return claim(token?.audience)
        case .requestPresenter: return claim(token?.presenter)
        case .requestClaim(let path): return claim(token?.claim(at: path))
        case .filterMetadata: return ("no metadata of filters", nil)
        }
    }

    private func claim(_ claim: TokenClaims.Claim?) -> (String, String?) {
        guard token != nil else { return ("no token", nil) }
        guard let claim else { return ("no such claim", nil) }
        let texts = claim.texts
        guard let first = texts.first else { return ("a claim that is no string", nil) }
        return (texts.map { "`\($0)`" }.joined(separator: ", "), first)
    }

    private func named(_ part: (String) -> String?) -> (String, String?) {
        guard !caller.names.isEmpty else { return ("no identity", nil) }
        for name in caller.names {
            if let value = part(name) { return ("`\(value)`", value) }
        }
        return (caller.names.map { "`\($0)`" }.joined(separator: ", "), nil)
    }

    private static func segment(after mark: String, in name: String) -> String? {
        guard let range = name.firstRange(of: mark) else { return nil }
        return String(name[range.upperBound...].prefix { $0 != "/" })
    }
}
