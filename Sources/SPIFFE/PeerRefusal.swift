/// Why a peer was refused.
public struct PeerRefusal: Hashable, Sendable {
    /// A stable name: a raw value of ``SVIDError/Code``, or one that the transport adds.
    public let code: String
    /// The reason in words; it quotes nothing unbounded or unprintable that the peer sent.
    public let message: String

    /// A refusal by a rule of the documents.
    package init(_ error: SVIDError) {
        self.code = error.code.rawValue
        self.message = error.message
    }

    /// A refusal by the transport.
    package init(code: String, message: String) {
        self.code = code
        self.message = message
    }
}

extension PeerRefusal: CustomStringConvertible {
    /// The message and the code.
    public var description: String { "\(message) (\(code))" }
}
