import ArgumentParser
import CloudIdentity
import ZeroTrust

/// Which clouds a process is to reach, and as whom.
struct CloudOptions: ParsableArguments {
    @Option(help: "The ARN of the AWS role to be: arn:aws:iam::123456789012:role/NAME.")
    var awsRole: String?

    @Option(help: "The session's name in AWS's own log; made from the SPIFFE ID unless said.")
    var awsSession: String?

    @Option(
        help: """
            The Google provider: projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER.
            """
    )
    var googleProvider: String?

    @Option(help: "The Google service account to act as, by its e-mail address.")
    var googleServiceAccount: String?

    @Option(help: "The Azure tenant's ID.")
    var azureTenant: String?

    @Option(help: "The ID of the Azure application or managed identity that has the federated credential.")
    var azureClient: String?

    @Option(help: "Another audience; its token's file is named by LAPWING_TOKEN_FILE.")
    var audience: String?

    @Option(help: "Which identity, where the process has several.")
    var spiffeId: String?

    /// Which identity is asked for; nil for the default.
    func id() throws -> SPIFFEID? {
        try spiffeId.map { text in
            do { return try SPIFFEID(text) } catch {
                throw CommandError(.usage, "--spiffe-id: `\(text)` is no SPIFFE ID: \(error)")
            }
        }
    }

    /// The clouds.
    ///
    /// - Parameter id: the identity, from which a session is named.
    /// - Returns: at least one.
    /// - Throws: ``CommandError`` for names that cannot be right, or where no cloud is named.
    func targets(for id: SPIFFEID) throws -> [CloudTarget] {
        var targets: [CloudTarget] = []
        if let awsRole {
            guard CloudTarget.isRoleARN(awsRole) else {
                throw CommandError(
                    .usage,
                    "--aws-role: `\(awsRole)` is no role; expected `arn:aws:iam::123456789012:role/NAME`"
                )
            }
            targets.append(.aws(roleARN: awsRole, sessionName: awsSession ?? CloudTarget.sessionName(for: id)))
        }
        if let googleProvider {
            guard CloudTarget.isGoogleProvider(googleProvider) else {
                throw CommandError(
                    .usage,
                    "--google-provider: expected `projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER`"
                )
            }
            targets.append(.google(provider: googleProvider, serviceAccount: googleServiceAccount))
        }
        switch (azureTenant, azureClient) {
        case (let tenant?, let client?): targets.append(.azure(tenantID: tenant, clientID: client))
        case (nil, nil): break
        default: throw CommandError(.usage, "--azure-tenant and --azure-client belong together")
        }
        if let audience { targets.append(.other(audience: audience)) }
        guard !targets.isEmpty else {
            throw CommandError(
                .usage,
                "name a cloud: --aws-role, --google-provider, --azure-tenant and --azure-client, or an --audience"
            )
        }
        return targets
    }
}
