/// Proves that a component's role is assumed by the component's own service account and by nobody else.
struct TrustProof {
    let estate: Estate
    let artifacts: AWSArtifacts

    /// What is wrong with the trust policy of a component's role; nil where nothing is.
    func finding(_ component: Estate.Component) -> InvariantProof.Outcome {
        guard let identity = component.identity.aws, let role = artifacts.roles[identity.name] else {
            return .notConcerned
        }
        guard let trust = role.trust else {
            return .unknown("the trust policy of `\(role.name)` is not there: who assumes it is not known")
        }
        var doubt: String?
        for (principal, fixed, action, wishes) in strangers(component, trust) {
            var policies = IAMPolicies()
            policies.identity = [AWSObservation.everything]
            policies.resource = trust
            let search = RequestSearch(principal: principal, account: role.account, fixed: fixed, policies: policies)
            switch search.find(action, in: Glob(literal: role.arn(artifacts.partition)), wishes) {
            case .found(let request):
                return .refuted("somebody other than `\(component.name)` can assume `\(role.name)`", Witness(request))
            case .unknown(let reason): doubt = doubt ?? reason
            case .none: continue
            }
        }
        return doubt.map { .unknown("`\(role.name)`: \($0)") } ?? .proved
    }

    private typealias Stranger = (
        RequestPrincipal, [String: RequestContext.Value?], String, [ContextSolver.Wish]
    )

    /// Everyone that the trust policy names, asking for somebody else than the component.
    private func strangers(_ component: Estate.Component, _ trust: PolicyDocument) -> [Stranger] {
        var result: [Stranger] = []
        for account in ["999999999999", estate.enforcement.aws?.account ?? "999999999999"] {
            let arn = "arn:\(artifacts.partition):iam::\(account):role/somebody-else"
            let fixed: [String: RequestContext.Value?] = [
                "aws:principalarn": .single(arn), "aws:principalaccount": .single(account),
            ]
            let session = RequestPrincipal("arn:\(artifacts.partition):sts::\(account):assumed-role/somebody-else/s")
            result.append((session, fixed, "sts:assumerole", []))
        }
        for pattern in trust.statements.flatMap({ $0.principals?.elements ?? [] }) {
            switch pattern.kind {
            case .aws where pattern.text != "*":
                let named = RequestPrincipal(pattern.text)
                let own = component.identity.aws?.name
                // The account's own people are those that the estate does not know.
                guard case .root = named else {
                    if case .role(_, _, let name) = named, name == own { continue }
                    result.append((named, ["aws:principalarn": .single(pattern.text)], "sts:assumerole", []))
                    continue
                }
            case .aws, .canonicalUser: continue
            case .federated:
                let issuer = pattern.text.split(separator: "/", maxSplits: 1).dropFirst().first.map(String.init) ?? ""
                result += others(component, issuer).map {
                    (.other(pattern.text), [:], "sts:assumerolewithwebidentity", $0)
                }
            case .service: result += others(component, nil).map { (.service(pattern.text), [:], "sts:assumerole", $0) }
            }
        }
        return result
    }

    /// What a request of another service account is like: other in its namespace or in its name, or without one.
    private func others(_ component: Estate.Component, _ issuer: String?) -> [[ContextSolver.Wish]] {
        guard let account = component.identity.kubernetes else { return [[]] }
        func differs(_ key: String, _ value: String) -> [ContextSolver.Wish] {
            [.init(condition: .init(operation: "StringNotEquals", key: key, values: [.plain(value)]), isWanted: true)]
        }
        guard let issuer else {
            return [
                differs("aws:RequestTag/kubernetes-namespace", account.namespace),
                differs("aws:RequestTag/kubernetes-service-account", account.name),
            ]
        }
        return [differs("\(issuer):sub", "system:serviceaccount:\(account.namespace):\(account.name)")]
    }
}
