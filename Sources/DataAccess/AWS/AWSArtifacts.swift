public import Resources

/// What is in force in AWS for an estate: roles, buckets and what limits them, as generated or as exported.
///
/// In a folder it lies as `roles/ROLE/trust.json`, `roles/ROLE/policy-N.json`, `roles/ROLE/boundary.json`,
/// `buckets/BUCKET/policy.json`, `buckets/BUCKET/public-access-block.json` and `endpoints/NAME.json`; and as the AWS CLI
/// exports it, all roles in `account.json` and the endpoints in `vpc-endpoints.json`.
public struct AWSArtifacts: Hashable, Sendable {
    /// One role.
    public struct Role: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The account that it is in.
        public var account: String
        /// Who may assume it; nil where that is not known.
        public var trust: PolicyDocument?
        /// What it may do, attached and inline.
        public var policies: [PolicyDocument]
        /// Its permissions boundary.
        public var boundary: PolicyDocument?
        /// Where it is among the roles, with `/` at both ends.
        public var path = "/"

        /// The role's ARN.
        public func arn(_ partition: String) -> String { "arn:\(partition):iam::\(account):role\(path)\(name)" }
    }

    /// One bucket.
    public struct Bucket: Hashable, Sendable {
        /// The name.
        public var name: String
        /// The account that it is in.
        public var account: String
        /// Its policy; nil where it has none.
        public var policy: PolicyDocument?
        /// What S3's Block Public Access blocks: the names of its settings that are on.
        public var publicAccessBlock: Set<String>

        /// Whether a public policy counts for the bucket's own account only.
        public var restrictsPublicBuckets: Bool { publicAccessBlock.contains("RestrictPublicBuckets") }
    }

    /// The settings of S3's Block Public Access.
    public static let publicAccessSettings = [
        "BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets",
    ]

    /// The partition of the ARNs.
    public var partition: String
    /// The roles by name.
    public var roles: [String: Role]
    /// The buckets by name.
    public var buckets: [String: Bucket]
    /// The policies of VPC endpoints by name.
    public var endpoints: [String: PolicyDocument]

    /// What messages and reports are told of the policies themselves.
    public var findings: [Diagnostic] {
        let documents =
            roles.values.flatMap { $0.policies + [$0.trust, $0.boundary].compactMap(\.self) }
            + buckets.values.compactMap(\.policy) + endpoints.values
        return documents.flatMap(\.findings).sorted { $0.location < $1.location }
    }

    /// Nothing is in force.
    init(partition: String) {
        self.partition = partition
        self.roles = [:]
        self.buckets = [:]
        self.endpoints = [:]
    }

    /// Reads what was exported or generated: files by their path in the folder.
    ///
    /// - Parameters:
    ///   - files: the content of each file, by its path with `/`.
    ///   - estate: the estate, which says in which account the roles and buckets are.
    /// - Throws: `ResourceError` for a file that is no policy, or that is not known.
    public init(files: [String: [UInt8]], estate: Estate) throws {
        self.init(partition: estate.enforcement.aws?.partition ?? "aws")
        try read(files, estate)
    }

    /// Reads all files of some roles, buckets or endpoints anew.
    ///
    /// - Parameters:
    ///   - places: whose: `roles/ROLE`, `buckets/BUCKET`, `endpoints/NAME.json`; what has no file any more is gone.
    ///   - files: the content of each file, by its path with `/`; those of other places are left alone.
    ///   - estate: the estate.
    /// - Throws: `ResourceError` for a file that is no policy, or that is not known; then nothing is read.
    public mutating func reread(_ places: Set<String>, files: [String: [UInt8]], estate: Estate) throws {
        var other = self
        for place in places {
            let name = String(place.drop { $0 != "/" }.dropFirst())
            switch place.prefix(while: { $0 != "/" }) {
            case "roles": other.roles[name] = nil
            case "buckets": other.buckets[name] = nil
            case "endpoints": other.endpoints[String(name.dropLast(5))] = nil
            default: continue
            }
        }
        try other.read(files.filter { places.contains(Self.place(of: $0.key)) }, estate)
        self = other
    }

    /// The most bytes that are read of a file, by its path in the folder.
    public static func maximumBytes(of path: String) -> Int {
        AccountExport.isOne(path) ? AccountExport.maximumSize : PolicyJSON.maximumSize
    }

    /// Whether a file, by its path in the folder, is about more than one role, bucket or endpoint, so that all is read anew
    /// where it changes.
    public static func isAboutSeveral(_ path: String) -> Bool {
        AccountExport.isOne(path) || path == "vpc-endpoints.json"
    }

    /// Whose a file is, by its path: `roles/ROLE`, `buckets/BUCKET` or `endpoints/NAME.json`.
    public static func place(of path: String) -> String {
        path.split(separator: "/").prefix(2).joined(separator: "/")
    }

    private mutating func read(_ files: [String: [UInt8]], _ estate: Estate) throws {
        guard !files.isEmpty else { return }
        let settings = estate.enforcement.aws
        let accounts = Dictionary(
            estate.components.compactMap { component in
                component.identity.aws.map { ($0.name, $0.account ?? settings?.account ?? "") }
            }
        ) { first, _ in first }
        var export = AccountExport()
        _ = try collectingDiagnostics(files.sorted { $0.key < $1.key }) { path, bytes in
            let parts = path.split(separator: "/").map(String.init)
            func unknown() -> ResourceError {
                ResourceError(
                    at: SourceLocation(file: path, line: 1, column: 1),
                    "unknown file; expected `roles/ROLE/trust.json`, `roles/ROLE/policy-1.json`, "
                        + "`roles/ROLE/boundary.json`, `buckets/BUCKET/policy.json`, "
                        + "`buckets/BUCKET/public-access-block.json` or `endpoints/NAME.json`; or, as the AWS CLI exports "
                        + "it, `account.json` and `vpc-endpoints.json`"
                )
            }
            switch (parts.first, parts.count) {
            case ("roles", 3):
                let account = accounts[parts[1]] ?? settings?.account ?? ""
                var role = roles[parts[1]] ?? Role(name: parts[1], account: account, trust: nil, policies: [])
                let document = try PolicyDocument(json: bytes, file: path)
                switch parts[2] {
                case "trust.json": role.trust = document
                case "boundary.json": role.boundary = document
                case _ where parts[2].hasPrefix("policy") && parts[2].hasSuffix(".json"): role.policies.append(document)
                default: throw unknown()
                }
                roles[parts[1]] = role
            case ("buckets", 3):
                var bucket =
                    buckets[parts[1]]
                    ?? Bucket(
                        name: parts[1],
                        account: settings?.account ?? "",
                        policy: nil,
                        publicAccessBlock: []
                    )
                switch parts[2] {
                case "policy.json": bucket.policy = try Self.bucketPolicy(PolicyJSON.read(bytes, file: path))
                case "public-access-block.json":
                    bucket.publicAccessBlock = try Self.settings(PolicyJSON.read(bytes, file: path))
                default: throw unknown()
                }
                buckets[parts[1]] = bucket
            case ("endpoints", 2) where parts[1].hasSuffix(".json"):
                endpoints[String(parts[1].dropLast(5))] = try PolicyDocument(json: bytes, file: path)
            case ("vpc-endpoints.json", 1):
                endpoints.merge(try Self.endpoints(PolicyJSON.read(bytes, file: path))) { _, new in new }
            case (let name?, 1) where AccountExport.isOne(name): try export.add(bytes, file: path)
            default: throw unknown()
            }
        }
        for role in try export.read() {
            guard roles.updateValue(role, forKey: role.name) == nil else {
                throw ResourceError(
                    at: SourceLocation(file: "account.json", line: 1, column: 1),
                    "the role `\(role.name)` is exported twice; roles are kept by name, so give one account's, and either "
                        + "`account.json` or `roles/`"
                )
            }
        }
    }

    /// A policy, or what `aws s3api get-bucket-policy` prints.
    private static func bucketPolicy(_ value: Value) throws -> PolicyDocument {
        guard case .mapping(let entries) = value.content, let policy = entries.first(where: { $0.key == "Policy" })
        else { return try PolicyDocument(value) }
        return try AccountExport.document(policy.value)
    }

    /// The endpoints of S3 in what `aws ec2 describe-vpc-endpoints` prints, by their ids.
    private static func endpoints(_ value: Value) throws -> [String: PolicyDocument] {
        let all = try Fields(value).required("VpcEndpoints").list { try Fields($0) }
        var found: [String: PolicyDocument] = [:]
        for endpoint in all where try endpoint.required("ServiceName").string().hasSuffix(".s3") {
            let id = try endpoint.required("VpcEndpointId").string()
            // Without a policy of its own, an endpoint lets through everything.
            found[id] =
                try endpoint["PolicyDocument"].map(AccountExport.document) ?? AWSObservation.everythingForEveryone
        }
        return found
    }

    /// The form of `aws s3api get-public-access-block`, with or without its envelope.
    private static func settings(_ value: Value) throws -> Set<String> {
        var entries = try value.mapping()
        if let inner = entries.first(where: { $0.key == "PublicAccessBlockConfiguration" }) {
            entries = try inner.value.mapping()
        }
        return Set(try entries.filter { try $0.value.bool() }.map(\.key))
    }
}
