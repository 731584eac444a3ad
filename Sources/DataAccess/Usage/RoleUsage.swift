/// What AWS roles are allowed on S3 and never used, and policies without it.
struct RoleUsage {
    private let artifacts: AWSArtifacts
    private let observation: AWSObservation
    /// What was done, by account and role.
    private let uses: [String: [Use]]
    private let judged: Judged

    /// What the records tell enough of for it to be called unused.
    private enum Judged {
        case nothing
        /// Access logs are written for some buckets, and tell of no other.
        case buckets(Set<String>)
        case everything
    }

    /// Something that was done.
    private struct Use: Hashable {
        /// The actions of which it needed one or more; nil for any.
        let actions: Set<String>?
        /// The object or the bucket.
        let resource: String
        /// Whether anything of the bucket may have been meant.
        let isVague: Bool
    }

    init(_ estate: Estate, _ artifacts: AWSArtifacts, _ records: [UsageRecord]) {
        self.artifacts = artifacts
        observation = AWSObservation(estate, artifacts, scope: .roles)
        var uses: [String: Set<Use>] = [:]
        for record in records {
            guard case .s3(let call, let bucket, let key) = record.what, let who = Self.role(record.who) else {
                continue
            }
            let actions = S3Usage.actions(call, onObject: !key.isEmpty)
            let arn = "arn:\(artifacts.partition):s3:::\(bucket)"
            let keys: Set<String>? = call == call.uppercased() ? S3Usage.keys(key) : [key]
            let isVague = actions == nil || bucket.isEmpty || key.isEmpty && S3Usage.isAboutAnyKey(call)
            guard let keys else {
                uses[who, default: []].insert(Use(actions: actions, resource: arn, isVague: true))
                continue
            }
            for key in keys {
                let resource = key.isEmpty ? arn : "\(arn)/\(key)"
                uses[who, default: []].insert(Use(actions: actions, resource: resource, isVague: isVague))
            }
        }
        self.uses = uses.mapValues { $0.sorted { $0.resource < $1.resource } }
        judged = Self.judged(records)
    }

    private static func judged(_ records: [UsageRecord]) -> Judged {
        var seen: Set<String> = []
        for record in records {
            guard case .s3(let call, let bucket, _) = record.what, !bucket.isEmpty else { continue }
            // CloudTrail has names of calls where access logs have methods.
            guard call == call.uppercased() else { return .everything }
            seen.insert(bucket)
        }
        return seen.isEmpty ? .nothing : .buckets(seen)
    }

    private func isJudged(_ resource: PolicyText) -> Bool {
        switch judged {
        case .nothing: return false
        case .everything: return true
        case .buckets(let seen):
            let parts = resource.source.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            guard parts.count == 6 else { return false }
            return seen.contains(String(parts[5].prefix { $0 != "/" }))
        }
    }

    /// Who a log means: a role's session, or the role that issued it, `…:assumed-role/NAME` where the session is left out.
    private static func role(_ text: String) -> String? {
        switch RequestPrincipal(text) {
        case .role(_, let account, let name), .session(_, let account, let name, _): return "\(account)/\(name)"
        default:
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 6, parts[5].hasPrefix("assumed-role/") else { return nil }
            return "\(parts[4])/\(parts[5].dropFirst("assumed-role/".count))"
        }
    }

    func unused() -> UnusedAccess {
        var unused = UnusedAccess()
        if case .nothing = judged {
            unused.doubts.append("AWS is not judged: no record tells what was done in a bucket")
            return unused
        }
        for role in artifacts.roles.values.sorted(by: { $0.name < $1.name }) { add(role, to: &unused) }
        return unused
    }

