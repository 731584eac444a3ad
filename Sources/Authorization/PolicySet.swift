public import Resources

/// The security policies of one configuration, read and checked together.
///
/// ```swift
/// let documents = try ResourceLoader.parse(yaml: text, file: "policy.yaml")
/// let policies = try PolicySet.load(documents)
/// let engine = try PolicyEngine(policies: policies, workload: workload)
/// ```
public struct PolicySet: Sendable, Hashable {
    /// The policies, in the order of the documents.
    public let policies: [AuthorizationPolicy]
    /// What is asked of connections, in the order of the documents.
    public let peerAuthentications: [PeerAuthentication]
    /// Which tokens are accepted, in the order of the documents.
    public let requestAuthentications: [RequestAuthentication]
    /// What is doubtful in them; each is a warning.
    public let warnings: [Diagnostic]

    /// The API group of the kinds that are read here.
    public static let group = "security.istio.io"
    /// The kinds that are read here.
    public static let kinds: Set<String> = ["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"]

    /// A set of policies that were read before.
    public init(
        _ policies: [AuthorizationPolicy],
        peerAuthentications: [PeerAuthentication] = [],
        requestAuthentications: [RequestAuthentication] = [],
        warnings: [Diagnostic] = []
    ) {
        self.policies = policies
        self.peerAuthentications = peerAuthentications
        self.requestAuthentications = requestAuthentications
        self.warnings = warnings
    }

    /// How many resources of all kinds.
    public var count: Int { policies.count + peerAuthentications.count + requestAuthentications.count }

    /// Reads the security policies among documents; other kinds are left to their own modules.
    ///
    /// - Throws: `ResourceError` with every error and warning of every policy, in the order of the documents.
    public static func load(_ documents: [Document], checks: PolicyChecks = .admission) throws -> PolicySet {
        let result = check(documents, checks: checks)
        guard !result.diagnostics.contains(where: { $0.severity == .error }) else {
            throw ResourceError(result.diagnostics)
        }
        return result.sound
    }

    /// What is wrong with the kind of a document that was meant for a policy, or with its group; nil where nothing is.
    ///
    /// Such a document would be left to another module, which nobody has: a DENY policy that denies nothing.
    package static func misnamed(_ document: Document) -> Diagnostic? {
        if document.group == group {
            guard !kinds.contains(document.kind) else { return nil }
            let nearest = nearestName(to: document.kind, among: kinds)
            return Diagnostic(
                at: document.kindLocation,
                "unknown kind `\(document.kind)` of `\(group)`; \(suggestion(for: document.kind, among: kinds))",
                correction: nearest.map { .init(of: document.kind, to: $0) }
            )
        }
        // Other groups have an AuthorizationPolicy of their own.
        guard kinds.contains(document.kind), isMisspelt(document.group) else { return nil }
        return Diagnostic(
            at: document.location,
            "unknown API group `\(document.group)` of \(document.kind); did you mean `\(group)`?"
        )
    }

    /// Whether a group is nearly that of the policies.
    static func isMisspelt(_ group: Substring) -> Bool {
        group != Self.group && nearestName(to: String(group), among: [Self.group]) != nil
    }

    /// Reads the security policies among documents, and returns those that are sound and all findings.
    ///
    /// This serves reports. A configuration is loaded whole with ``load(_:checks:)``, or not at all.
    public static func check(
        _ documents: [Document],
        checks: PolicyChecks = .admission
    ) -> (sound: PolicySet, diagnostics: [Diagnostic]) {
        var policies: [AuthorizationPolicy] = []
        var peerAuthentications: [PeerAuthentication] = []
        var requestAuthentications: [RequestAuthentication] = []
        var diagnostics: [Diagnostic] = []
        for document in documents {
            if let problem = misnamed(document) { diagnostics.append(problem) }
            guard document.group == group else { continue }
            switch document.kind {
            case "AuthorizationPolicy":
                let result = PolicyDecoder.decode(document, checks: checks)
                diagnostics += result.diagnostics
                if let policy = result.policy { policies.append(policy) }
            case "PeerAuthentication":
                let result = PeerAuthenticationDecoder.decode(document)
                diagnostics += result.diagnostics
                if let resource = result.resource { peerAuthentications.append(resource) }
            case "RequestAuthentication":
                let result = RequestAuthenticationDecoder.decode(document)
                diagnostics += result.diagnostics
                if let resource = result.resource { requestAuthentications.append(resource) }
            default: break
            }
        }
        let sound = PolicySet(
            policies,
            peerAuthentications: peerAuthentications,
            requestAuthentications: requestAuthentications,
            warnings: diagnostics.filter { $0.severity == .warning }
        )
        return (sound, diagnostics)
    }
}
