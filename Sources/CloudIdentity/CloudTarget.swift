public import ZeroTrust

/// A cloud that takes a JWT-SVID in the place of a key, and what its SDKs need to find one.
///
/// It makes no call and writes no file: it says which token is needed, and what the SDK is to be told.
public enum CloudTarget: Hashable, Sendable {
    /// AWS, by `AssumeRoleWithWebIdentity` (IRSA's way): the role's ARN, and the name of the session in AWS's own log.
    case aws(roleARN: String, sessionName: String)
    /// Google Cloud, by workload identity federation (RFC 8693): the provider's resource name
    /// `projects/N/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`, and the service account to act as.
    case google(provider: String, serviceAccount: String?)
    /// Azure, by a federated credential of an application or managed identity.
    case azure(tenantID: String, clientID: String)
    /// Whoever takes tokens of this audience from a file.
    case other(audience: String)

    /// The name of its files.
    public var name: String {
        switch self {
        case .aws: "aws"
        case .google: "google"
        case .azure: "azure"
        case .other: "token"
        }
    }

    /// The one audience that its tokens are for.
    public var audience: String {
        switch self {
        case .aws: "sts.amazonaws.com"
        case .google(let provider, _): "https://iam.googleapis.com/" + provider
        case .azure: "api://AzureADTokenExchange"
        case .other(let audience): audience
        }
    }

    /// What a process has to find in its environment.
    ///
    /// - Parameters:
    ///   - tokenFile: where the token lies.
    ///   - configurationFile: where ``configuration(tokenFile:)`` lies, if there is one.
    /// - Returns: the variables.
    public func environment(tokenFile: String, configurationFile: String) -> [String: String] {
        switch self {
        case .aws(let roleARN, let sessionName):
            [
                "AWS_ROLE_ARN": roleARN, "AWS_WEB_IDENTITY_TOKEN_FILE": tokenFile,
                "AWS_ROLE_SESSION_NAME": sessionName,
            ]
        case .google: ["GOOGLE_APPLICATION_CREDENTIALS": configurationFile]
        case .azure(let tenantID, let clientID):
            [
                "AZURE_TENANT_ID": tenantID, "AZURE_CLIENT_ID": clientID, "AZURE_FEDERATED_TOKEN_FILE": tokenFile,
            ]
        case .other: ["LAPWING_TOKEN_FILE": tokenFile]
        }
    }

    /// The variables by which its SDK would find a key that lasts, and take it before ours.
    public var displacedVariables: [String] {
        switch self {
        case .aws: ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"]
        case .azure: ["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_USERNAME", "AZURE_PASSWORD"]
        case .google, .other: []
        }
    }

    /// The file that its SDK reads beside the token; nil where it needs none.
    public func configuration(tokenFile: String) -> String? {
        guard case .google(let provider, let serviceAccount) = self else { return nil }
        return GoogleCredentialFile(provider: provider, serviceAccount: serviceAccount, tokenFile: tokenFile).text
    }
}

extension CloudTarget {
    /// A session's name for an identity, in the characters that AWS takes: it stands in CloudTrail.
    public static func sessionName(for id: SPIFFEID) -> String {
        let allowed = id.path.dropFirst().unicodeScalars.map { scalar -> Character in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "_", "=", ",", ".", "@", "-": Character(scalar)
            default: "-"
            }
        }
        // The end tells more than the beginning.
        let name = String(allowed.suffix(64))
        return name.count < 2 ? "workload-" + name : name
    }

    /// Whether a text is the ARN of a role (AWS: `arn:PARTITION:iam::ACCOUNT:role/PATH`).
    public static func isRoleARN(_ text: String) -> Bool {
        let parts = text.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard text.utf8.count <= 2048, parts.count == 6, parts[0] == "arn", parts[1].hasPrefix("aws"),
            parts[2] == "iam",
            parts[3].isEmpty, parts[4].utf8.count == 12, parts[4].utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { return false }
        return parts[5].hasPrefix("role/") && parts[5].utf8.count > 5
            && parts[5].utf8.allSatisfy { (0x21...0x7e).contains($0) }
    }

    /// Whether a text names a provider of a workload identity pool.
    public static func isGoogleProvider(_ text: String) -> Bool {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        let names = ["projects", nil, "locations", "global", "workloadIdentityPools", nil, "providers", nil]
        guard parts.count == names.count, text.utf8.count <= 512 else { return false }
        return zip(parts, names).allSatisfy { part, name in
            name.map { part == $0 }
                ?? (!part.isEmpty && part.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: "-") })
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7a).contains(byte | 0x20)
    }
}
