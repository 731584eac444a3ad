import ZeroTrust

/// The ten conditions that "cannot make outbound internet requests" takes, and which of them hold.
///
/// Each is looked at in what is in force, where that is given, else in what Lapwing writes, parsed back. A condition of
/// several parts is as good as the worst of them; what nothing shows is missing, however likely it is.
public struct EgressConditions: Sendable {
    /// Whether something holds.
    public enum State: String, Hashable, Sendable, Codable, Comparable {
        /// It is in force.
        case present
        /// Lapwing writes it, and what is in force was not given or lacks it.
        case generated
        /// Neither.
        case missing

        /// From the best to the worst.
        public static func < (left: State, right: State) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .present: 0
            case .generated: 1
            case .missing: 2
            }
        }
    }

    /// Part of a condition.
    public struct Part: Hashable, Sendable, Codable {
        /// What has to hold.
        public let text: String
        /// Whether it does.
        public let state: State
        /// Why it does not, or what it leaves open; nil where there is nothing to say.
        public let note: String?
    }

    /// One condition.
    public struct Condition: Hashable, Sendable, Codable {
        /// From 1 to 10.
        public let number: Int
        /// What it is.
        public let title: String
        /// The worst of its parts.
        public let state: State
        /// Its parts.
        public let parts: [Part]
    }

    /// The components that they were looked at for.
    public let components: [String]
    /// All ten, in order.
    public let conditions: [Condition]

    /// Looks at an estate.
    ///
    /// - Parameters:
    ///   - estate: the estate.
    ///   - components: the components; those that an invariant keeps from the internet where none are named, and all where
    ///     there is no such invariant.
    ///   - live: what is in force in the cluster; nil where that is not given.
    ///   - aws: what is in force in AWS; nil where that is not given.
    ///   - meshIsClosed: whether the policies among some artefacts answer declared calls only, by the engine that decides
    ///     them.
    /// - Throws: `ResourceError` where what is written cannot be read back; what `meshIsClosed` throws.
    public init(
        _ estate: Estate,
        of components: [String] = [],
        live: KubernetesArtifacts? = nil,
        aws: AWSArtifacts? = nil,
        meshIsClosed: (KubernetesArtifacts) throws -> Bool
    ) throws {
        let kept = Set(
            estate.invariants.flatMap { invariant -> [String] in
                guard case .reachInternet(let who) = invariant.never else { return [] }
                if case .named(let names) = who { return names }
                return estate.components.map(\.name)
            }
        )
        let wanted = components.isEmpty ? kept : Set(components)
        let chosen = estate.components.filter {
            $0.identity.kubernetes != nil && (wanted.isEmpty || wanted.contains($0.name))
        }
        self.components = chosen.map(\.name)
        let written: KubernetesArtifacts?
        do { written = try KubernetesArtifacts(generatedFor: estate) } catch is KubernetesEmitter.Failure {
            written = nil
        }
        let look = EgressLook(
            chosen: chosen,
            written: try written.map { EgressEvidence(KubernetesProof(estate, $0), try meshIsClosed($0)) },
            live: try live.map { EgressEvidence(KubernetesProof(estate, $0), try meshIsClosed($0)) }
        )
        self.conditions = look.cluster + look.cloud(estate, aws) + look.twins
    }
}

/// A cluster's artefacts, and what is known of them.
private struct EgressEvidence {
    let proof: KubernetesProof
    let meshIsClosed: Bool

    init(_ proof: KubernetesProof, _ meshIsClosed: Bool) {
        self.proof = proof
        self.meshIsClosed = meshIsClosed
    }
}

/// Looks at one condition after another.
private struct EgressLook {
    let chosen: [Estate.Component]
    let written: EgressEvidence?
    let live: EgressEvidence?

    /// The state of one part: by what is in force, else by what is written.
    private func part(
        _ text: String,
        note: String? = nil,
        _ why: (EgressEvidence) -> String?
    ) -> EgressConditions.Part {
        let reason = live.map { why($0) } ?? "nothing in force was given"
        guard let reason else { return .init(text: text, state: .present, note: note) }
        if let written, why(written) == nil {
            let notes = [live == nil ? nil : "in force: " + reason, note].compactMap(\.self)
            return .init(text: text, state: .generated, note: notes.isEmpty ? nil : notes.joined(separator: "; "))
        }
        return .init(text: text, state: .missing, note: written.flatMap { why($0) } ?? reason)
    }

    private func condition(_ number: Int, _ title: String, _ parts: [EgressConditions.Part])
        -> EgressConditions.Condition
    {
        .init(number: number, title: title, state: parts.map(\.state).max() ?? .missing, parts: parts)
    }

    /// The first reason among the components; nil where none has one.
    private func each(_ why: (Estate.Component, Estate.ServiceAccount) -> String?) -> String? {
        guard !chosen.isEmpty else { return "no component is in the cluster" }
        for component in chosen {
            if let place = component.identity.kubernetes, let reason = why(component, place) { return reason }
        }
        return nil
    }

