/// Looks for a request that policies allow: who asks is given, and so are the action and which resources count.
///
/// What allows is taken as wide as it may be and what denies as narrow, so that finding nothing proves that there is
/// nothing. What is found is decided once more by ``IAMEvaluator``: only a request that it allows is a counterexample.
struct RequestSearch {
    enum Outcome {
        /// A request that is allowed.
        case found(IAMRequest)
        /// There is none.
        case none
        /// It could not be decided, and why.
        case unknown(String)
    }

    /// The most ways through the policies' statements that are tried for one question.
    static let maximumBranches = 4_000

    let principal: RequestPrincipal
    let account: String
    /// Keys whose value is fixed by who asks and what for; nil for one that is surely absent.
    let fixed: [String: RequestContext.Value?]
    var policies: IAMPolicies
    /// What every request is like.
    var always: [ContextSolver.Wish] = []
    /// Whether who asks stands for more than there is, so that what is found is not surely possible.
    var isApproximate = false
    /// Those for whom it stands, to be tried one by one where it finds something.
    var refined: () -> [RequestSearch] = { [] }
    /// What is the same for each question.
    private let solver: ContextSolver
    private let known: RequestContext

    init(
        principal: RequestPrincipal,
        account: String,
        fixed: [String: RequestContext.Value?],
        policies: IAMPolicies,
        always: [ContextSolver.Wish] = [],
        isApproximate: Bool = false,
        refined: @escaping () -> [RequestSearch] = { [] }
    ) {
        self.principal = principal
        self.account = account
        self.fixed = fixed
        self.policies = policies
        self.always = always
        self.isApproximate = isApproximate
        self.refined = refined
        solver = ContextSolver(fixed: fixed)
        known = RequestContext(lowercase: solver.values) { fixed.keys.contains($0) ? .complete : .none }
    }

    /// Looks for a request.
    ///
    /// - Parameters:
    ///   - action: the action.
    ///   - area: which resources count, as a pattern over ARNs.
    ///   - outside: patterns that the resource must not fit.
    ///   - wishes: what else the request has to be like.
    /// - Returns: a request, or that there is none.
    func find(
        _ action: String,
        in area: Glob,
        outside: [Glob] = [],
        _ wishes: [ContextSolver.Wish] = []
    ) -> Outcome {
        guard mayAllow(action) else { return .none }
        var run = Run(search: self, action: action, wishes: wishes + always)
        let outcome = run.find(in: area, outside: outside)
        guard isApproximate else { return outcome }
        let reason: String
        switch outcome {
        case .none: return .none
        case .unknown(let why): reason = why
        case .found(let request): reason = "somebody who is not known in full may be let in: \(Witness(request))"
        }
        for search in refined() {
            if case .found(let request) = search.find(action, in: area, outside: outside, wishes) {
                return .found(request)
            }
        }
        return .unknown(reason)
    }

    /// Whether any statement of the identity's or the resource's policies may allow an action; most are not worth more.
    private func mayAllow(_ action: String) -> Bool {
        guard let bit = KnownActions.bit(action) else { return true }
        func isAllowed(_ statement: PolicyStatement) -> Bool {
            statement.effect == .allow && statement.knownActions & bit != 0
        }
        return policies.resource?.statements.contains(where: isAllowed) == true
            || principal.account != nil && policies.identity.contains { $0.statements.contains(where: isAllowed) }
    }

    /// Some actions that stand for all of them: one of those that the same statements are about.
    func toldApart(_ actions: [String]) -> [String] {
        guard actions.count > 1 else { return actions }
        let documents =
            policies.identity + [policies.resource].compactMap(\.self) + (policies.boundary ?? [])
            + (policies.session ?? []) + (policies.endpoint ?? [])
            + (policies.serviceControl ?? []).joined() + (policies.resourceControl ?? []).joined()
        var masks: [UInt128] = []
        for mask in documents.lazy.flatMap(\.statements).map(\.knownActions) where !masks.contains(mask) {
            masks.append(mask)
        }
        guard masks.count <= UInt64.bitWidth else { return actions }
        var seen: Set<UInt64> = []
        return actions.filter { action in
            guard let bit = KnownActions.bit(action) else { return true }
            return seen.insert(masks.reduce(0) { $0 << 1 | ($1 & bit != 0 ? 1 : 0) }).inserted
        }
    }

