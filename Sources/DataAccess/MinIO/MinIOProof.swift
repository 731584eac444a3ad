/// What is proved of a MinIO: the estate's invariants, and that each component may do what the estate gives it and no more.
///
/// A policy is read as AWS's identity policies are, of which MinIO's are a part; one that is more than that is not
/// proved. What a bucket lets through without a signature counts for everybody.
public struct MinIOProof {
    /// What was proved, and what was not.
    public let results: [EstateProof.Result]

    private static let layer = "s3 minio"
    /// An account for all, since MinIO has none.
    private static let account = "000000000000"

    /// Proves what there is to prove.
    public init(_ estate: Estate, _ artifacts: MinIOArtifacts) {
        let estate = Self.withRoles(estate)
        let roles = Self.artifacts(estate, policies: artifacts.policies, buckets: [:])
        let open = Self.artifacts(estate, policies: [:], buckets: artifacts.buckets)
        var observed = ObservedAccess(layer: Self.layer)
        let signed = AWSObservation(estate, roles, scope: .roles).observe()
        let unsigned = AWSObservation(estate, open).observe(followsPaths: false)[AWSObservation.anyone]
        for name in Set(signed.components).union(estate.components.map(\.name)) {
            var entry = signed[name] ?? ObservedAccess.Entry()
            if let unsigned { entry.note(unsigned) }
            observed[name] = entry
        }
        observed[AWSObservation.anyone] = unsigned
        let proof = LayerProof(estate, observed)
        var results: [(String, InvariantProof.Outcome)] = estate.invariants.indices.map {
            (estate.invariants[$0].id, proof.outcome($0))
        }
        let guards = AWSGuards(estate, roles)
        var nothingElse = PartialOutcomes(order: estate.components.map(\.name))
        for component in estate.components { nothingElse.set(component.name, guards.nothingElse(component)) }
        results += [
            ("excess", proof.excess), ("missing", proof.missing), ("nothing else", nothingElse.outcome),
            ("tls", Self.overTLS(guards)),
            ("well-formed", artifacts.findings.first.map { .unknown("\($0)") } ?? .proved),
        ]
        self.results = results.filter { $0.1 != .notConcerned }.map {
            EstateProof.Result(id: $0.0, layer: Self.layer, outcome: $0.1)
        }
    }

    /// That no policy lets anything through without TLS.
    private static func overTLS(_ guards: AWSGuards) -> InvariantProof.Outcome {
        let wish = PrincipalProbes.wish("Bool", "aws:SecureTransport", ["false"])
        let questions = guards.artifacts.roles.values.sorted { $0.name < $1.name }.flatMap { role in
            let search = guards.observation.roleSearch(role)
            return search.toldApart(S3Actions.every.map(\.0)).map { action in
                RequestQuestion(
                    search: search,
                    action: action,
                    area: guards.area(""),
                    wishes: [wish],
                    finding: "the policy `\(role.name)` lets something through without TLS",
                    subject: "`\(role.name)`"
                )
            }
        }
        return InvariantProof.Outcome(proving: questions)
    }

    /// The estate as AWS would see it: each component with a role that is called like its policy.
    private static func withRoles(_ estate: Estate) -> Estate {
        let names = MinIONames.policies(estate)
        var enforcement = estate.enforcement
        enforcement.aws = Estate.Enforcement.AWS(
            account: account,
            region: "minio",
            partition: "aws",
            oidcProvider: nil,
            organization: nil,
            vpcEndpoint: nil
        )
        return Estate(
            name: estate.name,
            trustDomain: estate.trustDomain,
            credentialLifetime: estate.credentialLifetime,
            purposes: estate.purposes,
            classifications: estate.classifications,
            components: estate.components.map { component in
                Estate.Component(
                    name: component.name,
                    identity: Estate.Identity(
                        spiffeID: component.identity.spiffeID,
                        kubernetes: component.identity.kubernetes,
                        aws: Estate.AWSRole(name: names[component.name] ?? component.name, account: account)
                    ),
                    purpose: component.purpose,
                    maxClassification: component.maxClassification,
                    exposes: component.exposes,
                    egress: component.egress,
                    location: component.location
                )
            },
            datasets: estate.datasets,
            models: estate.models,
            calls: estate.calls,
            invariants: estate.invariants,
            enforcement: enforcement,
            location: estate.location
        )
    }

    private static func artifacts(
        _ estate: Estate,
        policies: [String: PolicyDocument],
        buckets: [String: PolicyDocument]
    ) -> AWSArtifacts {
        var artifacts = AWSArtifacts(partition: "aws")
        // One that no component has may be anybody's.
        let names = Set(estate.components.compactMap { $0.identity.aws?.name }).union(policies.keys)
        for name in names {
            artifacts.roles[name] = AWSArtifacts.Role(
                name: name,
                account: account,
                trust: nil,
                policies: policies[name].map { [$0] } ?? []
            )
        }
        let lying = estate.datasets.flatMap(\.stores).compactMap { store in
            if case .s3(let objects) = store { objects.bucket } else { nil }
        }
        for name in Set(lying).union(buckets.keys) {
            artifacts.buckets[name] = AWSArtifacts.Bucket(
                name: name,
                account: account,
                policy: buckets[name],
                publicAccessBlock: []
            )
        }
        return artifacts
    }
}
