import Resources
import ZeroTrust

/// Proves what a cluster's network and admission rules let happen against what an estate says: who reaches whom, that
/// nobody has another way out, and that what is declared gets through.
///
/// Nothing is taken from what wrote the resources: each rule of each policy that may select a component's pods has to be
/// within what the estate declares for it.
struct KubernetesProof {
    let estate: Estate
    let artifacts: KubernetesArtifacts
    let flows: KubernetesFlows
    let names: KubernetesNames
    let components: [String: Estate.Component]
    private let namespaces: [String: String]

    init(_ estate: Estate, _ artifacts: KubernetesArtifacts) {
        self.estate = estate
        self.artifacts = artifacts
        self.flows = KubernetesFlows(estate)
        self.names = KubernetesEmitter.names(of: estate)
        self.components = Dictionary(estate.components.map { ($0.name, $0) }) { first, _ in first }
        self.namespaces = Dictionary(
            estate.components.compactMap { component in
                component.identity.kubernetes.map { (component.name, $0.namespace) }
            }
        ) { first, _ in first }
    }

    /// The components that are in the cluster, in the order of the estate.
    var inside: [Estate.Component] { estate.components.filter { $0.identity.kubernetes != nil } }

    /// The namespaces that they are in.
    private var places: [String] { Set(namespaces.values).sorted() }
    /// A pod that is no component's, which may have any label but theirs.
    static let other = PodLabels(labels: [:], rest: .any(but: [KubernetesNames.component]))

    /// Everything.
    func results() -> [EstateProof.Result] {
        let layer = "network"
        var results: [EstateProof.Result] = []
        if estate.enforcement.kubernetes?.networkPolicy == true || artifacts.network.count > 0 {
            results += estate.invariants.compactMap { invariant in
                let outcome = prove(invariant)
                return outcome == .notConcerned ? nil : .init(id: invariant.id, layer: layer, outcome: outcome)
            }
            results.append(.init(id: "excess", layer: layer, outcome: Self.first(inside) { excess($0) }))
            results.append(.init(id: "missing", layer: layer, outcome: missing()))
            results.append(
                .init(
                    id: "default deny",
                    layer: layer,
                    outcome: Self.first(places, defaultDeny)
                )
            )
        }
        results.append(.init(id: "admission", layer: layer, outcome: admission()))
        if estate.enforcement.kubernetes?.istio != nil || !artifacts.sidecars.isEmpty {
            let mesh = MeshEgressProof(estate, artifacts)
            results.append(.init(id: "egress", layer: "mesh", outcome: Self.first(inside) { mesh.excess($0) }))
            results.append(
                .init(id: "egress of others", layer: "mesh", outcome: Self.first(places) { mesh.excess(in: $0) })
            )
            results.append(.init(id: "egress missing", layer: "mesh", outcome: Self.first(inside) { mesh.missing($0) }))
        }
        if let other = artifacts.unjudged.first {
            results.append(
                .init(
                    id: "other policies",
                    layer: layer,
                    outcome: .unknown("\(other.kind) `\(other.metadata.name)` at \(other.location) is not judged")
                )
            )
        }
        return results
    }

    /// What comes of all: the first that is refuted, else the first that is not known.
    static func first<Element>(
        _ elements: some Sequence<Element>,
        _ prove: (Element) -> InvariantProof.Outcome
    ) -> InvariantProof.Outcome {
        var doubt: InvariantProof.Outcome?
        for element in elements {
            let outcome = prove(element)
            switch outcome {
            case .refuted: return outcome
            case .unknown: doubt = doubt ?? outcome
            case .proved, .notConcerned: continue
            }
        }
        return doubt ?? .proved
    }

    // MARK: - What gets through and is not declared

    /// Whether a component's pods exchange packets that the estate does not declare.
    func excess(_ component: Estate.Component) -> InvariantProof.Outcome {
        Self.first([true, false]) { excess(component, isEgress: $0) }
    }

    /// Whether one direction of a component lets through what the estate does not declare.
    func excess(_ component: Estate.Component, isEgress: Bool) -> InvariantProof.Outcome {
        guard let place = component.identity.kubernetes else { return .notConcerned }
        let declared = (flows.flows[component.name] ?? []).filter { $0.isEgress == isEgress }
        let pods = artifacts.network.podLabels(of: component).map { $0.map(Optional.some) } ?? [nil]
        return excess("`\(component.name)`", place, pods, declared, isEgress: isEgress)
    }

    /// Whether another pod of a namespace exchanges packets with anybody.
    private func defaultDeny(_ place: String) -> InvariantProof.Outcome {
        if let host = artifacts.network.host(in: place, but: estate.accounts(in: place)) {
            return .refuted(
                "another pod of \(place) is in its node's network",
                Witness(principal: "\(place)/*", action: "any port", resource: "any address", rules: [host])
            )
        }
        return Self.first([true, false]) {
            excess(
                "any other pod of \(place)",
                .init(namespace: place, name: "*"),
                [Self.other],
                [],
                isEgress: $0
            )
        }
    }

