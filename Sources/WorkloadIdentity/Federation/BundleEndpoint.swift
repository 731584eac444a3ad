public import ZeroTrust

/// Where this trust domain serves its own bundle to others (SPIFFE Federation §5).
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: BundleEndpoint
/// metadata: { name: bundle }
/// spec:
///   address: 0.0.0.0
///   port: 8444
///   profile: { type: https_spiffe, spiffeID: "spiffe://cluster.local/bundle-endpoint" }
///   refreshHint: 5m
/// ```
public struct BundleEndpoint: Hashable, Sendable {
    /// How the server shows who it is.
    public enum Profile: Hashable, Sendable {
        /// `https_web`: by a certificate and key in PEM files, read again when they change.
        case web(certificateFile: String, keyFile: String)
        /// `https_spiffe`: by its X.509-SVID of this ID.
        case spiffe(SPIFFEID)

        /// The name in the specification.
        public var name: String {
            switch self {
            case .web: "https_web"
            case .spiffe: "https_spiffe"
            }
        }
    }

    /// The resource's name.
    public let name: String
    /// The address that is listened on.
    public let address: IPAddress
    /// The port; 0 for any that is free.
    public let port: Int
    /// How the server shows who it is.
    public let profile: Profile
    /// How often others are asked to come back, in seconds (Trust Domain and Bundle §4.1.2).
    public let refreshHint: UInt64

    /// What others are asked for where nothing is written: five minutes (SPIFFE Federation §4.1).
    public static let defaultRefreshHint: UInt64 = 300

    /// An endpoint.
    public init(
        name: String,
        address: IPAddress,
        port: Int,
        profile: Profile,
        refreshHint: UInt64 = defaultRefreshHint
    ) {
        self.name = name
        self.address = address
        self.port = port
        self.profile = profile
        self.refreshHint = refreshHint
    }
}
