public import FoundationEssentials
import SPIFFE
public import ZeroTrust

/// Credentials of a cloud that end by themselves.
public struct TemporaryCredentials: Sendable {
    /// The access key's ID: it is told in records, as AWS tells it in its own.
    public let accessKeyID: String
    /// The secret.
    public let secretAccessKey: Redacted<String>
    /// The session token, without which the rest is of no use.
    public let sessionToken: Redacted<String>
    /// When they end.
    public let expiresAt: Date
    /// The account that they are of: twelve digits.
    public let accountID: String

    /// The answer to an SDK that asks a container's credential endpoint.
    public var document: String {
        StrictJSON.object([
            "AccessKeyId": .string(accessKeyID), "SecretAccessKey": .string(secretAccessKey.value),
            "Token": .string(sessionToken.value), "Expiration": .string(expiresAt.formatted(.iso8601)),
            "AccountId": .string(accountID),
        ]).text
    }
}
