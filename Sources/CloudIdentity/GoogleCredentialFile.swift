import SPIFFE

/// The `external_account` file by which Google's SDKs exchange a token for credentials: it names places and holds no
/// secret (Google: workload identity federation; AIP-4117).
public struct GoogleCredentialFile: Hashable, Sendable {
    /// The provider's resource name, from `projects/` on.
    public var provider: String
    /// The e-mail address of the service account to act as; nil for the federated identity itself.
    public var serviceAccount: String?
    /// Where the token lies.
    public var tokenFile: String
    /// The exchange: Google's own unless a test puts another in its place.
    public var tokenURL: String

    /// A file.
    public init(
        provider: String,
        serviceAccount: String? = nil,
        tokenFile: String,
        tokenURL: String = "https://sts.googleapis.com/v1/token"
    ) {
        self.provider = provider
        self.serviceAccount = serviceAccount
        self.tokenFile = tokenFile
        self.tokenURL = tokenURL
    }

    /// The file's text.
    public var text: String {
        var members: [String: StrictJSON] = [
            "type": .string("external_account"),
            "audience": .string("//iam.googleapis.com/" + provider),
            "subject_token_type": .string("urn:ietf:params:oauth:token-type:jwt"),
            "token_url": .string(tokenURL),
            "credential_source": .object(["file": .string(tokenFile), "format": .object(["type": .string("text")])]),
            "universe_domain": .string("googleapis.com"),
        ]
        if let serviceAccount {
            members["service_account_impersonation_url"] = .string(
                "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/\(serviceAccount):generateAccessToken"
            )
        }
        return StrictJSON.object(members).text + "\n"
    }
}
