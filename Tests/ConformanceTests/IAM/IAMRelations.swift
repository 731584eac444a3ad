import Foundation

@testable import DataAccess

/// Answers the cases about single elements of a policy.
enum IAMRelations {
    private static func layer(_ name: String) -> IAMDecision.Layer {
        IAMDecision.Layer(rawValue: name) ?? .identity
    }

    private static func statement(_ reference: Any) throws -> PolicyStatement {
        let fields = reference as? [String: Any] ?? [:]
        let document = try IAMInputs.fragment(fields["policy"] ?? [:])
        let path = fields["path"] as? [Any] ?? []
        let index = path.count > 1 ? path[1] as? Int ?? 0 : 0
        return document.statements[index]
    }

    static func action(_ arguments: [Any]) throws -> Bool {
        let request = IAMInputs.functionRequest(arguments[0])
        return LayerReader(request, .identity, hasBoundary: false).matchesAction(try statement(arguments[1]))
    }

    static func principal(_ function: String, _ arguments: [Any]) throws -> String {
        let simulation = arguments.count > 2 ? arguments[2] as? [String: Any] ?? [:] : [:]
        let isDiscovery = simulation["simulationMode"] as? String == "Discovery"
        let context = isDiscovery ? IAMInputs.partial([:], []) : RequestContext()
        let request = IAMInputs.functionRequest(arguments[0], context: context)
        let reader = LayerReader(request, .resource, hasBoundary: false)
        let effect = arguments.count > 3 ? PolicyStatement.Effect(rawValue: arguments[3] as? String ?? "") : nil
        switch reader.principalMatch(try statement(arguments[1]), effect ?? .allow).0 {
        case .none: return "NoMatch"
        case .account: return "AccountLevelMatch"
        case .sessionRole: return "SessionRoleMatch"
        case .direct, .everyone, .otherSession: return "Match"
        }
    }

    /// nil for a function that is not known.
    static func resource(_ function: String, _ arguments: [Any]) throws -> Any? {
        if function == "resourcePatternOverlap" {
            let texts = arguments.compactMap { $0 as? String }
            return relation(Glob(texts[0]), requested(texts[1]))
        }
        guard function.hasPrefix("requestMatches"), arguments.count >= 5 else { return nil }
        let request = IAMInputs.functionRequest(arguments[0])
        let reader = LayerReader(request, layer(arguments[4] as? String ?? ""), hasBoundary: false)
        let effect = PolicyStatement.Effect(rawValue: arguments[3] as? String ?? "") ?? .allow
        return reader.matchesResource(try statement(arguments[1]), effect)
    }

    /// What is asked for has `*` for a wildcard and no other.
    private static func requested(_ text: String) -> Glob {
        Glob(tokens: text.utf8.map { $0 == UInt8(ascii: "*") ? Glob.star : Glob.Token($0) })
    }

    private static func relation(_ policy: Glob, _ requested: Glob) -> String {
        if policy == requested { return "equal" }
        if GlobSearch.isCovered(requested, by: [policy]) { return "policy_is_superset" }
        if GlobSearch.isCovered(policy, by: [requested]) { return "policy_is_subset" }
        return GlobSearch.overlap(policy, requested) ? "partial_overlap" : "none"
    }

    static func overlap(_ arguments: [Any]) -> Bool? {
        let globs = arguments.compactMap { value -> Glob? in
            let text = ResolvedText(pieces: [.init(text: value as? String ?? "", isLiteral: false)])
            switch ARNPattern.read(text, in: .principal) {
            case .glob(let glob), .short(let glob): return glob
            case .nothing, .refused: return nil
            }
        }
        return globs.count == 2 ? GlobSearch.overlap(globs[0], globs[1]) : nil
    }

    // MARK: - Conditions

    /// One operator with its values.
    static func condition(_ test: IAMCase) -> Bool {
        let values = test.list("policyValues").map { PolicyText("\($0)", hasVariables: true) }
        let condition = PolicyCondition(operation: test.text("operator"), key: "test:value", values: values)
        var context = IAMInputs.values(test.object("context"))
        context["test:value"] = IAMInputs.values(["v": test.fields["requestValue"] ?? ""])["v"]
        return condition.holds(RequestContext(context))
    }

    /// A whole block, known in full.
    static func conditions(_ block: [String: Any], _ context: RequestContext) throws -> Bool {
        let policy = try IAMInputs.fragment(["Statement": [["Effect": "Allow", "Condition": block]]])
        return policy.statements[0].conditions.allSatisfy { $0.holds(context) }
    }

    /// What comes of a case about a statement's conditions.
    enum Block {
        /// Whether they match.
        case answered(Bool)
        /// The case lacks this, without which there is no question.
        case lacks(String)
    }

    /// What a statement's conditions come to.
    static func block(_ test: IAMCase) throws -> Block {
        guard let reference = test.fields["policyRef"] as? [String: Any] else { return .lacks("policyRef") }
        let statement = try statement(reference)
        let values = IAMInputs.values(test.object("request")["context"])
        let all = statement.conditions
        if test.text("fn") == "singleConditionMatchesRequest" {
            let index = (reference["path"] as? [Any])?.last as? Int ?? 0
            return .answered(all[index].holds(RequestContext(values)))
        }
        let constraints = constraints(test)
        let context = IAMInputs.partial(values, constraints ?? [])
        let formulas = all.map { $0.formula(context, effect: statement.effect ?? .allow) }
        let formula = statement.effect == .deny ? ConditionFormula.or(formulas) : .and(formulas)
        // What was known of each key is not in every case; what comes out the same whatever was known can be asked.
        guard constraints != nil || [.yes, .no].contains(formula) else {
            return .lacks("discoveryContextKeyConstraints")
        }
        return .answered(statement.effect == .deny ? formula == .no : formula != .no)
    }

    /// What a simulation knew of each key, where the case says it.
    private static func constraints(_ test: IAMCase) -> [[String: Any]]? {
        let places = [test.fields, test.object("simulation"), test.object("request")]
        return places.lazy.compactMap { $0["discoveryContextKeyConstraints"] as? [[String: Any]] }.first
    }
}
