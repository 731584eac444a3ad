public import Authorization
public import Resources
import Synchronization
import ZeroTrust

/// One generation of what may be called from here: the service entries that the namespace sees, each with the policies
/// that target it.
///
/// A host and port belong to one entry. What no ALLOW policy allows is denied, whatever the gateway's compatibility: a
/// declaration alone opens nothing.
public final class EgressSnapshot: Sendable {
    /// An entry and what decides about it.
    final class Declared: Sendable {
        let entry: ServiceEntry
        let engine: PolicyEngine
        /// Whether the policies ask what only plaintext shows, in a way that would decide otherwise for want of it.
        let needsPlaintext: Bool
        /// Whether the policies ask what is not known here at all.
        let isUndecidable: Bool

        init(_ entry: ServiceEntry, policies: [AuthorizationPolicy], options: PolicyEngine.Options) throws {
            self.entry = entry
            self.engine = try PolicyEngine(applying: policies, options: options)
            self.needsPlaintext = policies.contains { !$0.isDryRun && Undecidable.withoutPlaintext($0) }
            self.isUndecidable = policies.contains { !$0.isDryRun && Undecidable.always($0) }
        }
    }

    /// The digest of the configuration, which records carry.
    public let digest: String
    /// What loads and is doubtful, such as an entry that nobody may call.
    public let warnings: [Diagnostic]
    private let all: [Declared]
    private let exact: [DestinationName: [Declared]]
    /// Suffixes, the longest first.
    private let wildcards: [(suffix: DestinationName, declared: Declared)]
    private let limits: NameLimits

    /// A generation.
    ///
    /// - Parameters:
    ///   - entries: every service entry of the configuration; those that the namespace does not see are left out.
    ///   - policies: every policy of the configuration; those that target no entry are left out.
    ///   - namespace: the gateway's namespace.
    ///   - trustDomains: the trust domain and its aliases.
    ///   - digest: the digest of the configuration.
    /// - Throws: `ResourceError` where two entries declare one host and port, or a policy targets an entry that is not
    ///   there.
    public convenience init(
        entries: [ServiceEntry],
        policies: PolicySet,
        namespace: String,
        trustDomains: [String],
        digest: String
    ) throws {
        try self.init(
            entries: entries,
            policies: policies,
            namespace: namespace,
            trustDomains: trustDomains,
            digest: digest,
            limits: NameLimits()
        )
    }

    init(
        entries: [ServiceEntry],
        policies: PolicySet,
        namespace: String,
        trustDomains: [String],
        digest: String,
        limits: NameLimits
    ) throws {
        let options = PolicyEngine.Options(compatibility: .strict, trustDomains: trustDomains)
        try Self.checkTargets(policies, entries)
        let visible = entries.filter { $0.isVisible(in: namespace) }
        try Self.refuseDuplicates(visible)
        var all: [Declared] = []
        var exact: [DestinationName: [Declared]] = [:]
        var wildcards: [(suffix: DestinationName, declared: Declared)] = []
        var warnings: [Diagnostic] = []
        for entry in visible {
            let applying = policies.policies.filter { Self.targets($0, entry) }
            let declared = try Declared(entry, policies: applying, options: options)
            all.append(declared)
            warnings += Self.warnings(declared, policies: applying)
            for host in entry.hosts {
                switch host {
                case .exact(let name): exact[name, default: []].append(declared)
                case .below(let suffix): wildcards.append((suffix, declared))
                }
            }
        }
        self.digest = digest
        self.warnings = warnings
        self.all = all
        self.exact = exact
        self.wildcards = wildcards.sorted { $0.suffix.text.utf8.count > $1.suffix.text.utf8.count }
        self.limits = limits
    }

    /// Whether a policy is attached to an entry: they share a namespace, as Kubernetes demands of such references.
    private static func targets(_ policy: AuthorizationPolicy, _ entry: ServiceEntry) -> Bool {
        policy.namespace == entry.namespace
            && policy.targetReferences.contains {
                $0.kind == ServiceEntry.kind && $0.group == ServiceEntry.group && $0.name == entry.name
            }
    }