    /// Whether one direction of some pods lets through what is not declared.
    private func excess(
        _ who: String,
        _ place: Estate.ServiceAccount,
        _ pods: [PodLabels?],
        _ declared: [KubernetesFlows.Flow],
        isEgress: Bool
    ) -> InvariantProof.Outcome {
        let side = isEgress ? "egress" : "ingress"
        func anybody(_ why: String, _ rule: String) -> InvariantProof.Outcome {
            .refuted(
                "\(who): \(why)",
                Witness(
                    principal: "\(place.namespace)/\(place.name)",
                    action: "any port",
                    resource: "any address",
                    rules: [rule]
                )
            )
        }
        if let host = artifacts.network.host(place) {
            return anybody("its pods are in their node's network", host.rule)
        }
        for pod in pods {
            let policies = artifacts.network.policies.filter {
                $0.namespace == place.namespace && (isEgress ? $0.isolatesEgress : $0.isolatesIngress)
                    && $0.pods.fits(pod) != false
            }
            guard policies.contains(where: { $0.pods.fits(pod) == true }) else {
                return anybody("no policy isolates its \(side)", "no NetworkPolicy of \(place.namespace)")
            }
            for policy in policies {
                for rule in isEgress ? policy.egress : policy.ingress {
                    if let found = excess(rule, of: policy, declared) {
                        return .refuted(
                            "\(who): its \(side) is open to \(found.peer) at \(found.port), which the estate "
                                + "does not declare",
                            Witness(
                                principal: isEgress ? "\(place.namespace)/\(place.name)" : found.peer,
                                action: found.port,
                                resource: isEgress ? found.peer : "\(place.namespace)/\(place.name)",
                                rules: ["\(rule.location.file):\(rule.location.line)"]
                            )
                        )
                    }
                }
            }
        }
        return .proved
    }

    /// Something that a rule lets through and that is not declared.
    private func excess(
        _ rule: NetworkPolicy.Rule,
        of policy: NetworkPolicy,
        _ declared: [KubernetesFlows.Flow]
    ) -> (peer: String, port: String)? {
        let peers: [NetworkPolicy.Peer?] = rule.peers.map { $0.map(Optional.some) } ?? [nil]
        let ports: [NetworkPolicy.Port?] = rule.ports.map { $0.map(Optional.some) } ?? [nil]
        for peer in peers {
            if case .block(let block, let except) = peer, Self.isEmpty(block, except) { continue }
            for port in ports {
                let fitting = declared.filter { port?.isOnly($0.port, $0.transport) == true }
                guard let peer, covers(fitting, peer, of: policy) else {
                    return (Self.words(peer, in: policy.namespace), port?.words ?? "any port")
                }
            }
        }
        return nil
    }

    private static func isEmpty(_ block: AddressBlock, _ except: [AddressBlock]) -> Bool {
        except.contains { $0.prefixLength <= block.prefixLength && $0.contains(block.network) }
    }

    /// Whether everybody that a peer may be is declared.
    private func covers(
        _ declared: [KubernetesFlows.Flow],
        _ peer: NetworkPolicy.Peer,
        of policy: NetworkPolicy
    ) -> Bool {
        switch peer {
        case .block(let block, _):
            return declared.contains { flow in
                guard case .blocks(let blocks) = flow.peer else { return false }
                return blocks.contains { $0.prefixLength <= block.prefixLength && $0.contains(block.network) }
            }
        case .pods(let pods, let selected):
            let places: Set<String>
            if let selected {
                guard let values = selected.values(of: "kubernetes.io/metadata.name") else { return false }
                places = values
            } else {
                places = [policy.namespace]
            }
            return places.allSatisfy { place in covers(declared, pods ?? LabelSelector(), in: place) }
        }
    }

    private func covers(_ declared: [KubernetesFlows.Flow], _ pods: LabelSelector, in place: String) -> Bool {
        var labels: Set<String> = []
        for flow in declared {
            switch flow.peer {
            case .namespace(place): return true
            case .pods(place, let key, let value) where pods.values(of: key)?.isSubset(of: [value]) == true: return true
            case .component(let name) where namespaces[name] == place: labels.insert(names[name])
            case .namespace, .pods, .component, .blocks: continue
            }
        }
        return pods.values(of: KubernetesNames.component)?.isSubset(of: labels) == true
    }

