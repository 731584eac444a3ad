/// Finds out what the components of an estate can do to its datasets in S3, by the policies that are in force.
public struct AWSObservation: Sendable {
    let estate: Estate
    private(set) var artifacts: AWSArtifacts
    private let reads: [String]
    private let writes: [String]
    private let handsOn: [String]
    private let areasByBucket: [String: [Area]]
    let rolesOfComponents: [String: String]
    private let roleByARN: [String: String]
    /// The roles by name: those that were exported, and those of components that were not.
    private var roles: [String: AWSArtifacts.Role]
    /// The buckets whose own policy allows something.
    private var openBuckets: Set<String>

    /// Where a dataset lies in a bucket.
    struct Area {
        let dataset: String
        let bucket: String
        let prefix: String
    }

    /// Which policies are looked at.
    public enum Scope: String, Sendable, CaseIterable {
        /// All together: what is really possible.
        case all = "s3"
        /// Those of the roles alone, as if the buckets had none.
        case roles = "s3 roles"
        /// Those of the buckets alone, as if every role might do everything.
        case buckets = "s3 buckets"
    }

    /// Which policies are looked at.
    let scope: Scope

    /// An observation of what is in force.
    public init(_ estate: Estate, _ artifacts: AWSArtifacts, scope: Scope = .all) {
        self.estate = estate
        self.scope = scope
        self.artifacts = artifacts
        func actions(_ table: [String: S3Actions.Effect], _ effect: S3Actions.Effect) -> [String] {
            table.filter { $0.value == effect }.keys.sorted().map { "s3:" + $0 }
        }
        self.reads = actions(S3Actions.objects, .reads)
        self.writes = actions(S3Actions.objects, .writes)
        self.handsOn = ["s3:putobjectacl", "s3:putobjectversionacl", "s3:objectowneroverridetobucketowner"]
        var areas: [String: [Area]] = [:]
        for dataset in estate.datasets {
            for case .s3(let store) in dataset.stores {
                areas[store.bucket, default: []]
                    .append(Area(dataset: dataset.name, bucket: store.bucket, prefix: store.prefix))
            }
        }
        self.areasByBucket = areas
        var roles = artifacts.roles
        for identity in estate.components.compactMap(\.identity.aws) where roles[identity.name] == nil {
            let account = identity.account ?? estate.enforcement.aws?.account ?? ""
            roles[identity.name] = AWSArtifacts.Role(name: identity.name, account: account, trust: nil, policies: [])
        }
        self.roles = roles
        self.roleByARN = Dictionary(roles.values.map { ($0.arn(artifacts.partition), $0.name) }) { first, _ in
            first
        }
        self.openBuckets = Set(artifacts.buckets.values.filter(\.isOpen).map(\.name))
        self.rolesOfComponents = Dictionary(
            estate.components.compactMap { component in component.identity.aws.map { (component.name, $0.name) } }
        ) { first, _ in first }
    }

    /// What each component can do, and what each other role, `anyone` and `another account` can.
    ///
    /// - Parameter followsPaths: whether a component can do what the roles can that it gets to, too; by itself where all
    ///   policies are looked at together.
    /// - Returns: what is possible, and what could not be decided.
    public func observe(followsPaths: Bool? = nil) -> ObservedAccess {
        RunningObservation(self, followsPaths: followsPaths ?? (scope == .all)).observed
    }

    /// Looks at what is in force now, of the same roles and buckets.
    mutating func update(
        _ artifacts: AWSArtifacts,
        roles changed: some Sequence<String>,
        buckets: some Sequence<String>
    ) {
        self.artifacts = artifacts
        for name in changed { roles[name] = artifacts.roles[name] ?? roles[name] }
        for name in buckets {
            if artifacts.buckets[name]?.isOpen == true { openBuckets.insert(name) } else { openBuckets.remove(name) }
        }
    }

    // MARK: - Pieces

    /// A part of what is seen, of which some policies alone decide.
    enum Piece: Hashable, Comparable {
        /// A role, by its own policies and those of the buckets that it may touch.
        case role(String)
        /// What a bucket lets those do who may do everything by themselves.
        case bucket(String)
        /// Everyone else whom a bucket lets in.
        case outside(String)
        /// The buckets that were not exported.
        case unexported
    }

