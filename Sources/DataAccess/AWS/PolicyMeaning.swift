/// Whether policies of one kind mean the same: each statement that stands in one and not in the other is asked for a
/// request that it makes a difference to.
struct PolicyMeaning {
    /// A statement that makes a difference.
    struct Finding: Hashable {
        let kind: AWSDrift.Kind
        let detail: String
    }

    /// Those who ask, who stand for everybody whom the policies tell apart.
    private let probes: [PrincipalProbes.Probe]
    /// The account that is asked about.
    private let account: String
    private let area: Glob
    /// Whether the policies are about whoever has them, and name no principal.
    private let isOfIdentity: Bool
    /// Actions beside S3's that are asked about in any case.
    private let others: [String]

    // MARK: - Kinds of policies

    /// What a role may do.
    static func ofRole(_ role: AWSArtifacts.Role, partition: String) -> Self {
        let session = "arn:\(partition):sts::\(role.account):assumed-role/\(role.name)/session"
        let probe = PrincipalProbes.Probe(
            label: role.name,
            principal: RequestPrincipal(session),
            fixed: [
                "aws:principalarn": .single(role.arn(partition)), "aws:principalaccount": .single(role.account),
                "aws:principaltype": .single("AssumedRole"), "aws:principalisawsservice": .single("false"),
                "aws:username": nil,
            ]
        )
        return Self(
            probes: [probe],
            account: role.account,
            area: Glob(tokens: [Glob.star]),
            isOfIdentity: true,
            others: []
        )
    }

    /// Who assumes a role.
    static func ofTrust(_ role: AWSArtifacts.Role, _ policies: [PolicyDocument?], partition: String) -> Self {
        Self(
            probes: everyone(policies.compactMap(\.self), role.account, partition),
            account: role.account,
            area: Glob(literal: role.arn(partition)),
            isOfIdentity: false,
            others: [
                "sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml", "sts:tagsession",
                "sts:setsourceidentity",
            ]
        )
    }

    /// What a bucket lets through.
    static func ofBucket(_ bucket: AWSArtifacts.Bucket, _ policies: [PolicyDocument], partition: String) -> Self {
        let arn = "arn:\(partition):s3:::\(bucket.name)"
        return Self(
            probes: everyone(policies, bucket.account, partition),
            account: bucket.account,
            area: Glob(tokens: Glob.tokens(arn, isLiteral: true) + [Glob.star]),
            isOfIdentity: false,
            others: []
        )
    }

    /// What an endpoint lets through.
    static func ofEndpoint(_ policies: [PolicyDocument], account: String, partition: String) -> Self {
        Self(
            probes: everyone(policies, account, partition),
            account: account,
            area: Glob(tokens: [Glob.star]),
            isOfIdentity: false,
            others: []
        )
    }

    private static func everyone(
        _ policies: [PolicyDocument],
        _ owner: String,
        _ partition: String
    ) -> [PrincipalProbes.Probe] {
        let together = PolicyDocument(statements: policies.flatMap(\.statements))
        let probes = PrincipalProbes(together, partition: partition, owner: owner, known: [])
        return probes.signed() + [PrincipalProbes.anonymous] + probes.services() + probes.federated()
    }

    // MARK: - Comparing

    /// What is more and what is less in force than is wanted.
    func compare(_ wanted: [PolicyDocument], _ live: [PolicyDocument]) -> [Finding] {
        let (wanted, live) = (wanted.flatMap(\.statements), live.flatMap(\.statements))
        let (forms, itsForms) = (Set(wanted.map(StatementForm.init)), Set(live.map(StatementForm.init)))
        guard forms != itsForms else { return [] }
        return live.filter { !forms.contains(StatementForm($0)) }
            .compactMap { finding($0, .more, of: live, notIn: wanted) }
            + wanted.filter { !itsForms.contains(StatementForm($0)) }
            .compactMap { finding($0, .less, of: wanted, notIn: live) }
    }

    /// What a boundary takes away from what is wanted.
    func limits(of boundary: PolicyDocument, on wanted: [PolicyDocument]) -> [Finding] {
        let wanted = wanted.flatMap(\.statements)
        return wanted.filter { $0.effect == .allow }
            .compactMap { finding($0, .less, of: wanted, notIn: boundary.statements) }
            + boundary.statements.filter { $0.effect == .deny }.compactMap { finding($0, .more, of: [], notIn: wanted) }
    }

    /// What a statement does that others do not; nil where they do the same.
    private func finding(
        _ statement: PolicyStatement,
        _ kind: AWSDrift.Kind,
        of own: [PolicyStatement],
        notIn others: [PolicyStatement]
    ) -> Finding? {
        let name = statement.title ?? "a statement"
        guard let effect = statement.effect else {
            return Finding(kind: .changed, detail: "\(name) has no `Effect`")
        }
        // Whom such a statement leaves out depends on what it does, so that it stands for nothing else.
        if (others + [statement]).contains(where: { $0.principals?.isNegated == true }) {
            return Finding(kind: .changed, detail: "\(name) is in one of the two only, and there is a `NotPrincipal`")
        }
        let isDenial = effect == .deny
        // What a role is denied that it is not allowed anyway makes no difference.
        let within = isDenial && isOfIdentity ? (kind == .more ? others : own).filter { $0.effect == .allow } : []
        guard !isDenial || !isOfIdentity || !within.isEmpty else { return nil }
        // A request that is denied in both does not count, nor one that is denied by another statement anyway.
        let same = others.filter { $0.effect == effect }.map { $0.of(.deny) }
        let denials = isDenial ? [] : own.filter { $0.effect == .deny }
        switch search(statement.of(.allow), without: same + denials.map { $0.of(.deny) }, within: within) {
        case .none: return nil
        case .found(let request):
            let words = "\(isDenial ? "denies" : "allows") \(Witness(request))"
            let side = kind == .more ? "is not of the estate" : "is of the estate and not in force"
            return Finding(kind: kind, detail: "\(name) \(side): it \(words)")
        case .unknown(let reason):
            return Finding(kind: .changed, detail: "\(name) is in one of the two only: \(reason)")
        }
    }