    private func add(_ role: AWSArtifacts.Role, to unused: inout UnusedAccess) {
        let own = uses["\(role.account)/\(role.name)"] ?? []
        var documents: [PolicyDocument] = []
        var isNarrower = false
        for document in role.policies {
            let kept = document.statements.flatMap { statement in
                narrowed(statement, own, role.name, &unused, &isNarrower)
            }
            documents.append(PolicyDocument(statements: kept))
        }
        guard isNarrower else { return }
        var files: [String: String] = [:]
        for (index, document) in documents.enumerated() where !document.statements.isEmpty {
            files["roles/\(role.name)/policy-\(index + 1).json"] = document.json.pretty
        }
        // What is proved is what is written, read back.
        guard let read = try? files.sorted(by: { $0.key < $1.key }).map({ try PolicyDocument(json: $1.utf8, file: $0) })
        else {
            unused.doubts.append("the narrower policies of `\(role.name)` cannot be read back")
            return
        }
        if let doubt = doubt(about: role, read, own) {
            unused.doubts.append("`\(role.name)` is left as it is: \(doubt)")
        } else {
            unused.narrowings.append(
                ProvedNarrowing(place: "roles/\(role.name)", files: files, requests: own.count)
            )
        }
    }

    // MARK: - One statement

    /// A statement without what was not used, in as many as it takes; none where nothing of it was.
    private func narrowed(
        _ statement: PolicyStatement,
        _ uses: [Use],
        _ role: String,
        _ unused: inout UnusedAccess,
        _ isNarrower: inout Bool
    ) -> [PolicyStatement] {
        guard statement.effect == .allow, let actions = statement.actions, let resources = statement.resources else {
            return [statement]
        }
        guard !actions.isNegated, !resources.isNegated else {
            unused.doubts.append("\(statement.title ?? role) allows everything but some, which is not narrowed")
            return [statement]
        }
        let everywhere = Array(resources.elements.indices)
        let known = everywhere.filter { isJudged(resources.elements[$0]) }
        let unknown = everywhere.filter { !known.contains($0) }
        for index in unknown {
            let source = resources.elements[index].source
            let doubt = "\(statement.title ?? role): `\(source)` is kept, for no access log tells of it"
            if !unused.doubts.contains(doubt) { unused.doubts.append(doubt) }
        }
        // The actions by where they were used.
        var kept: [(places: [Int], actions: [ActionPattern])] = []
        func keep(_ action: ActionPattern, _ places: [Int]) {
            guard !places.isEmpty else { return }
            if let index = kept.firstIndex(where: { $0.places == places }) {
                kept[index].actions.append(action)
            } else {
                kept.append((places, [action]))
            }
        }
        var isLess = false
        for pattern in actions.elements {
            guard pattern.service == "s3" else {
                // What is done with other services is in no log that is read here.
                if pattern.service == nil {
                    unused.doubts.append("\(statement.title ?? role): `*` is kept, for what is not S3's")
                }
                keep(pattern, everywhere)
                continue
            }
            // What a call was that is not known here may be in a wildcard, and in none of the actions that are known.
            let isVague = uses.contains { use in
                use.actions == nil && resources.elements.contains { Self.fits(use, "", $0) }
            }
            if isVague, !pattern.action.isLiteral {
                unused.doubts.append(
                    "\(statement.title ?? role): `\(pattern.source)` is kept, for a call that is not known"
                )
                keep(pattern, everywhere)
                continue
            }
            keep(pattern, unknown)
            guard !known.isEmpty else { continue }
            if !pattern.action.isLiteral { isLess = true }
            let names = pattern.action.isLiteral ? [pattern.source] : S3Actions.every.map(\.0).filter(pattern.matches)
            for name in names {
                let places = known.filter { index in
                    uses.contains { Self.fits($0, name.lowercased(), resources.elements[index]) }
                }
                unused.total += known.count
                for index in known where !places.contains(index) {
                    isLess = true
                    unused.grants.append(
                        UnusedGrant(
                            layer: "aws",
                            who: role,
                            grant: "\(name) on \(resources.elements[index].source)",
                            rule: statement.title ?? ""
                        )
                    )
                }
                keep(ActionPattern(name), places)
            }
        }
        guard isLess else { return [statement] }
        isNarrower = true
        return kept.enumerated().map { number, part in
            PolicyStatement(
                // No two statements of a policy have the same.
                sid: number == 0 ? statement.sid : nil,
                effect: .allow,
                principals: nil,
                actions: .init(isNegated: false, elements: part.actions),
                resources: .init(isNegated: false, elements: part.places.map { resources.elements[$0] }),
                conditions: statement.conditions
            )
        }
    }