    /// Every piece there is, by what is in force.
    var pieces: [Piece] {
        let own: [Piece] =
            scope == .buckets ? areasByBucket.keys.sorted().map(Piece.bucket) : roles.keys.sorted().map(Piece.role)
        guard scope != .roles else { return own }
        return own + openBuckets.filter { areasByBucket[$0] != nil }.sorted().map(Piece.outside) + [.unexported]
    }

    /// What is seen of a piece, by principal; nothing of one that there is no more.
    func observe(_ piece: Piece) -> ObservedAccess {
        var observed = ObservedAccess(layer: scope.rawValue)
        switch piece {
        case .role(let name):
            if let role = artifacts.roles[name] {
                observe(role: role, into: &observed)
            } else {
                let reason = "the role `\(name)` was not exported: what it may do is not known"
                noteAll(name, .undecided(reason), into: &observed)
            }
        case .bucket(let name): observe(bucketAlone: name, into: &observed)
        case .outside(let name): if openBuckets.contains(name) { observe(outside: name, into: &observed) }
        case .unexported: noteUnexportedBuckets(into: &observed)
        }
        return observed
    }

    /// The buckets whose policies count for a role.
    func buckets(of role: AWSArtifacts.Role) -> [String] {
        let touched = BucketReach(role.policies)
        let open = scope == .roles ? [] : openBuckets
        return touched.isAll
            ? areasByBucket.keys.sorted() : touched.buckets.union(open).filter { areasByBucket[$0] != nil }.sorted()
    }

    /// Every access there is.
    func everything(_ finding: ObservedAccess.Finding, into entry: inout ObservedAccess.Entry) {
        for area in areasByBucket.values.joined() {
            for verb in ObservedAccess.Verb.allCases { entry.note(verb, area.dataset, finding) }
        }
    }

    /// Somebody of the account with every permission that policies of roles can give.
    public static let administrator = "an administrator"
    /// Who has no signature.
    public static let anyone = "anyone"
    /// Who has one of an account that is not the estate's.
    public static let anotherAccount = "another account"

    private func noteAll(
        _ component: String,
        _ finding: ObservedAccess.Finding,
        in bucket: String? = nil,
        into observed: inout ObservedAccess
    ) {
        for area in areasByBucket.values.joined() where bucket == nil || bucket == area.bucket {
            for verb in ObservedAccess.Verb.allCases { observed.note(component, verb, area.dataset, finding) }
        }
    }

    /// What a bucket lets through that was not exported is not known.
    private func noteUnexportedBuckets(into observed: inout ObservedAccess) {
        for bucket in areasByBucket.keys where artifacts.buckets[bucket] == nil {
            let reason = "the bucket `\(bucket)` was not exported: whom its policy lets in is not known"
            noteAll(Self.anyone, .undecided(reason), in: bucket, into: &observed)
        }
    }

    // MARK: - One principal

    private func observe(role: AWSArtifacts.Role, into observed: inout ObservedAccess) {
        for bucket in buckets(of: role) {
            for principal in principals(role, at: bucket) {
                let search = search(as: principal, fixed: fixed(role), bucket) { policies in
                    policies.identity = role.policies
                    policies.boundary = role.boundary.map { [$0] }
                }
                observe(role.name, search, bucket, into: &observed)
            }
        }
        if mayReachAccessPoints(role) {
            let reason = "`\(role.name)` is allowed something on access points, which are not looked at"
            noteAll(role.name, .undecided(reason), into: &observed)
        }
    }

    /// All access points, of whichever region and account.
    ///
    /// What stands for a region or an account goes over no `:`, so that no object's key is taken for an access point.
    var accessPoints: Glob {
        Glob(
            tokens: Glob.tokens("arn:\(artifacts.partition):s3:", isLiteral: true)
                + [Glob.starInPart, Glob.Token(UInt8(ascii: ":")), Glob.anyInPart, Glob.starInPart]
                + Glob.tokens(":accesspoint/", isLiteral: true) + [Glob.star]
        )
    }

    /// Whether a role's policies may allow it something on an access point, by which buckets are reached that are not
    /// named.
    func mayReachAccessPoints(_ role: AWSArtifacts.Role) -> Bool {
        let reach = BucketReach(role.policies)
        if reach.hasAccessPoints { return true }
        guard reach.mayHaveAccessPoints else { return false }
        let search = roleSearch(role)
        return search.toldApart(reads + writes + S3Actions.listing).contains { action in
            if case .none = search.find(action, in: accessPoints) { false } else { true }
        }
    }

