public import Resources
public import ZeroTrust

/// An Istio `ServiceEntry` (`networking.istio.io/v1` and `v1beta1`): a service outside that workloads may be allowed to
/// call through the egress listener.
///
/// It declares and allows nothing: an `AuthorizationPolicy` whose `targetRefs` name the entry says who may call it.
///
/// ```yaml
/// apiVersion: networking.istio.io/v1
/// kind: ServiceEntry
/// metadata: { name: model-hub, namespace: ml-inference }
/// spec:
///   hosts: ["hub.example.com"]
///   location: MESH_EXTERNAL
///   resolution: DNS
///   ports:
///     - { number: 443, name: https, protocol: TLS }
/// ```
public struct ServiceEntry: Hashable, Sendable {
    /// The kind of the resource.
    public static let kind = "ServiceEntry"
    /// The API group of the resource.
    public static let group = "networking.istio.io"

    /// How the addresses of a host are found.
    public enum Resolution: String, Hashable, Sendable, CaseIterable {
        /// The name that the caller asks for is resolved; where a connection was redirected here, its own destination must
        /// be among the answers.
        case none = "NONE"
        /// The addresses are those written down.
        case fixed = "STATIC"
        /// The name, or that of the endpoints, is resolved.
        case dns = "DNS"
        /// The same.
        case roundRobin = "DNS_ROUND_ROBIN"
        /// The name that the caller asks for is resolved.
        case dynamic = "DYNAMIC_DNS"
    }

    /// What is spoken on a port.
    public enum PortProtocol: String, Hashable, Sendable, CaseIterable {
        /// HTTP/1.1 that the listener reads.
        case http = "HTTP"
        /// TLS that passes through, told by its server name.
        case https = "HTTPS"
        /// The same.
        case tls = "TLS"

        /// Whether the listener sees nothing but the first message.
        var isOpaque: Bool { self != .http }
    }

    /// One port of the service.
    public struct Port: Hashable, Sendable {
        /// The number that callers ask for.
        public let number: UInt16
        /// The port's name.
        public let name: String
        /// What is spoken on it.
        public let portProtocol: PortProtocol
        /// The port that is connected to.
        public let target: UInt16
    }

    /// One place where the service runs.
    public struct Endpoint: Hashable, Sendable {
        /// Where: an address, or a name that is resolved.
        public enum Place: Hashable, Sendable {
            /// An address.
            case address(IPAddress)
            /// A name.
            case name(DestinationName)
        }

        /// Where.
        public let place: Place
        /// Other ports than those of the service, by the names of the service's ports.
        public let ports: [String: UInt16]
    }

    /// The name.
    public let name: String
    /// The namespace that the entry is in.
    public let namespace: String
    /// The hosts.
    public let hosts: [HostPattern]
    /// The ports.
    public let ports: [Port]
    /// Whether the service is a workload of ours, which proves its identity.
    public let isInternal: Bool
    /// How addresses are found.
    public let resolution: Resolution
    /// Where the service runs; empty where its own names say.
    public let endpoints: [Endpoint]
    /// The blocks that answers have to lie in; empty for any public address.
    ///
    /// A private address is never connected to unless such a block holds it, or the entry is internal.
    public let addresses: [AddressBlock]
    /// The SPIFFE IDs of which the service has to prove one.
    public let identities: [SPIFFEID]
    /// The namespaces that see the entry; empty for all.
    public let exportTo: Set<String>
    /// Whether the label `lapwing.dev/dns-resolver: "true"` says that DNS over HTTPS may be spoken to the service.
    public let isResolver: Bool
    /// Where the entry begins.
    public let location: SourceLocation

    /// Whether workloads of a namespace see the entry.
    public func isVisible(in namespace: String) -> Bool {
        exportTo.isEmpty || exportTo.contains(namespace)
    }

    /// Whether calls are made over mutual TLS, with our own SVID, to a peer whose ID is pinned.
    public var isMutualTLS: Bool { !identities.isEmpty }
}
