/// One key of a `Condition` block: `{"StringEquals": {"aws:SourceVpc": ["vpc-1"]}}`.
public struct PolicyCondition: Hashable, Sendable {
    /// The operator as written.
    public let operation: String
    /// The key as written.
    public let key: String
    /// The policy's values; one of them has to fit.
    public let values: [PolicyText]
    /// The operator; nil for one that IAM does not have, under which nothing fits.
    let op: ConditionOperator?
    /// The key in lower case, as it is looked up.
    let name: String
    /// The keys of the variables in its values, in lower case.
    let variables: [String]

    init(operation: String, key: String, values: [PolicyText]) {
        self.operation = operation
        self.key = key
        self.values = values
        self.op = ConditionOperator(operation)
        self.name = key.lowercased()
        self.variables = values.flatMap(\.keys).map { $0.lowercased() }
    }

    /// Whether a request that is known in full meets the condition.
    func holds(_ context: RequestContext) -> Bool {
        guard let op else { return false }
        let value = context[lowercase: name]
        if op.comparison == .null {
            let isAbsent = value == nil
            return values.contains { $0.resolved(context)?.plain.lowercased() == (isAbsent ? "true" : "false") }
        }
        switch op.quantifier {
        case .all:
            guard let all = value?.all, !all.isEmpty else { return true }
            return all.allSatisfy { fits($0, op, context) }
        case .any:
            guard let all = value?.all, !all.isEmpty else { return op.ifExists && value == nil }
            return all.contains { fits($0, op, context) }
        case nil:
            switch value {
            case nil: return op.isNegated || op.ifExists
            case .single(let single): return fits(single, op, context)
            // A key of several values needs a quantifier.
            case .list: return false
            }
        }
    }

    private func fits(_ value: String, _ op: ConditionOperator, _ context: RequestContext) -> Bool {
        guard op.isNegated else {
            return values.contains { text in
                text.resolved(context).flatMap { ConditionComparison.fits(value, $0, op.comparison) } == true
            }
        }
        // What cannot be compared does not fit, nor does it not fit.
        let answers = values.map { text in
            text.resolved(context).flatMap { ConditionComparison.fits(value, $0, op.comparison) }
        }
        return answers.allSatisfy { $0 == false }
    }
}