    /// What a bucket's policy lets those do who may do everything by themselves.
    ///
    /// Roles that the policy does not name are all the same to it.
    private func observe(bucketAlone name: String, into observed: inout ObservedAccess) {
        for role in self.roles(named: artifacts.buckets[name]?.policy.map(namedPrincipals) ?? []) {
            for principal in principals(role, at: name) {
                let search = search(as: principal, fixed: fixed(role), name) { $0.identity = [Self.everything] }
                observe(role.name, search, name, into: &observed)
            }
        }
        let owner = self.owner(of: name)
        for probe in probes(of: name).signed() where probe.principal.account == owner {
            observe(probe.label, search(as: probe, name), name, into: &observed)
        }
    }

    /// Everyone but the roles that are looked at by themselves.
    private func probes(of bucket: String) -> PrincipalProbes {
        let policy = artifacts.buckets[bucket]?.policy
        let known = roles(named: policy.map(namedPrincipals) ?? []).map { $0.arn(artifacts.partition) }
        return PrincipalProbes(policy, partition: artifacts.partition, owner: owner(of: bucket), known: known)
    }

    private func owner(of bucket: String) -> String {
        artifacts.buckets[bucket]?.account ?? estate.enforcement.aws?.account ?? ""
    }

    /// A search for what somebody can do who is no role that was exported.
    ///
    /// People of the bucket's own account have what the bucket gives them; what else they may do is seen where buckets
    /// are looked at by themselves.
    private func search(as probe: PrincipalProbes.Probe, _ bucket: String) -> RequestSearch {
        let account = probe.principal.account
        let isOwn = account == owner(of: bucket)
        var search = search(as: probe.principal, fixed: probe.fixed, bucket) { policies in
            if account != nil, !isOwn || scope == .buckets { policies.identity = [Self.everything] }
        }
        search.always = probe.wishes
        search.isApproximate = probe.isApproximate
        search.refined = { probe.refined().map { self.search(as: $0, bucket) } }
        return search
    }

    /// The roles that some patterns name.
    func roles(named patterns: [Glob]) -> [AWSArtifacts.Role] {
        var names: Set<String> = []
        for pattern in Set(patterns) {
            if pattern.isLiteral {
                if let name = roleByARN[String(decoding: pattern.head, as: UTF8.self)] { names.insert(name) }
            } else {
                names.formUnion(roleByARN.filter { pattern.matches($0.key) }.values)
            }
        }
        return names.sorted().compactMap { roles[$0] }
    }

    /// Patterns of the roles that a bucket's policy tells from others.
    func namedPrincipals(_ policy: PolicyDocument) -> [Glob] {
        policy.statements.flatMap { statement -> [Glob] in
            let conditions = statement.conditions.filter { $0.key.lowercased() == "aws:principalarn" }
            return conditions.flatMap(\.values).map { Glob($0.source) }
                + (statement.principals?.elements ?? []).filter { $0.text != "*" }.map { element in
                    guard case .session(_, let account, let role, _) = RequestPrincipal(element.text) else {
                        return Glob(element.text)
                    }
                    // A session's ARN does not have its role's path.
                    let known = roles[role].flatMap { $0.account == account ? $0.arn(artifacts.partition) : nil }
                    return Glob(literal: known ?? "arn:\(artifacts.partition):iam::\(account):role/\(role)")
                }
        }
    }

    private func observe(outside bucket: String, into observed: inout ObservedAccess) {
        let probes = probes(of: bucket)
        // Those of the bucket's own account were looked at with the bucket alone.
        let signed = probes.signed().filter { scope != .buckets || $0.principal.account != owner(of: bucket) }
        for probe in [PrincipalProbes.anonymous] + signed + probes.services() + probes.federated() {
            observe(probe.label, search(as: probe, bucket), bucket, into: &observed)
        }
    }