    /// Looks for a request that one statement is about and others are not; one of `within`, where there are any, is.
    private func search(
        _ statement: PolicyStatement,
        without others: [PolicyStatement],
        within: [PolicyStatement]
    ) -> RequestSearch.Outcome {
        var doubt: String?
        for probe in probes {
            var search = search(as: probe, statement, others)
            if !within.isEmpty { search.policies.session = [PolicyDocument(statements: within)] }
            for action in search.toldApart(KnownActions.all) + samples([statement] + others) {
                switch search.find(action, in: area) {
                case .none: continue
                case .found(let request): return .found(request)
                case .unknown(let reason): doubt = doubt ?? reason
                }
            }
        }
        return doubt.map { .unknown($0) } ?? .none
    }

    private func search(
        as probe: PrincipalProbes.Probe,
        _ statement: PolicyStatement,
        _ others: [PolicyStatement]
    ) -> RequestSearch {
        var policies = IAMPolicies()
        policies.identity = [AWSObservation.everything]
        let everyone = AWSObservation.everythingForEveryone
        policies.resource = everyone
        // What limits an endpoint is asked of everybody, and so it stands for what is looked for.
        policies.endpoint = [PolicyDocument(statements: [statement])]
        if isOfIdentity {
            policies.identity.append(PolicyDocument(statements: others))
        } else {
            policies.resource = PolicyDocument(statements: everyone.statements + others)
        }
        return RequestSearch(
            principal: probe.principal,
            account: account,
            fixed: probe.fixed,
            policies: policies,
            always: probe.wishes,
            isApproximate: probe.isApproximate,
            refined: { probe.refined().map { search(as: $0, statement, others) } }
        )
    }

    /// Actions beside those of S3 that stand for what statements are about, and for what they are not.
    private func samples(_ statements: [PolicyStatement]) -> [String] {
        let actions = statements.compactMap(\.actions)
        let named = actions.flatMap(\.elements).map { pattern -> String in
            guard let service = pattern.service else { return "unnamed:action" }
            let action = pattern.action.tokens.compactMap { Glob.isStar($0) ? nil : $0 < 256 ? UInt8($0) : 0x78 }
            return service + ":" + String(decoding: action.isEmpty ? [0x78] : action, as: UTF8.self)
        }
        let unknown = actions.contains(where: \.isNegated) ? ["unnamed:action", "s3:unnamed"] : []
        var seen: Set<String> = []
        return (others + named + unknown).filter { KnownActions.bit($0) == nil && seen.insert($0).inserted }
    }
}

/// What a statement says, whatever its name, its place and the order in which it says it.
private struct StatementForm: Hashable {
    private let effect: PolicyStatement.Effect?
    private let principals: Selection?
    private let actions: Selection?
    private let resources: Selection?
    private let conditions: Set<Condition>

    private struct Selection: Hashable {
        let isNegated: Bool
        let elements: Set<String>
    }

    private struct Condition: Hashable {
        let operation: String
        let key: String
        let values: Set<String>
    }

    init(_ statement: PolicyStatement) {
        effect = statement.effect
        principals = statement.principals.map { selection in
            Selection(isNegated: selection.isNegated, elements: Set(selection.elements.map(Self.name)))
        }
        actions = statement.actions.map { selection in
            Selection(isNegated: selection.isNegated, elements: Set(selection.elements.map { $0.source.lowercased() }))
        }
        resources = statement.resources.map { selection in
            Selection(isNegated: selection.isNegated, elements: Set(selection.elements.map(Self.text)))
        }
        conditions = Set(
            statement.conditions.map { condition in
                Condition(
                    operation: condition.operation.lowercased(),
                    key: condition.name,
                    values: Set(condition.values.map(Self.text))
                )
            }
        )
    }

    /// What is written with variables is another thing than the same without, as in policies of another version.
    private static func text(_ text: PolicyText) -> String {
        (text.parts == [.text(text.source)] ? "" : "variable ") + text.source
    }

    /// An account is named by its number or by its root.
    private static func name(_ principal: PrincipalPattern) -> String {
        if case .root(_, let account) = RequestPrincipal(principal.text) { return "AWS \(account)" }
        return "\(principal.kind.rawValue) \(principal.text)"
    }
}

extension PolicyStatement {
    /// The same with another effect, about something: a trust policy names no resource.
    fileprivate func of(_ effect: Effect) -> PolicyStatement {
        PolicyStatement(
            sid: sid,
            effect: effect,
            principals: principals,
            actions: actions,
            resources: resources ?? .init(isNegated: false, elements: [.plain("*")]),
            conditions: conditions
        )
    }
}

extension KnownActions {
    /// Every action of S3 on objects and buckets.
    fileprivate static let all = S3Actions.every.map(\.0)
}
