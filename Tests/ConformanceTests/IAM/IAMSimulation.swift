import Foundation

@testable import DataAccess

/// Answers the cases that decide whole requests.
enum IAMSimulation {
    static func decide(_ test: IAMCase) throws -> IAMDecision {
        let fields = test.object("request")
        let simulation = test.object("simulation")
        let isDiscovery = simulation["mode"] as? String == "Discovery"
        let constraints = simulation["discoveryContextKeyConstraints"] as? [[String: Any]] ?? []
        let context = isDiscovery ? IAMInputs.partial(IAMInputs.values(fields["context"]), constraints) : nil
        return IAMEvaluator.decide(
            IAMInputs.request(fields, context: context),
            try IAMInputs.policies(of: test.object("policies"))
        )
    }

    /// Cases of systems that know one kind of policy, which stands with whoever asks.
    static func singleLayer(_ test: IAMCase) throws -> IAMDecision {
        let fields = test.object("request")
        let raw = test.object("policies")
        var policies = IAMPolicies()
        policies.identity = try IAMInputs.policies(raw["identity"])
        if let resource = raw["resource"], !(resource is NSNull) {
            policies.identity += resource is [Any] ? try IAMInputs.policies(resource) : [try IAMInputs.policy(resource)]
        }
        var context = IAMInputs.values(fields["context"])
        // Their keys have lists of one value where IAM has one value.
        for case (let key, .list(let list)) in context where list.count == 1 { context[key] = .single(list[0]) }
        let request = IAMRequest(
            principal: RequestPrincipal("arn:aws:iam::123456789012:user/someone"),
            action: fields["action"] as? String ?? "",
            resource: .exact(fields["resource"] as? String ?? ""),
            resourceAccount: "123456789012",
            context: fields["rawContext"] == nil ? RequestContext(context) : IAMInputs.arsenal(fields)
        )
        return IAMEvaluator.decide(request, policies)
    }

    static func publicAccess(_ test: IAMCase) throws -> IAMDecision {
        let raw = test.object("raw")
        var policies = IAMPolicies()
        policies.identity = try IAMInputs.policies(raw["identityPolicies"])
        policies.resource = try raw["resourcePolicy"].map(IAMInputs.policy)
        policies.restrictsPublicBuckets = raw["blockPublicAccess"] as? Bool ?? false
        let request = IAMRequest(
            principal: IAMInputs.principal(raw["principal"]),
            action: raw["action"] as? String ?? "s3:GetObject",
            resource: IAMInputs.resource(raw["resource"] as? String ?? "arn:aws:s3:::example-bucket/object.txt"),
            resourceAccount: "111111111111",
            context: IAMInputs.context(raw["context"])
        )
        return IAMEvaluator.decide(request, policies)
    }

    // MARK: - The form of conditions

    /// Conditions in a form in which the order does not matter.
    static func canonical(_ formula: ConditionFormula) -> String {
        switch formula {
        case .yes, .no: "null"
        case .condition(let requirement):
            "\(requirement.operation) \(requirement.key) \(requirement.values)"
                + (requirement.isInverted ? " inverted" : "")
        case .sessionName(let names): "session \(names)"
        case .all(let parts): "and(" + parts.map(canonical).sorted().joined(separator: ", ") + ")"
        case .any(let parts): "or(" + parts.map(canonical).sorted().joined(separator: ", ") + ")"
        }
    }

    static func canonical(expected value: Any?) -> String {
        guard let fields = value as? [String: Any] else { return "null" }
        switch fields["conditionType"] as? String {
        case "group":
            let parts = (fields["conditions"] as? [Any] ?? []).map { canonical(expected: $0) }.sorted()
            return "\(fields["operator"] as? String ?? "")(" + parts.joined(separator: ", ") + ")"
        case "sessionName": return "session \(fields["sessionName"] as? [String] ?? [])"
        default:
            let values = (fields["values"] as? [Any] ?? []).map { "\($0)" }
            return "\(fields["op"] as? String ?? "") \(fields["key"] as? String ?? "") \(values)"
                + (fields["inverted"] as? Bool == true ? " inverted" : "")
        }
    }
}
