public import FoundationEssentials
public import ZeroTrust

/// An X.509-SVID for a key that its workload keeps to itself.
public struct CertifiedSVID: Hashable, Sendable {
    /// Whose it is.
    public let id: SPIFFEID
    /// The certificates as DER, the leaf first, without the anchor.
    public let chain: [[UInt8]]
    /// The leaf's serial number in hexadecimal.
    public let serialNumber: String
    /// The start of its life, set back by ten seconds.
    public let notBefore: Date
    /// The end of its life.
    public let notAfter: Date
    /// The authority's certificate that signed it.
    public let authority: String
}
