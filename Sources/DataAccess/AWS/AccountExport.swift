import Resources

/// What `aws iam get-account-authorization-details` tells of an account: each role with its trust policy, its own and
/// attached policies, and its boundary.
///
/// It may come in several pages, `account.json`, `account-2.json` and so on, and there may be several exports beside each
/// other, of which each has a name of its own: `account-prod.json`, `account-prod-2.json`. A policy that is attached to a
/// role of one page may be in another.
struct AccountExport {
    /// The largest export, in bytes: one for a whole account is much larger than a policy.
    static let maximumSize = 64 << 20

    private var roles: [Value] = []
    /// The policies in force, by ARN.
    private var managed: [String: Value] = [:]
    /// The pages of each export, by its name and their numbers.
    private var pages: [String: [Int: Page]] = [:]

    /// A page of an export.
    private struct Page {
        let location: SourceLocation
        /// Whether it says that another follows it.
        let goesOn: Bool
    }

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
        let (name, number) = Self.place(file)
        let added = Page(location: page.value.location, goesOn: try Self.goesOn(page))
        guard pages[name, default: [:]].updateValue(added, forKey: number) == nil else {
            throw page.value.error("there are two pages \(number) of the export `\(name).json`")
        }
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
        for (name, pages) in pages.sorted(by: { $0.key < $1.key }) { try requireWhole(name, pages) }
        return try collectingDiagnostics(roles) { try role(try Fields($0)) }
    }

    /// Which export a file is of, and which page of it: `account-3.json` is the third of `account`.
    private static func place(_ file: String) -> (name: String, number: Int) {
        let name = String((file.split(separator: "/").last ?? "").dropLast(".json".count))
        // A longer number is an account's.
        guard let dash = name.lastIndex(of: "-"), name[dash...].utf8.count <= 4,
            let number = Int(name[name.index(after: dash)...]), number > 0, !endsInDate(name)
        else { return (name, 1) }
        return (String(name[..<dash]), number)
    }

    /// Whether a name ends in a day, as in `account-2026-11-26`, which is no page.
    private static func endsInDate(_ name: String) -> Bool {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false).suffix(3)
        return parts.map(\.utf8.count) == [4, 2, 2] && parts.joined().utf8.allSatisfy { 0x30...0x39 ~= $0 }
    }

    /// Whether a page says that there are more: AWS's answer by `IsTruncated`, the AWS CLI with `--max-items` by `NextToken`.
    private static func goesOn(_ page: Fields) throws -> Bool {
        for name in ["NextToken", "Marker"] {
            if let token = page[name], token.content != .null, try !token.string().isEmpty { return true }
        }
        return page["IsTruncated"]?.content == .bool(true)
    }

    /// Refuses an export of which a page is not there: what it would tell of an account is not known.
    private func requireWhole(_ name: String, _ pages: [Int: Page]) throws {
        func file(_ number: Int) -> String { number == 1 ? "\(name).json" : "\(name)-\(number).json" }
        for (number, page) in pages.sorted(by: { $0.key < $1.key }) {
            if number > 1, pages[number - 1] == nil {
                throw ResourceError(
                    at: page.location,
                    "the page before this one, `\(file(number - 1))`, is missing; add it, or export anew"
                )
            }
            if page.goesOn, pages[number + 1] == nil {
                throw ResourceError(
                    at: page.location,
                    "the export goes on (`IsTruncated`, or `NextToken`); add the next page as `\(file(number + 1))`"
                )
            }
        }
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
