/// Everyone whom the policy of a resource may tell from others: each is a principal of its own to be tried.
///
/// Whoever the policy does not name is like everybody else of the same account and kind, so that one of them stands for
/// all; which ARN it has is left open, for the conditions to be met by whichever fits.
struct PrincipalProbes {
    /// A principal to be tried.
    struct Probe: Sendable {
        /// What reports call it.
        let label: String
        /// Who asks.
        let principal: RequestPrincipal
        /// Keys whose value is fixed by who asks; nil for one that is surely absent.
        var fixed: [String: RequestContext.Value?]
        /// What else its requests are like.
        var wishes: [ContextSolver.Wish] = []
        /// Whether it takes in more than there is, so that what it may do is not surely possible.
        var isApproximate = false
        /// Those that it takes in, to be tried one by one where it may do something; few are ever asked for.
        var refined: @Sendable () -> [Probe] = { [] }
    }

    private let partition: String
    /// The account that the resource is in.
    private let owner: String
    private let elements: [PrincipalPattern]
    /// ARNs of roles that are looked at by themselves.
    private let known: [String]
    private let conditions: [PolicyCondition]

    /// The principals that a policy tells apart, but for the roles of `known`.
    init(_ policy: PolicyDocument?, partition: String, owner: String, known: [String]) {
        self.partition = partition
        self.owner = owner
        let statements = policy?.statements ?? []
        var seen: Set<PrincipalPattern> = []
        self.elements = statements.flatMap { $0.principals?.elements ?? [] }.filter { seen.insert($0).inserted }
        self.known = known.sorted()
        self.conditions = statements.flatMap(\.conditions)
    }

    // MARK: - Who signs

    /// Those of accounts: of the resource's own, of every one that is named, and of one that is not.
    func signed() -> [Probe] {
        let accounts = named.union(inConditions)
        let other = (0..<1000).lazy.map { String(999_999_999_999 - $0) }.first { !accounts.contains($0) }
        let label = { @Sendable (account: String) in
            account == owner ? AWSObservation.administrator : "the account \(account)"
        }
        // An account that conditions alone name is one of those that are left open.
        var unknown = unknownAccount(other ?? "999999999999")
        unknown.refined = {
            unnamed(of: other ?? "999999999999", AWSObservation.anotherAccount)
                + inConditions.subtracting(named).sorted().flatMap { unnamed(of: $0, label($0)) }
        }
        return named.sorted().map { account in
            Probe(
                label: label(account),
                principal: RequestPrincipal(unnamedSession(of: account)),
                fixed: [
                    "aws:principalaccount": .single(account), "aws:principalisawsservice": .single("false"),
                ],
                wishes: [Self.wish("ArnLike", "aws:PrincipalArn", ["arn:\(partition):*::\(account):*"])] + notKnown,
                isApproximate: true,
                refined: { unnamed(of: account, label(account)) }
            )
        } + [unknown] + elements.compactMap(probe)
    }

    /// Accounts that a principal names, and the owner's.
    private var named: Set<String> {
        let accounts = elements.filter { $0.kind == .aws }.map { RequestPrincipal($0.text).account ?? $0.text }
        return Set(accounts.filter(Self.isAccount)).union([owner])
    }

    /// Accounts that a condition names.
    private var inConditions: Set<String> {
        var found: Set<String> = []
        for value in conditions.lazy.flatMap(\.values).map(\.source) {
            let parts = value.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
            found.insert(parts.count == 6 ? String(parts[4]) : value)
        }
        return found.filter(Self.isAccount)
    }

    private var notKnown: [ContextSolver.Wish] {
        known.isEmpty ? [] : [Self.wish("ArnNotEquals", "aws:PrincipalArn", known)]
    }

    private static func isAccount(_ text: String) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    private func unnamedSession(of account: String) -> String {
        "arn:\(partition):sts::\(account):assumed-role/unnamed-principal/s"
    }

    /// One of each kind of principal of an account that no policy names.
    private func unnamed(of account: String, _ label: String) -> [Probe] {
        let name = "unnamed-principal"
        let iam = "arn:\(partition):iam::\(account)"
        let sts = "arn:\(partition):sts::\(account)"
        let kinds: [(principal: String, type: String, arns: String)] = [
            (unnamedSession(of: account), "AssumedRole", "\(iam):role/*"),
            ("\(iam):user/\(name)", "User", "\(iam):user/*"),
            ("\(iam):root", "Account", "\(iam):root"),
            ("\(sts):federated-user/\(name)", "FederatedUser", "\(sts):federated-user/*"),
        ]
        return kinds.map { kind in
            var fixed = Self.fixed(account: account, type: kind.type)
            if kind.type == "AssumedRole" { fixed["aws:username"] = .some(nil) }
            return Probe(
                label: label,
                principal: RequestPrincipal(kind.principal),
                fixed: fixed,
                wishes: [Self.wish("ArnLike", "aws:PrincipalArn", [kind.arns])] + notKnown
            )
        }
    }

