import Resources

extension Explanation: Encodable {
    private struct Form: Encodable {
        struct Rule: Encodable {
            struct Failure: Encodable { let field, location, expected, got: String }

            let rule: String
            let location: String
            let action: String
            let dryRun: Bool
            let matches: Bool
            let failure: Failure?
        }

        struct Policy: Encodable { let policy, action, location: String }

        struct Edit: Encodable {
            struct Step: Encodable { let text: String, location: String? }

            let steps: [Step]
            let outcome: String
            let reason: String
            let caution: String?
        }

        let format: String
        let outcome: String
        let reason: String
        let rule: String?
        let location: String?
        let auditedBy: String?
        let rules: [Rule]
        let emptyPolicies: [Policy]
        let edit: Edit?
    }

    /// Writes the versioned form.
    public func encode(to encoder: any Encoder) throws {
        let form = Form(
            format: Self.format,
            outcome: outcome.rawValue,
            reason: reason.rawValue,
            rule: decision.rule?.description,
            location: decision.rule.map { "\($0.location)" },
            auditedBy: decision.auditedBy?.description,
            rules: rules.map { result in
                Form.Rule(
                    rule: result.rule.description,
                    location: "\(result.rule.location)",
                    action: result.action.rawValue,
                    dryRun: result.isDryRun,
                    matches: result.matches,
                    failure: result.failure.map {
                        .init(field: $0.field, location: "\($0.location)", expected: $0.expected, got: $0.got)
                    }
                )
            },
            emptyPolicies: emptyPolicies.map {
                .init(policy: $0.name, action: $0.action.rawValue, location: "\($0.location)")
            },
            edit: proposal.map { proposal in
                Form.Edit(
                    steps: proposal.steps.map { .init(text: $0.text, location: $0.location.map { "\($0)" }) },
                    outcome: proposal.outcome.rawValue,
                    reason: proposal.reason.rawValue,
                    caution: proposal.caution
                )
            }
        )
        try form.encode(to: encoder)
    }
}
