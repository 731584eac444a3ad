import Foundation

@testable import DataAccess

/// Answers the cases that ask about all the resources that a pattern stands for.
struct IAMPatterns {
    private let raw: [String: Any]
    private let policies: IAMPolicies
    private let request: IAMRequest

    init(_ test: IAMCase) throws {
        let raw = test.object("raw")
        self.raw = raw
        let simulation = raw["simulation"] as? [String: Any] ?? [:]
        let options = raw["simulationOptions"] as? [String: Any] ?? [:]
        var policies = IAMPolicies()
        policies.identity = try IAMInputs.policies(simulation["identityPolicies"])
        policies.resource = try simulation["resourcePolicy"].flatMap { $0 is NSNull ? nil : $0 }.map(IAMInputs.policy)
        policies.serviceControl = try IAMInputs.levels(simulation["serviceControlPolicies"])
        policies.resourceControl = try IAMInputs.levels(simulation["resourceControlPolicies"])
        let boundary = try IAMInputs.policies(simulation["permissionBoundaryPolicies"])
        policies.boundary = boundary.isEmpty ? nil : boundary
        self.policies = policies
        let fields = simulation["request"] as? [String: Any] ?? [:]
        let values = IAMInputs.values(fields["contextVariables"])
        let isDiscovery = options["simulationMode"] as? String == "Discovery"
        let constraints = options["discoveryContextKeyConstraints"] as? [[String: Any]] ?? []
        let context = isDiscovery ? IAMInputs.partial(values, constraints) : RequestContext(values)
        let resource = (fields["resource"] as? [String: Any])?["resource"] as? String ?? ""
        let action = fields["action"] as? String ?? ""
        self.request = IAMRequest(
            principal: IAMInputs.principal(fields["principal"]),
            action: action,
            resource: IAMInputs.resource(resource, isNone: ResourceTypes.isAboutNone(action)),
            resourceAccount: (fields["resource"] as? [String: Any])?["accountId"] as? String ?? "",
            context: context
        )
    }

    struct Result {
        var pattern: String
        var decision: IAMDecision
    }

    /// What the case expects to see, in one text.
    func answer(isWildcard: Bool) -> String {
        let whole = IAMEvaluator.decide(request, policies)
        guard isWildcard else {
            let conditions = IAMSimulation.canonical(whole.conditions)
            return Self.word(whole.verdict) + (conditions == "null" || !whole.isAllowed ? "" : " if " + conditions)
        }
        let results = PatternDecision.results(request, policies)
        let types = ResourceTypes.of(request.action) ?? ["?"]
        let lines = results.flatMap { result in
            types.map { type in
                let conditions = IAMSimulation.canonical(result.decision.conditions)
                return "\(type) \(result.pattern) \(Self.word(result.decision.verdict))"
                    + (conditions == "null" || !result.decision.isAllowed ? "" : " if " + conditions)
            }
        }
        let verdicts = results.map(\.decision.verdict)
        let overall: IAMDecision.Verdict =
            verdicts.contains(.allow) ? .allow : verdicts.contains(.explicitDeny) ? .explicitDeny : .implicitDeny
        return ([Self.word(overall)] + lines.sorted()).joined(separator: "; ")
    }

    static func expected(_ expected: [String: Any]) -> String {
        let overall = expected["overallResult"] as? String ?? ""
        let results = expected["results"] as? [[String: Any]] ?? []
        func conditions(_ fields: [String: Any]) -> String {
            let text = IAMSimulation.canonical(expected: fields["conditions"])
            return text == "null" ? "" : " if " + text
        }
        guard expected["resultType"] as? String == "wildcard" else {
            return overall + (results.first.map(conditions) ?? "")
        }
        let lines = results.map { fields in
            "\(fields["resourceType"] as? String ?? "?") \(fields["resourcePattern"] as? String ?? "") "
                + "\(fields["result"] as? String ?? "")" + conditions(fields)
        }
        return ([overall] + lines.sorted()).joined(separator: "; ")
    }

    private static func word(_ verdict: IAMDecision.Verdict) -> String {
        switch verdict {
        case .allow: "Allowed"
        case .implicitDeny: "ImplicitlyDenied"
        case .explicitDeny: "ExplicitlyDenied"
        }
    }
}
