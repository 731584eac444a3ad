public import Resources

/// The authorization policies of one configuration, read and checked together.
///
/// ```swift
/// let documents = try ResourceLoader.parse(yaml: text, file: "policy.yaml")
/// let policies = try PolicySet.load(documents)
/// let engine = try PolicyEngine(policies: policies, workload: workload)
/// ```
public struct PolicySet: Sendable, Hashable {
    /// The policies, in the order of the documents.
    public let policies: [AuthorizationPolicy]
    /// What is doubtful in them; each is a warning.
    public let warnings: [Diagnostic]

    /// The API group of the kinds that are read here.
    public static let group = "security.istio.io"
    /// The kinds that are read here.
    public static let kinds: Set<String> = ["AuthorizationPolicy"]

    /// A set of policies that were read before.
    public init(_ policies: [AuthorizationPolicy], warnings: [Diagnostic] = []) {
        self.policies = policies
        self.warnings = warnings
    }

    /// Reads the authorization policies among documents; other kinds are left to their own modules.
    ///
    /// - Throws: `ResourceError` with every error and warning of every policy, in the order of the documents.
    public static func load(_ documents: [Document], checks: PolicyChecks = .admission) throws -> PolicySet {
        let result = check(documents, checks: checks)
        guard !result.diagnostics.contains(where: { $0.severity == .error }) else {
            throw ResourceError(result.diagnostics)
        }
        return PolicySet(result.policies, warnings: result.diagnostics)
    }

    /// Reads the authorization policies among documents, and returns those that are sound and all findings.
    ///
    /// This serves reports. A configuration is loaded whole with ``load(_:checks:)``, or not at all.
    public static func check(
        _ documents: [Document],
        checks: PolicyChecks = .admission
    ) -> (policies: [AuthorizationPolicy], diagnostics: [Diagnostic]) {
        var policies: [AuthorizationPolicy] = []
        var diagnostics: [Diagnostic] = []
        for document in documents where document.group == group {
            switch document.kind {
            case "AuthorizationPolicy":
                let result = PolicyDecoder.decode(document, checks: checks)
                diagnostics += result.diagnostics
                if let policy = result.policy { policies.append(policy) }
            case "RequestAuthentication":
                diagnostics.append(
                    Diagnostic(
                        at: document.location,
                        "RequestAuthentication needs verified JWTs, which are not supported yet"
                    )
                )
            default: break
            }
        }
        return (policies, diagnostics)
    }
}
