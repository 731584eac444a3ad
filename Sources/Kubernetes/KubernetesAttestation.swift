public import Resources
import WorkloadIdentity

/// That workloads are attested by the pods that they run in.
///
/// ```yaml
/// apiVersion: lapwing.dev/v1alpha1
/// kind: KubernetesAttestation
/// metadata: { name: cluster }
/// spec:
///   nodeName: node-1
/// ```
public struct KubernetesAttestation: Hashable, Sendable {
    /// The kind of the resource.
    public static let kind = "KubernetesAttestation"

    /// Who tells of the pods.
    public enum Pods: String, Hashable, Sendable, CaseIterable {
        /// The API server.
        case apiServer
        /// The kubelet of the node.
        case kubelet
    }

    /// The API server.
    public let apiServer: KubernetesServer
    /// The kubelet, where it tells of the pods.
    public let kubelet: KubernetesServer?
    /// The node whose pods are attested here.
    public let nodeName: String

    /// Who tells of the pods.
    public var pods: Pods { kubelet == nil ? .apiServer : .kubelet }

    /// The one resource of the kind among some documents; nil where there is none.
    ///
    /// - Throws: `ResourceError` with the place of what is unknown, of the wrong type, or impossible.
    public static func load(_ documents: [Document]) throws -> KubernetesAttestation? {
        let all = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        guard let document = all.first else { return nil }
        if all.count > 1 {
            throw ResourceError(at: all[1].location, "there is a `\(kind)` already, at \(document.location)")
        }
        return try KubernetesAttestation(document)
    }

    private init(_ document: Document) throws {
        guard document.apiVersion == WorkloadEntry.apiVersion else {
            throw ResourceError(
                at: document.location,
                "expected `apiVersion: \(WorkloadEntry.apiVersion)` for a `\(Self.kind)`"
            )
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "a `\(Self.kind)` needs a `spec`")
        }
        var fields = try FieldReader(spec, of: "\(Self.kind) spec")
        nodeName = try fields.required("nodeName") { value in
            let text = try value.string()
            guard (1...253).contains(text.utf8.count),
                text.utf8.allSatisfy({
                    (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) || $0 == UInt8(ascii: "-")
                        || $0 == UInt8(ascii: ".")
                })
            else { throw value.error("`nodeName`: `\(text.prefix(100))` is no name of a node") }
            return text
        }
        apiServer = try fields.optional("apiServer") { try Self.server($0, "apiServer") } ?? .inCluster
        kubelet = try fields.optional("kubelet") { try Self.server($0, "kubelet") }
        try fields.finish()
    }

    private static func server(_ value: Value, _ name: String) throws -> KubernetesServer {
        var fields = try FieldReader(value, of: name)
        let url = try fields.required("url") { value in
            let text = try value.string()
            let isURL: Bool
            do {
                let url = try BundleEndpointURL(text)
                isURL = url.target == "/" && !text.hasSuffix("/")
            } catch { isURL = false }
            // What is asked for is put behind it.
            guard isURL else { throw value.error("`url`: expected `https://HOST:PORT` without a path") }
            return text
        }
        let standard = KubernetesServer.inCluster
        let authorities = try fields.optional("caFile") { try $0.string() } ?? standard.authoritiesFile
        let token = try fields.optional("tokenFile") { try $0.string() } ?? standard.tokenFile
        try fields.finish()
        return KubernetesServer(url: url, authoritiesFile: authorities, tokenFile: token)
    }
}
