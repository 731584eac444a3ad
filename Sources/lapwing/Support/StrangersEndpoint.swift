import WorkloadIdentity
import ZeroTrust

/// A place where strangers are answered over HTTPS: for a bundle, for the keys of tokens, for an identity.
struct StrangersEndpoint: Sendable {
    /// The kind of the resource that opens it.
    let kind: String
    /// The resource's name.
    let name: String
    let address: IPAddress
    /// The port; 0 for any that is free.
    let port: Int
    /// How it shows who it is.
    let profile: BundleEndpoint.Profile
}
