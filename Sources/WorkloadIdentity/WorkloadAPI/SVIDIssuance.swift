public import FoundationEssentials
import RPC
public import ZeroTrust

/// An X.509-SVID that is about to be handed out, as the record tells it: never the key.
public struct SVIDIssuance: Hashable, Sendable {
    /// Whose it is.
    public let id: SPIFFEID
    /// The certificate's serial number in hexadecimal.
    public let serialNumber: String
    /// The authority's certificate that signed it.
    public let authority: String
    /// The end of its life.
    public let notAfter: Date
    /// The entry by which the process gets it.
    public let entry: String
    /// The process that asked.
    public let pid: Int32
    /// The user that the process runs as.
    public let uid: UInt32

    init(_ svid: IssuedSVID, entry: String, to process: PeerCredentials) {
        self.id = svid.id
        self.serialNumber = svid.serialNumber
        self.authority = svid.authority
        self.notAfter = svid.notAfter
        self.entry = entry
        self.pid = process.pid
        self.uid = process.uid
    }
}
