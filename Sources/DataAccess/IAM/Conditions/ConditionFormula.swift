/// What must hold for a request to be allowed, as far as it is not known yet.
public indirect enum ConditionFormula: Hashable, Sendable {
    /// It holds.
    case yes
    /// It does not.
    case no
    /// One condition must be met.
    case condition(Requirement)
    /// The session has to have one of these names.
    case sessionName([String])
    /// All of them.
    case all([ConditionFormula])
    /// One of them.
    case any([ConditionFormula])

    /// A condition that must be met.
    public struct Requirement: Hashable, Sendable {
        /// The operator.
        public let operation: String
        /// The key.
        public let key: String
        /// The values.
        public let values: [String]
        /// Whether it is the contrary of what a Deny says.
        public let isInverted: Bool
    }

    /// All of some, made simple.
    public static func and(_ formulas: [ConditionFormula]) -> ConditionFormula {
        var parts: [ConditionFormula] = []
        for formula in formulas {
            switch formula {
            case .yes: continue
            case .no: return .no
            case .all(let inner): parts += inner
            default: parts.append(formula)
            }
        }
        let unique = deduplicated(parts)
        return unique.isEmpty ? .yes : unique.count == 1 ? unique[0] : .all(unique)
    }

    /// One of some, made simple.
    public static func or(_ formulas: [ConditionFormula]) -> ConditionFormula {
        var parts: [ConditionFormula] = []
        for formula in formulas {
            switch formula {
            case .no: continue
            case .yes: return .yes
            case .any(let inner): parts += inner
            default: parts.append(formula)
            }
        }
        let unique = deduplicated(parts)
        return unique.isEmpty ? .no : unique.count == 1 ? unique[0] : .any(unique)
    }

    private static func deduplicated(_ formulas: [ConditionFormula]) -> [ConditionFormula] {
        var seen: Set<ConditionFormula> = []
        return formulas.filter { seen.insert($0).inserted }
    }
}

extension PolicyCondition {
    /// What meeting this condition comes to for a request that is known in part.
    ///
    /// For a Deny it is what *not* meeting it comes to.
    func formula(_ context: RequestContext, effect: PolicyStatement.Effect) -> ConditionFormula {
        // What IAM does not have is met by nothing, and does not get anybody out of a Deny.
        guard op != nil else { return .no }
        let isMet = holds(context)
        let decided: ConditionFormula = isMet == (effect == .allow) ? .yes : .no
        guard !context.isComplete, let op else { return decided }
        let known = context.knowledge(of: key)
        let areVariablesKnown = values.allSatisfy { text in
            text.keys.allSatisfy { context.knowledge(of: $0).isValueKnown }
        }
        if known.isPresenceKnown {
            let isDecided =
                op.comparison == .null || context[key] == nil || known.isValueKnown && areVariablesKnown
            return isDecided ? decided : requirement(op, effect)
        }
        // What fits by what the request is known to have fits already.
        if effect == .allow, isMet, !op.isNegated { return .yes }
        return requirement(op, effect)
    }

    private func requirement(_ op: ConditionOperator, _ effect: PolicyStatement.Effect) -> ConditionFormula {
        let texts = values.map(\.source)
        func make(_ operation: String, _ values: [String], isInverted: Bool) -> ConditionFormula {
            .condition(.init(operation: operation, key: key, values: values, isInverted: isInverted))
        }
        guard effect == .deny else { return make(operation, texts, isInverted: false) }
        let contrary = contraryOperation(op)
        let values = op.comparison == .bool || op.comparison == .null ? texts.map(Self.contraryFlag) : texts
        let isPresent = make("Null", ["false"], isInverted: true)
        switch op.quantifier {
        case .all where op.comparison != .null:
            return .and([isPresent, make("ForAnyValue:" + contrary, values, isInverted: true)])
        case .any where op.comparison != .null:
            return .or([
                make("Null", ["true"], isInverted: true), make("ForAllValues:" + contrary, values, isInverted: true),
            ])
        default:
            let inverted = make(contrary, values, isInverted: true)
            return op.ifExists && !op.isNegated ? .and([isPresent, inverted]) : inverted
        }
    }

    private static func contraryFlag(_ flag: String) -> String {
        switch flag.lowercased() {
        case "true": "false"
        case "false": "true"
        default: flag
        }
    }

    /// The operator that holds where this one does not, for a key that is there.
    private func contraryOperation(_ op: ConditionOperator) -> String {
        switch (op.comparison, op.isNegated) {
        case (.string, false): "StringNotEquals"
        case (.string, true): "StringEquals"
        case (.stringIgnoringCase, false): "StringNotEqualsIgnoreCase"
        case (.stringIgnoringCase, true): "StringEqualsIgnoreCase"
        case (.like, false): "StringNotLike"
        case (.like, true): "StringLike"
        case (.numeric(let order), let isNegated): "Numeric" + Self.contrary(order, isNegated)
        case (.date(let order), let isNegated): "Date" + Self.contrary(order, isNegated)
        case (.binary, false): "BinaryNotEquals"
        case (.binary, true): "BinaryEquals"
        case (.address, false): "NotIpAddress"
        case (.address, true): "IpAddress"
        case (.arn, false): operation.lowercased().contains("equals") ? "ArnNotEquals" : "ArnNotLike"
        case (.arn, true): operation.lowercased().contains("equals") ? "ArnEquals" : "ArnLike"
        case (.bool, _): "Bool"
        case (.null, _): "Null"
        }
    }

    private static func contrary(_ order: ConditionOperator.Order, _ isNegated: Bool) -> String {
        switch order {
        case .equal: isNegated ? "Equals" : "NotEquals"
        case .less: "GreaterThanEquals"
        case .lessOrEqual: "GreaterThan"
        case .greater: "LessThanEquals"
        case .greaterOrEqual: "LessThan"
        }
    }
}