    /// The statements that allow a request, by their file and line.
    func rules(_ request: IAMRequest) -> [String] {
        let layers: [(IAMDecision.Layer, [PolicyDocument])] = [
            (.identity, policies.identity), (.resource, policies.resource.map { [$0] } ?? []),
            (.endpoint, policies.endpoint ?? []),
        ]
        return layers.flatMap { layer, documents in
            let reader = LayerReader(request, layer, hasBoundary: policies.boundary != nil)
            return documents.lazy.flatMap(\.statements).filter { statement in
                statement.effect == .allow && reader.matchesAction(statement)
                    && reader.matchesResource(statement, .allow) && reader.principalMatch(statement, .allow).0 != .none
                    && statement.conditions.allSatisfy { $0.holds(request.context) }
            }.compactMap(\.title)
        }
    }

    /// One question on its way through the statements.
    private struct Run {
        let search: RequestSearch
        let action: String
        let wishes: [ContextSolver.Wish]
        private let solver: ContextSolver
        /// Reads statements for what is asked, as far as it is the same for all resources.
        private let reader: LayerReader
        private var branches = 0
        private var doubt: String?

        init(search: RequestSearch, action: String, wishes: [ContextSolver.Wish]) {
            self.search = search
            self.action = action
            var unique: [ContextSolver.Wish] = []
            for wish in wishes where !unique.contains(wish) { unique.append(wish) }
            self.wishes = unique
            solver = search.solver
            let request = IAMRequest(
                principal: search.principal,
                action: action,
                resource: .none,
                resourceAccount: search.account,
                context: search.known
            )
            reader = LayerReader(request, .identity, hasBoundary: search.policies.boundary != nil)
        }

        /// Whether a statement is about who asks; what names another session of the role is not.
        private func isAbout(_ statement: PolicyStatement, _ reader: LayerReader) -> Bool {
            switch reader.principalMatch(statement, statement.effect ?? .allow).0 {
            case .none, .otherSession: false
            case .account, .sessionRole, .direct, .everyone: true
            }
        }

        private func reader(_ layer: IAMDecision.Layer) -> LayerReader {
            var other = reader
            other.layer = layer
            return other
        }

        // MARK: - What allows

        mutating func find(in area: Glob, outside: [Glob]) -> Outcome {
            let ways = waysToAllow()
            guard !ways.isEmpty else { return doubt.map { .unknown($0) } ?? .none }
            var denials: [(PolicyStatement, IAMDecision.Layer)]?
            for allow in ways {
                var path = Path(allow, in: area)
                // What is allowed is about nothing that was asked about.
                guard !path.choices.contains(where: \.isEmpty) else { continue }
                // Conditions that cannot be met together end it, however many resources there are.
                let conditions = conditions(of: allow)
                if case .none = solver.solve(conditions) { continue }
                path.forbidden += outside
                path.wishes = conditions
                let found = denials ?? self.denials()
                denials = found
                if let outcome = escape(found, from: 0, path) { return outcome }
            }
            return doubt.map { .unknown($0) } ?? .none
        }

        private func conditions(of way: Way) -> [ContextSolver.Wish] {
            var result = wishes
            for condition in way.lazy.flatMap(\.0.conditions) {
                let wish = ContextSolver.Wish(condition: condition, isWanted: true)
                if !result.contains(wish) { result.append(wish) }
            }
            return result
        }

        private typealias Way = [(PolicyStatement, IAMDecision.Layer)]

        /// The statements that have to match together, for each way in which the request may be allowed.
        private mutating func waysToAllow() -> [[(PolicyStatement, IAMDecision.Layer)]] {
            let policies = search.policies
            let identity = allows(.identity, policies.identity)
            let resource = policies.resource.map { allows(.resource, [$0]) } ?? []
            let reader = reader(.resource)
            // Whose account alone is named is left to the account's own policies.
            let named = resource.filter { reader.principalMatch($0.0, .allow).0 != .account }
            // Whose role is named is limited by the role's boundary; whose session, or everyone, is not.
            let isLimited = { (statement: (PolicyStatement, IAMDecision.Layer)) in
                reader.principalMatch(statement.0, .allow).0 == .sessionRole
            }
            let boundary = policies.boundary.map { allows(.boundary, $0) }
            let request = IAMRequest(
                principal: search.principal,
                action: action,
                resource: .exact(ServiceRules.sampleResource(action, search.account)),
                resourceAccount: search.account
            )
            var ways: [Way]
            if search.principal.account == nil {
                ways = resource.map { [$0] }
            } else if search.principal.account != search.account {
                ways = combine(identity.map { [$0] }, resource)
                if let boundary { ways = combine(ways, boundary) }
            } else {
                let byAccount =
                    ServiceRules.needsResourcePolicy(request)
                    ? combine(
                        identity.map { [$0] },
                        resource.filter { reader.principalMatch($0.0, .allow).0 == .account }
                    )
                    : identity.map { [$0] }
                ways = byAccount + named.filter(isLimited).map { [$0] }
                if let boundary { ways = combine(ways, boundary) }
                ways += named.filter { !isLimited($0) }.map { [$0] }
            }
            let limits =
                [
                    policies.session.map { allows(.session, $0) }, policies.endpoint.map { allows(.endpoint, $0) },
                ].compactMap(\.self) + (policies.serviceControl ?? []).map { allows(.serviceControl, $0) }
            for limit in limits { ways = combine(ways, limit) }
            return ways
        }