    private static func reason(_ outcome: InvariantProof.Outcome) -> String? {
        switch outcome {
        case .proved, .notConcerned: nil
        case .refuted(let message, _), .unknown(let message): message
        }
    }

    /// The rules that may let a component's packets out.
    private func egress(
        _ evidence: EgressEvidence,
        _ component: Estate.Component,
        _ place: Estate.ServiceAccount
    ) -> [NetworkPolicy.Rule] {
        let network = evidence.proof.artifacts.network
        let pods = network.podLabels(of: component).map { $0.map(Optional.some) } ?? [nil]
        return network.policies.filter { policy in
            policy.namespace == place.namespace && policy.isolatesEgress
                && pods.contains { policy.pods.fits($0) != false }
        }.flatMap(\.egress)
    }

    /// Whether policies surely isolate a component's pods, so that nothing but what they let through gets out.
    private func isIsolated(
        _ evidence: EgressEvidence,
        _ component: Estate.Component,
        _ place: Estate.ServiceAccount
    ) -> Bool {
        let network = evidence.proof.artifacts.network
        let pods = network.podLabels(of: component).map { $0.map(Optional.some) } ?? [nil]
        return network.host(place) == nil
            && pods.allSatisfy { pod in
                network.policies.contains { policy in
                    policy.namespace == place.namespace && policy.isolatesEgress && policy.pods.fits(pod) == true
                }
            }
    }

    /// Conditions 1 to 8, which are the cluster's.
    var cluster: [EgressConditions.Condition] {
        [
            condition(1, "default deny, ingress and egress, for each namespace", [closed]),
            condition(2, "egress to declared pods and ports only, never to 0.0.0.0/0", [declared]),
            condition(3, "DNS to kube-dns only", [names]),
            condition(4, "Istio's control plane by its port only", [controlPlane]),
            condition(5, "Sidecar egress hosts, REGISTRY_ONLY, no other ServiceEntry", [sidecar]),
            condition(6, "AuthorizationPolicy at callees", [callees]),
            condition(7, "admission rules", [admission]),
            condition(8, "the metadata service is out of reach", [metadata, hopLimit]),
        ]
    }

    private var closed: EgressConditions.Part {
        part("a NetworkPolicy selects every pod, both ways, and lets nothing through") { evidence in
            each { _, place in
                let isClosed = evidence.proof.artifacts.network.policies.contains {
                    $0.namespace == place.namespace && $0.pods == LabelSelector() && $0.isolatesIngress
                        && $0.isolatesEgress
                        && $0.ingress.isEmpty && $0.egress.isEmpty
                }
                return isClosed ? nil : "no such policy in `\(place.namespace)`"
            }
        }
    }

    private var declared: EgressConditions.Part {
        part("each egress rule leads to declared pods or addresses, by port") { evidence in
            each { component, _ in Self.reason(evidence.proof.excess(component, isEgress: true)) }
        }
    }

    private var names: EgressConditions.Part {
        part(
            "port 53 leads to kube-dns in kube-system and nowhere else",
            note: "which names are asked for is not limited: a name can carry data out; only a proxy of DNS "
                + "(Cilium's, for one) limits that"
        ) { evidence in
            each { component, place in
                let rules = egress(evidence, component, place).filter { rule in
                    rule.ports.map { $0.contains { $0.mayBe(53, "UDP") || $0.mayBe(53, "TCP") } } ?? true
                }
                let isOpen = rules.contains { rule in
                    rule.peers.map { !$0.allSatisfy(Self.isNameServer) } ?? true
                }
                return isOpen || !isIsolated(evidence, component, place)
                    ? "`\(component.name)` asks other name servers" : nil
            }
        }
    }

    private static func isNameServer(_ peer: NetworkPolicy.Peer) -> Bool {
        guard case .pods(let pods?, let namespaces?) = peer else { return false }
        return pods.values(of: "k8s-app") == ["kube-dns"]
            && namespaces.values(of: "kubernetes.io/metadata.name") == ["kube-system"]
    }

    private var controlPlane: EgressConditions.Part {
        part("istiod is reached at 15012 (mutual TLS), and istio-system at no other port") { evidence in
            each { component, place in
                guard evidence.proof.estate.enforcement.kubernetes?.istio != nil else {
                    return "the estate has no mesh"
                }
                guard isIsolated(evidence, component, place) else { return "nothing isolates `\(component.name)`" }
                let network = evidence.proof.artifacts.network
                func rules(_ isPlace: (LabelSelector) -> Bool) -> [NetworkPolicy.Rule] {
                    egress(evidence, component, place).filter { rule in
                        rule.peers?.contains { peer in
                            guard case .pods(_, let namespaces?) = peer else { return false }
                            return isPlace(namespaces)
                        } ?? true
                    }
                }
                // A rule lets through for sure by the name alone; by other labels it may.
                guard !rules({ $0.fits(["kubernetes.io/metadata.name": "istio-system"]) }).isEmpty else {
                    return "`\(component.name)` does not get to istiod"
                }
                let isOnly = rules { network.mayFit($0, namespace: "istio-system") }.allSatisfy {
                    $0.ports?.allSatisfy { $0.isOnly(15012, "TCP") } == true
                }
                return isOnly ? nil : "`\(component.name)` gets, or may get, to other ports of istio-system"
            }
        }
    }

