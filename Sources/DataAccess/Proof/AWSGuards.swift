/// What has to hold of AWS beside who reads and writes which dataset.
struct AWSGuards {
    let estate: Estate
    let artifacts: AWSArtifacts

    func results() -> [EstateProof.Result] {
        [
            ("nothing else", nothingElse()), ("tls", overTLS()), ("beside", beside()),
            ("public access block", publicAccess()),
            ("endpoint", endpoint()), ("well-formed", wellFormed()),
        ].map { EstateProof.Result(id: $0.0, layer: AWSObservation.Scope.all.rawValue, outcome: $0.1) }
    }

    // MARK: - Roles do nothing else

    /// That a component's role may do nothing but to the objects and buckets that the estate gives it.
    private func nothingElse() -> InvariantProof.Outcome {
        let observation = AWSObservation(estate, artifacts, scope: .roles)
        let byComponent = Dictionary(grouping: estate.accesses.filter { $0.layer == .s3 }, by: \.component)
        var doubt: String?
        for component in estate.components {
            guard let identity = component.identity.aws else { continue }
            guard let role = artifacts.roles[identity.name] else {
                doubt = doubt ?? "the role `\(identity.name)` was not exported"
                continue
            }
            let statements = role.policies.flatMap(\.statements).filter { $0.effect == .allow }
            if let other = otherServices(statements) {
                return .refuted(
                    "the role `\(role.name)` is allowed `\(other)`, and the estate has no use for it",
                    Witness(principal: role.arn(artifacts.partition), action: other, resource: "*")
                )
            }
            if BucketReach(role.policies).hasAccessPoints {
                doubt = doubt ?? "`\(role.name)` is allowed something on access points, which are not looked at"
            }
            let own = OwnPlaces(byComponent[component.name] ?? [], partition: artifacts.partition)
            let search = observation.roleSearch(role)
            for (action, kind) in S3Actions.every where mayAllow(statements, action) {
                let outside = own.places(action, kind)
                let area = Glob(tokens: Glob.tokens("arn:\(artifacts.partition):s3:::", isLiteral: true) + [Glob.star])
                switch search.find(action, in: area, outside: outside) {
                case .found(let request):
                    return .refuted(
                        "the role `\(role.name)` reaches what the estate does not give it",
                        Witness(request)
                    )
                case .unknown(let reason): doubt = doubt ?? "`\(role.name)`: \(reason)"
                case .none: continue
                }
            }
        }
        return doubt.map { .unknown($0) } ?? .proved
    }

    private func otherServices(_ statements: [PolicyStatement]) -> String? {
        for actions in statements.compactMap(\.actions) {
            if actions.isNegated { return "*" }
            if let other = actions.elements.first(where: { $0.service != "s3" }) { return other.source }
        }
        return nil
    }

    private func mayAllow(_ statements: [PolicyStatement], _ action: String) -> Bool {
        let name = ActionName(action)
        return statements.contains { $0.actions?.elements.contains { $0.matches(name) } == true }
    }

    /// Where a component may do what.
    private struct OwnPlaces {
        private var read: [Glob] = []
        private var write: [Glob] = []
        private var buckets: [Glob] = []

        init(_ accesses: [Access], partition: String) {
            for access in accesses {
                guard case .objects(_, let store) = access.resource else { continue }
                let arn = "arn:\(partition):s3:::\(store.bucket)"
                let objects = Glob(tokens: Glob.tokens("\(arn)/\(store.prefix)", isLiteral: true) + [Glob.star])
                if access.verb == .read {
                    read.append(objects)
                    buckets.append(Glob(literal: arn))
                } else {
                    write.append(objects)
                }
            }
        }

        func places(_ action: String, _ kind: (S3Actions.Kind, S3Actions.Effect)) -> [Glob] {
            switch kind {
            case (.object, .reads): read
            case (.object, .writes): write
            case (.bucket, .reads): action == "s3:listbucket" ? buckets : []
            default: []
            }
        }
    }

    // MARK: - Buckets

    /// That nothing goes without TLS, whoever asks.
    private func overTLS() -> InvariantProof.Outcome {
        let wish = ContextSolver.Wish(
            condition: PolicyCondition(operation: "Bool", key: "aws:SecureTransport", values: [.plain("false")]),
            isWanted: true
        )
        var doubt: String?
        let observation = AWSObservation(estate, artifacts, scope: .buckets)
        for bucket in buckets {
            guard artifacts.buckets[bucket] != nil else {
                doubt = doubt ?? "the bucket `\(bucket)` was not exported"
                continue
            }
            for (role, search) in observation.everyone(at: bucket) {
                for action in ["s3:getobject", "s3:putobject"] {
                    let area = Glob(
                        tokens: Glob.tokens("arn:\(artifacts.partition):s3:::\(bucket)/", isLiteral: true) + [Glob.star]
                    )
                    switch search.find(action, in: area, [wish]) {
                    case .found(let request):
                        return .refuted("`\(bucket)` answers `\(role)` without TLS", Witness(request))
                    case .unknown(let reason): doubt = doubt ?? "`\(bucket)`: \(reason)"
                    case .none: continue
                    }
                }
            }
        }
        return doubt.map { .unknown($0) } ?? .proved
    }

