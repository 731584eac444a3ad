import Crypto
public import FoundationEssentials
import ZeroTrust

/// A secret by which one workload of another machine joins, once; the store keeps its digest.
public struct JoinToken: Hashable, Sendable {
    /// The SHA-256 of the secret.
    public let digest: [UInt8]
    /// What entries select by.
    public let name: String
    /// The end of its life.
    public let expiresAt: Date
    /// Who made it.
    public let creator: String

    /// SPIRE's default.
    public static let defaultLifetime: TimeInterval = 600
    /// The longest life.
    public static let maximumLifetime: TimeInterval = 7 * 86400
    /// How a secret begins, so that whoever finds one knows what it is.
    public static let prefix = "lapwing-join-"

    /// A token as it was stored.
    public init(digest: [UInt8], name: String, expiresAt: Date, creator: String) {
        self.digest = digest
        self.name = name
        self.expiresAt = expiresAt
        self.creator = creator
    }

    /// A new one, with its secret.
    ///
    /// - Throws: ``IdentityError`` with `invalidArgument` for a name or a life that cannot be.
    static func make(
        _ name: String,
        lifetime: TimeInterval,
        by creator: String,
        at now: Date
    ) throws(IdentityError) -> (token: JoinToken, secret: Redacted<String>) {
        _ = try Selector("join-token:name:\(name)")
        guard (1...maximumLifetime).contains(lifetime) else {
            throw IdentityError(.invalidArgument, "a join token lives for 1 s to 7 days")
        }
        let secret = prefix + Hexadecimal.text((0..<32).map { _ in UInt8.random(in: 0...255) })
        let moment = Date(timeIntervalSince1970: now.timeIntervalSince1970.rounded(.down))
        let token = JoinToken(digest: digest(of: secret), name: name, expiresAt: moment + lifetime, creator: creator)
        return (token, Redacted(secret))
    }

    static func digest(of secret: String) -> [UInt8] { Array(SHA256.hash(data: Array(secret.utf8))) }
}
