/// Decides about all the resources that a pattern stands for, by the patterns that the policies themselves have.
public enum PatternDecision {
    /// A pattern of a policy, and what is decided of it.
    public struct Result: Hashable, Sendable {
        /// The pattern, as the policy has it.
        public let pattern: String
        /// What is decided of what fits both patterns.
        public let decision: IAMDecision
    }

    /// Decides about each pattern that an Allow names and that some of the resources asked for fit.
    public static func results(_ request: IAMRequest, _ policies: IAMPolicies) -> [Result] {
        guard case .some(let requestedText) = request.resource else {
            return [Result(pattern: request.resource.description, decision: IAMEvaluator.decide(request, policies))]
        }
        let requested = request.resource.glob
        var seen: Set<String> = []
        var results: [Result] = []
        let layers: [(IAMDecision.Layer, [PolicyDocument])] = [
            (.identity, policies.identity), (.resource, policies.resource.map { [$0] } ?? []),
        ]
        for (layer, documents) in layers {
            let reader = LayerReader(request, layer, hasBoundary: policies.boundary != nil)
            for candidate in documents.flatMap({ candidates(in: $0, reader, layer, requested) }) {
                let text = candidate.text ?? requestedText
                guard seen.insert(text).inserted else { continue }
                // What is wider than asked for is decided for what was asked.
                let isWider = GlobSearch.isCovered(requested, by: [candidate.glob])
                let decided = isWider ? request : request.about(text)
                let decision = IAMEvaluator.decide(decided, policies)
                guard !isWider || decision.verdict != .implicitDeny else { continue }
                results.append(Result(pattern: text, decision: decision))
            }
        }
        return results
    }

    private static func candidates(
        in document: PolicyDocument,
        _ reader: LayerReader,
        _ layer: IAMDecision.Layer,
        _ requested: Glob
    ) -> [(text: String?, glob: Glob)] {
        document.statements.flatMap { statement -> [(text: String?, glob: Glob)] in
            guard statement.effect == .allow, reader.matchesAction(statement), let resources = statement.resources,
                !statement.conditions.contains(where: { $0.formula(reader.request.context, effect: .allow) == .no })
            else { return [] }
            if resources.isNegated {
                // Everything but some: what was asked for stands for itself.
                return reader.matchesResource(statement, .allow) ? [(nil, requested)] : []
            }
            return resources.elements.compactMap { element in
                guard let text = element.resolved(reader.request.context) else { return nil }
                switch ARNPattern.read(text, in: layer == .resource ? .resource : .principal) {
                case .glob(let glob), .short(let glob):
                    return GlobSearch.overlap(glob, requested) ? (text.plain, glob) : nil
                case .nothing, .refused: return nil
                }
            }
        }
    }
}

extension IAMRequest {
    /// The same request about another resource.
    fileprivate func about(_ text: String) -> IAMRequest {
        IAMRequest(
            principal: principal,
            action: action,
            resource: text.contains("*") ? .some(text) : .exact(text),
            resourceAccount: resourceAccount,
            context: context
        )
    }
}
