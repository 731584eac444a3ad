/// All that is proved of an estate: its invariants in every layer, and that each layer has neither more nor less than the
/// estate says.
public struct EstateProof: Sendable {
    /// What came of one question.
    public struct Result: Sendable {
        /// The invariant's name, or `excess`, `missing` or `trust` for what is proved of every estate.
        public let id: String
        /// The layer: `model` or `s3`.
        public let layer: String
        /// What came of it.
        public let outcome: InvariantProof.Outcome
    }

    /// Everything, in the order of the estate's invariants.
    public let results: [Result]

    /// Whether nothing is refuted and nothing is left open.
    public var holds: Bool {
        results.allSatisfy {
            switch $0.outcome {
            case .proved, .notConcerned: true
            case .refuted, .unknown: false
            }
        }
    }

    /// Proves what there is to prove.
    ///
    /// - Parameters:
    ///   - estate: the estate.
    ///   - artifacts: what is in force in AWS, parsed back; nil where AWS is not looked at.
    ///   - others: what was observed in other layers.
    public init(_ estate: Estate, aws artifacts: AWSArtifacts? = nil, others: [ObservedAccess] = []) {
        let model = ModelAccess.observe(estate)
        var layers = [model]
        var results: [Result] = []
        if let artifacts {
            layers += AWSObservation.Scope.allCases.map { AWSObservation(estate, artifacts, scope: $0).observe() }
        }
        layers += others
        for invariant in estate.invariants {
            for layer in layers {
                let outcome = InvariantProof(estate, layer).prove(invariant)
                if outcome != .notConcerned {
                    results.append(Result(id: invariant.id, layer: layer.layer, outcome: outcome))
                }
            }
        }
        for layer in layers.dropFirst() {
            results.append(Result(id: "excess", layer: layer.layer, outcome: Self.excess(estate, layer)))
            results.append(Result(id: "missing", layer: layer.layer, outcome: Self.missing(estate, layer)))
        }
        if let artifacts {
            results += AWSGuards(estate: estate, artifacts: artifacts).results()
            let proof = TrustProof(estate: estate, artifacts: artifacts)
            for component in estate.components {
                let outcome = proof.finding(component)
                guard outcome != .notConcerned else { continue }
                results.append(Result(id: "trust \(component.name)", layer: "s3", outcome: outcome))
            }
        }
        self.results = results
    }

    private struct Key: Hashable {
        let component: String
        let dataset: String
        let verb: ObservedAccess.Verb
    }

    /// What the estate allows in one layer.
    private static func allowed(_ estate: Estate, _ layer: String) -> Set<Key> {
        Set(
            estate.accesses.filter { layer.split(separator: " ").first.map(String.init) == $0.layer.rawValue }
                .compactMap { access in
                    access.resource.dataset.map {
                        Key(component: access.component, dataset: $0, verb: access.verb == .read ? .read : .write)
                    }
                }
        )
    }

    /// Whether anybody can do what the estate does not allow.
    private static func excess(_ estate: Estate, _ layer: ObservedAccess) -> InvariantProof.Outcome {
        let allowed = allowed(estate, layer.layer)
        var doubt: String?
        for component in layer.components.sorted() {
            for dataset in layer.datasets(of: component).sorted() {
                for verb in ObservedAccess.Verb.allCases {
                    guard !allowed.contains(Key(component: component, dataset: dataset, verb: verb)) else { continue }
                    switch layer.finding(component, verb, dataset) {
                    case nil: continue
                    case .undecided(let reason): doubt = doubt ?? "`\(component)`, `\(dataset)`: \(reason)"
                    case .possible(let witness):
                        return .refuted(
                            "`\(component)` can \(verb.rawValue) `\(dataset)`, which the estate does not allow",
                            witness
                        )
                    }
                }
            }
        }
        return doubt.map { .unknown($0) } ?? .proved
    }

    /// Whether somebody cannot do what the estate allows.
    private static func missing(_ estate: Estate, _ layer: ObservedAccess) -> InvariantProof.Outcome {
        let withoutRole = Set(estate.components.filter { $0.identity.aws == nil }.map(\.name))
        var doubt: String?
        // What buckets let through they let through to roles that they name; the rest is the roles' matter.
        for key in allowed(estate, layer.layer).sorted(by: { ($0.component, $0.dataset) < ($1.component, $1.dataset) })
        {
            // That one has no role is said where the estate is read.
            if layer.layer.hasPrefix(Access.Layer.s3.rawValue), withoutRole.contains(key.component) { continue }
            switch layer.finding(key.component, key.verb, key.dataset) {
            case .possible: continue
            case .undecided(let reason): doubt = doubt ?? reason
            case nil:
                return .refuted(
                    "`\(key.component)` cannot \(key.verb.rawValue) `\(key.dataset)`, which the estate allows",
                    nil
                )
            }
        }
        return doubt.map { .unknown($0) } ?? .proved
    }
}