    /// Everyone whom a bucket may tell from others, each with every permission of its own.
    func everyone(at bucket: String) -> [(String, RequestSearch)] {
        let policy = artifacts.buckets[bucket]?.policy
        var result: [(String, RequestSearch)] = []
        for role in roles(named: policy.map(namedPrincipals) ?? []) {
            for principal in principals(role, at: bucket) {
                let search = search(as: principal, fixed: fixed(role), bucket) { $0.identity = [Self.everything] }
                result.append((role.name, search))
            }
        }
        let probes = probes(of: bucket)
        let isOpen = openBuckets.contains(bucket)
        for probe in probes.signed() where isOpen || probe.principal.account == owner(of: bucket) {
            result.append((probe.label, search(as: probe, bucket)))
        }
        guard isOpen else { return result }
        for probe in [PrincipalProbes.anonymous] + probes.services() + probes.federated() {
            result.append((probe.label, search(as: probe, bucket)))
        }
        return result
    }

    /// What a role has that may do everything.
    static let everything = everything(for: nil)
    /// What a bucket has that lets everybody do everything.
    static let everythingForEveryone = everything(
        for: PolicyStatement.Selection(isNegated: false, elements: [PrincipalPattern(kind: .aws, text: "*")])
    )

    private static func everything(for principals: PolicyStatement.Selection<PrincipalPattern>?) -> PolicyDocument {
        PolicyDocument(statements: [
            PolicyStatement(
                sid: nil,
                effect: .allow,
                principals: principals,
                actions: .init(isNegated: false, elements: [ActionPattern("*")]),
                resources: .init(isNegated: false, elements: [PolicyText("*", hasVariables: false)]),
                conditions: []
            )
        ])
    }

    /// The sessions of a role that a bucket's policy tells apart.
    private func principals(_ role: AWSArtifacts.Role, at bucket: String) -> [RequestPrincipal] {
        let policy = scope == .roles ? nil : artifacts.buckets[bucket]?.policy
        return principals(role, in: policy)
    }

    /// The sessions of a role that a policy tells apart.
    func principals(_ role: AWSArtifacts.Role, in policy: PolicyDocument?) -> [RequestPrincipal] {
        PrincipalProbes.sessions(of: role.name, role.account, in: policy).map {
            RequestPrincipal("arn:\(artifacts.partition):sts::\(role.account):assumed-role/\(role.name)/\($0)")
        }
    }

    func fixed(_ role: AWSArtifacts.Role) -> [String: RequestContext.Value?] {
        [
            "aws:principalarn": .single(role.arn(artifacts.partition)), "aws:principalaccount": .single(role.account),
            "aws:principaltype": .single("AssumedRole"), "aws:principalisawsservice": .single("false"),
            "aws:username": nil,
        ]
    }

    private func search(
        as principal: RequestPrincipal,
        fixed: [String: RequestContext.Value?],
        _ name: String,
        _ attach: (inout IAMPolicies) -> Void
    ) -> RequestSearch {
        let bucket = artifacts.buckets[name]
        let owner = bucket?.account ?? estate.enforcement.aws?.account ?? ""
        // Looked at by themselves, a role's policies are enough.
        let account = scope == .roles ? principal.account ?? owner : owner
        var policies = IAMPolicies()
        policies.resource = scope == .roles ? nil : bucket?.policy
        policies.restrictsPublicBuckets = bucket?.restrictsPublicBuckets ?? false
        attach(&policies)
        var fixed = fixed
        fixed["aws:resourceaccount"] = .single(owner)
        fixed["s3:resourceaccount"] = .single(owner)
        if let organization = estate.enforcement.aws?.organization, principal.account == owner {
            fixed["aws:principalorgid"] = .single(organization)
            fixed["aws:resourceorgid"] = .single(organization)
        }
        return RequestSearch(principal: principal, account: account, fixed: fixed, policies: policies)
    }

    private func observe(
        _ name: String,
        _ search: RequestSearch,
        _ bucket: String,
        into observed: inout ObservedAccess
    ) {
        let arn = "arn:\(artifacts.partition):s3:::\(bucket)"
        let bucketGlob = Glob(literal: arn)
        // Who administers the account changes a bucket's policy; that is seen where it is done.
        let administration = scope == .buckets ? nil : first(S3Actions.administration, bucketGlob, search)
        for area in areasByBucket[bucket] ?? [] {
            let objects = Glob(tokens: Glob.tokens("\(arn)/\(area.prefix)", isLiteral: true) + [Glob.star])
            let granting = administration ?? (scope == .buckets ? nil : first(handsOn, objects, search))
            let read = first(reads, objects, search).preferred(over: listing(area, bucketGlob, search))
            for (verb, finding) in [
                (ObservedAccess.Verb.read, read), (.write, first(writes, objects, search)),
            ] {
                if let finding = finding.preferred(over: granting) { observed.note(name, verb, area.dataset, finding) }
            }
        }
    }

