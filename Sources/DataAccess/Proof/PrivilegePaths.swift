/// How a role gets to be more than it is: by assuming others, by passing them to a service, or by changing policies.
struct PrivilegePaths: Sendable {
    private var observation: AWSObservation
    private var surroundings: Surroundings
    private var entries: [String: Entry] = [:]

    /// What a role gets to by its own policies, and by the trust policies of others.
    private struct Entry: Hashable {
        var edges: [Edge] = []
        var administrator: Witness?
        /// What could not be decided about it.
        var doubt: String?
    }

    private struct Edge: Hashable {
        let role: String
        let step: String
    }

    /// What every role is held against.
    private struct Surroundings: Sendable {
        /// Every role that was exported.
        let roles: [AWSArtifacts.Role]
        let exported: [Glob]
        /// Those whose trust policies are for roles.
        let open: [AWSArtifacts.Role]
        /// Those whose trust policies were not exported, by account.
        let untold: [String: [AWSArtifacts.Role]]

        init(_ artifacts: AWSArtifacts) {
            roles = artifacts.roles.values.sorted { $0.name < $1.name }
            exported = roles.map { Glob(literal: $0.arn(artifacts.partition)) }
            open = roles.filter(\.isOpen)
            // One that names a role of its own account lets it in, whatever that role's own policies say.
            untold = Dictionary(grouping: roles.filter { $0.trust == nil }, by: \.account)
        }
    }

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
        surroundings = Surroundings(observation.artifacts)
        for role in surroundings.roles { entries[role.name] = entry(role) }
    }

    /// Looks again at roles that are others now; where a trust policy that counts for roles is, at all of them.
    ///
    /// - Returns: the roles of which something else is true.
    mutating func update(_ observation: AWSObservation, roles: Set<String>, trusts: Set<String>) -> Set<String> {
        let before = self.observation.artifacts
        self.observation = observation
        let isForRoles = trusts.contains { name in
            [before, observation.artifacts].contains { artifacts in
                artifacts.roles[name].map { $0.isOpen || $0.trust == nil } ?? true
            }
        }
        if isForRoles { surroundings = Surroundings(observation.artifacts) }
        let stale = isForRoles ? surroundings.roles.map(\.name) : roles.sorted()
        return Set(
            stale.filter { name in
                let entry = observation.artifacts.roles[name].map { self.entry($0) }
                guard entries[name] != entry else { return false }
                entries[name] = entry
                return true
            }
        )
    }

    private func entry(_ role: AWSArtifacts.Role) -> Entry {
        let partition = observation.artifacts.partition
        let roles = surroundings.roles
        var entry = Entry()
        var rules: [IAMRequest: [String]] = [:]
        /// What a step is allowed by.
        func by(_ request: IAMRequest) -> String {
            rules[request].map { $0.isEmpty ? "" : " by " + $0.joined(separator: ", ") } ?? ""
        }
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
                case .unknown(let reason): entry.doubt = "`\(role.name)`: \(reason)"
                case .none: continue
                }
            }
            return nil
        }
        for action in Self.selfGrants where reader.mayAllow(action) {
            guard entry.administrator == nil else { break }
            let area = Self.selfGrantArea(action, role, observation)
            if let request = find(action, area) {
                entry.administrator = Witness(request, rules: rules[request] ?? [])
            }
        }
        // What a role can be made of that was not exported is not known.
        for action in Self.takeovers where reader.mayAllow(action) {
            let strangers = find(action, Self.roles(of: role, observation), outside: surroundings.exported)
            if strangers != nil, entry.doubt == nil {
                entry.doubt = "`\(role.name)`: it may do `\(action)` to roles that were not exported"
            }
        }
        // Who lets a role be assumed is in its trust policy: without one it is not known.
        if reader.mayAllow("sts:assumerole") {
            let known = roles.filter { $0.trust != nil || $0.name == role.name }
                .map { Glob(literal: $0.arn(partition)) }
            let target = AWSArtifacts.Role(
                name: role.name,
                account: role.account,
                trust: Self.trust(in: role.account, observation),
                policies: []
            )
            let area = Glob("arn:\(partition):iam::*:role/*")
            let strangers = find("sts:assumerole", area, outside: known, target)
            if let strangers, entry.doubt == nil {
                entry.doubt =
                    "`\(role.name)`: it may assume `\(strangers.resource.description)`, and roles whose trust policy "
                    + "was not exported may let it"
            }
        }
        if let other = surroundings.untold[role.account]?.first(where: { $0.name != role.name }), entry.doubt == nil {
            entry.doubt = "`\(role.name)`: the trust policy of `\(other.name)` was not exported, and may name it"
        }
        for other in surroundings.open where other.name != role.name {
            let area = Glob(literal: other.arn(partition))
            if let request = find("sts:assumerole", area, other) {
                entry.edges.append(Edge(role: other.name, step: "assumes \(other.name)\(by(request))"))
            }
        }
        for action in Self.takeovers where reader.mayAllow(action) {
            for other in roles where other.name != role.name {
                let area = Glob(literal: other.arn(partition))
                if let request = find(action, area) {
                    entry.edges.append(Edge(role: other.name, step: "\(action) on \(other.name)\(by(request))"))
                }
            }
        }
        return entry
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

    /// The roles that get to any other.
    var travellers: [String] { entries.filter { !$0.value.edges.isEmpty }.map(\.key) }

    /// The roles that a role gets to, each by the shortest way.
    func reachable(from role: String) -> [(role: String, path: [String])] {
        var paths: [String: [String]] = [role: []]
        var waiting = [role]
        var next = 0
        while next < waiting.count {
            let at = waiting[next]
            next += 1
            for edge in entries[at]?.edges ?? [] where paths[edge.role] == nil {
                paths[edge.role] = (paths[at] ?? []) + ["\(at) \(edge.step)"]
                waiting.append(edge.role)
            }
        }
        return waiting.dropFirst().map { ($0, paths[$0] ?? []) }
    }

    /// Why it is not known what a role, or one that it gets to, can become.
    func doubt(_ role: String) -> String? {
        ([role] + reachable(from: role).map(\.role)).lazy.compactMap { entries[$0]?.doubt }.first
    }

    /// What shows that a role, or one that it gets to, can give itself anything.
    func administrator(_ role: String) -> Witness? {
        if let own = entries[role]?.administrator { return own }
        for (other, path) in reachable(from: role) {
            if let witness = entries[other]?.administrator { return witness.after(path) }
        }
        return nil
    }
}

extension AWSArtifacts.Role {
    /// Whether its trust policy lets in roles or users, and not services and identity providers alone.
    fileprivate var isOpen: Bool {
        trust?.statements.contains { statement in
            statement.effect == .allow
                && (statement.principals?.isNegated == true
                    || statement.principals?.elements.contains { $0.kind == .aws } == true)
        } == true
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
