/// How a role gets to be more than it is: by assuming others, by passing them to a service, or by changing policies.
struct PrivilegePaths {
    private let observation: AWSObservation
    private let edges: [String: [(role: String, step: String)]]
    private let administrators: [String: Witness]
    /// What could not be decided about a role.
    private let doubts: [String: String]

    /// Actions that give whoever may do them to a role all that the role can be given.
    private static let takeovers = [
        "iam:updateassumerolepolicy", "iam:passrole", "iam:putrolepolicy", "iam:attachrolepolicy",
    ]
    /// Actions by which a role gives itself anything, where it may do them to any role or policy of its account.
    ///
    /// A role that is given anything by another does it for whoever gave it, by its trust policy or as a service's; who
    /// may change what one role may do is taken for who may do everything.
    private static let selfGrants = [
        "iam:putrolepolicy", "iam:attachrolepolicy", "iam:createpolicyversion", "iam:setdefaultpolicyversion",
        "iam:deleterolepermissionsboundary", "iam:putuserpolicy", "iam:attachuserpolicy", "iam:createaccesskey",
        "iam:createrole", "iam:addusertogroup",
    ]

    init(_ observation: AWSObservation) {
        self.observation = observation
        var edges: [String: [(role: String, step: String)]] = [:]
        var administrators: [String: Witness] = [:]
        let roles = observation.artifacts.roles.values.sorted { $0.name < $1.name }
        // A trust policy that names only services and identity providers is for no role.
        let open = roles.filter { role in
            role.trust?.statements.contains { statement in
                statement.effect == .allow
                    && (statement.principals?.isNegated == true
                        || statement.principals?.elements.contains { $0.kind == .aws } == true)
            } == true
        }
        let exported = roles.map { Glob(literal: $0.arn(observation.artifacts.partition)) }
        var doubts: [String: String] = [:]
        var rules: [IAMRequest: [String]] = [:]
        /// What a step is allowed by.
        func by(_ request: IAMRequest) -> String {
            rules[request].map { $0.isEmpty ? "" : " by " + $0.joined(separator: ", ") } ?? ""
        }
        // A trust policy that names a role of its own account lets it in, whatever that role's own policies say.
        let untold = Dictionary(grouping: roles.filter { $0.trust == nil }, by: \.account)
        for role in roles {
            let reader = ActionReach(role.policies)
            func find(
                _ action: String,
                _ area: Glob,
                outside: [Glob] = [],
                _ target: AWSArtifacts.Role? = nil
            ) -> IAMRequest? {
                for principal in observation.principals(role, in: target?.trust) {
                    let search = Self.search(role, principal, target, observation)
                    switch search.find(action, in: area, outside: outside) {
                    case .found(let request):
                        rules[request] = search.rules(request)
                        return request
                    case .unknown(let reason): doubts[role.name] = "`\(role.name)`: \(reason)"
                    case .none: continue
                    }
                }
                return nil
            }
            for action in Self.selfGrants where reader.mayAllow(action) {
                guard administrators[role.name] == nil else { break }
                let area = Self.selfGrantArea(action, role, observation)
                if let request = find(action, area) {
                    administrators[role.name] = Witness(request, rules: rules[request] ?? [])
                }
            }
            // What a role can be made of that was not exported is not known.
            for action in Self.takeovers where reader.mayAllow(action) {
                let strangers = find(action, Self.roles(of: role, observation), outside: exported)
                if strangers != nil, doubts[role.name] == nil {
                    doubts[role.name] = "`\(role.name)`: it may do `\(action)` to roles that were not exported"
                }
            }
            // Who lets a role be assumed is in its trust policy: without one it is not known.
            if reader.mayAllow("sts:assumerole") {
                let known = roles.filter { $0.trust != nil || $0.name == role.name }
                    .map { Glob(literal: $0.arn(observation.artifacts.partition)) }
                let target = AWSArtifacts.Role(
                    name: role.name,
                    account: role.account,
                    trust: Self.trust(in: role.account, observation),
                    policies: []
                )
                let area = Glob("arn:\(observation.artifacts.partition):iam::*:role/*")
                let strangers = find("sts:assumerole", area, outside: known, target)
                if let strangers, doubts[role.name] == nil {
                    doubts[role.name] =
                        "`\(role.name)`: it may assume `\(strangers.resource.description)`, and roles whose trust policy "
                        + "was not exported may let it"
                }
            }
            if let other = untold[role.account]?.first(where: { $0.name != role.name }), doubts[role.name] == nil {
                doubts[role.name] =
                    "`\(role.name)`: the trust policy of `\(other.name)` was not exported, and may name it"
            }
            for other in open where other.name != role.name {
                let area = Glob(literal: other.arn(observation.artifacts.partition))
                if let request = find("sts:assumerole", area, other) {
                    edges[role.name, default: []].append((other.name, "assumes \(other.name)\(by(request))"))
                }
            }
            for action in Self.takeovers where reader.mayAllow(action) {
                for other in roles where other.name != role.name {
                    let area = Glob(literal: other.arn(observation.artifacts.partition))
                    if let request = find(action, area) {
                        edges[role.name, default: []].append((other.name, "\(action) on \(other.name)\(by(request))"))
                    }
                }
            }
        }
        self.edges = edges
        self.administrators = administrators
        self.doubts = doubts
    }

