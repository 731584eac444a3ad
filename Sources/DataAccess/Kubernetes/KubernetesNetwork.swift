public import Resources
import ZeroTrust

/// Which packets get where in a cluster, by its `NetworkPolicy` resources and the pods of its workloads.
///
/// A pod is isolated once a policy selects it; what is let through is what any of them lets through; both ends have to.
/// A pod in its node's own network (`hostNetwork`) is isolated by no policy, and no policy surely tells it from its node.
/// Where it is not known whether a policy selects a pod (its labels are not there), it is taken not to isolate it, and to
/// let through what it may. Where an estate is given, and no workload of a component's service account, its pods are taken to
/// carry the label that an admission rule ties to it; of their other labels nothing is known.
public struct KubernetesNetwork: Sendable {
    let policies: [NetworkPolicy]
    /// The labels of pods, by namespace and service account; several where one account has several workloads.
    private let pods: [String: [PodLabels]]
    /// Where it says that pods are in their node's own network, by namespace and service account.
    private let hosts: [String: String]
    /// How pods are not behind their proxies, by namespace and service account.
    private let bypasses: [String: [ProxyBypass]]
    private let namespaces: [String: [String: String]]

    /// Reads the network policies, workloads and namespaces among some documents; others are passed over.
    ///
    /// - Parameters:
    ///   - documents: the documents.
    ///   - estate: the estate whose components' pods are taken to carry their labels; nil to take nothing.
    /// - Throws: `ResourceError` for one that cannot be read.
    public init(_ documents: [Document], assuming estate: Estate? = nil) throws {
        policies = try collectingDiagnostics(
            documents.filter { $0.kind == NetworkPolicy.kind && $0.group == NetworkPolicy.group }
        ) { try NetworkPolicy($0) }
        var pods: [String: [PodLabels]] = [:]
        var hosts: [String: String] = [:]
        var bypasses: [String: [ProxyBypass]] = [:]
        var namespaces: [String: [String: String]] = [:]
        for document in documents {
            if document.kind == "Namespace", document.apiVersion == "v1" {
                namespaces[document.metadata.name] = document.metadata.labels
            }
            guard let pod = try Self.pod(document) else { continue }
            let place = "\(document.metadata.namespace)/\(pod.account)"
            pods[place, default: []].append(
                PodLabels(labels: pod.labels, rest: document.kind == "Pod" ? .none : .added)
            )
            if let host = pod.host, hosts[place] == nil { hosts[place] = host }
            if let bypass = pod.host.map(ProxyBypass.init(host:)) ?? pod.bypass {
                bypasses[place, default: []].append(bypass)
            }
        }
        if let estate {
            let names = KubernetesEmitter.names(of: estate)
            for component in estate.components {
                guard let account = component.identity.kubernetes else { continue }
                let label = PodLabels(
                    labels: [KubernetesNames.component: names[component.name]],
                    rest: .any(but: [])
                )
                let place = "\(account.namespace)/\(account.name)"
                if pods[place] == nil { pods[place] = [label] }
            }
        }
        self.pods = pods
        self.hosts = hosts
        self.bypasses = bypasses
        self.namespaces = namespaces
    }

    /// How many policies there are.
    public var count: Int { policies.count }

    /// The labels of a component's pods; nil where no workload of its service account is there.
    public func labels(of component: Estate.Component) -> [[String: String]]? {
        podLabels(of: component)?.map(\.labels)
    }

    /// Whether it is known of a component's pods which value a label has, or that they lack it.
    public func knowsLabel(_ key: String, of component: Estate.Component) -> Bool {
        podLabels(of: component)?.allSatisfy { $0.knows(key) } == true
    }

    func podLabels(of component: Estate.Component) -> [PodLabels]? {
        component.identity.kubernetes.flatMap { pods["\($0.namespace)/\($0.name)"] }
    }

    /// The pods that a document makes.
    struct Workload {
        let namespace: String
        /// Its kind and name.
        let name: String
        let account: String
        let labels: [String: String]
        /// Where it says that the pods are in their node's network.
        let host: String?
        /// How else the pods are not behind their proxies.
        let bypass: ProxyBypass?
    }