    /// The first of some actions that is possible; else what could not be decided.
    private func first(_ actions: [String], _ area: Glob, _ search: RequestSearch) -> ObservedAccess.Finding? {
        first(actions, area, [[]], search)
    }

    /// The first of some actions, each in the ways that are wished for, that is possible; else what could not be decided.
    private func first(
        _ actions: [String],
        _ area: Glob,
        _ ways: [[ContextSolver.Wish]],
        _ search: RequestSearch
    ) -> ObservedAccess.Finding? {
        var doubt: ObservedAccess.Finding?
        for action in search.toldApart(actions) {
            for wishes in ways {
                switch search.find(action, in: area, wishes) {
                case .found(let request): return .possible(Witness(request, rules: search.rules(request)))
                case .unknown(let reason): doubt = doubt ?? .undecided(reason)
                case .none: continue
                }
            }
        }
        return doubt
    }

    /// Whether the keys of an area can be listed: with a prefix that leads to them, or with none.
    private func listing(_ area: Area, _ bucket: Glob, _ search: RequestSearch) -> ObservedAccess.Finding? {
        var ways = [
            [PrincipalProbes.wish("Null", "s3:prefix", ["true"])],
            [PrincipalProbes.wish("StringLike", "s3:prefix", [area.prefix + "*"])],
        ]
        let shorter = area.prefix.indices.map { String(area.prefix[..<$0]) }
        if !shorter.isEmpty { ways.append([PrincipalProbes.wish("StringEquals", "s3:prefix", shorter)]) }
        return first(S3Actions.listing, bucket, ways, search)
    }
}

extension AWSArtifacts.Bucket {
    /// Whether its own policy allows something.
    var isOpen: Bool { policy?.statements.contains { $0.effect == .allow } == true }
}

extension Optional where Wrapped == ObservedAccess.Finding {
    /// What is possible before what could not be decided.
    fileprivate func preferred(over other: ObservedAccess.Finding?) -> ObservedAccess.Finding? {
        if case .some(.possible) = self { return self }
        if case .some(.possible) = other { return other }
        return self ?? other
    }
}

extension PolicyText {
    /// Text without variables.
    static func plain(_ text: String) -> PolicyText { PolicyText(text, hasVariables: false) }
}

extension S3Actions {
    /// Actions on a bucket that change who reads or writes its objects, or where they go.
    static let administration = [
        "s3:putbucketpolicy", "s3:deletebucketpolicy", "s3:putbucketacl", "s3:putreplicationconfiguration",
        "s3:putbucketownershipcontrols", "s3:putbucketpublicaccessblock", "s3:putinventoryconfiguration",
        "s3:putlifecycleconfiguration",
    ]
}

/// Which buckets some policies may be about.
struct BucketReach {
    /// Whether it may be any.
    private(set) var isAll = false
    /// The buckets by name, where it is not any.
    private(set) var buckets: Set<String> = []
    /// Whether it may be an access point, by which buckets are reached that are not named.
    private(set) var hasAccessPoints = false
    /// Whether something is allowed by a pattern that does not say what it is about, and so may take in access points.
    private(set) var mayHaveAccessPoints = false

    init(_ policies: [PolicyDocument]) {
        for statement in policies.lazy.flatMap(\.statements) where statement.effect == .allow {
            guard let actions = statement.actions, let resources = statement.resources else { continue }
            let isS3 = actions.isNegated || actions.elements.contains { $0.service == nil || $0.service == "s3" }
            guard isS3 else { continue }
            guard !resources.isNegated else {
                isAll = true
                mayHaveAccessPoints = true
                continue
            }
            for element in resources.elements { insert(element.source) }
        }
    }

    private mutating func insert(_ resource: String) {
        let parts = resource.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard resource != "*", parts.count == 6 else {
            isAll = true
            mayHaveAccessPoints = true
            return
        }
        if Glob(parts[2]).matches("s3"), !parts[3].isEmpty || !parts[4].isEmpty { hasAccessPoints = true }
        let name = parts[5].prefix { $0 != "/" }
        if name.contains(where: { "*?$".contains($0) }) {
            isAll = isAll || Glob(parts[2]).matches("s3")
        } else {
            buckets.insert(String(name))
        }
    }
}
