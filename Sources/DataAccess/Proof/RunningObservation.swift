/// What is observed in one scope, in pieces: what changes is observed anew, and nothing else.
struct RunningObservation: Sendable {
    private(set) var observation: AWSObservation
    /// What each component can do, and what each other principal can.
    private(set) var observed: ObservedAccess
    private var pieces: [AWSObservation.Piece: ObservedAccess] = [:]
    /// The pieces that say something of a principal.
    private var mentions: [String: Set<AWSObservation.Piece>] = [:]
    /// What each principal can do by itself.
    private var principals: [String: ObservedAccess.Entry] = [:]
    /// The buckets whose policies count for a role.
    private var bucketsOfRoles: [String: Set<String>] = [:]
    private var paths: PrivilegePaths?
    private let componentsByRole: [String: [String]]
    private let components: Set<String>

    /// Observes everything.
    init(_ observation: AWSObservation, followsPaths: Bool) {
        self.observation = observation
        observed = ObservedAccess(layer: observation.scope.rawValue)
        components = Set(observation.estate.components.map(\.name))
        componentsByRole = Dictionary(grouping: observation.rolesOfComponents.keys.sorted()) {
            observation.rolesOfComponents[$0] ?? ""
        }
        for role in observation.artifacts.roles.values { bucketsOfRoles[role.name] = buckets(of: role) }
        paths = followsPaths ? PrivilegePaths(observation) : nil
        let changed = replace(observation.pieces)
        for name in components.union(changed) { observed[name] = entry(name) }
    }

    /// What a change of some policies does.
    struct Change {
        /// The roles whose own policies or boundary are others.
        var roles: Set<String> = []
        /// The roles whose trust policies are others.
        var trusts: Set<String> = []
        /// The buckets whose policy or settings are others.
        var buckets: Set<String> = []
    }

    /// Observes what a change may have changed.
    ///
    /// - Parameters:
    ///   - artifacts: what is in force now, of the same roles and buckets.
    ///   - change: where it is another.
    /// - Returns: those for whom it makes a difference, by name.
    mutating func update(_ artifacts: AWSArtifacts, _ change: Change) -> Set<String> {
        let wereOpen = change.buckets.contains { observation.artifacts.buckets[$0]?.isOpen == true }
        observation.update(artifacts, roles: change.roles.union(change.trusts), buckets: change.buckets)
        // Who is let in by a bucket itself may be anybody.
        let areOpen = wereOpen || change.buckets.contains { artifacts.buckets[$0]?.isOpen == true }
        var stale: Set<AWSObservation.Piece> = []
        if observation.scope != .buckets {
            var roles = change.roles
            if observation.scope == .all, !change.buckets.isEmpty {
                roles.formUnion(
                    areOpen
                        ? Set(bucketsOfRoles.keys)
                        : Set(bucketsOfRoles.filter { !$0.value.isDisjoint(with: change.buckets) }.keys)
                )
            }
            for name in roles {
                if let role = artifacts.roles[name] { bucketsOfRoles[name] = buckets(of: role) }
                stale.insert(.role(name))
            }
        }
        if observation.scope != .roles {
            for name in change.buckets {
                if observation.scope == .buckets { stale.insert(.bucket(name)) }
                stale.insert(.outside(name))
            }
        }
        let changed = replace(stale)
        let changedPaths = paths?.update(observation, roles: change.roles, trusts: change.trusts) ?? []
        return apply(changed, changedPaths)
    }

    private func buckets(of role: AWSArtifacts.Role) -> Set<String> {
        observation.scope == .all ? Set(observation.buckets(of: role)) : []
    }

    /// Observes pieces anew.
    ///
    /// - Returns: the principals that can do something else now.
    private mutating func replace(_ stale: some Sequence<AWSObservation.Piece>) -> Set<String> {
        var concerned: Set<String> = []
        for piece in stale {
            let seen = observation.observe(piece)
            for name in pieces[piece]?.components.map(\.self) ?? [] {
                concerned.insert(name)
                mentions[name]?.remove(piece)
            }
            for name in seen.components {
                concerned.insert(name)
                mentions[name, default: []].insert(piece)
            }
            pieces[piece] = seen.components.contains { _ in true } ? seen : nil
        }
        return concerned.filter { name in
            var entry = ObservedAccess.Entry()
            for piece in (mentions[name] ?? []).sorted() {
                if let own = pieces[piece]?[name] { entry.note(own) }
            }
            let found = entry.findings.isEmpty ? nil : entry
            guard principals[name] != found else { return false }
            principals[name] = found
            return true
        }
    }

    /// Puts together anew what those can do who can do what some principals can.
    private mutating func apply(_ principals: Set<String>, _ paths: Set<String>) -> Set<String> {
        guard !principals.isEmpty || !paths.isEmpty else { return [] }
        let concerned = principals.union(paths)
        var names = principals
        if principals.contains(AWSObservation.anyone) { names.formUnion(components) }
        for role in concerned { names.formUnion(componentsByRole[role] ?? []) }
        if let all = self.paths {
            // Those that get to them.
            for role in all.travellers where all.reachable(from: role).contains(where: { concerned.contains($0.role) })
            {
                names.formUnion(componentsByRole[role] ?? [])
            }
        }
        return names.filter { name in
            let entry = entry(name)
            guard observed[name] != entry else { return false }
            observed[name] = entry
            return true
        }
    }

    /// What a component can do: what its role can, what the roles can that it gets to, and what anyone can; or what another
    /// principal can by itself.
    private func entry(_ name: String) -> ObservedAccess.Entry? {
        var entry = ObservedAccess.Entry()
        if components.contains(name) {
            let role = observation.rolesOfComponents[name]
            if let role, let paths {
                if let rule = paths.administrator(role) { observation.everything(.possible(rule), into: &entry) }
                if let reason = paths.doubt(role) { observation.everything(.undecided(reason), into: &entry) }
            }
            if let own = principals[AWSObservation.anyone] { entry.note(own) }
            if let role {
                if let own = principals[role] { entry.note(own) }
                for (other, path) in paths?.reachable(from: role) ?? [] {
                    if let own = principals[other] { entry.note(own, after: path) }
                }
            }
        }
        if componentsByRole[name] == nil, let own = principals[name] { entry.note(own) }
        return entry.findings.isEmpty ? nil : entry
    }
}
