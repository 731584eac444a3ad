extension AWSGuards {
    /// That an endpoint lets nobody through to buckets of other accounts, which would be the internet.
    func endpoint() -> InvariantProof.Outcome {
        guard !artifacts.endpoints.isEmpty else {
            guard estate.accesses.contains(where: { $0.layer == .s3 }) else { return .notConcerned }
            return .unknown("no policy of a VPC endpoint was exported: which buckets it leads to is not known")
        }
        var doubt: String?
        let accessPoints = observation.accessPoints
        var questions: [RequestQuestion] = []
        for (name, document) in artifacts.endpoints.sorted(by: { $0.key < $1.key }) {
            let reach = BucketReach([document])
            let actions = S3Actions.toldApart(by: document)
            let searches = searches(document)
            let leadsToAccessPoints =
                reach.hasAccessPoints
                || reach.mayHaveAccessPoints
                    && searches.contains { search in
                        actions.contains { action, _ in
                            if case .none = search.find(action, in: accessPoints) { false } else { true }
                        }
                    }
            if leadsToAccessPoints {
                doubt = doubt ?? "the endpoint `\(name)` allows something on access points, which are not looked at"
            }
            for search in searches {
                questions += actions.map { action, kind in
                    RequestQuestion(
                        search: search,
                        action: action,
                        area: kind == .object ? Glob("arn:\(artifacts.partition):s3:::*/*") : area(""),
                        finding: "the endpoint `\(name)` leads to another account's buckets",
                        subject: "the endpoint `\(name)`"
                    )
                }
            }
        }
        return InvariantProof.Outcome(proving: questions, doubt: doubt)
    }

    /// Everyone whom an endpoint's policy may tell from others, at a bucket that lets everybody do everything.
    ///
    /// Whose bucket it is is left open at first, for patterns; then it is each account that the policy names, and one
    /// that it does not.
    private func searches(_ document: PolicyDocument) -> [RequestSearch] {
        let own = estate.enforcement.aws?.account ?? ""
        let roles = estate.components.compactMap { component in
            component.identity.aws.flatMap { artifacts.roles[$0.name] }
        }
        let probes = PrincipalProbes(
            document,
            partition: artifacts.partition,
            owner: own,
            known: roles.map { $0.arn(artifacts.partition) }
        )
        // Roles of one account that the policy does not name are all the same to it.
        var isSeen: Set<String> = []
        let named = Set(observation.roles(named: observation.namedPrincipals(document)).map(\.name))
        let toldApart = roles.filter { named.contains($0.name) || isSeen.insert($0.account).inserted }
        let components = toldApart.flatMap { role in
            observation.principals(role, in: document).map {
                PrincipalProbes.Probe(label: role.name, principal: $0, fixed: observation.fixed(role))
            }
        }
        let everyone =
            components + probes.signed() + [PrincipalProbes.anonymous] + probes.services() + probes.federated()
        let accountsInConditions = Set(
            document.statements.flatMap(\.conditions).flatMap(\.values).map(\.source).filter {
                $0.utf8.count == 12 && $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            }
        ).subtracting([own])
        let unnamed = (0..<1000).lazy.map { String(999_999_999_999 - $0) }.first {
            !accountsInConditions.contains($0) && $0 != own
        }
        let accounts = [unnamed ?? "999999999999"] + accountsInConditions.sorted()
        let foreign = Self.resourceAccounts.flatMap { key in
            [PrincipalProbes.wish("StringNotEquals", key, [own]), PrincipalProbes.wish("Null", key, ["false"])]
        }
        return everyone.map { probe in
            var search = self.search(as: probe, document, accounts[0])
            search.always += foreign
            search.isApproximate = true
            search.refined = {
                (probe.isApproximate ? probe.refined() : [probe]).flatMap { probe in
                    accounts.map { account in
                        var fixed = probe
                        for key in Self.resourceAccounts { fixed.fixed[key.lowercased()] = .single(account) }
                        return self.search(as: fixed, document, account)
                    }
                }
            }
            return search
        }
    }

    private static let resourceAccounts = ["aws:ResourceAccount", "s3:ResourceAccount"]

    private func search(
        as probe: PrincipalProbes.Probe,
        _ document: PolicyDocument,
        _ account: String
    ) -> RequestSearch {
        var policies = IAMPolicies()
        policies.identity = [AWSObservation.everything]
        policies.resource = AWSObservation.everythingForEveryone
        policies.endpoint = [document]
        return RequestSearch(
            principal: probe.principal,
            account: account,
            fixed: probe.fixed,
            policies: policies,
            always: probe.wishes,
            isApproximate: probe.isApproximate,
            refined: { [] }
        )
    }
}
