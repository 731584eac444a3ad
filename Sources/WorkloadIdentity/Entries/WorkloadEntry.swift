public import FoundationEssentials
public import ZeroTrust

/// Who a workload is: the SPIFFE ID of every process that all the selectors fit.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: WorkloadEntry
/// metadata:
///   name: inference-service
/// spec:
///   spiffeID: spiffe://cluster.local/ns/ml-inference/sa/inference-service
///   selectors: ["unix:user:inference", "unix:path:/usr/bin/python3.12"]
///   ttl: 15m
/// ```
public struct WorkloadEntry: Hashable, Sendable {
    /// The name, unique among all entries.
    public let name: String
    /// The SPIFFE ID, with a path.
    public let id: SPIFFEID
    /// What the workload must be; all must match, and there is at least one.
    public let selectors: Set<Selector>
    /// How long an SVID lives, or nil for the authority's default.
    public let lifetime: TimeInterval?
    /// DNS names beside the SPIFFE ID.
    public let dnsNames: [String]
    /// The certificate's subject, or nil for an empty one.
    public let subject: CertificateSubject?
    /// Tells a workload with several SVIDs which is which (Workload API §8).
    public let hint: String?
    /// The trust domains whose bundles the workload gets beside its own, and whose workloads it can verify by them.
    public let federatesWith: Set<TrustDomain>
    /// Whether the workload may prove that its children have loaded a model, and of which children; nil for no loader.
    public let modelLoader: ModelLoader?
    /// Whether what was issued to a process stays good once it has ended or changed, until it expires: for certificates and
    /// tokens that one program fetches and another uses.
    public let outlivesProcess: Bool

    /// Which children a loader may prove something of.
    public enum ModelLoader: String, Hashable, Sendable, CaseIterable {
        /// Those that run as another user than the loader: they cannot pose as it.
        case separateUser
        /// Those of the loader's own user as well. Whoever runs as that user can pose as the loader and prove anything, so
        /// that this is for trying out.
        case sameUser
    }

    /// The shortest life that can be asked for.
    public static let minimumLifetime: TimeInterval = 10
    /// The longest hint, in bytes (Workload API §8).
    public static let maximumHintLength = 1024
    static let maximumSelectors = 64
    static let maximumDNSNames = 32
    static let maximumFederated = 64

    /// An entry.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` where it could never match or never be issued.
    public init(
        name: String,
        id: SPIFFEID,
        selectors: Set<Selector>,
        lifetime: TimeInterval? = nil,
        dnsNames: [String] = [],
        subject: CertificateSubject? = nil,
        hint: String? = nil,
        federatesWith: Set<TrustDomain> = [],
        modelLoader: ModelLoader? = nil,
        outlivesProcess: Bool = false
    ) throws(IdentityError) {
        try Self.check(name: name)
        try Self.check(id: id)
        try Self.check(selectors: selectors)
        if modelLoader != nil { try Self.check(loader: selectors) }
        if let lifetime { try Self.check(lifetime: lifetime) }
        for name in dnsNames { try Self.check(dnsName: name) }
        guard dnsNames.count <= Self.maximumDNSNames, Set(dnsNames).count == dnsNames.count else {
            throw IdentityError(
                .invalidArgument,
                "expected at most \(Self.maximumDNSNames) DNS names, each of them once"
            )
        }
        if let hint { try Self.check(hint: hint) }
        guard federatesWith.count <= Self.maximumFederated, !federatesWith.contains(id.trustDomain) else {
            throw IdentityError(
                .invalidArgument,
                "`federatesWith` names at most \(Self.maximumFederated) trust domains, and not the entry's own"
            )
        }
        self.name = name
        self.id = id
        self.selectors = selectors
        self.lifetime = lifetime
        self.dnsNames = dnsNames
        self.subject = subject
        self.hint = hint
        self.federatesWith = federatesWith
        self.modelLoader = modelLoader
        self.outlivesProcess = outlivesProcess
    }

