public import ZeroTrust

/// What a decision record says of the request: what the policies saw, and what became of it.
///
/// Records are read for this much more quickly than whole, so that a day's traffic can be put to other policies.
public struct RecordedRequest: Hashable, Sendable {
    /// The record's id; nil in a line that has none.
    public var id: RequestID?
    /// The caller, or nil where none was proved.
    public var caller: SPIFFEID?
    /// The digest of the model that the caller's certificate named.
    public var modelDigest: String?
    /// Who signed that model.
    public var modelSigner: String?
    /// The method.
    public var method: String
    /// The canonical path and query.
    public var path: String
    /// The host asked for.
    public var authority: String
    /// The headers that policy consulted, as far as they were recorded.
    public var headers: [Exchange.Header]
    /// The address of the connection's other end.
    public var source: IPAddress
    /// The address and port on which the request arrived.
    public var destination: Exchange.Endpoint
    /// The name asked for in the TLS handshake.
    public var serverName: String?
    /// What the request's verified token said; nil where there was none.
    public var token: RecordedToken?
    /// The external provider that was asked, and its answer without how long it took; nil where
    /// none was.
    public var provider: DecisionRecord.Provider?
    /// What was decided; nil in a line that does not say.
    public var outcome: DecisionRecord.Outcome?
    /// The recorded reason; nil in a line that does not say.
    public var reason: String?
    /// Whether the record holds all that the policies saw: nothing was cut, and no value was held back.
    public var isComplete: Bool
}
