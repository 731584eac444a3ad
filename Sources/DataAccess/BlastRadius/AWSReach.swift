/// The ways in which components get to datasets in S3, by the policies of their roles and of the buckets.
struct AWSReach {
    private let estate: Estate
    private let together: ObservedAccess
    private let roles: ObservedAccess
    private let buckets: ObservedAccess
    private let artifacts: AWSArtifacts
    /// The roles that the policy of a bucket tells from others.
    private let named: [String: Set<String>]

    init(_ estate: Estate, _ artifacts: AWSArtifacts) {
        self.estate = estate
        self.artifacts = artifacts
        func observe(_ scope: AWSObservation.Scope) -> ObservedAccess {
            AWSObservation(estate, artifacts, scope: scope).observe(followsPaths: true)
        }
        together = observe(.all)
        roles = observe(.roles)
        buckets = observe(.buckets)
        let observation = AWSObservation(estate, artifacts, scope: .buckets)
        var named: [String: Set<String>] = [:]
        for bucket in artifacts.buckets.values {
            let patterns = bucket.policy.map(observation.namedPrincipals) ?? []
            named[bucket.name] = Set(observation.roles(named: patterns).map(\.name))
        }
        self.named = named
    }

    /// What the policies of buckets let a component do, if its role might do everything; one that a policy of its own
    /// account does not name is like any other that it does not name.
    private func byBuckets(
        _ component: Estate.Component,
        _ verb: ObservedAccess.Verb,
        _ dataset: String,
        in names: [String]
    ) -> ObservedAccess.Finding? {
        if let finding = buckets.finding(component.name, verb, dataset) { return finding }
        guard let identity = component.identity.aws else { return nil }
        let own = estate.enforcement.aws?.account ?? ""
        let account = artifacts.roles[identity.name]?.account ?? identity.account ?? own
        let isUnnamed = names.contains { name in
            (artifacts.buckets[name]?.account ?? own) == account && named[name]?.contains(identity.name) != true
        }
        return isUnnamed ? buckets.finding(AWSObservation.administrator, verb, dataset) : nil
    }

    /// The ways of a component, those that something is in the way of, too.
    func ways(of component: Estate.Component, network: BlastVerdict) -> [BlastWay] {
        var ways: [BlastWay] = []
        for dataset in estate.datasets {
            let names: [String] = dataset.stores.compactMap { store in
                if case .s3(let objects) = store { objects.bucket } else { nil }
            }
            guard !names.isEmpty else { continue }
            let name = Set(names).sorted().joined(separator: ", ")
            for verb in ObservedAccess.Verb.allCases {
                let target = BlastTarget(verb == .read ? .read : .write, Self.name(dataset.name))
                func way(_ identity: BlastVerdict, _ bucket: BlastVerdict, _ finding: ObservedAccess.Finding?)
                    -> BlastWay
                {
                    var steps: [String] = []
                    if case .possible(let witness) = finding { steps = witness.path }
                    return BlastWay(
                        component: component.name,
                        target: target,
                        dataset: dataset.name,
                        steps: steps,
                        verdicts: [.network: network, .identity: identity, .bucket: bucket]
                    )
                }
                let role = component.identity.aws.map { "role \($0.name)" } ?? "\(component.name), which has no role"
                let isClosed = BlastVerdict(.denies, "the policy of \(name)")
                let isPowerless = BlastVerdict(.denies, "the policies of \(role)")
                let all = together.finding(component.name, verb, dataset.name)
                if let all {
                    ways.append(way(Self.verdict(all, .identity), Self.verdict(all, .bucket), all))
                    continue
                }
                // Each by itself: what the one lets through, the other has in its way.
                let byRoles = roles.finding(component.name, verb, dataset.name)
                let byBuckets = self.byBuckets(component, verb, dataset.name, in: names)
                ways.append(way(byRoles.map { Self.verdict($0, .identity) } ?? isPowerless, isClosed, byRoles))
                if let byBuckets { ways.append(way(isPowerless, Self.verdict(byBuckets, .bucket), byBuckets)) }
            }
        }
        return ways
    }

    /// What a dataset is called that lies in S3.
    static func name(_ dataset: String) -> String { "\(dataset) in s3" }

    private static func verdict(_ finding: ObservedAccess.Finding, _ layer: BlastLayer) -> BlastVerdict {
        switch finding {
        case .undecided(let reason): return BlastVerdict(.undecided, reason)
        case .possible(let witness):
            let rules = witness.rules.filter { $0.hasPrefix("buckets/") == (layer == .bucket) }
            let other = layer == .bucket ? "no statement denies it" : witness.action
            return BlastVerdict(.allows, rules.isEmpty ? other : rules.joined(separator: ", "))
        }
    }
}
