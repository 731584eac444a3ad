/// Where a Kubernetes API server, or a kubelet, is, and how it is spoken to.
public struct KubernetesServer: Hashable, Sendable {
    /// `https://kubernetes.default.svc`.
    public let url: String
    /// The certificate authorities that vouch for it, as PEM; nil for those of the system.
    public let authoritiesFile: String?
    /// The file with the token that we show, read again each time; nil for none.
    public let tokenFile: String?

    /// Where a pod finds its own cluster's (Kubernetes: Accessing the API from a Pod).
    public static let inCluster = KubernetesServer(
        url: "https://kubernetes.default.svc",
        authoritiesFile: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
        tokenFile: "/var/run/secrets/kubernetes.io/serviceaccount/token"
    )

    /// A server.
    public init(url: String, authoritiesFile: String? = nil, tokenFile: String? = nil) {
        self.url = url
        self.authoritiesFile = authoritiesFile
        self.tokenFile = tokenFile
    }
}
