/// The full names of the services whose messages this module holds, as they stand in a call's path.
///
/// The message generator knows nothing of services, so that their names are written here once:
///
/// ```swift
/// let path = "/\(ServiceName.workloadAPI)/FetchX509SVID"
/// ```
public enum ServiceName {
    /// The SPIFFE Workload API, which has no package.
    public static let workloadAPI = "SpiffeWorkloadAPI"
    /// Administration of the identity authority.
    public static let admin = "lapwing.admin.v1.Admin"
    /// The configuration of a gateway process.
    public static let gatewayAdmin = "lapwing.gateway.v1.GatewayAdmin"
    /// Signing of the log's checkpoints.
    public static let signing = "lapwing.signing.v1.Signing"
    /// Who a local caller of the egress listener is.
    public static let attestation = "lapwing.attestation.v1.Attestation"
    /// Which models local processes have loaded.
    public static let loader = "lapwing.loader.v1.Loader"
    /// The tokens of local callers of the credential endpoint.
    public static let callerTokens = "lapwing.attestation.v1.CallerTokens"
    /// What is revoked.
    public static let revocations = "lapwing.revocation.v1.Revocations"
    /// The bundles of this trust domain and of those that it federates with.
    public static let federation = "lapwing.federation.v1.Federation"
    /// What workloads of other machines show.
    public static let remoteAttestation = "lapwing.remote.v1.RemoteAttestation"
    /// What Envoy asks an external authorization server.
    public static let externalAuthorization = "envoy.service.auth.v3.Authorization"
    /// Where Envoy gets its certificates and roots.
    public static let secretDiscovery = "envoy.service.secret.v3.SecretDiscoveryService"
    /// The gRPC health check.
    public static let health = "grpc.health.v1.Health"
}