    /// The pods that a document makes; nil for one that makes none.
    ///
    /// - Throws: `ResourceError` for labels or a service account that are no text.
    static func workload(_ document: Document) throws -> Workload? {
        guard let pod = try pod(document) else { return nil }
        let (namespace, name) = (document.metadata.namespace, document.metadata.name)
        return Workload(
            namespace: namespace,
            name: "\(document.kind) \(namespace)/\(name)",
            account: pod.account,
            labels: pod.labels,
            host: pod.host,
            bypass: pod.bypass
        )
    }

    /// What is asked of pods.
    private typealias Pod = (account: String, labels: [String: String], host: String?, bypass: ProxyBypass?)

    /// The service account and the labels of the pods that a document makes, where it says that they are in their node's
    /// network, and how else they are not behind their proxies; nil for one that makes none.
    private static func pod(_ document: Document) throws -> Pod? {
        guard let spec = document.spec else { return nil }
        let template: Value?
        switch document.kind {
        case "Pod":
            return (try account(spec), document.metadata.labels, hostNetwork(spec), bypass(document, spec))
        case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job":
            template = field("template", of: spec)
        case "CronJob":
            template = field("jobTemplate", of: spec).flatMap { field("spec", of: $0) }.flatMap {
                field("template", of: $0)
            }
        default: return nil
        }
        guard let template else { return nil }
        let labels = field("metadata", of: template).flatMap { field("labels", of: $0) }
        let isLabelled = labels.map { !$0.isNull } ?? false
        let pairs = try isLabelled ? labels?.mapping().map { ($0.key, try $0.value.string()) } ?? [] : []
        let podSpec = field("spec", of: template)
        return (
            try podSpec.map(account) ?? "default",
            Dictionary(pairs) { first, _ in first },
            podSpec.flatMap { hostNetwork($0) },
            field("metadata", of: template).flatMap { ProxyBypass($0) }
        )
    }

    /// How a pod is not behind its proxy: one that a cluster has taken in has it, or goes without.
    private static func bypass(_ document: Document, _ spec: Value) -> ProxyBypass? {
        let (metadata, place) = (document.metadata, "\(document.location.file):\(document.location.line)")
        if let said = ProxyBypass(annotations: metadata.annotations, labels: metadata.labels, at: place) { return said }
        guard metadata.creationTimestamp != nil else { return nil }
        let containers = ["containers", "initContainers"].compactMap { field($0, of: spec) }.flatMap {
            list -> [Value] in
            guard case .list(let elements) = list.content else { return [] }
            return elements
        }
        let hasProxy = containers.contains { field("name", of: $0)?.content == .string("istio-proxy") }
        return hasProxy ? nil : ProxyBypass(withoutProxy: place)
    }

    /// Where a pod is put into its node's network; nil where it is not.
    private static func hostNetwork(_ spec: Value) -> String? {
        guard let value = field("hostNetwork", of: spec), (try? value.bool()) != false else { return nil }
        return "\(value.location.file):\(value.location.line)"
    }

    private static func account(_ spec: Value) throws -> String {
        // The second is the first's old name.
        for name in ["serviceAccountName", "serviceAccount"] {
            guard let value = field(name, of: spec), !value.isNull else { continue }
            let account = try value.string()
            if !account.isEmpty { return account }
        }
        return "default"
    }

    private static func field(_ name: String, of value: Value) -> Value? {
        guard case .mapping(let entries) = value.content else { return nil }
        return entries.first { $0.key == name }?.value
    }

    // MARK: - Where packets get to