    /// What the authority is asked for.
    public var request: SVIDRequest {
        SVIDRequest(id: id, lifetime: lifetime, dnsNames: dnsNames, subject: subject)
    }

    static func check(name: String) throws(IdentityError) {
        let isAlphanumeric = { (byte: UInt8) in (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte) }
        guard (1...253).contains(name.utf8.count), let first = name.utf8.first, let last = name.utf8.last,
            isAlphanumeric(first), isAlphanumeric(last),
            name.utf8.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
        else {
            throw IdentityError(
                .invalidArgument,
                "`\(name.prefix(80))` is no valid name; use 1 to 253 lower-case letters, digits, `-` and `.`, "
                    + "beginning and ending with a letter or digit"
            )
        }
    }

    static func check(id: SPIFFEID) throws(IdentityError) {
        guard !id.path.isEmpty else {
            throw IdentityError(
                .invalidArgument,
                "`\(id)` is the trust domain itself; a workload's SPIFFE ID needs a path"
            )
        }
    }

    static func check(selectors: Set<Selector>) throws(IdentityError) {
        guard (1...maximumSelectors).contains(selectors.count) else {
            throw IdentityError(
                .invalidArgument,
                "expected 1 to \(maximumSelectors) selectors, found \(selectors.count)"
            )
        }
        guard selectors.contains(where: { !$0.kind.isModel }) else {
            throw IdentityError(
                .invalidArgument,
                "another selector, such as `unix:…`, has to stand beside those of the namespace `model`: they say what a process has loaded, "
                    + "and not what it is"
            )
        }
        for kind in Selector.Kind.allCases where kind.isSingle {
            let values = selectors.filter { $0.kind == kind }.map(\.description).sorted()
            guard values.count <= 1 else {
                throw IdentityError(
                    .invalidArgument,
                    "\(values.map { "`\($0)`" }.joined(separator: " and ")) can never match together: a process has one "
                        + "`\(kind.name)`"
                )
            }
        }
    }

    /// A loader is known by its user and its program, and is nobody's workload itself.
    static func check(loader selectors: Set<Selector>) throws(IdentityError) {
        let kinds = Set(selectors.map(\.kind))
        guard !kinds.isDisjoint(with: [.uid, .user]), !kinds.isDisjoint(with: [.path, .sha256]),
            !kinds.contains(where: \.isModel)
        else {
            throw IdentityError(
                .invalidArgument,
                "an entry with `modelLoader` needs a selector for the user (`unix:uid` or `unix:user`) and one for the "
                    + "program (`unix:path` or `unix:sha256`), and none of the namespace `model`"
            )
        }
    }

    static func check(lifetime: TimeInterval) throws(IdentityError) {
        guard lifetime >= minimumLifetime, lifetime <= 366 * 86400 else {
            throw IdentityError(
                .invalidArgument,
                "an SVID's life must be at least \(Int(minimumLifetime)) s and at most a year"
            )
        }
    }

    /// A host name of RFC 1123 in lower case, without a wildcard.
    static func check(dnsName name: String) throws(IdentityError) {
        let isLabel = { (label: Substring) in
            (1...63).contains(label.utf8.count) && label.utf8.first != UInt8(ascii: "-")
                && label.utf8.last != UInt8(ascii: "-")
                && label.utf8.allSatisfy {
                    (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "-")
                }
        }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, labels.allSatisfy(isLabel),
            labels.last.map({ !$0.utf8.allSatisfy { (0x30...0x39).contains($0) } }) ?? false
        else {
            throw IdentityError(
                .invalidArgument,
                "`\(name.prefix(80))` is no DNS name; expected a host name in lower case without `*`"
            )
        }
    }

    static func check(hint: String) throws(IdentityError) {
        guard (1...maximumHintLength).contains(hint.utf8.count) else {
            throw IdentityError(.invalidArgument, "a hint must have 1 to \(maximumHintLength) bytes")
        }
    }
}
