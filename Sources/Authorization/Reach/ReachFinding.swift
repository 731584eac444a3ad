/// What became of an assertion.
public struct ReachFinding: Sendable, Hashable, Encodable {
    /// Whether an assertion holds.
    public enum Outcome: String, Sendable, Encodable {
        /// It holds of every request that there can be.
        case holds
        /// It does not, and a request shows it.
        case violated
        /// It is about no request at all, which is taken for a mistake.
        case vacuous
        /// It could not be found out within the limits; that is no pass.
        case unknown
    }

    /// What is asserted.
    public let name: String
    /// Where it stands.
    public let location: String
    /// Whether it holds.
    public let outcome: Outcome
    /// What is wrong, where it does not hold.
    public let message: String?
    /// A request against which it fails.
    public let counterexample: WitnessRequest?
    /// The rule that decides that request, or `none`.
    public let rule: String?
}

extension Reachability {
    /// Whether an assertion holds of every request.
    public func check(_ assertion: ReachAssertion) -> ReachFinding {
        func finding(
            _ outcome: ReachFinding.Outcome,
            _ message: String? = nil,
            _ counterexample: WitnessRequest? = nil
        ) -> ReachFinding {
            ReachFinding(
                name: assertion.name,
                location: "\(assertion.location)",
                outcome: outcome,
                message: message,
                counterexample: counterexample,
                rule: counterexample.map { engine.evaluate($0.attributes).matchedPolicy }
            )
        }
        do {
            let requests = try regions(of: assertion.requests)
            guard !requests.isEmpty else { return finding(.vacuous, "no request matches `requests`") }
            let (against, outcome) = try violations(assertion.expectation, requests)
            guard let witness = try shortest(against, outcome) else { return finding(.holds) }
            return finding(.violated, outcome == .allow ? "this request is allowed" : "this request is denied", witness)
        } catch {
            return finding(.unknown, error.message)
        }
    }

    /// The requests that speak against an expectation, and how they are decided.
    private func violations(
        _ expectation: ReachAssertion.Expectation,
        _ requests: [RequestRegion]
    ) throws(ReachError) -> ([RequestRegion], Decision.Outcome) {
        let allowed = try allowedRegions().map(\.region)
        if case .allowed = expectation { return (try space.difference(requests, allowed), .deny) }
        var reached: [RequestRegion] = []
        for region in allowed {
            for request in requests {
                if let both = try space.intersection(region, request) { reached.append(both) }
            }
        }
        if case .onlyFrom(let sources) = expectation {
            reached = try space.difference(reached, try regions(of: sources))
        }
        return (reached, .allow)
    }

    private func regions(of policy: AuthorizationPolicy) throws(ReachError) -> [RequestRegion] {
        var regions: [RequestRegion] = []
        for (index, rule) in policy.rules.enumerated() {
            let compiled = CompiledRule(
                rule,
                index: index,
                of: policy,
                trustDomains: engine.options.trustDomains
            )
            regions += try space.regions(of: compiled)
        }
        return regions
    }

    /// The request of some regions that is shortest in print.
    private func shortest(
        _ regions: [RequestRegion],
        _ outcome: Decision.Outcome
    ) throws(ReachError) -> WitnessRequest? {
        var best: WitnessRequest?
        for region in regions {
            let candidate = try witness(of: region, outcome)
            if candidate.description.count < best?.description.count ?? .max { best = candidate }
        }
        return best
    }
}