    /// What the network says of calls to a component's port, or to any.
    func call(from caller: Estate.Component, to callee: Estate.Component, port: Int?) -> BlastVerdict {
        guard let from = caller.identity.kubernetes, let to = callee.identity.kubernetes else {
            return BlastVerdict(.undecided, "one of the two is not in the cluster")
        }
        // A node may talk to its pods, and they to it, whatever the policies are.
        for place in [from, to] {
            if let host = self.host(place) { return host }
        }
        let out = verdict(from, podLabels(of: caller), isEgress: true, port) { policy, peer in
            self.peer(peer, policy, may: to, podLabels(of: callee))
        }
        guard !out.isInTheWay else { return out }
        let into = verdict(to, podLabels(of: callee), isEgress: false, port) { policy, peer in
            self.peer(peer, policy, may: from, podLabels(of: caller))
        }
        return into.isInTheWay ? into : BlastVerdict(.allows, "\(out.rule), \(into.rule)")
    }

    /// What the network says of hosts outside.
    func internet(from component: Estate.Component) -> BlastVerdict {
        outside(component, nil) { block, except in Self.isPublic(block, except) }
    }

    /// What the network says of S3, which may be behind an endpoint of a private address.
    func storage(from component: Estate.Component) -> BlastVerdict {
        outside(component, 443) { _, _ in true }
    }

    /// What the network says of a server: of one in the cluster its namespace is known, of another nothing.
    func server(_ host: String?, _ port: Int, from component: Estate.Component) -> BlastVerdict {
        let parts = (host ?? "").split(separator: ".").map(String.init)
        guard let from = component.identity.kubernetes else { return Self.notInside }
        guard let namespace = Self.namespace(parts) else {
            guard !Self.isSurelyOutside(parts) else { return outside(component, port) { _, _ in true } }
            return verdict(from, podLabels(of: component), isEgress: true, port) { _, _ in true }
        }
        let place = Estate.ServiceAccount(namespace: namespace, name: "")
        return verdict(from, podLabels(of: component), isEgress: true, port) { policy, peer in
            self.peer(peer, policy, may: place, nil)
        }
    }

    /// The namespace of a service of the cluster, which stands before `svc`: `pg.data.svc`, `pg-0.pg.data.svc.cluster.local`.
    private static func namespace(_ parts: [String]) -> String? {
        guard let index = parts.lastIndex(of: "svc"), index >= 2 else { return nil }
        let domain = parts[(index + 1)...].joined(separator: ".")
        return domain.isEmpty || domain == "cluster.local" ? parts[index - 1] : nil
    }

    /// Whether a name is surely of no service of the cluster, where short names are searched for first.
    private static func isSurelyOutside(_ parts: [String]) -> Bool {
        guard parts.count >= 4, let last = parts.last, !parts.contains("svc") else { return false }
        return !["local", "internal"].contains(last) && !last.utf8.contains { (0x30...0x39).contains($0) }
    }

    private static let notInside = BlastVerdict(.undecided, "it is not in the cluster")

    private func outside(
        _ component: Estate.Component,
        _ port: Int?,
        _ mayBe: (AddressBlock, [AddressBlock]) -> Bool
    ) -> BlastVerdict {
        guard let from = component.identity.kubernetes else { return Self.notInside }
        return verdict(from, podLabels(of: component), isEgress: true, port) { _, peer in
            if case .block(let block, let except) = peer { mayBe(block, except) } else { false }
        }
    }

    /// Whether a block has addresses of the internet.
    private static func isPublic(_ block: AddressBlock, _ except: [AddressBlock]) -> Bool {
        let isInside = ownBlocks.contains { $0.prefixLength <= block.prefixLength && $0.contains(block.network) }
        return !isInside
            && !except.contains { $0.prefixLength <= block.prefixLength && $0.contains(block.network) }
    }

