public import Resources

/// What is in force in a cluster for an estate, as generated or as `kubectl get -o yaml` exports it.
public struct KubernetesArtifacts: Sendable {
    /// Network policies, workloads and namespaces.
    public let network: KubernetesNetwork
    /// Everything that was read.
    public let documents: [Document]
    let sidecars: [MeshSidecar]
    let serviceEntries: [MeshServiceEntry]
    let services: [MeshService]
    let admission: AdmissionCheck

    /// Reads what an estate's cluster has in force; kinds that have nothing to do with it are passed over.
    ///
    /// Where no workload of a component's service account is there, its pods are taken to carry the component's label.
    ///
    /// - Throws: `ResourceError` for a resource that cannot be read.
    public init(_ documents: [Document], estate: Estate) throws {
        self.documents = documents
        network = try KubernetesNetwork(documents, assuming: estate)
        sidecars = try collectingDiagnostics(
            documents.filter { $0.kind == MeshSidecar.kind && $0.group == MeshSidecar.group }
        ) { try MeshSidecar($0) }
        serviceEntries = try collectingDiagnostics(
            documents.filter { $0.kind == MeshServiceEntry.kind && $0.group == MeshSidecar.group }
        ) { try MeshServiceEntry($0) }
        services = try collectingDiagnostics(documents.filter(MeshService.isOne)) { try MeshService($0) }
        admission = try AdmissionCheck(documents)
    }

    /// What Lapwing would write for an estate, parsed back.
    ///
    /// - Throws: ``KubernetesEmitter/Failure`` where it cannot be written, `ResourceError` where it cannot be read back.
    public init(generatedFor estate: Estate) throws {
        let documents = try KubernetesEmitter(estate).files().flatMap { file in
            try ResourceLoader.parse(yaml: file.text, file: "generated/" + file.path)
        }
        try ResourceLoader.refuseDuplicates(documents)
        try self.init(documents, estate: estate)
    }

    /// Resources by which traffic may go other ways than the kinds say that are read here.
    var unjudged: [Document] {
        let known: [Substring: Set<String>] = [
            MeshSidecar.group[...]: ["EnvoyFilter", "VirtualService", "WorkloadEntry", "WorkloadGroup", "ProxyConfig"],
            "extensions.istio.io": ["WasmPlugin"],
            "cilium.io": [
                "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy", "CiliumLocalRedirectPolicy",
                "CiliumEnvoyConfig", "CiliumClusterwideEnvoyConfig",
            ],
            "projectcalico.org": ["NetworkPolicy", "GlobalNetworkPolicy"],
            "crd.projectcalico.org": ["NetworkPolicy", "GlobalNetworkPolicy"],
            "crd.antrea.io": ["NetworkPolicy", "ClusterNetworkPolicy"],
            "gateway.networking.k8s.io": ["HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute"],
            "policy.networking.k8s.io": ["AdminNetworkPolicy", "BaselineAdminNetworkPolicy", "ClusterNetworkPolicy"],
        ]
        return documents.filter { document in
            guard known[document.group]?.contains(document.kind) == true else { return false }
            return document.group != "gateway.networking.k8s.io" || Self.isOfMesh(document)
        }
    }

    /// Whether a route is for calls to a Service, which a mesh's proxies take; those of gateways alone are not.
    ///
    /// What cannot be read may be.
    private static func isOfMesh(_ route: Document) -> Bool {
        guard case .mapping(let spec)? = route.spec?.content else { return true }
        guard let parents = spec.first(where: { $0.key == "parentRefs" })?.value, !parents.isNull else { return false }
        guard case .list(let elements) = parents.content else { return true }
        return elements.contains { parent in
            guard case .mapping(let fields) = parent.content else { return true }
            guard let kind = fields.first(where: { $0.key == "kind" })?.value, !kind.isNull else { return false }
            return kind.content != .string("Gateway")
        }
    }
}
