/// One key of a `Condition` block: `{"StringEquals": {"aws:SourceVpc": ["vpc-1"]}}`.
public struct PolicyCondition: Hashable, Sendable {
    /// The operator as written.
    public var operation: String { parts.operation }
    /// The key as written.
    public var key: String { parts.key }
    /// The policy's values; one of them has to fit.
    public var values: [PolicyText] { parts.values }
    /// The operator; nil for one that IAM does not have, under which nothing fits.
    var op: ConditionOperator? { parts.op }
    /// The key in lower case, as it is looked up.
    var name: String { parts.name }
    /// The keys of the variables in its values, in lower case.
    var variables: [String] { parts.variables }

    /// What it says, in one place: proofs hand conditions on by the thousand, and look them up.
    private let parts: Parts

    private final class Parts: Sendable {
        let operation: String
        let key: String
        let values: [PolicyText]
        let op: ConditionOperator?
        let name: String
        let variables: [String]
        /// What values without variables are compared by.
        let wanted: [ConditionComparison.Wanted?]
        let hash: Int

        init(operation: String, key: String, values: [PolicyText]) {
            self.operation = operation
            self.key = key
            self.values = values
            let op = ConditionOperator(operation)
            self.op = op
            name = key.lowercased()
            variables = values.flatMap(\.keys).map { $0.lowercased() }
            wanted = values.map { text in
                guard let op, !text.hasVariable else { return nil }
                return text.resolved(RequestContext()).map { ConditionComparison.Wanted($0, op.comparison) }
            }
            var hasher = Hasher()
            hasher.combine(operation)
            hasher.combine(key)
            hasher.combine(values)
            hash = hasher.finalize()
        }
    }

    init(operation: String, key: String, values: [PolicyText]) {
        parts = Parts(operation: operation, key: key, values: values)
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
            return parts.values.indices.contains { compare(value, with: $0, op, context) == true }
        }
        // What cannot be compared does not fit, nor does it not fit.
        return parts.values.indices.allSatisfy { compare(value, with: $0, op, context) == false }
    }

    /// Compares a value of the request with one of the policy's; nil where they cannot be.
    private func compare(
        _ value: String,
        with index: Int,
        _ op: ConditionOperator,
        _ context: RequestContext
    ) -> Bool? {
        if let wanted = parts.wanted[index] { return ConditionComparison.fits(value, wanted, op.comparison) }
        guard let text = parts.values[index].resolved(context) else { return nil }
        return ConditionComparison.fits(value, .init(text, op.comparison), op.comparison)
    }
}

extension PolicyCondition {
    /// Equal where the same is written.
    public static func == (left: Self, right: Self) -> Bool {
        left.parts === right.parts
            || left.parts.hash == right.parts.hash && left.operation == right.operation && left.key == right.key
                && left.values == right.values
    }

    /// Hashes what equality is about.
    public func hash(into hasher: inout Hasher) { hasher.combine(parts.hash) }
}
