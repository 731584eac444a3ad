public import FoundationEssentials
public import SPIFFE
public import ZeroTrust

/// What an X.509-SVID is asked for with.
public struct SVIDRequest: Hashable, Sendable {
    /// Whose it is; with a path, and of the authority's trust domain.
    public var id: SPIFFEID
    /// How long it lives, or nil for the authority's default; the authority's bounds hold in any case.
    public var lifetime: TimeInterval?
    /// DNS names beside the SPIFFE ID.
    public var dnsNames: [String]
    /// The subject, or nil for an empty one.
    public var subject: CertificateSubject?
    /// The model that the workload was shown to have loaded, or nil.
    public var model: ModelClaim?

    /// A request.
    public init(
        id: SPIFFEID,
        lifetime: TimeInterval? = nil,
        dnsNames: [String] = [],
        subject: CertificateSubject? = nil,
        model: ModelClaim? = nil
    ) {
        self.id = id
        self.lifetime = lifetime
        self.dnsNames = dnsNames
        self.subject = subject
        self.model = model
    }
}

/// An X.509-SVID with the key that the authority made for it, as it goes over the wire.
public struct IssuedSVID: Sendable {
    /// Whose it is.
    public let id: SPIFFEID
    /// The certificates as DER, the leaf first, without the anchor.
    public let chain: [[UInt8]]
    /// The key as PKCS#8 DER, not encrypted (X.509-SVID profile of the Workload API, §5.2.1).
    public let privateKey: Redacted<[UInt8]>
    /// The leaf's serial number in hexadecimal.
    public let serialNumber: String
    /// The start of its life, set back by ten seconds.
    public let notBefore: Date
    /// When it was made.
    public let issuedAt: Date
    /// The end of its life.
    public let notAfter: Date
    /// The authority's certificate that signed it.
    public let authority: String
}