    private var sidecar: EgressConditions.Part {
        part(
            "the proxy knows declared hosts only and passes nothing else on",
            note: "a program that gets around its proxy gets around this; the network has to hold without it"
        ) { evidence in
            guard evidence.proof.estate.enforcement.kubernetes?.istio != nil else { return "the estate has no mesh" }
            let mesh = MeshEgressProof(evidence.proof.estate, evidence.proof.artifacts)
            return each { component, _ in Self.reason(mesh.excess(component)) }
        }
    }

    private var callees: EgressConditions.Part {
        part("every component answers its declared callers only") { evidence in
            guard evidence.proof.estate.enforcement.kubernetes?.istio != nil else { return "the estate has no mesh" }
            return evidence.meshIsClosed ? nil : "the policies answer more than is declared"
        }
    }

    private var admission: EgressConditions.Part {
        part(
            "no hostNetwork, no NET_ADMIN or NET_RAW, not user 1337, nothing around the proxy, injection on, labels tied to "
                + "service accounts",
            note: "who may create pods may still use any service account of their namespace: that is RBAC's"
        ) { evidence in
            guard let reason = Self.reason(evidence.proof.admission()) else { return nil }
            return reason
        }
    }

    private var metadata: EgressConditions.Part {
        part("no rule leads to 169.254.169.254 or fd00:ec2::254") { evidence in
            each { component, place in
                let network = evidence.proof.artifacts.network
                if network.host(place) != nil { return "`\(component.name)` is in its node's network" }
                guard isIsolated(evidence, component, place) else { return "nothing isolates `\(component.name)`" }
                let isOpen = egress(evidence, component, place).contains { rule in
                    rule.peers?.contains { peer in
                        guard case .block(let block, let except) = peer else { return false }
                        return KubernetesFlows.metadataServices.contains { service in
                            block.contains(service) && !except.contains { $0.contains(service) }
                        }
                    } ?? true
                }
                return isOpen ? "`\(component.name)` gets to it" : nil
            }
        }
    }

    private var hopLimit: EgressConditions.Part {
        .init(
            text: "nodes answer IMDSv2 only, with a hop limit of 1",
            state: .missing,
            note: "neither written nor seen: set HttpTokens=required and HttpPutResponseHopLimit=1 on the nodes"
        )
    }

    /// Condition 9, which is AWS's.
    func cloud(_ estate: Estate, _ aws: AWSArtifacts?) -> [EgressConditions.Condition] {
        func why(_ artifacts: AWSArtifacts?) -> String? {
            guard let artifacts else { return "nothing of AWS was given" }
            let outcome = EstateProof(estate, aws: artifacts).results.first {
                $0.id == "endpoint" && $0.layer == AWSObservation.Scope.all.rawValue
            }?.outcome
            return outcome.map(Self.reason) ?? "there is no endpoint's policy"
        }
        let live = why(aws)
        let state: EgressConditions.State =
            live == nil ? .present : why(try? AWSArtifacts(generatedFor: estate)) == nil ? .generated : .missing
        let note =
            state == .missing
            ? estate.enforcement.aws == nil ? "the estate has no `aws` in `enforcement`" : live
            : estate.enforcement.aws?.organization == nil
                ? "name `organization` to have it limited to the organisation's resources, too" : nil
        let endpoint = EgressConditions.Part(
            text: "the VPC endpoint of S3 leads to the estate's buckets only",
            state: state,
            note: note
        )
        let routes = EgressConditions.Part(
            text: "no route to a NAT or internet gateway, and security groups without egress to anywhere",
            state: .missing,
            note: "neither written nor seen: it is in the VPC"
        )
        return [condition(9, "AWS: no route out, endpoint policy", [endpoint, routes])]
    }

    /// Condition 10: what holds for TCP and IPv4 holds for the rest.
    var twins: [EgressConditions.Condition] {
        [
            condition(
                10,
                "the same for IPv6 and UDP",
                [
                    part("every egress rule names TCP ports, or UDP 53, and no block of IPv6 that is not declared") {
                        evidence in
                        each { component, place in
                            if let reason = Self.reason(evidence.proof.excess(component, isEgress: true)) {
                                return reason
                            }
                            let isOpen = egress(evidence, component, place).contains { rule in
                                rule.ports?.contains { $0.protocol != "TCP" && !$0.isOnly(53, "UDP") } ?? true
                            }
                            return isOpen ? "`\(component.name)` sends other than TCP" : nil
                        }
                    }
                ]
            )
        ]
    }
}
