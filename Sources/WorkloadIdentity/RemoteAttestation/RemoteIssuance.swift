public import FoundationEssentials
public import ZeroTrust

/// An X.509-SVID that is about to be handed to a workload of another machine, as the record tells it.
public struct RemoteIssuance: Hashable, Sendable {
    /// Whose it is.
    public let id: SPIFFEID
    /// The certificate's serial number in hexadecimal.
    public let serialNumber: String
    /// The authority's certificate that signed it.
    public let authority: String
    /// The end of its life.
    public let notAfter: Date
    /// The entry by which the workload gets it.
    public let entry: String
    /// The kind of evidence that it showed.
    public let kind: String
    /// What the evidence proved it to be, in words.
    public let workload: String
    /// Where the request came from.
    public let remoteAddress: String
}
