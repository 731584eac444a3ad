import SPIFFE
import ZeroTrust

/// What the list of revocations knows a token by.
///
/// It is read of every token whose subject is a SPIFFE ID, whichever rule accepts it: one that our own authority issued is
/// withdrawn too where its `https://` issuer is what a rule names.
struct RevocableToken: Sendable {
    /// The claim `sub`.
    let id: SPIFFEID
    /// The claim `jti`; nil where there is none.
    let tokenID: String?

    /// Nil for a token whose subject is no SPIFFE ID: no authority of workloads issued it.
    init?(_ token: CompactToken) {
        guard let id = token.payload["sub"]?.string.flatMap({ try? SPIFFEID($0) }) else { return nil }
        self.id = id
        self.tokenID = token.payload["jti"]?.string
    }
}