    private static func checkTargets(_ policies: PolicySet, _ entries: [ServiceEntry]) throws {
        var diagnostics: [Diagnostic] = []
        for policy in policies.policies {
            let isAttached = policy.targetReferences.contains { $0.kind == ServiceEntry.kind }
            if isAttached, ![.allow, .deny, .audit].contains(policy.action) {
                diagnostics.append(
                    Diagnostic(
                        at: policy.location,
                        "the policy `\(policy.name)` has the action \(policy.action.rawValue), which is not asked for calls to "
                            + "a ServiceEntry; expected ALLOW, DENY or AUDIT"
                    )
                )
            }
            for target in policy.targetReferences
            where target.kind == ServiceEntry.kind && target.group == ServiceEntry.group {
                let known = entries.filter { $0.namespace == policy.namespace }.map(\.name)
                guard !known.contains(target.name) else { continue }
                diagnostics.append(
                    Diagnostic(
                        at: policy.location,
                        "the policy `\(policy.name)` targets the ServiceEntry `\(target.name)`, which the namespace "
                            + "`\(policy.namespace)` does not have; \(suggestion(for: target.name, among: known))"
                    )
                )
            }
        }
        guard diagnostics.isEmpty else { throw ResourceError(diagnostics) }
    }

    private static func refuseDuplicates(_ entries: [ServiceEntry]) throws {
        var seen: [String: SourceLocation] = [:]
        _ = try collectingDiagnostics(entries) { entry in
            for host in entry.hosts {
                for port in entry.ports {
                    guard let first = seen.updateValue(entry.location, forKey: "\(host):\(port.number)") else {
                        continue
                    }
                    throw ResourceError(
                        at: entry.location,
                        "`\(host)` with port \(port.number) is declared twice; the first is at \(first)"
                    )
                }
            }
        }
    }

    private static func warnings(_ declared: Declared, policies: [AuthorizationPolicy]) -> [Diagnostic] {
        let entry = declared.entry
        var warnings: [Diagnostic] = []
        if !policies.contains(where: { $0.action == .allow && !$0.isDryRun }) {
            warnings.append(
                Diagnostic(
                    .warning,
                    at: entry.location,
                    "nobody may call the ServiceEntry `\(entry.name)`: no ALLOW policy has it in `targetRefs`"
                )
            )
        }
        if declared.isUndecidable || declared.needsPlaintext && entry.ports.contains(where: \.portProtocol.isOpaque) {
            warnings.append(
                Diagnostic(
                    .warning,
                    at: entry.location,
                    "a policy of the ServiceEntry `\(entry.name)` asks for the address, a token, or what TLS hides; "
                        + "what cannot be decided is refused"
                )
            )
        }
        return warnings
    }

    /// What decides about calls to an entry; nil where the namespace sees none of that name.
    public func engine(forEntry name: String, in namespace: String) -> PolicyEngine? {
        all.first { $0.entry.name == name && $0.entry.namespace == namespace }?.engine
    }

    // MARK: Finding an entry

    /// What was found for a host and port.
    struct Match {
        let declared: Declared
        let port: ServiceEntry.Port
        /// The wildcard that the name lies below, where it is not declared whole.
        let suffix: DestinationName?
    }

    /// The entry that declares a host and port.
    func find(_ name: DestinationName, port: UInt16) throws(EgressRefusal) -> Match {
        if let declared = exact[name] {
            return try Self.match(declared.map { ($0, nil) }, port)
        }
        // A resolver, and a name that looks like another, are declared whole or not at all.
        if KnownResolvers.contains(name) { throw EgressRefusal(.dnsOverHTTPS) }
        let below = wildcards.filter { name.text.hasSuffix("." + $0.suffix.text) }
        guard let longest = below.first else {
            throw EgressRefusal(name.hasPunycode ? .punycode : .undeclaredHost)
        }
        if name.hasPunycode { throw EgressRefusal(.punycode) }
        if limits.suspects(name, below: longest.suffix) { throw EgressRefusal(.tunnelInName) }
        return try Self.match(below.filter { $0.suffix == longest.suffix }.map { ($0.declared, $0.suffix) }, port)
    }

    private static func match(_ found: [(Declared, DestinationName?)], _ port: UInt16) throws(EgressRefusal) -> Match {
        for (declared, suffix) in found {
            if let port = declared.entry.ports.first(where: { $0.number == port }) {
                return Match(declared: declared, port: port, suffix: suffix)
            }
        }
        throw EgressRefusal(KnownResolvers.isResolverPort(port) ? .dnsOverTLS : .undeclaredPort)
    }

    /// How many names below one wildcard a caller may ask for.
    var maximumNames: Int { limits.names }
}

/// Where the generation in force is published; another replaces it whole, under load.
public final class EgressSnapshotBox: Sendable {
    /// Guards the reference alone.
    private let snapshot: Mutex<EgressSnapshot>

    /// A box with its first generation.
    public init(_ snapshot: EgressSnapshot) {
        self.snapshot = Mutex(snapshot)
    }

    /// The generation in force.
    public var current: EgressSnapshot { snapshot.withLock { $0 } }

    /// Puts another generation in force: what is decided from now on is decided by it.
    public func replace(_ next: EgressSnapshot) {
        snapshot.withLock { $0 = next }
    }
}
