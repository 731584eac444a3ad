extension AWSGuards {
    /// That a component's role may do nothing but to the objects and buckets that the estate gives it.
    func nothingElse(_ component: Estate.Component) -> [PartialOutcomes.Part] {
        guard let identity = component.identity.aws else { return [] }
        guard let role = artifacts.roles[identity.name] else {
            return [.init(.unseen, .unknown("the role `\(identity.name)` was not exported"))]
        }
        var parts: [PartialOutcomes.Part] = []
        if let stray = stray(role) {
            let finding = "the role `\(role.name)` is allowed `\(stray.action)`, and the estate has no use for it"
            parts.append(.init(.stray, .refuted(finding, stray)))
        }
        if observation.mayReachAccessPoints(role) {
            let doubt = "`\(role.name)` is allowed something on access points, which are not looked at"
            parts.append(.init(.unseen, .unknown(doubt)))
        }
        let own = OwnPlaces(accesses[component.name] ?? [], partition: artifacts.partition)
        let search = observation.roleSearch(role)
        let reach = ActionReach(role.policies)
        let possible = S3Actions.every.filter { reach.mayAllow($0.0) }
        // Those with the same places and the same statements stand for each other.
        let groups = Dictionary(grouping: possible) { own.places($0.0, $0.1) }
        let questions = groups.sorted { $0.value[0].0 < $1.value[0].0 }.flatMap { places, actions in
            search.toldApart(actions.map(\.0)).map { action in
                RequestQuestion(
                    search: search,
                    action: action,
                    area: area(""),
                    outside: places,
                    finding: "the role `\(role.name)` reaches what the estate does not give it",
                    subject: "`\(role.name)`"
                )
            }
        }
        return parts + PartialOutcomes.parts(InvariantProof.Outcome(proving: questions))
    }

    /// What a role is allowed that is no known action on objects or buckets: something of another service, what S3 has
    /// beside them (jobs, access points, the account itself), or a wildcard, which takes in what S3 is yet to have.
    private func stray(_ role: AWSArtifacts.Role) -> Witness? {
        for statement in role.policies.lazy.flatMap(\.statements) where statement.effect == .allow {
            guard let actions = statement.actions else { continue }
            let stray = actions.isNegated ? "*" : actions.elements.first { !isKnown($0) }?.source
            guard let stray else { continue }
            return Witness(
                principal: role.arn(artifacts.partition),
                action: stray,
                resource: statement.resources.flatMap { $0.isNegated ? nil : $0.elements.first?.source } ?? "*"
            )
        }
        return nil
    }

    /// Whether a pattern is one action on objects or buckets.
    private func isKnown(_ pattern: ActionPattern) -> Bool {
        guard pattern.service == "s3", pattern.action.isLiteral else { return false }
        let name = String(decoding: pattern.action.head, as: UTF8.self)
        return S3Actions.objects[name] != nil || S3Actions.buckets[name] != nil
    }

    /// Where a component may do what.
    private struct OwnPlaces {
        private var read: [Glob] = []
        private var write: [Glob] = []
        private var buckets: [Glob] = []

        init(_ accesses: [Access], partition: String) {
            for access in accesses {
                guard case .objects(_, let store) = access.resource else { continue }
                let arn = "arn:\(partition):s3:::\(store.bucket)"
                let objects = Glob(tokens: Glob.tokens("\(arn)/\(store.prefix)", isLiteral: true) + [Glob.star])
                if access.verb == .read {
                    read.append(objects)
                    buckets.append(Glob(literal: arn))
                } else {
                    write.append(objects)
                }
            }
        }

        func places(_ action: String, _ kind: (S3Actions.Kind, S3Actions.Effect)) -> [Glob] {
            switch kind {
            case (.object, .reads): read
            case (.object, .writes): write
            case (.bucket, .reads): action == "s3:listbucket" ? buckets : []
            default: []
            }
        }
    }
}

extension AWSObservation {
    /// A search by a role's own policies.
    func roleSearch(_ role: AWSArtifacts.Role) -> RequestSearch {
        var policies = IAMPolicies()
        policies.identity = role.policies
        policies.boundary = role.boundary.map { [$0] }
        return RequestSearch(
            principal: RequestPrincipal(
                "arn:\(artifacts.partition):sts::\(role.account):assumed-role/\(role.name)/session"
            ),
            account: role.account,
            fixed: fixed(role),
            policies: policies
        )
    }
}
