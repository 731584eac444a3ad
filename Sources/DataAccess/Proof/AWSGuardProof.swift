import Resources

/// What is proved of AWS beside who reads and writes which dataset, kept by role and by bucket.
struct AWSGuardProof: Sendable {
    private var guards: AWSGuards
    private var nothingElse: PartialOutcomes
    private var overTLS = PartialOutcomes()
    private var beside = PartialOutcomes()
    private var publicAccess = PartialOutcomes()
    private var endpoint = InvariantProof.Outcome.notConcerned
    /// What AWS would refuse, by what it is about: what it would refuse may not mean what it seems to.
    private var findings: [String: [Diagnostic]] = [:]
    private var trust: [EstateProof.Result] = []
    /// The place of a component's result in these.
    private var placeOfTrust: [String: Int] = [:]
    private let componentsByRole: [String: [Estate.Component]]

    init(_ estate: Estate, _ artifacts: AWSArtifacts) {
        guards = AWSGuards(estate, artifacts)
        nothingElse = PartialOutcomes(order: estate.components.map(\.name))
        componentsByRole = Dictionary(grouping: estate.components.filter { $0.identity.aws != nil }) {
            $0.identity.aws?.name ?? ""
        }
        for component in estate.components {
            nothingElse.set(component.name, guards.nothingElse(component))
            prove(trustOf: component)
        }
        for bucket in guards.prefixes.keys { prove(bucket) }
        for name in artifacts.roles.keys { look("roles/\(name)", artifacts.findings(ofRole: name)) }
        for name in artifacts.buckets.keys { look("buckets/\(name)", artifacts.findings(ofBucket: name)) }
        proveEndpoint()
    }

    /// Proves what read something that is another now.
    mutating func update(
        _ artifacts: AWSArtifacts,
        _ change: RunningObservation.Change,
        hasOtherEndpoints: Bool
    ) {
        guards.update(artifacts, change)
        for name in change.roles {
            for component in componentsByRole[name] ?? [] {
                nothingElse.set(component.name, guards.nothingElse(component))
            }
        }
        for name in change.trusts {
            for component in componentsByRole[name] ?? [] { prove(trustOf: component) }
        }
        for name in change.roles.union(change.trusts) { look("roles/\(name)", artifacts.findings(ofRole: name)) }
        for name in change.buckets {
            if guards.prefixes[name] != nil { prove(name) }
            look("buckets/\(name)", artifacts.findings(ofBucket: name))
        }
        if hasOtherEndpoints { proveEndpoint() }
    }

    private mutating func prove(_ bucket: String) {
        overTLS.set(bucket, guards.overTLS(bucket))
        beside.set(bucket, guards.beside(bucket))
        publicAccess.set(bucket, guards.publicAccess(bucket))
    }

    private mutating func proveEndpoint() {
        endpoint = guards.endpoint()
        look("endpoints", guards.artifacts.endpoints.values.flatMap(\.findings))
    }

    private mutating func prove(trustOf component: Estate.Component) {
        let proof = TrustProof(estate: guards.estate, artifacts: guards.artifacts)
        let outcome = proof.finding(component)
        guard outcome != .notConcerned else { return }
        let result = EstateProof.Result(id: "trust \(component.name)", layer: Self.layer, outcome: outcome)
        if let place = placeOfTrust[component.name] {
            trust[place] = result
        } else {
            placeOfTrust[component.name] = trust.count
            trust.append(result)
        }
    }

    private mutating func look(_ name: String, _ found: [Diagnostic]) { findings[name] = found.isEmpty ? nil : found }

    private static let layer = AWSObservation.Scope.all.rawValue

    private var wellFormed: InvariantProof.Outcome {
        let first = findings.values.joined().min { ($0.location, $0.message) < ($1.location, $1.message) }
        return first.map { .unknown("\($0)") } ?? .proved
    }

    /// What came of each.
    var results: [EstateProof.Result] {
        [
            ("nothing else", nothingElse.outcome), ("tls", overTLS.outcome), ("beside", beside.outcome),
            ("public access block", publicAccess.outcome), ("endpoint", endpoint), ("well-formed", wellFormed),
        ].map { EstateProof.Result(id: $0.0, layer: Self.layer, outcome: $0.1) } + trust
    }
}

extension AWSArtifacts {
    /// What is told of a role's own policies.
    fileprivate func findings(ofRole name: String) -> [Diagnostic] {
        guard let role = roles[name] else { return [] }
        return (role.policies + [role.trust, role.boundary].compactMap(\.self)).flatMap(\.findings)
    }

    /// What is told of a bucket's policy.
    fileprivate func findings(ofBucket name: String) -> [Diagnostic] { buckets[name]?.policy?.findings ?? [] }
}
