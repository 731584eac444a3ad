/// Reads the policies of one kind for one request: what in them allows it, and what denies it.
struct LayerReader {
    /// What a kind of policy says.
    struct Answer {
        /// What has to hold for the layer to allow the request: by the name of who asks, or by `*`.
        var direct = ConditionFormula.no
        /// By the name of its role.
        var role = ConditionFormula.no
        /// By its account.
        var account = ConditionFormula.no
        /// What has to hold for it not to be denied.
        var escape = ConditionFormula.yes

        var anyAllow: ConditionFormula { .or([direct, role, account]) }
        var isDenied: Bool { escape == .no }
    }

    let request: IAMRequest
    /// The bit of an action that is known; then its name is not needed.
    private let known: UInt128?
    private let action: ActionName?
    var layer: IAMDecision.Layer
    /// Whether who asks has a permissions boundary.
    let hasBoundary: Bool

    init(_ request: IAMRequest, _ layer: IAMDecision.Layer, hasBoundary: Bool) {
        self.request = request
        self.known = KnownActions.bit(request.action)
        self.action = known == nil ? ActionName(request.action) : nil
        self.layer = layer
        self.hasBoundary = hasBoundary
    }

    func read(_ documents: [PolicyDocument]) -> Answer {
        var answer = Answer()
        var escapes: [ConditionFormula] = []
        for statement in documents.lazy.flatMap(\.statements) {
            guard let effect = statement.effect, matchesAction(statement), matchesResource(statement, effect) else {
                continue
            }
            let (match, session) = principalMatch(statement, effect)
            guard match != .none else { continue }
            let conditions = statement.conditions.map { $0.formula(request.context, effect: effect) }
            if effect == .deny {
                escapes.append(.or(conditions + (session.map { [$0] } ?? [])))
                continue
            }
            let formula = ConditionFormula.and(conditions + (session.map { [$0] } ?? []))
            switch match {
            case .none: break
            case .account: answer.account = .or([answer.account, formula])
            case .sessionRole: answer.role = .or([answer.role, formula])
            case .direct, .otherSession:
                // A role's name is limited by its boundary and sessions; a user's or a session's is not.
                if case .role = request.principal, session == nil {
                    answer.role = .or([answer.role, formula])
                } else {
                    answer.direct = .or([answer.direct, formula])
                }
            case .everyone: answer.direct = .or([answer.direct, formula])
            }
        }
        answer.escape = .and(escapes)
        return answer
    }

    // MARK: - The parts of a statement

    func matchesAction(_ statement: PolicyStatement) -> Bool {
        if let known { return statement.knownActions & known != 0 }
        guard let actions = statement.actions, let action else { return false }
        return actions.elements.contains { $0.matches(action) } != actions.isNegated
    }

    private var setting: ARNPattern.Setting {
        switch layer {
        case .resource: .resource
        case .serviceControl: .serviceControl
        case .resourceControl: .resourceControl
        default: .principal
        }
    }

    func matchesResource(_ statement: PolicyStatement, _ effect: PolicyStatement.Effect) -> Bool {
        // A trust policy names no resource: it is about the role that it belongs to.
        guard let resources = statement.resources else { return layer == .resource }
        if request.resource == .none {
            return resources.elements.contains { $0.source == "*" } != resources.isNegated
        }
        var globs: [Glob] = []
        for (text, pattern) in zip(resources.elements, statement.resourcePatterns) {
            if let pattern {
                globs.append(pattern)
                continue
            }
            guard let resolved = text.resolved(request.context) else {
                // Without its variable an element stands for nothing; what it would exclude is not known.
                if resources.isNegated { return false }
                continue
            }
            switch ARNPattern.read(resolved, in: setting) {
            case .glob(let glob): globs.append(glob)
            case .short(let glob):
                if resources.isNegated { return false }
                globs.append(glob)
            case .nothing: continue
            case .refused: return false
            }
        }
        return Self.matches(request.resource, globs, isNegated: resources.isNegated, effect)
    }

    /// Whether the resource asked for, or some of those that a pattern stands for, is meant.
    ///
    /// An Allow counts where it allows some of them; a Deny where it denies all.
    private static func matches(
        _ resource: RequestedResource,
        _ globs: [Glob],
        isNegated: Bool,
        _ effect: PolicyStatement.Effect
    ) -> Bool {
        if case .exact(let text) = resource {
            let bytes = Array(text.utf8)
            return globs.contains { $0.matches(bytes) } != isNegated
        }
        let requested = resource.glob
        switch (effect, isNegated) {
        case (.allow, false), (.deny, true):
            return globs.contains { GlobSearch.overlap($0, requested) } != isNegated
        case (.deny, false), (.allow, true):
            return globs.contains { GlobSearch.isCovered(requested, by: [$0]) } != isNegated
        }
    }

    /// How the statement fits who asks, and the name that the session would have to have.
    func principalMatch(
        _ statement: PolicyStatement,
        _ effect: PolicyStatement.Effect
    ) -> (PrincipalPattern.Match, session: ConditionFormula?) {
        switch layer {
        // What belongs to who asks is about who asks.
        case .identity, .boundary, .session, .serviceControl: return (.direct, nil)
        default: break
        }
        guard let principals = statement.principals else {
            // Only in a resource's policy does a statement without a principal mean nobody.
            return layer == .resource ? (.none, nil) : (.everyone, nil)
        }
        let match = Self.best(principals.elements, request.principal)
        if principals.isNegated { return (excluded(match, effect) ? .none : .everyone, nil) }
        guard case .otherSession(let name) = match else { return (match, nil) }
        // Whether the session has the name is known only where everything is.
        guard !request.context.isComplete else { return (.none, nil) }
        return (match, effect == .allow ? .sessionName([name]) : .yes)
    }

    /// The best of the matches of some elements.
    static func best(_ patterns: [PrincipalPattern], _ principal: RequestPrincipal) -> PrincipalPattern.Match {
        var best = PrincipalPattern.Match.none
        var rank = 0
        for pattern in patterns {
            let match = pattern.match(principal)
            let itsRank =
                switch match {
                case .none: 0
                case .account: 2
                case .sessionRole: 3
                case .direct: 5
                case .everyone: 4
                case .otherSession: 1
                }
            if itsRank > rank { (best, rank) = (match, itsRank) }
        }
        return best
    }

    /// Whether `NotPrincipal` leaves who asks out.
    ///
    /// A Deny asks more of it: who has a permissions boundary is never left out, and a session only by its own name.
    private func excluded(_ match: PrincipalPattern.Match, _ effect: PolicyStatement.Effect) -> Bool {
        switch match {
        case .none, .otherSession: false
        case .everyone: true
        case .direct: effect == .allow || !hasBoundary
        case .account, .sessionRole: effect == .allow
        }
    }
}
