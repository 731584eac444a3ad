/// Decides as AWS does: every kind of policy, in the order and with the exceptions that AWS documents.
///
/// ```swift
/// var policies = IAMPolicies()
/// policies.identity = [try PolicyDocument(json: text)]
/// let decision = IAMEvaluator.decide(request, policies)
/// ```
///
/// A request that is known in part is decided for what is not known: the verdict is Allow where there is a way for it to
/// be allowed, and ``IAMDecision/conditions`` says on what.
public enum IAMEvaluator {
    /// Decides one request; one that has a key twice, in upper and in lower case, is denied.
    public static func decide(_ request: IAMRequest, _ policies: IAMPolicies) -> IAMDecision {
        guard !request.context.isAmbiguous else {
            return IAMDecision(verdict: .explicitDeny, conditions: .no, blockedBy: [])
        }
        return Evaluation(request: request, policies: policies).decide()
    }
}

/// One request on its way through the kinds of policies.
private struct Evaluation {
    let request: IAMRequest
    let policies: IAMPolicies
    private let identity: LayerReader.Answer
    private let resource: LayerReader.Answer
    private let boundary: LayerReader.Answer
    private let session: LayerReader.Answer
    private let endpoint: LayerReader.Answer
    private let serviceControl: LayerReader.Answer
    private let resourceControl: LayerReader.Answer

    private static let open: LayerReader.Answer = {
        var answer = LayerReader.Answer()
        answer.direct = .yes
        return answer
    }()

    init(request: IAMRequest, policies: IAMPolicies) {
        self.request = request
        self.policies = policies
        let hasBoundary = policies.boundary != nil
        func read(_ layer: IAMDecision.Layer, _ documents: [PolicyDocument]?) -> LayerReader.Answer {
            guard let documents else { return Self.open }
            return LayerReader(request, layer, hasBoundary: hasBoundary).read(documents)
        }
        /// Each level has to allow; a Deny at any level counts.
        func read(_ layer: IAMDecision.Layer, levels: [[PolicyDocument]]?) -> LayerReader.Answer {
            let answers = (levels ?? []).map { read(layer, $0) }
            var answer = LayerReader.Answer()
            answer.direct = .and(answers.map(\.anyAllow))
            answer.escape = .and(answers.map(\.escape))
            return answer
        }
        let isUnderAccount = request.principal.account != nil && !request.principal.isServiceLinkedRole
        self.identity =
            isUnderAccount || request.principal.account != nil ? read(.identity, policies.identity) : .init()
        self.resource = read(.resource, policies.resource.map { [$0] } ?? [])
        self.boundary = read(.boundary, policies.boundary)
        self.session = read(.session, policies.session)
        self.endpoint = read(.endpoint, policies.endpoint)
        self.serviceControl = isUnderAccount ? read(.serviceControl, levels: policies.serviceControl) : Self.open
        // Each level has RCPFullAWSAccess, which cannot be taken away: only what denies counts.
        var control = read(.resourceControl, levels: policies.resourceControl)
        control.direct = .yes
        self.resourceControl = request.principal.isServiceLinkedRole ? Self.open : control
    }

    func decide() -> IAMDecision {
        if ServiceRules.isAlwaysAllowed(request) {
            return IAMDecision(verdict: .allow, conditions: .yes, blockedBy: [])
        }
        let grant = self.grant()
        let guards: [(IAMDecision.Layer, LayerReader.Answer)] = [
            (.serviceControl, serviceControl), (.resourceControl, resourceControl), (.endpoint, endpoint),
        ]
        let denials =
            guards + [(.boundary, boundary), (.session, session), (.identity, identity), (.resource, resource)]
        let isPublicBlocked = self.isPublicBlocked
        let escape = ConditionFormula.and(denials.map(\.1.escape))
        let allow = ConditionFormula.and([grant.limited] + guards.map(\.1.anyAllow))
        let blocked = isUnrestricted(grant) ? blockers(grant, guards, isPublicBlocked) : []
        if denials.contains(where: { $0.1.isDenied }) || isPublicBlocked {
            return IAMDecision(verdict: .explicitDeny, conditions: .no, blockedBy: blocked)
        }
        guard allow != .no, escape != .no, ServiceRules.mayBeAllowed(request) else {
            return IAMDecision(verdict: .implicitDeny, conditions: .no, blockedBy: blocked)
        }
        return IAMDecision(verdict: .allow, conditions: .and([allow, escape]), blockedBy: [])
    }

    // MARK: - What grants

    /// What grants the request: with the boundary and the session's policy, and without them.
    private struct Grant {
        let limited: ConditionFormula
        let unlimited: ConditionFormula
    }

    private func grant() -> Grant {
        let limit = ConditionFormula.and([boundary.anyAllow, session.anyAllow])
        let sessionLimit = session.anyAllow
        guard let account = request.principal.account else {
            // Who is of no account is granted by the resource alone.
            let granted = resource.anyAllow
            return Grant(limited: granted, unlimited: granted)
        }
        var identity = self.identity.anyAllow
        if case .root = request.principal { identity = .yes }
        func combine(_ limit: ConditionFormula, _ sessionLimit: ConditionFormula) -> ConditionFormula {
            let byIdentity = ConditionFormula.and([identity, limit])
            guard account == request.resourceAccount else {
                return .and([resource.anyAllow, byIdentity])
            }
            let direct = ConditionFormula.and([resource.direct, sessionLimit])
            let byRole = ConditionFormula.and([resource.role, limit])
            guard ServiceRules.needsResourcePolicy(request) else { return .or([byIdentity, direct, byRole]) }
            return .or([direct, byRole, .and([resource.account, byIdentity])])
        }
        return Grant(limited: combine(limit, sessionLimit), unlimited: combine(.yes, .yes))
    }

    // MARK: - What stands in the way

    /// Whether the identity's and the resource's policies by themselves allow it.
    private func isUnrestricted(_ grant: Grant) -> Bool { grant.unlimited != .no }

    private func blockers(
        _ grant: Grant,
        _ guards: [(IAMDecision.Layer, LayerReader.Answer)],
        _ isPublicBlocked: Bool
    ) -> [IAMDecision.Layer] {
        var blocked = guards.filter { $0.1.isDenied || $0.1.anyAllow == .no }.map(\.0)
        let limits: [(IAMDecision.Layer, LayerReader.Answer)] = [(.boundary, boundary), (.session, session)]
        blocked += limits.filter { $0.1.isDenied || grant.limited == .no && $0.1.anyAllow == .no }.map(\.0)
        if identity.isDenied { blocked.append(.identity) }
        if resource.isDenied { blocked.append(.resource) }
        if isPublicBlocked { blocked.append(.publicAccessBlock) }
        return blocked
    }

    /// Whether the bucket's policy is public and the bucket is closed to all but its account and AWS's services.
    private var isPublicBlocked: Bool {
        guard policies.restrictsPublicBuckets, request.action.lowercased().hasPrefix("s3:"),
            let policy = policies.resource, PublicPolicy(policy).isPublic
        else { return false }
        if case .service = request.principal { return false }
        return request.principal.account != request.resourceAccount
    }
}
