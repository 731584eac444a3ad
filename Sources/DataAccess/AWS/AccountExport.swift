import Resources

/// What `aws iam get-account-authorization-details` tells of an account: each role with its trust policy, its own and
/// attached policies, and its boundary.
///
/// It may come in several pages; a policy that is attached to a role of one page may be in another.
struct AccountExport {
    /// The largest export, in bytes: one for a whole account is much larger than a policy.
    static let maximumSize = 64 << 20

    private var roles: [Value] = []
    /// The policies in force, by ARN.
    private var managed: [String: Value] = [:]
    private var truncated: [SourceLocation] = []
    private var pages = 0

    /// Whether a file at the top of a folder is one.
    static func isOne(_ path: String) -> Bool { path.hasPrefix("account") && path.hasSuffix(".json") }

    /// Reads a page.
    ///
    /// - Throws: `ResourceError` for what is no such page.
    mutating func add(_ bytes: [UInt8], file: String) throws {
        let page = try Fields(try PolicyJSON.read(bytes, file: file, maximumSize: Self.maximumSize))
        guard let list = page["RoleDetailList"] else {
            throw page.value.error(
                "no `RoleDetailList`; expected what `aws iam get-account-authorization-details --output json` prints"
            )
        }
        pages += 1
        if case .bool(true)? = page["IsTruncated"]?.content { truncated.append(page.value.location) }
        roles += try list.list { $0 }
        for policy in try page["Policies"]?.list({ try Fields($0) }) ?? [] {
            let versions = try policy.required("PolicyVersionList").list { try Fields($0) }
            let current = versions.filter { $0["IsDefaultVersion"]?.content == .bool(true) }
            guard current.count == 1, let document = current.first else {
                throw policy.value.error("expected one version with `\"IsDefaultVersion\": true`")
            }
            managed[try policy.required("Arn").string()] = try document.required("Document")
        }
    }

    /// The roles.
    ///
    /// - Throws: `ResourceError` for an export that is not whole, and for roles that cannot be read.
    func read() throws -> [AWSArtifacts.Role] {
        if truncated.count >= pages, let place = truncated.last {
            throw ResourceError(
                at: place,
                "the export goes on (`IsTruncated`); add the other pages as `account-2.json` and so on"
            )
        }
        return try collectingDiagnostics(roles) { try role(try Fields($0)) }
    }

    private func role(_ fields: Fields) throws -> AWSArtifacts.Role {
        let name = try fields.required("RoleName").string()
        let arn = try fields.required("Arn")
        guard case .role(let text, let account, name) = RequestPrincipal(try arn.string()) else {
            throw arn.error("`\(try arn.string().prefix(120))` is no ARN of the role `\(name.prefix(64))`")
        }
        var role = AWSArtifacts.Role(
            name: name,
            account: account,
            trust: try Self.document(try fields.required("AssumeRolePolicyDocument")),
            policies: []
        )
        let resource = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)[5]
        role.path = String(resource.dropFirst("role".count).dropLast(name.utf8.count))
        for policy in try fields["RolePolicyList"]?.list({ try Fields($0) }) ?? [] {
            role.policies.append(try Self.document(try policy.required("PolicyDocument")))
        }
        for policy in try fields["AttachedManagedPolicies"]?.list({ try Fields($0) }) ?? [] {
            role.policies.append(try attached(try policy.required("PolicyArn"), to: name))
        }
        if let boundary = fields["PermissionsBoundary"] {
            role.boundary = try attached(try Fields(boundary).required("PermissionsBoundaryArn"), to: name)
        }
        return role
    }

    private func attached(_ arn: Value, to role: String) throws -> PolicyDocument {
        let text = try arn.string()
        guard let document = managed[text] else {
            throw arn.error(
                "the policy `\(text.prefix(160))` of the role `\(role)` was not exported; export without `--filter`, or "
                    + "with `--filter Role LocalManagedPolicy AWSManagedPolicy`"
            )
        }
        return try Self.document(document)
    }

    /// A policy as an object, or as JSON in a text, as some of AWS's answers have it.
    static func document(_ value: Value) throws -> PolicyDocument {
        guard case .string(let text) = value.content else { return try PolicyDocument(value) }
        guard !text.hasPrefix("%7B") else {
            throw value.error("the policy is URL-encoded; export with the AWS CLI, which decodes it")
        }
        return try PolicyDocument(json: text.utf8, file: value.location.file)
    }
}

/// An object of which some names are looked for; AWS's answers have many more.
struct Fields {
    let value: Value
    private let entries: [Value.Entry]

    init(_ value: Value) throws {
        self.value = value
        entries = try value.mapping()
    }

    subscript(name: String) -> Value? {
        guard let found = entries.first(where: { $0.key == name })?.value, !found.isNull else { return nil }
        return found
    }

    func required(_ name: String) throws -> Value {
        guard let found = self[name] else { throw value.error("`\(name)` is missing") }
        return found
    }
}
