/// What AWS roles are allowed on S3 and never used, and policies without it.
struct RoleUsage {
    private let artifacts: AWSArtifacts
    private let observation: AWSObservation
    /// What was done, by account and role.
    private let uses: [String: [Use]]
    private let judged: Judged

    /// What the records tell enough of for it to be called unused.
    private struct Judged {
        /// The buckets of which access logs tell, whose settings are in them, too.
        var logged: Set<String> = []
        /// The buckets that data events of CloudTrail name: for others they may not be on.
        var trailed: Set<String> = []
        /// Whether CloudTrail's management events were seen, in which settings are.
        var hasSettings = false

        var isEmpty: Bool { logged.isEmpty && trailed.isEmpty }
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
        var judged = Judged()
        for record in records {
            guard case .s3(let call, let bucket, let key) = record.what else { continue }
            // CloudTrail has names of calls where access logs have methods.
            let isTrail = call != call.uppercased()
            if !bucket.isEmpty {
                if isTrail { judged.trailed.insert(bucket) } else { judged.logged.insert(bucket) }
            } else if isTrail, key.isEmpty, !["CopyObject", "UploadPartCopy"].contains(call) {
                judged.hasSettings = true
            }
        }
        return judged
    }

    /// The bucket that a resource is or is in, where one is named and logs tell of it.
    private func bucket(_ resource: PolicyText) -> String? {
        let parts = resource.source.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        // An access point's ARN has a region and an account; which bucket it is of, it does not say.
        guard parts.count == 6, parts[3].isEmpty, parts[4].isEmpty else { return nil }
        let name = String(parts[5].prefix { $0 != "/" })
        return judged.logged.contains(name) || judged.trailed.contains(name) ? name : nil
    }

    /// Whether the records would tell of an action, in lower case, on a bucket.
    private func isJudged(_ action: String, _ bucket: String?) -> Bool {
        guard let bucket else { return false }
        if judged.logged.contains(bucket) { return true }
        return judged.trailed.contains(bucket) && (judged.hasSettings || S3Usage.isAboutData(action))
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
        if judged.isEmpty {
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
        // Each under the name that it was read by, one of which nothing is left, too: copied over what is there, they are
        // what is proved.
        let names = role.policies.map(\.file)
        let areNames =
            names.allSatisfy { $0?.hasPrefix("roles/\(role.name)/") == true } && Set(names).count == names.count
        for (index, document) in documents.enumerated() {
            let name = areNames ? names[index] : nil
            files[name ?? "roles/\(role.name)/policy-\(index + 1).json"] = document.json.pretty
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
        let buckets = resources.elements.map { bucket($0) }
        let known = everywhere.filter { buckets[$0] != nil }
        let unknown = everywhere.filter { !known.contains($0) }
        for index in unknown {
            let source = resources.elements[index].source
            let doubt = "\(statement.title ?? role): `\(source)` is kept, for no record tells of it"
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
                let told = known.filter { isJudged(name.lowercased(), buckets[$0]) }
                let places = known.filter { index in
                    !told.contains(index)
                        || uses.contains { Self.fits($0, name.lowercased(), resources.elements[index]) }
                }
                if told.count < known.count {
                    let doubt =
                        "\(statement.title ?? role): what is allowed on the settings of buckets is kept, for no record "
                        + "tells of them"
                    if !unused.doubts.contains(doubt) { unused.doubts.append(doubt) }
                }
                unused.total += told.count
                for index in told where !places.contains(index) {
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
        let more = PolicyDifference(role, allowing: narrower, butNot: role.policies, observation)
        for action in Set(narrower.flatMap(\.statements).flatMap { $0.actions?.elements ?? [] }.map(\.source)) {
            guard !action.contains("*"), !action.contains("?") else { continue }
            if let answer = Self.answer(more, action.lowercased(), Glob(tokens: [Glob.star])) {
                return "it may allow more than before: \(answer)"
            }
        }
        let less = PolicyDifference(role, allowing: role.policies, butNot: narrower, observation)
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

    private static func answer(_ difference: PolicyDifference, _ action: String, _ area: Glob) -> String? {
        switch difference.find(action, in: area) {
        case .none: nil
        case .found(let request): "\(Witness(request))"
        case .unknown(let reason): reason
        }
    }
}

extension PolicyStatement {
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