    private static func words(_ peer: NetworkPolicy.Peer?, in namespace: String) -> String {
        func labels(_ selector: LabelSelector?) -> String {
            let words = (selector?.requirements ?? []).map { requirement in
                requirement.values.isEmpty
                    ? "\(requirement.key) \(requirement.operation)"
                    : "\(requirement.key) \(requirement.operation) \(requirement.values.joined(separator: ","))"
            }
            return words.isEmpty ? "any pod" : "pods with " + words.joined(separator: " and ")
        }
        switch peer {
        case nil: return "any address"
        case .block(let block, _): return "\(block)"
        case .pods(let pods, let namespaces?):
            guard !namespaces.requirements.isEmpty else { return labels(pods) + " of any namespace" }
            guard let values = namespaces.values(of: "kubernetes.io/metadata.name") else {
                return labels(pods) + " of namespaces with other labels than their names"
            }
            return labels(pods) + " of " + values.sorted().joined(separator: ", ")
        case .pods(let pods, nil): return labels(pods) + " of \(namespace)"
        }
    }

    // MARK: - What is declared and does not get through

    /// Whether something declared does not get through.
    private func missing() -> InvariantProof.Outcome {
        if let gap = flows.gaps.first {
            return .refuted("`\(gap.component)` does not get to \(gap.text)", nil)
        }
        for component in inside {
            guard let place = component.identity.kubernetes, artifacts.network.host(place) == nil else { continue }
            for flow in (flows.flows[component.name] ?? []).flatMap(\.single) where !isOpen(flow, of: component, place)
            {
                return .refuted(
                    "`\(component.name)`: nothing lets \(flow.isEgress ? "out" : "in") what the estate declares "
                        + "(\(flow.reason), \(flow.transport) \(flow.port))",
                    nil
                )
            }
        }
        return .proved
    }

    private func isOpen(
        _ flow: KubernetesFlows.Flow,
        of component: Estate.Component,
        _ place: Estate.ServiceAccount
    ) -> Bool {
        for pod in artifacts.network.podLabels(of: component).map({ $0.map(Optional.some) }) ?? [nil] {
            let policies = artifacts.network.policies.filter {
                $0.namespace == place.namespace && (flow.isEgress ? $0.isolatesEgress : $0.isolatesIngress)
            }
            let selecting = policies.filter { $0.pods.fits(pod) != false }
            if selecting.isEmpty { continue }
            let isOpen = selecting.contains { policy in
                // What may not select the pods lets nothing through for sure.
                guard policy.pods.fits(pod) == true else { return false }
                return (flow.isEgress ? policy.egress : policy.ingress).contains { rule in
                    let isPort = rule.ports.map { $0.contains { $0.mayBe(flow.port, flow.transport) } } ?? true
                    return isPort && (rule.peers.map { $0.contains { includes($0, flow.peer, of: policy) } } ?? true)
                }
            }
            guard isOpen else { return false }
        }
        return true
    }

    /// Whether a peer surely takes in the whole other end of a flow.
    private func includes(
        _ peer: NetworkPolicy.Peer,
        _ wanted: KubernetesFlows.Peer,
        of policy: NetworkPolicy
    ) -> Bool {
        func includes(_ place: String, _ pods: [PodLabels?]) -> Bool {
            guard case .pods(let selector, let selected) = peer else { return false }
            if let selected {
                guard selected.fits(["kubernetes.io/metadata.name": place]) else { return false }
            } else if policy.namespace != place {
                return false
            }
            return pods.allSatisfy { (selector ?? LabelSelector()).fits($0) == true }
        }
        switch wanted {
        case .component(let name):
            guard let component = components[name], let place = namespaces[name] else { return false }
            return includes(place, artifacts.network.podLabels(of: component).map { $0.map(Optional.some) } ?? [nil])
        case .pods(let place, let key, let value):
            return includes(place, [PodLabels(labels: [key: value], rest: .any(but: []))])
        case .namespace(let place): return includes(place, [nil])
        case .blocks(let blocks):
            guard case .block(let block, let except) = peer, except.isEmpty else { return false }
            return blocks.allSatisfy { block.prefixLength <= $0.prefixLength && block.contains($0.network) }
        }
    }

    // MARK: - Admission

    /// Whether pods that could get around the rest are kept out.
    func admission() -> InvariantProof.Outcome {
        let proxyImage = estate.enforcement.kubernetes.flatMap { $0.istio == nil ? nil : $0.proxyImage }
        let general = AdmissionRules.pods(proxyImage: proxyImage)
        let places = Dictionary(grouping: inside) { $0.identity.kubernetes?.namespace ?? "" }
        return Self.first(places.keys.sorted()) { place in
            let labels = Dictionary(
                (places[place] ?? []).map { ($0.identity.kubernetes?.name ?? "", names[$0.name]) }
            ) { first, _ in first }
            guard
                let rule = artifacts.admission.missing(general, in: place)
                    ?? artifacts.admission.missing(.accounts(labels), in: place)
            else { return .proved }
            return .refuted(
                "a pod of `\(place)` is admitted that should not be",
                Witness(principal: "a pod of \(place)", action: "is admitted against", resource: rule.message)
            )
        }
    }
}

extension Estate {
    /// The service accounts of a namespace that are components'.
    package func accounts(in namespace: String) -> Set<String> {
        Set(components.compactMap(\.identity.kubernetes).filter { $0.namespace == namespace }.map(\.name))
    }
}
