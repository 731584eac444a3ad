/// Who makes a request.
public enum RequestPrincipal: Hashable, Sendable {
    /// Nobody: the request is not signed.
    case anonymous
    /// The root of an account.
    case root(partition: String, account: String)
    /// A user, with its path: `arn:aws:iam::123456789012:user/team/alice`.
    case user(arn: String, account: String)
    /// A role, with its path, whoever has assumed it.
    case role(arn: String, account: String, name: String)
    /// One session of a role.
    case session(arn: String, account: String, role: String, session: String)
    /// A federated user of an account.
    case federatedUser(arn: String, account: String)
    /// A service of AWS: `lambda.amazonaws.com`.
    case service(String)
    /// An identity provider or a canonical user, by its name.
    case other(String)

    /// Reads a principal as IAM and CloudTrail write it.
    public init(_ text: String) {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == "arn" else {
            self =
                text.hasSuffix(".amazonaws.com") || text.hasSuffix(".amazonaws.com.cn") ? .service(text) : .other(text)
            return
        }
        let (account, rest) = (parts[4], parts[5])
        let pieces = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch (parts[2], pieces[0]) {
        case ("iam", "root") where pieces.count == 1: self = .root(partition: parts[1], account: account)
        case ("iam", "user") where pieces.count >= 2: self = .user(arn: text, account: account)
        case ("iam", "role") where pieces.count >= 2:
            self = .role(arn: text, account: account, name: pieces[pieces.count - 1])
        case ("sts", "assumed-role") where pieces.count == 3:
            self = .session(arn: text, account: account, role: pieces[1], session: pieces[2])
        case ("sts", "federated-user") where pieces.count == 2: self = .federatedUser(arn: text, account: account)
        default: self = .other(text)
        }
    }

    /// The account, where there is one.
    public var account: String? {
        switch self {
        case .anonymous, .service, .other: nil
        case .root(_, let account), .user(_, let account), .role(_, let account, _),
            .session(_, let account, _, _), .federatedUser(_, let account):
            account
        }
    }

    /// The name as written.
    public var description: String {
        switch self {
        case .anonymous: "anonymous"
        case .root(let partition, let account): "arn:\(partition):iam::\(account):root"
        case .user(let arn, _), .role(let arn, _, _), .session(let arn, _, _, _), .federatedUser(let arn, _): arn
        case .service(let name), .other(let name): name
        }
    }

    /// Whether it is a role that AWS itself keeps for a service.
    var isServiceLinkedRole: Bool {
        if case .role(let arn, _, _) = self { arn.contains(":role/aws-service-role/") } else { false }
    }
}