    /// A trust policy that leaves everything to the policies of an account's own identities.
    private static func trust(in account: String, _ observation: AWSObservation) -> PolicyDocument {
        let root = PrincipalPattern(kind: .aws, text: "arn:\(observation.artifacts.partition):iam::\(account):root")
        return PolicyDocument(statements: [
            PolicyStatement(
                sid: nil,
                effect: .allow,
                principals: .init(isNegated: false, elements: [root]),
                actions: .init(isNegated: false, elements: [ActionPattern("*")]),
                resources: .init(isNegated: false, elements: [PolicyText("*", hasVariables: false)]),
                conditions: []
            )
        ])
    }

    private static func search(
        _ role: AWSArtifacts.Role,
        _ principal: RequestPrincipal,
        _ target: AWSArtifacts.Role?,
        _ observation: AWSObservation
    ) -> RequestSearch {
        var policies = IAMPolicies()
        policies.identity = role.policies
        policies.boundary = role.boundary.map { [$0] }
        policies.resource = target?.trust
        return RequestSearch(
            principal: principal,
            account: target?.account ?? role.account,
            fixed: observation.fixed(role),
            policies: policies
        )
    }

    /// What an action has to be done to, for the role to give itself something by it.
    private static func selfGrantArea(
        _ action: String,
        _ role: AWSArtifacts.Role,
        _ observation: AWSObservation
    ) -> Glob {
        let partition = observation.artifacts.partition
        switch action {
        // A boundary that is gone limits its own role no more.
        case "iam:deleterolepermissionsboundary": return Glob(literal: role.arn(partition))
        case "iam:putrolepolicy", "iam:attachrolepolicy": return roles(of: role, observation)
        default:
            return Glob(tokens: Glob.tokens("arn:\(partition):iam::\(role.account):", isLiteral: true) + [Glob.star])
        }
    }

    /// The roles of a role's account, exported or not.
    private static func roles(of role: AWSArtifacts.Role, _ observation: AWSObservation) -> Glob {
        let roles = "arn:\(observation.artifacts.partition):iam::\(role.account):role/"
        return Glob(tokens: Glob.tokens(roles, isLiteral: true) + [Glob.star])
    }

    /// The roles that a role gets to, each by the shortest way.
    func reachable(from role: String) -> [(role: String, path: [String])] {
        var paths: [String: [String]] = [role: []]
        var waiting = [role]
        var next = 0
        while next < waiting.count {
            let at = waiting[next]
            next += 1
            for edge in edges[at] ?? [] where paths[edge.role] == nil {
                paths[edge.role] = (paths[at] ?? []) + ["\(at) \(edge.step)"]
                waiting.append(edge.role)
            }
        }
        return waiting.dropFirst().map { ($0, paths[$0] ?? []) }
    }

    /// Why it is not known what a role, or one that it gets to, can become.
    func doubt(_ role: String) -> String? {
        ([role] + reachable(from: role).map(\.role)).lazy.compactMap { doubts[$0] }.first
    }

    /// What shows that a role, or one that it gets to, can give itself anything.
    func administrator(_ role: String) -> Witness? {
        if let own = administrators[role] { return own }
        for (other, path) in reachable(from: role) {
            if let witness = administrators[other] { return witness.after(path) }
        }
        return nil
    }
}

/// Which actions some policies may allow.
struct ActionReach {
    private let statements: [PolicyStatement.Selection<ActionPattern>]
    /// Which of S3's known actions.
    private let known: UInt128

    init(_ policies: [PolicyDocument]) {
        let allows = policies.flatMap(\.statements).filter { $0.effect == .allow }
        self.statements = allows.compactMap(\.actions)
        self.known = allows.reduce(0) { $0 | $1.knownActions }
    }

    func mayAllow(_ action: String) -> Bool {
        if let bit = KnownActions.bit(action) { return known & bit != 0 }
        let name = ActionName(action)
        return statements.contains { actions in actions.elements.contains { $0.matches(name) } != actions.isNegated }
    }
}
