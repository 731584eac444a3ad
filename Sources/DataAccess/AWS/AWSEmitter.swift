/// Writes what AWS has to have in force for an estate: one file for each policy.
///
/// * A role may do to objects what the estate's accesses say, over TLS, in the estate's account only.
/// * A bucket denies whoever else asks, its own account's administrators included, whatever their policies say.
/// * A role is assumed by its service account alone: by the cluster's OIDC issuer where the estate names one (IRSA), else
///   through EKS Pod Identity.
/// * A VPC endpoint lets through what goes to the estate's buckets.
public struct AWSEmitter {
    /// The most bytes of a managed policy, of a trust policy and of a bucket's policy (AWS quotas).
    static let policyLimit = 6144
    static let trustLimit = 2048
    static let bucketLimit = 20 * 1024
    /// The most managed policies of one role.
    static let policiesPerRole = 10

    private let estate: Estate
    private let settings: Estate.Enforcement.AWS
    private let accesses: [Access]

    /// What could not be written.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What, and what to do about it.
        public let description: String
    }

    /// An emitter for an estate.
    ///
    /// - Throws: ``Failure`` where the estate says nothing of AWS.
    public init(_ estate: Estate) throws {
        guard let settings = estate.enforcement.aws else {
            throw Failure(
                description: "the estate `\(estate.name)` has no `aws` in `enforcement`; name the account there"
            )
        }
        self.estate = estate
        self.settings = settings
        self.accesses = estate.accesses.filter { $0.layer == .s3 }
    }

    /// The files, by their path, in the form that ``AWSArtifacts`` reads.
    ///
    /// - Throws: ``Failure`` where a policy would be larger than AWS takes.
    public func files() throws -> [(path: String, text: String)] {
        var files: [(path: String, text: String)] = []
        let byComponent = Dictionary(grouping: accesses, by: \.component)
        for component in estate.components {
            guard let role = component.identity.aws else { continue }
            let trust = trust(component)
            guard trust.size <= Self.trustLimit else {
                throw Failure(description: "the trust policy of `\(role.name)` is larger than \(Self.trustLimit) bytes")
            }
            files.append(("roles/\(role.name)/trust.json", trust.pretty))
            for (index, policy) in try policies(role, byComponent[component.name] ?? []).enumerated() {
                files.append(("roles/\(role.name)/policy-\(index + 1).json", policy.pretty))
            }
        }
        for (bucket, areas) in buckets() {
            let policy = bucketPolicy(bucket, areas)
            guard policy.size <= Self.bucketLimit else {
                throw Failure(
                    description: "the policy of the bucket `\(bucket)` would have \(policy.size) bytes, more than "
                        + "\(Self.bucketLimit); spread its datasets over several buckets"
                )
            }
            files.append(("buckets/\(bucket)/policy.json", policy.pretty))
            files.append(("buckets/\(bucket)/public-access-block.json", Self.publicAccessBlock.pretty))
        }
        if !accesses.isEmpty { files.append(("endpoints/s3.json", endpoint().pretty)) }
        return files
    }

    // MARK: - Roles

    private func roleARN(_ component: String) -> String? {
        guard let role = estate.component(component)?.identity.aws else { return nil }
        return "arn:\(settings.partition):iam::\(role.account ?? settings.account):role/\(role.name)"
    }

    private func trust(_ component: Estate.Component) -> JSONText {
        let account = component.identity.kubernetes
        let statement: [(String, JSONText)]
        if let issuer = settings.oidcProvider, let account {
            statement = [
                ("Sid", .text("ServiceAccount")), ("Effect", .text("Allow")),
                (
                    "Principal",
                    .object([
                        (
                            "Federated",
                            .text("arn:\(settings.partition):iam::\(settings.account):oidc-provider/\(issuer)")
                        )
                    ])
                ),
                ("Action", .text("sts:AssumeRoleWithWebIdentity")),
                (
                    "Condition",
                    .object([
                        (
                            "StringEquals",
                            .object([
                                ("\(issuer):aud", .text("sts.amazonaws.com")),
                                ("\(issuer):sub", .text("system:serviceaccount:\(account.namespace):\(account.name)")),
                            ])
                        )
                    ])
                ),
            ]
        } else if let account {
            statement = [
                ("Sid", .text("PodIdentity")), ("Effect", .text("Allow")),
                ("Principal", .object([("Service", .text("pods.eks.amazonaws.com"))])),
                ("Action", .list([.text("sts:AssumeRole"), .text("sts:TagSession")])),
                (
                    "Condition",
                    .object([
                        (
                            "StringEquals",
                            .object([
                                ("aws:RequestTag/kubernetes-namespace", .text(account.namespace)),
                                ("aws:RequestTag/kubernetes-service-account", .text(account.name)),
                                ("aws:SourceAccount", .text(settings.account)),
                            ])
                        )
                    ])
                ),
            ]
        } else {
            // Nobody that AWS could tell apart: nobody assumes it.
            statement = [
                ("Sid", .text("Nobody")), ("Effect", .text("Deny")), ("Principal", .text("*")),
                ("Action", .text("sts:*")),
            ]
        }
        return Self.document([.object(statement)])
    }

    private func policies(_ role: Estate.AWSRole, _ accesses: [Access]) throws -> [JSONText] {
        let statements = accesses.flatMap(statements)
        guard !statements.isEmpty else { return [] }
        var documents: [[JSONText]] = [[]]
        for statement in statements {
            let extended = documents[documents.count - 1] + [statement]
            if Self.document(extended).size <= Self.policyLimit {
                documents[documents.count - 1] = extended
            } else {
                documents.append([statement])
            }
        }
        guard documents.count <= Self.policiesPerRole else {
            throw Failure(
                description: "the role `\(role.name)` would need \(documents.count) policies, and AWS attaches "
                    + "\(Self.policiesPerRole); give the component fewer datasets, or put them under one prefix"
            )
        }
        return documents.map(Self.document)
    }

    private func statements(_ access: Access) -> [JSONText] {
        guard case .objects(let dataset, let store) = access.resource else { return [] }
        let bucket = "arn:\(settings.partition):s3:::\(store.bucket)"
        let objects = "\(bucket)/\(store.prefix)*"
        let name = Self.sid(dataset)
        func statement(
            _ sid: String,
            _ actions: [String],
            _ resource: String,
            _ more: [(String, JSONText)] = []
        ) -> JSONText {
            .object([
                ("Sid", .text(sid + name)), ("Effect", .text("Allow")),
                ("Action", .oneOrMany(actions.map { "s3:" + $0 })), ("Resource", .text(resource)),
                ("Condition", .object(conditions(more))),
            ])
        }
        switch access.verb {
        case .read:
            let prefix: [(String, JSONText)] =
                store.prefix.isEmpty ? [] : [("StringLike", .object([("s3:prefix", .text(store.prefix + "*"))]))]
            return [
                statement(
                    "Read",
                    ["GetObject", "GetObjectVersion", "GetObjectTagging", "GetObjectAttributes"],
                    objects
                ),
                statement("List", ["ListBucket"], bucket, prefix),
            ]
        case .append:
            // What is there is not written over: S3 asks for `If-None-Match`.
            return [
                statement(
                    "Append",
                    ["PutObject"],
                    objects,
                    [("Null", .object([("s3:if-none-match", .text("false"))]))]
                )
            ]
        case .write:
            return [
                statement(
                    "Write",
                    [
                        "PutObject", "PutObjectTagging", "DeleteObject", "AbortMultipartUpload",
                        "ListMultipartUploadParts",
                    ],
                    objects
                )
            ]
        case .call, .reach: return []
        }
    }

    private func conditions(_ more: [(String, JSONText)]) -> [(String, JSONText)] {
        var equals: [(String, JSONText)] = [("aws:ResourceAccount", .text(settings.account))]
        if let endpoint = settings.vpcEndpoint { equals.append(("aws:SourceVpce", .text(endpoint))) }
        return [("Bool", .object([("aws:SecureTransport", .text("true"))])), ("StringEquals", .object(equals))] + more
    }

    /// A name that a `Sid` may have: letters and digits.
    private static func sid(_ name: String) -> String {
        name.split { $0 == "-" || $0 == "_" }.map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    // MARK: - Buckets

    /// One dataset in a bucket, and who reads and writes it.
    private struct Area {
        let dataset: String
        let prefix: String
        var readers: [String]
        var writers: [String]
    }

    private func buckets() -> [(String, [Area])] {
        var order: [String] = []
        var areas: [String: [Area]] = [:]
        var placeOf: [String: Int] = [:]
        for dataset in estate.datasets {
            for case .s3(let store) in dataset.stores {
                if areas[store.bucket] == nil { order.append(store.bucket) }
                placeOf["\(dataset.name) \(store.bucket) \(store.prefix)"] = areas[store.bucket]?.count ?? 0
                areas[store.bucket, default: []]
                    .append(Area(dataset: dataset.name, prefix: store.prefix, readers: [], writers: []))
            }
        }
        for access in accesses {
            guard case .objects(let dataset, let store) = access.resource, let arn = roleARN(access.component),
                let place = placeOf["\(dataset) \(store.bucket) \(store.prefix)"]
            else { continue }
            if access.verb == .read {
                areas[store.bucket]?[place].readers.append(arn)
            } else {
                areas[store.bucket]?[place].writers.append(arn)
            }
        }
        return order.map { ($0, areas[$0] ?? []) }
    }

    /// What lists objects, and what changes them or hands them on.
    static let listActions = ["s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions"]
    static let writeActions = [
        "s3:AbortMultipartUpload", "s3:BypassGovernanceRetention", "s3:DeleteObject*", "s3:InitiateReplication",
        "s3:ObjectOwnerOverrideToBucketOwner", "s3:PutObject*", "s3:Replicate*", "s3:RestoreObject",
    ]

    private func bucketPolicy(_ bucket: String, _ areas: [Area]) -> JSONText {
        let arn = "arn:\(settings.partition):s3:::\(bucket)"
        var statements: [JSONText] = [
            Self.deny(
                "OverTLSOnly",
                ["s3:*"],
                [arn, arn + "/*"],
                [("Bool", .object([("aws:SecureTransport", .text("false"))]))]
            )
        ]
        let listers = Set(areas.flatMap { $0.readers }).sorted()
        statements.append(Self.deny("ListersOnly", Self.listActions, [arn], except(listers)))
        statements += ownPrefixes(arn, areas)
        for area in areas {
            let objects = ["\(arn)/\(area.prefix)*"]
            let name = Self.sid(area.dataset)
            // Who writes in parts has to see the parts.
            statements.append(
                Self.deny("ReadersOnly" + name, ["s3:GetObject*"], objects, except(area.readers))
            )
            statements.append(
                Self.deny(
                    "WritersOnly" + name,
                    Self.writeActions + ["s3:ListMultipartUploadParts"],
                    objects,
                    except(area.writers)
                )
            )
        }
        if !areas.contains(where: { $0.prefix.isEmpty }) {
            // What lies beside the datasets is nobody's.
            let prefixes = areas.map { "\(arn)/\($0.prefix)*" } + [arn]
            statements.append(
                .object([
                    ("Sid", .text("NothingBeside")), ("Effect", .text("Deny")), ("Principal", .text("*")),
                    ("Action", .text("s3:*")), ("NotResource", .oneOrMany(prefixes)),
                ])
            )
        }
        statements += crossAccount(arn, areas)
        return Self.document(statements)
    }

    /// Roles of other accounts need the bucket's word as well.
    private func crossAccount(_ arn: String, _ areas: [Area]) -> [JSONText] {
        let isForeign = { (role: String) in !role.contains("::\(settings.account):") }
        return areas.flatMap { area -> [JSONText] in
            let objects = "\(arn)/\(area.prefix)*"
            return [
                (area.readers, "Readers", ["s3:GetObject", "s3:GetObjectVersion"]),
                (area.writers, "Writers", ["s3:PutObject", "s3:DeleteObject"]),
            ]
            .compactMap { roles, sid, actions in
                let foreign = roles.filter(isForeign)
                guard !foreign.isEmpty else { return nil }
                return .object([
                    ("Sid", .text("Foreign\(sid)\(Self.sid(area.dataset))")),
                    ("Effect", .text("Allow")), ("Principal", .object([("AWS", .oneOrMany(foreign))])),
                    ("Action", .oneOrMany(actions)), ("Resource", .text(objects)),
                ])
            }
        }
    }

    /// Who reads some of a bucket lists that and nothing beside it.
    private func ownPrefixes(_ arn: String, _ areas: [Area]) -> [JSONText] {
        var prefixes: [String: [String]] = [:]
        for area in areas { for role in area.readers { prefixes[role, default: []].append(area.prefix) } }
        let groups = Dictionary(grouping: prefixes.filter { !$0.value.contains("") }.keys.sorted()) {
            prefixes[$0] ?? []
        }
        guard !groups.isEmpty else { return [] }
        // A request for the uploads that are under way has no prefix that a condition could tell.
        let uploads = Self.deny(
            "ListNoUploads",
            ["s3:ListBucketMultipartUploads"],
            [arn],
            [("ArnEquals", .object([("aws:PrincipalArn", .oneOrMany(groups.values.joined().sorted()))]))]
        )
        return groups.sorted { $0.value[0] < $1.value[0] }.enumerated().map { index, group in
            Self.deny(
                "ListOwn\(index + 1)",
                ["s3:ListBucket", "s3:ListBucketVersions"],
                [arn],
                [
                    ("ArnEquals", .object([("aws:PrincipalArn", .oneOrMany(group.value))])),
                    ("StringNotLike", .object([("s3:prefix", .oneOrMany(group.key.map { $0 + "*" }))])),
                ]
            )
        } + [uploads]
    }

    private func except(_ roles: [String]) -> [(String, JSONText)] {
        roles.isEmpty ? [] : [("ArnNotEquals", .object([("aws:PrincipalArn", .oneOrMany(roles))]))]
    }

    private static func deny(
        _ sid: String,
        _ actions: [String],
        _ resources: [String],
        _ conditions: [(String, JSONText)]
    ) -> JSONText {
        var statement: [(String, JSONText)] = [
            ("Sid", .text(sid)), ("Effect", .text("Deny")), ("Principal", .text("*")),
            ("Action", .oneOrMany(actions)), ("Resource", .oneOrMany(resources)),
        ]
        if !conditions.isEmpty { statement.append(("Condition", .object(conditions))) }
        return .object(statement)
    }

    private static let publicAccessBlock: JSONText = .object(
        AWSArtifacts.publicAccessSettings.map { ($0, .flag(true)) }
    )

    private func endpoint() -> JSONText {
        let names = buckets().map(\.0).map { "arn:\(settings.partition):s3:::\($0)" }
        var equals: [(String, JSONText)] = [("aws:ResourceAccount", .text(settings.account))]
        if let organization = settings.organization { equals.append(("aws:PrincipalOrgID", .text(organization))) }
        func document(_ resources: [String]) -> JSONText {
            Self.document([
                .object([
                    ("Sid", .text("EstateBucketsOnly")), ("Effect", .text("Allow")), ("Principal", .text("*")),
                    ("Action", .text("s3:*")), ("Resource", .oneOrMany(resources)),
                    ("Condition", .object([("StringEquals", .object(equals))])),
                ])
            ])
        }
        let named = document(names.flatMap { [$0, $0 + "/*"] })
        // Too many buckets to name: the account that they are in says enough, and their own policies say the rest.
        return named.size <= Self.bucketLimit ? named : document(["*"])
    }

    private static func document(_ statements: [JSONText]) -> JSONText {
        .object([("Version", .text(PolicyDocument.Version.v2012.rawValue)), ("Statement", .list(statements))])
    }
}