    /// Addresses that the internet does not have (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291).
    private static let ownBlocks = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7",
        "fe80::/10", "::1/128",
    ].compactMap { AddressBlock($0) }

    /// What is said of a pod that is in its node's network; nil for one that is not.
    func host(_ place: Estate.ServiceAccount) -> BlastVerdict? {
        hosts["\(place.namespace)/\(place.name)"].map { BlastVerdict(.allows, "\($0) (hostNetwork)") }
    }

    /// How a component's pods are not behind their proxies, one way or the other; nil where they are.
    package func bypass(of component: Estate.Component, isInbound: Bool) -> ProxyBypass? {
        component.identity.kubernetes.flatMap { bypasses["\($0.namespace)/\($0.name)"] }?.first {
            isInbound ? $0.isInbound : $0.isOutbound
        }
    }

    /// How pods of a namespace, of other service accounts than some, are not behind their proxies; nil where they are.
    package func bypass(in namespace: String, but accounts: Set<String>, isInbound: Bool) -> ProxyBypass? {
        others(bypasses, in: namespace, but: accounts).lazy.flatMap(\.self).first {
            isInbound ? $0.isInbound : $0.isOutbound
        }
    }

    /// Where it says that pods of a namespace, of other service accounts than some, are in their node's network.
    func host(in namespace: String, but accounts: Set<String>) -> String? {
        others(hosts, in: namespace, but: accounts).first
    }

    /// What there is of the service accounts of a namespace that are not among some, in their order.
    private func others<Found>(_ all: [String: Found], in namespace: String, but accounts: Set<String>) -> [Found] {
        all.filter { place, _ in
            place.hasPrefix(namespace + "/") && !accounts.contains(String(place.dropFirst(namespace.count + 1)))
        }
        .sorted { $0.key < $1.key }.map(\.value)
    }

    /// Whether a selector may fit a namespace: by its labels where they are known, else by its name.
    func mayFit(_ selector: LabelSelector, namespace: String) -> Bool {
        var known = namespaces[namespace]
        known?["kubernetes.io/metadata.name"] = namespace
        return fits(selector, known, name: namespace)
    }

    /// What the policies say of one pod's side.
    private func verdict(
        _ place: Estate.ServiceAccount,
        _ labels: [PodLabels]?,
        isEgress: Bool,
        _ port: Int?,
        _ isPeer: (NetworkPolicy, NetworkPolicy.Peer) -> Bool
    ) -> BlastVerdict {
        if let host = self.host(place) { return host }
        let side = isEgress ? "egress" : "ingress"
        let sets: [PodLabels?] = labels ?? [nil]
        var denial = BlastVerdict(.denies, "no rule of \(place.namespace)/\(place.name)'s \(side)")
        for set in sets {
            var isIsolated = false
            for policy in policies where policy.namespace == place.namespace {
                guard isEgress ? policy.isolatesEgress : policy.isolatesIngress else { continue }
                let fits = policy.pods.fits(set)
                guard fits != false else { continue }
                isIsolated = isIsolated || fits == true
                for rule in isEgress ? policy.egress : policy.ingress where rule.mayPass(port) {
                    guard rule.peers?.contains(where: { isPeer(policy, $0) }) != false else { continue }
                    return BlastVerdict(.allows, "\(rule.location.file):\(rule.location.line)")
                }
            }
            guard isIsolated else {
                return BlastVerdict(.allows, "no policy isolates \(side) of \(place.namespace)/\(place.name)")
            }
            denial = BlastVerdict(.denies, "no rule for \(side) of \(place.namespace)/\(place.name)")
        }
        return denial
    }

    /// Whether a peer may be a pod.
    private func peer(
        _ peer: NetworkPolicy.Peer,
        _ policy: NetworkPolicy,
        may place: Estate.ServiceAccount,
        _ labels: [PodLabels]?
    ) -> Bool {
        guard case .pods(let pods, let selected) = peer else {
            // Pods have addresses, too.
            return true
        }
        if let selected {
            guard mayFit(selected, namespace: place.namespace) else { return false }
        } else if policy.namespace != place.namespace {
            return false
        }
        guard let pods else { return true }
        let sets: [PodLabels?] = labels ?? [nil]
        return sets.contains { pods.fits($0) != false }
    }

    /// Whether a selector may fit a namespace, whose name is a label of it.
    private func fits(_ selector: LabelSelector, _ labels: [String: String]?, name: String) -> Bool {
        if let labels { return selector.fits(labels) }
        let byName = selector.requirements.filter { $0.key == "kubernetes.io/metadata.name" }
        return LabelSelector(byName).fits(["kubernetes.io/metadata.name": name])
    }
}

extension LabelSelector {
    init(_ requirements: [Requirement]) { self.requirements = requirements }
}
