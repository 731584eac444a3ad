public import FoundationEssentials
import RPC
public import ZeroTrust

/// A JWT-SVID that is about to be handed out, as the record tells it: never the token itself.
public struct TokenIssuance: Hashable, Sendable {
    /// Whose it is.
    public let id: SPIFFEID
    /// For whom it is meant.
    public let audiences: [String]
    /// Its claim `jti`.
    public let tokenID: String
    /// The key that signed it.
    public let keyID: String
    /// The end of its life.
    public let expiresAt: Date
    /// The entry by which the process gets it.
    public let entry: String
    /// The process that asked.
    public let pid: Int32
    /// The user that the process runs as.
    public let uid: UInt32

    init(_ token: IssuedJWTSVID, entry: String, process: WorkloadProcess) {
        self.id = token.id
        self.audiences = token.audiences
        self.tokenID = token.tokenID
        self.keyID = token.keyID
        self.expiresAt = token.expiresAt
        self.entry = entry
        self.pid = process.credentials.pid
        self.uid = process.credentials.uid
    }
}
