import Foundation
import SPIFFE
import WorkloadIdentity

/// What a projected service-account token says of itself (Kubernetes: Service account token, `kubernetes.io`).
///
/// Only tokens that are bound to a pod count: the others live for as long as their service account.
struct ServiceAccountClaims: Hashable {
    let namespace: String
    let serviceAccount: String
    let podName: String
    let podUID: String
    let expiresAt: Date

    /// `system:serviceaccount:NAMESPACE:NAME`, as Kubernetes calls the account.
    var username: String { "system:serviceaccount:\(namespace):\(serviceAccount)" }

    /// How far another's clock may run ahead, in seconds.
    static let leeway: Double = 10

    /// Reads the claims of a token whose signature was verified.
    ///
    /// - Throws: ``TokenRefusal`` with the rule that it breaks.
    init(_ token: CompactToken, issuer: String, audiences: Set<String>, at now: Date) throws(TokenRefusal) {
        guard token.issuer == issuer else {
            throw TokenRefusal(.unknownIssuer, "the token is of another issuer than `\(issuer)`")
        }
        guard !audiences.isDisjoint(with: token.audiences) else {
            throw TokenRefusal(.wrongAudience, "the token is meant for others")
        }
        guard let end = token.expiresAt else { throw TokenRefusal(.neverExpires, "the token never expires") }
        let seconds = now.timeIntervalSince1970
        guard seconds < end else { throw TokenRefusal(.expired, "the token has expired") }
        for begin in [token.notBefore, try CompactToken.time(token.payload, "iat")].compactMap(\.self) {
            guard begin <= seconds + Self.leeway else { throw TokenRefusal(.notYetValid, "the token is not valid yet") }
        }
        let own = token.payload["kubernetes.io"]
        func text(_ json: StrictJSON?, _ name: String) throws(TokenRefusal) -> String {
            guard let text = json?[name]?.string, (1...253).contains(text.utf8.count),
                text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "/") })
            else { throw TokenRefusal(.malformed, "the token has no `\(name)` in `kubernetes.io` that can be read") }
            return text
        }
        namespace = try text(own, "namespace")
        serviceAccount = try text(own?["serviceaccount"], "name")
        guard let pod = own?["pod"], pod != .null else {
            throw TokenRefusal(.malformed, "the token is bound to no pod: a projected one is needed")
        }
        podName = try text(pod, "name")
        podUID = try text(pod, "uid")
        expiresAt = Date(timeIntervalSince1970: end)
        guard token.payload["sub"]?.string == username else {
            throw TokenRefusal(.invalidSubject, "the token's `sub` is not its own service account")
        }
    }
}
