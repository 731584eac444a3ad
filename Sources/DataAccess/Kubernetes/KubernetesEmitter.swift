/// Writes what Kubernetes and Istio have to have in force for an estate.
///
/// * Each namespace is closed both ways; each component's pods exchange packets with those that the estate declares.
/// * Each namespace answers nobody; each component answers its declared callers, by method and path, over mutual TLS.
/// * Each proxy knows the hosts that its component calls and passes nothing else on.
/// * Pods that could get around that are not admitted.
///
/// Pods of a component are told by the label `lapwing.dev/component`, which an admission rule ties to its service account.
public struct KubernetesEmitter {
    /// One file.
    public typealias File = (path: String, text: String)

    /// What could not be written.
    public struct Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// What, and what to do about it.
        public let description: String
    }

    let estate: Estate
    let settings: Estate.Enforcement.Kubernetes
    let flows: KubernetesFlows
    /// The components that are in the cluster, by namespace.
    let components: [String: [Estate.Component]]
    /// A component's label, and the end of its resources' names.
    let names: KubernetesNames
    /// The estate's name as a label.
    let estateName: String
    let isInMesh: Bool
    let componentsByName: [String: Estate.Component]
    /// The calls, by who is called.
    let calls: [String: [Estate.Call]]
    let meshHosts: MeshHosts

    /// An emitter for an estate.
    ///
    /// - Throws: ``Failure`` where the estate says nothing of Kubernetes, or what cannot be written.
    public init(_ estate: Estate) throws {
        guard let settings = estate.enforcement.kubernetes, settings.networkPolicy || settings.istio != nil else {
            throw Failure(
                description: "the estate `\(estate.name)` enforces nothing in Kubernetes; write "
                    + "`k8s: {networkPolicy: true, istio: {mode: sidecar}}` in `enforcement`"
            )
        }
        guard settings.istio != .ambient else {
            throw Failure(
                description:
                    "Istio's `ambient` mode is not written: methods, paths and egress hosts need a proxy beside "
                    + "each workload; say `istio: {mode: sidecar}`, or leave `istio` out for network policies alone"
            )
        }
        self.estate = estate
        self.settings = settings
        self.flows = KubernetesFlows(estate)
        self.isInMesh = settings.istio != nil
        self.componentsByName = Dictionary(estate.components.map { ($0.name, $0) }) { first, _ in first }
        self.calls = Dictionary(grouping: estate.calls, by: \.callee)
        self.meshHosts = MeshHosts(estate)
        let inside = estate.components.filter { $0.identity.kubernetes != nil }
        guard !inside.isEmpty else {
            throw Failure(description: "no component of `\(estate.name)` has a `k8s` identity")
        }
        self.components = Dictionary(grouping: inside) { $0.identity.kubernetes?.namespace ?? "" }
        self.names = Self.names(of: estate)
        self.estateName = KubernetesNames([estate.name])[estate.name]
        try Self.check(inside)
    }

    /// The labels of components.
    static func names(of estate: Estate) -> KubernetesNames {
        KubernetesNames(estate.components.map(\.name), reserved: ["default", "default-deny", "strict"])
    }

    /// What Istio would read in another way than the estate says it.
    private static func check(_ components: [Estate.Component]) throws {
        for component in components {
            for path in component.exposes.flatMap(\.http).flatMap(\.paths) where path.contains(where: "{}".contains) {
                throw Failure(
                    description:
                        "the path `\(path)` of `\(component.name)` has a brace, which Istio reads as a template"
                )
            }
        }
    }

    /// What the estate declares and what is written does not let through, with what to write.
    public var warnings: [String] {
        settings.networkPolicy ? flows.gaps.map { "`\($0.component)` does not get to \($0.text)" } : []
    }

    /// The files, by their path, in the order in which they are applied.
    public func files() -> [File] {
        var files: [File] = [("cluster/namespaces.yaml", Self.text(namespaceResources))]
        files.append(("cluster/admission.yaml", Self.text(admissionResources)))
        for (namespace, components) in components.sorted(by: { $0.key < $1.key }) {
            let components = components.sorted { $0.name < $1.name }
            func add(_ name: String, _ resources: [KubernetesText]) {
                guard !resources.isEmpty else { return }
                files.append(("namespaces/\(namespace)/\(name).yaml", Self.text(resources)))
            }
            if settings.networkPolicy { add("network-policies", networkPolicies(namespace, components)) }
            guard isInMesh else { continue }
            add("authorization-policies", authorizationPolicies(namespace, components))
            add("peer-authentication", [peerAuthentication(namespace)])
            add("service-entries", serviceEntries(namespace, components))
            add("sidecars", sidecars(namespace, components))
        }
        return files
    }

    private static func text(_ resources: [KubernetesText]) -> String {
        resources.map(\.document).joined(separator: "---\n")
    }

    // MARK: - Resources

    func resource(
        _ apiVersion: String,
        _ kind: String,
        _ name: String,
        namespace: String? = nil,
        labels: [String: String] = [:],
        spec: KubernetesText?
    ) -> KubernetesText {
        var metadata: [(String, KubernetesText)] = [("name", .text(name))]
        if let namespace { metadata.append(("namespace", .text(namespace))) }
        let own = ["app.kubernetes.io/managed-by": "lapwing", KubernetesNames.estate: estateName]
        metadata.append(("labels", .labels(own.merging(labels) { _, new in new })))
        var entries: [(String, KubernetesText)] = [
            ("apiVersion", .text(apiVersion)), ("kind", .text(kind)), ("metadata", .mapping(metadata)),
        ]
        if let spec { entries.append(("spec", spec)) }
        return .mapping(entries)
    }

    /// The name of what is written for one component.
    func name(_ component: Estate.Component) -> String { "lapwing-" + names[component.name] }

    /// The label by which a component's pods are selected.
    func selector(_ component: String) -> KubernetesText { .labels([KubernetesNames.component: names[component]]) }

    private var namespaceResources: [KubernetesText] {
        components.keys.sorted().map { namespace in
            resource("v1", "Namespace", namespace, labels: isInMesh ? ["istio-injection": "enabled"] : [:], spec: nil)
        }
    }
}