    /// One whose account is left open: there may be a pattern that accounts have to fit.
    private func unknownAccount(_ account: String) -> Probe {
        Probe(
            label: AWSObservation.anotherAccount,
            principal: RequestPrincipal(unnamedSession(of: account)),
            fixed: ["aws:principalisawsservice": .single("false")],
            wishes: [
                Self.wish("StringNotEquals", "aws:PrincipalAccount", [owner]),
                Self.wish("Null", "aws:PrincipalAccount", ["false"]),
                Self.wish("ArnLike", "aws:PrincipalArn", ["arn:\(partition):*::*:*"]),
                Self.wish("ArnNotLike", "aws:PrincipalArn", ["arn:*:*::\(owner):*"]),
            ],
            isApproximate: true
        )
    }

    /// The principal that an element names, where it is neither an account nor known.
    private func probe(_ element: PrincipalPattern) -> Probe? {
        let text = element.text
        guard element.kind == .aws, text != "*", !Self.isAccount(text) else { return nil }
        let principal = RequestPrincipal(text)
        switch principal {
        case .root: return nil
        case .role(let arn, let account, let name):
            guard !known.contains(arn) else { return nil }
            var fixed = Self.fixed(account: account, type: "AssumedRole")
            fixed["aws:principalarn"] = .single(arn)
            fixed["aws:username"] = .some(nil)
            let session = "arn:\(partition):sts::\(account):assumed-role/\(name)/session"
            // A name is in an account once, whatever its path: one of the two ARNs is of nobody.
            return Probe(
                label: text,
                principal: RequestPrincipal(session),
                fixed: fixed,
                isApproximate: isKnown(name, account)
            )
        case .session(_, let account, let role, _):
            guard !isKnown(role, account) else { return nil }
            let iam = "arn:\(partition):iam::\(account):role"
            var fixed = Self.fixed(account: account, type: "AssumedRole")
            fixed["aws:username"] = .some(nil)
            let wish = Self.wish("ArnLike", "aws:PrincipalArn", ["\(iam)/\(role)", "\(iam)/*/\(role)"])
            return Probe(label: text, principal: principal, fixed: fixed, wishes: [wish])
        case .user(let arn, let account):
            var fixed = Self.fixed(account: account, type: "User")
            fixed["aws:principalarn"] = .single(arn)
            fixed["aws:username"] = arn.split(separator: "/").last.map { .single(String($0)) }
            return Probe(label: text, principal: principal, fixed: fixed)
        case .federatedUser(let arn, let account):
            var fixed = Self.fixed(account: account, type: "FederatedUser")
            fixed["aws:principalarn"] = .single(arn)
            return Probe(label: text, principal: principal, fixed: fixed)
        case .anonymous, .service, .other:
            return Probe(label: text, principal: .other(text), fixed: [:], isApproximate: true)
        }
    }

    private func isKnown(_ role: String, _ account: String) -> Bool {
        known.contains { arn in
            guard case .role(_, account, let name) = RequestPrincipal(arn) else { return false }
            return name.lowercased() == role.lowercased()
        }
    }

    // MARK: - Who does not

    /// Who has no signature.
    static let anonymous = Probe(
        label: AWSObservation.anyone,
        principal: .anonymous,
        fixed: [
            "aws:principalarn": nil, "aws:principalorgid": nil, "aws:principalaccount": .single("anonymous"),
            "aws:userid": .single("anonymous"), "aws:principaltype": .single("Anonymous"),
            "aws:principalisawsservice": .single("false"), "aws:username": nil,
        ]
    )

    /// Services of AWS: each that is named, and one that is not.
    func services() -> [Probe] {
        let fixed: [String: RequestContext.Value?] = [
            "aws:principalarn": nil, "aws:principalisawsservice": .single("true"), "aws:username": nil,
        ]
        let names = elements.filter { $0.kind == .service && $0.text != "*" }.map(\.text)
        return names.map { name in
            var fixed = fixed
            fixed["aws:principalservicename"] = .single(name)
            return Probe(label: "the service \(name)", principal: .service(name), fixed: fixed)
        } + [Probe(label: "a service", principal: .service("unnamed.amazonaws.com"), fixed: fixed)]
    }

    /// Whoever comes by an identity provider or as a canonical user: each that is named, and a provider that is not.
    func federated() -> [Probe] {
        let names = elements.filter { [.federated, .canonicalUser].contains($0.kind) && $0.text != "*" }.map(\.text)
        return (names + ["arn:\(partition):iam::999999999999:oidc-provider/unnamed.example"]).map {
            Probe(label: $0, principal: .other($0), fixed: [:])
        }
    }

    // MARK: - Sessions

    /// The names of a role's sessions that a policy tells apart, and one that it does not name.
    static func sessions(of role: String, _ account: String, in policy: PolicyDocument?) -> [String] {
        var names: Set<String> = []
        for element in policy?.statements.flatMap({ $0.principals?.elements ?? [] }) ?? [] {
            guard case .session(_, account, let name, let session) = RequestPrincipal(element.text) else { continue }
            if name.lowercased() == role.lowercased() { names.insert(session) }
        }
        var unnamed = "session"
        while names.contains(unnamed) { unnamed += "-x" }
        return [unnamed] + names.sorted()
    }

    private static func fixed(account: String, type: String) -> [String: RequestContext.Value?] {
        [
            "aws:principalaccount": .single(account), "aws:principaltype": .single(type),
            "aws:principalisawsservice": .single("false"),
        ]
    }

    static func wish(_ operation: String, _ key: String, _ values: [String]) -> ContextSolver.Wish {
        .init(condition: .init(operation: operation, key: key, values: values.map { .plain($0) }), isWanted: true)
    }
}