    /// That a bucket has nothing beside its datasets, for nobody.
    private func beside() -> InvariantProof.Outcome {
        var prefixes: [String: [String]] = [:]
        for dataset in estate.datasets {
            for case .s3(let store) in dataset.stores { prefixes[store.bucket, default: []].append(store.prefix) }
        }
        var doubt: String?
        let observation = AWSObservation(estate, artifacts, scope: .buckets)
        for (bucket, prefixes) in prefixes.sorted(by: { $0.key < $1.key }) where !prefixes.contains("") {
            guard artifacts.buckets[bucket] != nil else {
                doubt = doubt ?? "the bucket `\(bucket)` was not exported"
                continue
            }
            let arn = "arn:\(artifacts.partition):s3:::\(bucket)/"
            func under(_ prefix: String) -> Glob {
                Glob(tokens: Glob.tokens(arn + prefix, isLiteral: true) + [Glob.star])
            }
            let elsewhere = ContextSolver.Wish(
                condition: PolicyCondition(
                    operation: "StringNotLike",
                    key: "s3:prefix",
                    values: prefixes.map { .plain($0 + "*") }
                ),
                isWanted: true
            )
            let list = Glob(tokens: Array(under("").tokens.dropLast(2)))
            let questions: [(String, Glob, [ContextSolver.Wish])] =
                ["s3:getobject", "s3:putobject"].map { ($0, under(""), []) }
                + ["s3:listbucket", "s3:listbucketversions"].map { ($0, list, [elsewhere]) }
            for (name, search) in observation.everyone(at: bucket) {
                for (action, area, wishes) in questions {
                    switch search.find(action, in: area, outside: prefixes.map(under), wishes) {
                    case .found(let request):
                        return .refuted("`\(bucket)` lets `\(name)` have what is of no dataset", Witness(request))
                    case .unknown(let reason): doubt = doubt ?? "`\(bucket)`: \(reason)"
                    case .none: continue
                    }
                }
            }
        }
        return doubt.map { .unknown($0) } ?? .proved
    }

    private var buckets: [String] {
        var names: Set<String> = []
        for dataset in estate.datasets {
            for case .s3(let store) in dataset.stores { names.insert(store.bucket) }
        }
        return names.sorted()
    }

    private func publicAccess() -> InvariantProof.Outcome {
        for bucket in buckets {
            let block = artifacts.buckets[bucket]?.publicAccessBlock ?? []
            guard let missing = AWSArtifacts.publicAccessSettings.first(where: { !block.contains($0) }) else {
                continue
            }
            return .refuted(
                "the bucket `\(bucket)` does not have `\(missing)`",
                Witness(
                    principal: AWSObservation.anyone,
                    action: "s3:PutObjectAcl",
                    resource: "arn:aws:s3:::\(bucket)/*"
                )
            )
        }
        return .proved
    }

    /// That an endpoint lets nothing through to buckets of other accounts, which would be the internet.
    private func endpoint() -> InvariantProof.Outcome {
        guard !artifacts.endpoints.isEmpty else { return .notConcerned }
        let fixed: [String: RequestContext.Value?] = [
            "aws:resourceaccount": .single("999999999999"), "s3:resourceaccount": .single("999999999999"),
        ]
        for (name, document) in artifacts.endpoints.sorted(by: { $0.key < $1.key }) {
            var policies = IAMPolicies()
            policies.identity = [AWSObservation.everything]
            policies.endpoint = [document]
            let arn = "arn:\(artifacts.partition):sts::999999999999:assumed-role/somebody/s"
            let search = RequestSearch(
                principal: RequestPrincipal(arn),
                account: "999999999999",
                fixed: fixed,
                policies: policies
            )
            let area = Glob(tokens: Glob.tokens("arn:\(artifacts.partition):s3:::", isLiteral: true) + [Glob.star])
            switch search.find("s3:putobject", in: area) {
            case .found(let request):
                return .refuted(
                    "the endpoint `\(name)` lets data through to another account's buckets",
                    Witness(request)
                )
            case .unknown(let reason): return .unknown("the endpoint `\(name)`: \(reason)")
            case .none: continue
            }
        }
        return .proved
    }

    /// That AWS would take every policy: what it would refuse may not mean what it seems to.
    private func wellFormed() -> InvariantProof.Outcome {
        artifacts.findings.first.map { .unknown("\($0)") } ?? .proved
    }
}

extension S3Actions {
    /// Every action on objects and buckets, with its service before it, and what it does.
    static let every: [(String, (Kind, Effect))] =
        objects.map { ("s3:" + $0.key, (Kind.object, $0.value)) }.sorted { $0.0 < $1.0 }
        + buckets.map { ("s3:" + $0.key, (Kind.bucket, $0.value)) }.sorted { $0.0 < $1.0 }
}

extension AWSObservation {
    /// A search by a role's own policies.
    func roleSearch(_ role: AWSArtifacts.Role) -> RequestSearch {
        var policies = IAMPolicies()
        policies.identity = role.policies
        policies.boundary = role.boundary.map { [$0] }
        return RequestSearch(
            principal: RequestPrincipal(
                "arn:\(artifacts.partition):sts::\(role.account):assumed-role/\(role.name)/session"
            ),
            account: role.account,
            fixed: fixed(role),
            policies: policies
        )
    }
}
