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
                rule: counterexample.map { engine.evaluate($0.attributes, external: .allow(.init())).matchedPolicy }
            )
        }
        do {
            let requests = try regions(of: assertion.requests)
            guard !requests.isEmpty else { return finding(.vacuous, "no request matches `requests`") }
            let against = try violations(assertion.expectation, requests)
            let isAllowed = assertion.expectation != .allowed
            let message = isAllowed ? "this request is allowed" : "this request is denied"
            if let witness = try shortest(against.certain, isAllowed ? .allow : .deny) {
                return finding(.violated, message, witness)
            }
            guard let doubtful = against.doubtful.first else { return finding(.holds) }
            // What may speak against it does, where the engine says so of a request.
            for region in against.doubtful.prefix(64) {
                guard let witness = try space.witness(region, like: options.template) else { continue }
                let decided = engine.evaluate(witness.attributes, external: .allow(.init())).outcome == .allow
                if decided == isAllowed { return finding(.violated, message, witness) }
            }
            let example = try space.witness(doubtful, like: options.template)?.attributes.path ?? ""
            return finding(
                .unknown,
                "unknown: it holds of plain paths; of spellings such as `\(example)`, which servers read differently, "
                    + "it could not be found out"
            )
        } catch {
            return finding(.unknown, error.message)
        }
    }

    /// The requests that speak against an expectation, and those that may.
    private func violations(
        _ expectation: ReachAssertion.Expectation,
        _ requests: [RequestRegion]
    ) throws(ReachError) -> (certain: [RequestRegion], doubtful: [RequestRegion]) {
        let allowed = try allowedRegions()
        var against: [RequestRegion] = []
        if case .allowed = expectation {
            // What a provider may refuse, and what is only allowed at most, is not known to be allowed.
            var sure: [RequestRegion] = []
            for region in allowed where region.provider == nil {
                if let plain = try parts(region.region).plain { sure.append(plain) }
            }
            against = try space.difference(requests, sure)
        } else {
            for region in allowed {
                for request in requests {
                    if let both = try space.intersection(region.region, request) { against.append(both) }
                }
            }
            if case .onlyFrom(let sources) = expectation {
                against = try space.difference(against, try regions(of: sources))
            }
        }
        var (certain, doubtful): ([RequestRegion], [RequestRegion]) = ([], [])
        // A sentence may look at claims that no policy looks at, and so at what is in others.
        var possible: [RequestRegion] = []
        for region in against { possible += try space.possible(region) }
        for region in possible {
            let (plain, unusual) = try parts(region)
            if let plain { certain.append(plain) }
            if let unusual { doubtful.append(unusual) }
        }
        return (certain, doubtful)
    }

    private func regions(of policy: AuthorizationPolicy) throws(ReachError) -> [RequestRegion] {
        var regions: [RequestRegion] = []
        for (index, rule) in policy.rules.enumerated() {
            // An assertion means what it says, as Istio reads it.
            var options = engine.options
            options.compatibility = .istio
            guard let compiled = CompiledRule(rule, index: index, of: policy, options: options, transport: .http) else {
                continue
            }
            for region in try space.regions(of: compiled) { regions += try space.possible(region) }
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
            let candidate = try witness(of: region, outcome, asking: outcome == .allow ? "any" : nil)
            if candidate.description.count < best?.description.count ?? .max { best = candidate }
        }
        return best
    }
}