    /// Whether something that was done may have been let through by an action on a resource.
    private static func fits(_ use: Use, _ action: String, _ resource: PolicyText) -> Bool {
        guard use.actions?.contains(action) != false else { return false }
        // A variable may stand for anything.
        guard !resource.hasVariable else { return true }
        let glob = Glob(resource.source)
        if use.isVague {
            let bucket = use.resource.prefix { $0 != "/" }
            let all = Glob(tokens: Glob.tokens(bucket, isLiteral: true) + [Glob.star])
            return GlobSearch.overlap(glob, all)
        }
        return glob.matches(use.resource)
    }

    // MARK: - The proof

    /// What is not proved of narrower policies; nil where all is: they allow nothing that was not allowed, and whatever was
    /// done and was allowed is allowed still.
    private func doubt(about role: AWSArtifacts.Role, _ narrower: [PolicyDocument], _ uses: [Use]) -> String? {
        let more = search(role, allowing: narrower, butNot: role.policies)
        for action in Set(narrower.flatMap(\.statements).flatMap { $0.actions?.elements ?? [] }.map(\.source)) {
            guard !action.contains("*"), !action.contains("?") else { continue }
            if let answer = Self.answer(more, action.lowercased(), Glob(tokens: [Glob.star])) {
                return "it may allow more than before: \(answer)"
            }
        }
        let less = search(role, allowing: role.policies, butNot: narrower)
        for use in uses {
            for action in (use.actions ?? Set(S3Actions.every.map(\.0))).sorted() {
                let area =
                    use.isVague
                    ? Glob(tokens: Glob.tokens(use.resource, isLiteral: true) + [Glob.star])
                    : Glob(literal: use.resource)
                if let answer = Self.answer(less, action, area) {
                    return "a request that was made may be refused: \(answer)"
                }
            }
        }
        return nil
    }

    private static func answer(_ search: RequestSearch, _ action: String, _ area: Glob) -> String? {
        switch search.find(action, in: area) {
        case .none: nil
        case .found(let request): "\(Witness(request))"
        case .unknown(let reason): reason
        }
    }

    /// A search for what some policies allow and others do not: what the others allow is denied.
    private func search(
        _ role: AWSArtifacts.Role,
        allowing documents: [PolicyDocument],
        butNot others: [PolicyDocument]
    ) -> RequestSearch {
        var role = role
        let denials = others.flatMap(\.statements).filter { $0.effect == .allow }.map { $0.denying() }
        role.policies = documents + [PolicyDocument(statements: denials)]
        return observation.roleSearch(role)
    }
}

extension PolicyStatement {
    /// The same about a Deny.
    fileprivate func denying() -> PolicyStatement {
        PolicyStatement(
            sid: sid,
            effect: .deny,
            principals: principals,
            actions: actions,
            resources: resources,
            conditions: conditions
        )
    }

    /// The statement as JSON.
    var json: JSONText {
        var entries: [(String, JSONText)] = []
        if let sid { entries.append(("Sid", .text(sid))) }
        if let effect { entries.append(("Effect", .text(effect.rawValue))) }
        if let actions {
            entries.append((actions.isNegated ? "NotAction" : "Action", .oneOrMany(actions.elements.map(\.source))))
        }
        if let resources {
            let name = resources.isNegated ? "NotResource" : "Resource"
            entries.append((name, .oneOrMany(resources.elements.map(\.source))))
        }
        var operations: [(String, [(String, JSONText)])] = []
        for condition in conditions {
            let value = (condition.key, JSONText.oneOrMany(condition.values.map(\.source)))
            if let index = operations.firstIndex(where: { $0.0 == condition.operation }) {
                operations[index].1.append(value)
            } else {
                operations.append((condition.operation, [value]))
            }
        }
        if !operations.isEmpty { entries.append(("Condition", .object(operations.map { ($0.0, .object($0.1)) }))) }
        return .object(entries)
    }
}

extension PolicyDocument {
    /// A policy of an identity as JSON.
    var json: JSONText {
        .object([("Version", .text(version.rawValue)), ("Statement", .list(statements.map(\.json)))])
    }
}
