/// Proves that a component's role is assumed by the component's own service account and by nobody else.
struct TrustProof {
    let estate: Estate
    let artifacts: AWSArtifacts

    /// What is wrong with the trust policy of a component's role; nil where nothing is.
    func finding(_ component: Estate.Component) -> InvariantProof.Outcome {
        guard let identity = component.identity.aws else { return .notConcerned }
        guard let role = artifacts.roles[identity.name] else {
            return .unknown("the role `\(identity.name)` was not exported: who assumes it is not known")
        }
        guard let trust = role.trust else {
            return .unknown("the trust policy of `\(role.name)` is not there: who assumes it is not known")
        }
        return InvariantProof.Outcome(
            proving: strangers(component, role, trust).map { probe, action, wishes in
                RequestQuestion(
                    search: search(as: probe, role, trust),
                    action: action,
                    area: Glob(literal: role.arn(artifacts.partition)),
                    wishes: wishes,
                    finding: "somebody other than `\(component.name)` can assume `\(role.name)`",
                    subject: "`\(role.name)`"
                )
            }
        )
    }

    private func search(
        as probe: PrincipalProbes.Probe,
        _ role: AWSArtifacts.Role,
        _ trust: PolicyDocument
    ) -> RequestSearch {
        var policies = IAMPolicies()
        policies.identity = [AWSObservation.everything]
        policies.resource = trust
        return RequestSearch(
            principal: probe.principal,
            account: role.account,
            fixed: probe.fixed,
            policies: policies,
            always: probe.wishes,
            isApproximate: probe.isApproximate,
            refined: { probe.refined().map { search(as: $0, role, trust) } }
        )
    }

    private typealias Stranger = (PrincipalProbes.Probe, action: String, [ContextSolver.Wish])

    /// Everyone whom the trust policy may tell from others, asking for somebody else than the component.
    private func strangers(
        _ component: Estate.Component,
        _ role: AWSArtifacts.Role,
        _ trust: PolicyDocument
    ) -> [Stranger] {
        let probes = PrincipalProbes(
            trust,
            partition: artifacts.partition,
            owner: role.account,
            known: [role.arn(artifacts.partition)]
        )
        var result: [Stranger] = probes.signed().map { ($0, "sts:assumerole", []) }
        for probe in probes.services() {
            // Any service account of the cluster comes by Pod Identity; any other service is none of the component's.
            let isPods = probe.principal == .service("pods.eks.amazonaws.com")
            result += (isPods ? otherPods(component) : [[]]).map { (probe, "sts:assumerole", $0) }
        }
        for probe in probes.federated() {
            let isOwn = provider.map { probe.principal == .other($0.arn) } ?? false
            result += (isOwn ? otherSubjects(component) : [[]]).map { (probe, "sts:assumerolewithwebidentity", $0) }
            result.append((probe, "sts:assumerolewithsaml", []))
        }
        return result
    }

    /// The estate's own OIDC provider.
    private var provider: (arn: String, issuer: String)? {
        guard let settings = estate.enforcement.aws, let issuer = settings.oidcProvider else { return nil }
        return ("arn:\(settings.partition):iam::\(settings.account):oidc-provider/\(issuer)", issuer)
    }

    /// What requests of another service account are like that come by Pod Identity.
    private func otherPods(_ component: Estate.Component) -> [[ContextSolver.Wish]] {
        guard let account = component.identity.kubernetes else { return [[]] }
        return [
            [PrincipalProbes.wish("StringNotEquals", "aws:RequestTag/kubernetes-namespace", [account.namespace])],
            [PrincipalProbes.wish("StringNotEquals", "aws:RequestTag/kubernetes-service-account", [account.name])],
        ]
    }

    /// What requests of another service account are like that come by the estate's provider.
    private func otherSubjects(_ component: Estate.Component) -> [[ContextSolver.Wish]] {
        guard let account = component.identity.kubernetes, let provider else { return [[]] }
        let subject = "system:serviceaccount:\(account.namespace):\(account.name)"
        return [[PrincipalProbes.wish("StringNotEquals", "\(provider.issuer):sub", [subject])]]
    }
}
