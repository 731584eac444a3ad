public import ZeroTrust

/// SVIDs that stand for nobody any more, because the process that they were issued to has ended or is something else.
public struct Withdrawal: Hashable, Sendable {
    /// Whose they were.
    public let id: SPIFFEID
    /// The serial numbers of the certificates and the `jti` of the tokens, in hexadecimal.
    public let numbers: [String]
    /// The process that had them.
    public let pid: Int32
    /// The user that connected.
    public let uid: UInt32
    /// Why, on one line.
    public let reason: String
}
