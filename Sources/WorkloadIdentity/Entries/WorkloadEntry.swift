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

    /// The shortest life that can be asked for.
    public static let minimumLifetime: TimeInterval = 10
    /// The longest hint, in bytes (Workload API §8).
    public static let maximumHintLength = 1024
    static let maximumSelectors = 64
    static let maximumDNSNames = 32

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
        hint: String? = nil
    ) throws(IdentityError) {
        try Self.check(name: name)
        try Self.check(id: id)
        try Self.check(selectors: selectors)
        if let lifetime { try Self.check(lifetime: lifetime) }
        for name in dnsNames { try Self.check(dnsName: name) }
        guard dnsNames.count <= Self.maximumDNSNames, Set(dnsNames).count == dnsNames.count else {
            throw IdentityError(
                .invalidArgument,
                "expected at most \(Self.maximumDNSNames) DNS names, each of them once"
            )
        }
        if let hint { try Self.check(hint: hint) }
        self.name = name
        self.id = id
        self.selectors = selectors
        self.lifetime = lifetime
        self.dnsNames = dnsNames
        self.subject = subject
        self.hint = hint
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
        for kind in [Selector.Kind.uid, .user, .gid, .group, .path, .sha256] {
            let values = selectors.filter { $0.kind == kind }.map(\.description).sorted()
            guard values.count <= 1 else {
                throw IdentityError(
                    .invalidArgument,
                    "\(values.map { "`\($0)`" }.joined(separator: " and ")) can never match together: a process has one "
                        + "`\(kind.rawValue)`"
                )
            }
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