        /// Each way with each statement of a limit, and no more of them than are tried.
        private mutating func combine(_ ways: [Way], _ limit: [(PolicyStatement, IAMDecision.Layer)]) -> [Way] {
            var result: [Way] = []
            for way in ways {
                for statement in limit {
                    guard result.count < RequestSearch.maximumBranches else {
                        doubt = "too many statements allow `\(action)` together"
                        return result
                    }
                    result.append(way + [statement])
                }
            }
            return result
        }

        private func allows(
            _ layer: IAMDecision.Layer,
            _ documents: [PolicyDocument]
        ) -> [(PolicyStatement, IAMDecision.Layer)] {
            statements(.allow, layer, documents)
        }

        /// The statements of one kind of policy that may count for what is asked.
        private func statements(
            _ effect: PolicyStatement.Effect,
            _ layer: IAMDecision.Layer,
            _ documents: [PolicyDocument]
        ) -> [(PolicyStatement, IAMDecision.Layer)] {
            guard !documents.isEmpty else { return [] }
            let reader = reader(layer)
            var result: [(PolicyStatement, IAMDecision.Layer)] = []
            for document in documents {
                for statement in document.statements {
                    guard statement.effect == effect, reader.matchesAction(statement), isAbout(statement, reader),
                        !statement.conditions.contains(where: { isSurely(false, $0) })
                    else { continue }
                    result.append((statement, layer))
                }
            }
            return result
        }

        /// The statements that may deny it.
        private func denials() -> [(PolicyStatement, IAMDecision.Layer)] {
            let policies = search.policies
            var layers: [(IAMDecision.Layer, [PolicyDocument])] = [
                (.identity, policies.identity), (.resource, policies.resource.map { [$0] } ?? []),
                (.boundary, policies.boundary ?? []), (.session, policies.session ?? []),
                (.endpoint, policies.endpoint ?? []),
            ]
            layers += (policies.serviceControl ?? []).map { (.serviceControl, $0) }
            layers += (policies.resourceControl ?? []).map { (.resourceControl, $0) }
            return layers.flatMap { statements(.deny, $0.0, $0.1) }
        }

        /// Whether a condition is decided by what is fixed, and so.
        private func isSurely(_ answer: Bool, _ condition: PolicyCondition) -> Bool {
            guard search.fixed.keys.contains(condition.name),
                condition.variables.allSatisfy({ search.fixed.keys.contains($0) })
            else { return false }
            return condition.holds(solver.known) == answer
        }

        // MARK: - What does not deny

        /// What was chosen so far: how the resource has to look, and what has to hold.
        private struct Path {
            var choices: [[Glob]]
            var forbidden: [Glob] = []
            var wishes: [ContextSolver.Wish] = []
            /// Whether something was taken wider or narrower than it is.
            var isExact = true

            init(_ allow: [(PolicyStatement, IAMDecision.Layer)], in area: Glob) {
                self.choices = [[area]]
                for (statement, layer) in allow { require(statement, layer) }
            }

            private mutating func require(_ statement: PolicyStatement, _ layer: IAMDecision.Layer) {
                guard let resources = statement.resources else { return }
                let globs = Path.globs(statement, layer, isWide: !resources.isNegated)
                if resources.isNegated {
                    forbidden += globs
                } else {
                    let area = choices[0]
                    choices.append(globs.filter { glob in area.contains { $0.mayMeet(glob) } })
                }
                if statement.hasVariableResources { isExact = false }
            }

            /// Whether a resource is among those that count.
            func admits(_ resource: String) -> Bool {
                let bytes = Array(resource.utf8)
                return choices.allSatisfy { $0.contains { $0.matches(bytes) } }
                    && !forbidden.contains { $0.matches(bytes) }
            }

