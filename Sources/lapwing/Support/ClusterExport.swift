import DataAccess
import Foundation
import Resources

/// Reads what is in force in a cluster: files that Lapwing wrote, or what `kubectl get -o yaml` or `-o json` exports.
enum ClusterExport {
    /// The kinds that are read, by their group; others are passed over, since exports hold all kinds of things.
    private static let kinds: [Substring: Set<String>] = [
        "v1": ["Namespace", "Pod", "ReplicationController", "Service"],
        "apps": ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"],
        "batch": ["Job", "CronJob"], "networking.k8s.io": ["NetworkPolicy"],
        "policy.networking.k8s.io": ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"],
        "cilium.io": [
            "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumLocalRedirectPolicy", "CiliumEnvoyConfig",
            "CiliumClusterwideEnvoyConfig",
        ],
        "projectcalico.org": ["NetworkPolicy", "GlobalNetworkPolicy"],
        "crd.projectcalico.org": ["NetworkPolicy", "GlobalNetworkPolicy"],
        "crd.antrea.io": ["NetworkPolicy", "ClusterNetworkPolicy"],
        "gateway.networking.k8s.io": ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"],
        "security.istio.io": ["AuthorizationPolicy", "PeerAuthentication", "RequestAuthentication"],
        "networking.istio.io": [
            "Sidecar", "ServiceEntry", "EnvoyFilter", "VirtualService", "WorkloadEntry", "WorkloadGroup", "ProxyConfig",
        ],
        "extensions.istio.io": ["WasmPlugin"],
        "admissionregistration.k8s.io": ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
    ]

    /// The documents of some files and directories.
    ///
    /// - Throws: ``CommandError`` where there is none, `ResourceError` for what cannot be read.
    static func load(_ paths: [String]) throws -> [Document] {
        var documents: [Document] = []
        for path in paths {
            guard FileManager.default.fileExists(atPath: path) else {
                throw CommandError(.usage, "there is no file or directory `\(path)`")
            }
            try checkSize(of: path)
            for source in try ResourceLoader.texts(path: path) {
                let values = try ResourceLoader.values(yaml: source.text, file: source.file)
                let single = try collectingDiagnostics(values) { try items(of: $0) ?? [$0] }.flatMap(\.self)
                documents += try collectingDiagnostics(single.filter(isRead)) { try Document($0) }
            }
        }
        guard !documents.isEmpty else {
            throw CommandError(.usage, "\(paths.joined(separator: ", ")): no resource of a kind that is read here")
        }
        try ResourceLoader.refuseDuplicates(documents)
        return documents
    }

    /// The most bytes of one file, which is what ``ResourceLoader`` reads of one.
    private static let maximumBytes = 4 << 20

    /// Refuses a file that is too large before it is read, and says how to have smaller ones.
    private static func checkSize(of path: String) throws {
        let place = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        let found = try? FileManager.default.attributesOfItem(atPath: place)
        guard found?[.type] as? FileAttributeType == .typeRegular, let size = found?[.size] as? UInt64,
            size > maximumBytes
        else { return }
        throw CommandError(
            .usage,
            "`\(path)` has \(size) bytes, and at most \(maximumBytes) of one file are read; export kind by kind, or namespace "
                + "by namespace, and give each file with --kubernetes"
        )
    }

    /// What is in force in a cluster, as exported or else as Lapwing would write it; nil where neither is asked for.
    ///
    /// - Throws: ``CommandError`` for what cannot be written or read.
    static func artifacts(_ estate: Estate, _ paths: [String], isGenerated: Bool) throws -> KubernetesArtifacts? {
        guard paths.isEmpty else { return try KubernetesArtifacts(try load(paths), estate: estate) }
        guard isGenerated, estate.enforcement.kubernetes != nil else { return nil }
        do { return try KubernetesArtifacts(generatedFor: estate) } catch let error as KubernetesEmitter.Failure {
            throw CommandError(.refused, error.description)
        }
    }

    /// The items of a list of one kind (`NetworkPolicyList`), as the API answers it; nil for anything else.
    ///
    /// What kind they are of is said once, by the list.
    private static func items(of value: Value) throws -> [Value]? {
        guard case .mapping(let fields) = value.content, let (version, kind) = name(of: value), kind.hasSuffix("List"),
            let items = fields.first(where: { $0.key == "items" })?.value
        else { return nil }
        if items.isNull { return [] }
        func field(_ key: String, _ text: String, _ item: Value) -> Value.Entry {
            .init(key: key, keyLocation: item.location, value: Value(.string(text), at: item.location))
        }
        return try items.list { item in
            let own = try item.mapping()
            let said = [("apiVersion", version), ("kind", String(kind.dropLast("List".count)))]
            let missing = said.filter { name, _ in !own.contains { $0.key == name } }
            return Value(.mapping(missing.map { field($0, $1, item) } + own), at: item.location)
        }
    }

    private static func isRead(_ value: Value) -> Bool {
        guard let (version, kind) = name(of: value) else { return false }
        return kinds[version.split(separator: "/").first ?? ""]?.contains(kind) == true
    }

    /// The version and the kind of a resource; nil for what is none.
    private static func name(of value: Value) -> (version: String, kind: String)? {
        guard case .mapping(let fields) = value.content else { return nil }
        func text(_ name: String) -> String? {
            guard case .string(let text)? = fields.first(where: { $0.key == name })?.value.content else { return nil }
            return text
        }
        guard let version = text("apiVersion"), let kind = text("kind") else { return nil }
        return (version, kind)
    }
}
