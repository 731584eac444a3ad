public import Resources

/// What is in force in a cluster for an estate, as generated or as `kubectl get -o yaml` exports it.
public struct KubernetesArtifacts: Sendable {
    /// Network policies, workloads and namespaces.
    public let network: KubernetesNetwork
    /// Everything that was read.
    public let documents: [Document]
    let sidecars: [MeshSidecar]
    let serviceEntries: [MeshServiceEntry]
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

    /// Whether a route is for calls to a Service, which a mesh's proxies take; those of gateways are not.
    private static func isOfMesh(_ route: Document) -> Bool {
        guard let spec = try? route.spec?.mapping() else { return false }
        let parents = spec.first { $0.key == "parentRefs" }.flatMap { try? $0.value.list { try $0.mapping() } } ?? []
        return parents.contains { parent in
            parent.first { $0.key == "kind" }.flatMap { try? $0.value.string() } == "Service"
        }
    }
}
