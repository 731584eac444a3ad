import Resources
import ZeroTrust

/// Proves which hosts the proxies of an estate pass traffic on to, by the `Sidecar` and `ServiceEntry` resources.
///
/// That is what the mesh enforces by itself, and a program that gets around its proxy gets around it: the network has to
/// hold without it.
struct MeshEgressProof {
    private let estate: Estate
    private let artifacts: KubernetesArtifacts
    private let hosts: MeshHosts

    init(_ estate: Estate, _ artifacts: KubernetesArtifacts) {
        self.estate = estate
        self.artifacts = artifacts
        self.hosts = MeshHosts(estate)
    }

    private static let root = "istio-system"

    /// The resources that may hold for a component's pods, and whether one surely does.
    private func sidecars(_ component: Estate.Component) -> (possible: [MeshSidecar], isSure: Bool) {
        guard let place = component.identity.kubernetes?.namespace else { return ([], false) }
        return sidecars(artifacts.network.podLabels(of: component).map { $0.map(Optional.some) } ?? [nil], in: place)
    }

    private func sidecars(_ pods: [PodLabels?], in place: String) -> (possible: [MeshSidecar], isSure: Bool) {
        var possible: [MeshSidecar] = []
        var isSure = true
        for pod in pods {
            let own = artifacts.sidecars.filter { !$0.labels.isEmpty && $0.applies(to: pod, in: place) != false }
            possible += own
            if own.contains(where: { $0.applies(to: pod, in: place) == true }) { continue }
            let wide = artifacts.sidecars.filter { $0.labels.isEmpty && $0.namespace == place }
            let mesh = artifacts.sidecars.filter { $0.labels.isEmpty && $0.namespace == Self.root }
            possible += wide.isEmpty ? mesh : wide
            isSure = isSure && !(wide.isEmpty && mesh.isEmpty)
        }
        return (possible, isSure)
    }

    /// Whether a component's proxy passes on what the estate does not declare.
    func excess(_ component: Estate.Component) -> InvariantProof.Outcome {
        guard let place = component.identity.kubernetes else { return .notConcerned }
        return excess(
            "`\(component.name)`",
            place,
            sidecars(component),
            around: artifacts.network.bypass(of: component, isInbound: false),
            declared: Set(hosts.all(of: component)),
            outside: Dictionary(hosts.outside(of: component).map { ($0.name, $0.ports) }) { $0.union($1) }
        )
    }

    /// Whether the proxy of a pod that is no component's passes anything on.
    func excess(in place: String) -> InvariantProof.Outcome {
        let account = Estate.ServiceAccount(namespace: place, name: "*")
        let found = sidecars([KubernetesProof.other], in: place)
        return excess(
            "any other pod of \(place)",
            account,
            found,
            around: artifacts.network.bypass(in: place, but: estate.accounts(in: place), isInbound: false),
            declared: [],
            outside: [:]
        )
    }