            /// The patterns of a statement's resources.
            static func globs(_ statement: PolicyStatement, _ layer: IAMDecision.Layer, isWide: Bool) -> [Glob] {
                zip(statement.resources?.elements ?? [], statement.resourcePatterns).compactMap { text, pattern in
                    pattern ?? glob(text, layer, isWide: isWide)
                }
            }

            /// The pattern of an element; one with variables is anything, or nothing, whichever errs on the safe side.
            private static func glob(_ text: PolicyText, _ layer: IAMDecision.Layer, isWide: Bool) -> Glob? {
                if text.hasVariable { return isWide ? Glob(tokens: [Glob.star]) : nil }
                guard let resolved = text.resolved(RequestContext()) else { return nil }
                let setting: ARNPattern.Setting =
                    switch layer {
                    case .resource: .resource
                    case .serviceControl: .serviceControl
                    case .resourceControl: .resourceControl
                    default: .principal
                    }
                switch ARNPattern.read(resolved, in: setting) {
                case .glob(let glob): return glob
                case .short(let glob): return isWide ? glob : nil
                case .nothing, .refused: return nil
                }
            }
        }

        /// Goes on until no statement denies; nil where no way leads on.
        private mutating func escape(
            _ denials: [(PolicyStatement, IAMDecision.Layer)],
            from index: Int,
            _ path: Path,
            _ before: String? = nil
        ) -> Outcome? {
            branches += 1
            guard branches <= RequestSearch.maximumBranches else {
                doubt = "more than \(RequestSearch.maximumBranches) ways through the statements about `\(action)`"
                return nil
            }
            // What was found before may still do.
            let before = before.flatMap { path.admits($0) ? $0 : nil }
            guard let resource = before ?? resource(path) else { return nil }
            guard index < denials.count else { return conclude(path, resource) }
            let (statement, layer) = denials[index]
            // The resource may not be meant.
            if let resources = statement.resources {
                let globs = Path.globs(statement, layer, isWide: resources.isNegated)
                var other = path
                if statement.hasVariableResources { other.isExact = false }
                if resources.isNegated { other.choices.append(globs) } else { other.forbidden += globs }
                if let outcome = escape(denials, from: index + 1, other, resource) { return outcome }
            }
            // A condition may not be met.
            for condition in statement.conditions where !isSurely(true, condition) {
                var other = path
                let wish = ContextSolver.Wish(condition: condition, isWanted: false)
                if !other.wishes.contains(wish) {
                    other.wishes.append(wish)
                    // What is wished of other keys was looked at when it was.
                    if solver.isHopeless(condition.name, among: other.wishes) { continue }
                }
                if let outcome = escape(denials, from: index + 1, other, resource) { return outcome }
            }
            return nil
        }

        /// A resource that fits, or nil where there is none.
        private mutating func resource(_ path: Path) -> String? {
            var isExact = true
            for choice in ContextSolver.product(path.choices, limit: 256, isExact: &isExact) {
                switch GlobSearch(all: choice, none: path.forbidden).run() {
                case .found(let bytes): return String(decoding: bytes, as: UTF8.self)
                case .none: continue
                case .unknown: isExact = false
                }
            }
            if !isExact { doubt = "the patterns of resources are too many to decide about `\(action)`" }
            return nil
        }

        private mutating func conclude(_ path: Path, _ resource: String) -> Outcome? {
            switch solver.solve(path.wishes) {
            case .none: return nil
            case .unknown:
                doubt = "the conditions on `\(action)` could not be decided"
                return nil
            case .found(let values):
                let request = IAMRequest(
                    principal: search.principal,
                    action: action,
                    resource: .exact(resource),
                    resourceAccount: search.account,
                    context: RequestContext(values)
                )
                if IAMEvaluator.decide(request, search.policies).isAllowed { return .found(request) }
                // Something grants less than it was taken for here, or is taken away by a rule of its own.
                if !path.isExact || !isRuledOut(request) {
                    doubt = "`\(action)` on `\(resource)` may be allowed, and the request that was tried is not"
                }
                return nil
            }
        }

        /// Whether AWS refuses such a request whatever the policies say, so that no other of the kind is allowed.
        private func isRuledOut(_ request: IAMRequest) -> Bool {
            guard ServiceRules.mayBeAllowed(request) else { return true }
            if case .service = search.principal { return false }
            return search.policies.restrictsPublicBuckets && search.principal.account != search.account
                && search.policies.resource.map { PublicPolicy($0).isPublic } == true
        }
    }
}