    private func excess(
        _ who: String,
        _ place: Estate.ServiceAccount,
        _ found: (possible: [MeshSidecar], isSure: Bool),
        around bypass: ProxyBypass?,
        declared: Set<String>,
        outside: [String: Set<MeshHosts.Port>]
    ) -> InvariantProof.Outcome {
        func refuted(_ why: String, _ resource: String, _ rule: String) -> InvariantProof.Outcome {
            .refuted(
                "the proxy of \(who) \(why)",
                Witness(
                    principal: "\(place.namespace)/\(place.name)",
                    action: "connect",
                    resource: resource,
                    rules: [rule]
                )
            )
        }
        if let bypass {
            return refuted("is not in the way of all pods: some \(bypass.what)", "any host", bypass.place)
        }
        guard found.isSure else {
            return refuted(
                "passes on whatever the mesh's own setting lets through, ALLOW_ANY unless it says otherwise",
                "any host",
                "no Sidecar of \(place.namespace)"
            )
        }
        return KubernetesProof.first(found.possible) { sidecar in
            let rule = "\(sidecar.location.file):\(sidecar.location.line)"
            guard sidecar.mode == "REGISTRY_ONLY" else {
                return refuted(
                    sidecar.mode == nil
                        ? "has no outboundTrafficPolicy, and the mesh's own is ALLOW_ANY unless it says otherwise"
                        : "passes on traffic to hosts that it does not know",
                    "any host",
                    rule
                )
            }
            guard sidecar.isCaptured else { return refuted("does not see all traffic", "any host", rule) }
            guard let known = sidecar.hosts else { return refuted("knows every host of the mesh", "*/*", rule) }
            if let other = known.first(where: { !declared.contains($0) && $0 != "~/*" }) {
                return refuted("knows hosts that the estate does not declare", other, rule)
            }
            for entry in artifacts.serviceEntries where entry.isExported(to: place.namespace) {
                for host in entry.hosts where sidecar.knows(host, in: entry.namespace) {
                    if let why = excess(entry, host, outside[host] ?? []) {
                        return refuted(
                            why,
                            host,
                            "\(entry.location.file):\(entry.location.line)"
                        )
                    }
                }
            }
            return KubernetesProof.first(artifacts.services.filter { sidecar.knows($0.meshName, in: $0.namespace) }) {
                service in
                let place = "\(service.location.file):\(service.location.line)"
                if let outside = service.externalName, !service.isAlias {
                    return refuted("knows `\(service.meshName)`, which leads to `\(outside)`", outside, place)
                }
                // A server that the estate names is led to wherever it is.
                let isNamed = declared.contains("\(service.namespace)/\(service.meshName)")
                guard !service.hasSelector, service.externalName == nil, !isNamed else { return .proved }
                return .unknown(
                    "the proxy of \(who) knows `\(service.meshName)` (\(place)), whose addresses are written by hand; "
                        + "give it a selector"
                )
            }
        }
    }

    /// What an entry says of a host that the estate does not.
    private func excess(_ entry: MeshServiceEntry, _ host: String, _ declared: Set<MeshHosts.Port>) -> String? {
        if entry.hasEndpoints { return "is led to other places than the host's own" }
        for port in entry.ports {
            guard declared.contains(where: { $0.number == port.number }) else {
                return "passes on traffic to port \(port.number) of a host outside, which the estate does not declare"
            }
            guard port.target == port.number else {
                return "leads what goes to port \(port.number) to port \(port.target) of a host outside"
            }
            if entry.isOpen(port) { return "passes on traffic to port \(port.number) of any address" }
        }
        let allowed = (estate.enforcement.kubernetes?.addresses[host] ?? []).map(\.description)
        if let address = entry.addresses.first(where: { !allowed.contains($0) }) {
            return "takes \(address) for a host outside, which the estate does not say"
        }
        return nil
    }

    /// Whether a component's proxy does not know what the estate declares.
    func missing(_ component: Estate.Component) -> InvariantProof.Outcome {
        guard let place = component.identity.kubernetes else { return .notConcerned }
        let (sidecars, _) = sidecars(component)
        let known = artifacts.serviceEntries.filter { $0.isExported(to: place.namespace) }
        for host in hosts.outside(of: component) {
            for port in host.ports {
                let isThere = known.contains { entry in
                    entry.hosts.contains(host.name) && entry.ports.contains { $0.number == port.number }
                        && sidecars.allSatisfy { $0.knows(host.name, in: entry.namespace) }
                }
                guard isThere else {
                    return .refuted("the proxy of `\(component.name)` does not know `\(host.name):\(port.number)`", nil)
                }
            }
        }
        for host in hosts.all(of: component) where !host.hasPrefix("./") {
            let parts = host.split(separator: "/", maxSplits: 1).map(String.init)
            guard sidecars.allSatisfy({ $0.knows(parts[1], in: parts[0]) }) else {
                return .refuted("the proxy of `\(component.name)` does not know `\(host)`", nil)
            }
        }
        return .proved
    }
}
