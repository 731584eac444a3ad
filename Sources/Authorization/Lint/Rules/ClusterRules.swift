import Resources

extension LintRule {
    /// Resources of Istio beside the three kinds of policy, as far as they decide who reaches what.
    static let cluster: [LintRule] = [
        LintRule(
            "LW0080",
            "claim-route-without-tokens",
            .warning,
            "a route looks at a claim, and the gateway verifies no tokens"
        ) { input, found in
            for route in input.objects where route.kind == "VirtualService" {
                guard let key = input.claimKey(in: route) else { continue }
                let names = route.at("spec", "gateways")?.elements.compactMap(\.text) ?? []
                let gateways = input.objects.filter { object in
                    object.kind == "Gateway" && object.group == "networking.istio.io"
                        && names.contains {
                            $0 == object.name && object.effectiveNamespace == route.effectiveNamespace
                                || $0 == "\(object.effectiveNamespace)/\(object.name)"
                        }
                }
                let isVerified = gateways.contains { gateway in
                    let labels = gateway.at("spec", "selector")?.texts ?? [:]
                    return input.requestAuthentications.contains { resource in
                        !resource.rules.isEmpty && resource.targetReferences.isEmpty
                            && resource.selector.allSatisfy { labels[$0.key] == $0.value }
                    }
                }
                guard !isVerified else { continue }
                found.add(
                    key.keyLocation,
                    in: route.location,
                    "`\(key.key)` is never there: no RequestAuthentication verifies tokens at the route's gateway",
                    fix: "add a RequestAuthentication that selects the gateway"
                )
            }
        },
        LintRule(
            "LW0081",
            "selectors-overlap",
            .warning,
            "several resources of which a workload may have one select the same workload"
        ) { input, found in
            for kind in LintInput.oneForAWorkload {
                let objects = input.objects.filter { $0.kind == kind && $0.group.hasSuffix("istio.io") }
                for object in objects {
                    guard let scope = SelectorScope(object), !scope.labels.isEmpty, !scope.hasTargets else { continue }
                    let rival = objects.first { other in
                        guard other.location != object.location, other.effectiveNamespace == object.effectiveNamespace,
                            let otherScope = SelectorScope(other), !otherScope.labels.isEmpty, !otherScope.hasTargets
                        else { return false }
                        return input.workloads.contains {
                            $0.workload.namespace == object.effectiveNamespace && scope.selects($0.workload)
                                && otherScope.selects($0.workload)
                        }
                    }
                    guard let rival else { continue }
                    found.add(
                        scope.location,
                        in: object.location,
                        "\(rival.title) selects a workload that this \(kind) selects too: which of them counts is open",
                        fix: "put both into one resource, or select different workloads"
                    )
                }
            }
        },
        LintRule(
            "LW0082",
            "several-without-selector",
            .warning,
            "several resources of which a namespace may have one select the whole namespace"
        ) { input, found in
            for kind in LintInput.oneForAWorkload {
                let whole = input.objects.filter { object in
                    guard object.kind == kind, let scope = SelectorScope(object) else { return false }
                    return scope.labels.isEmpty && !scope.hasTargets
                }
                for object in whole {
                    let rival = whole.first {
                        $0.location != object.location && $0.effectiveNamespace == object.effectiveNamespace
                    }
                    guard let rival else { continue }
                    found.add(
                        object.location,
                        in: object.location,
                        "\(rival.title) concerns the same namespace: which of them counts is open",
                        fix: "put both into one resource"
                    )
                }
            }
        },
        LintRule(
            "LW0083",
            "sidecar-in-ambient",
            .warning,
            "a Sidecar concerns workloads that have none: they are in ambient mode"
        ) { input, found in
            for object in input.objects where object.kind == "Sidecar" {
                guard let scope = SelectorScope(object), input.isAmbient(scope, in: object.effectiveNamespace) else {
                    continue
                }
                found.add(
                    object.location,
                    in: object.location,
                    "this Sidecar has no effect: its workloads are in ambient mode",
                    fix: "leave it out, or take the workloads out of ambient mode"
                )
            }
        },
        LintRule(
            "LW0084",
            "gateway-port-not-served",
            .warning,
            "a gateway listens on a port that no service of its workload has"
        ) { input, found in
            for gateway in input.objects where gateway.kind == "Gateway" && gateway.group == "networking.istio.io" {
                guard let ports = input.servicePorts(of: gateway) else { continue }
                for server in gateway.at("spec", "servers")?.elements ?? [] {
                    guard let port = server["port", "number"], let number = port.text, !ports.contains(number) else {
                        continue
                    }
                    found.add(
                        port.location,
                        in: gateway.location,
                        "no service in front of the gateway's workload has the port \(number)",
                        fix: "add the port to the service, or correct the gateway"
                    )
                }
            }
        },
        LintRule(
            "LW0085",
            "gateways-conflict",
            .warning,
            "two gateways on one workload listen on the same port for the same host"
        ) { input, found in
            let gateways = input.objects.filter { $0.kind == "Gateway" && $0.group == "networking.istio.io" }
            for gateway in gateways {
                let rival = gateways.first { other in
                    other.location != gateway.location && input.conflict(gateway, other)
                }
                guard let rival else { continue }
                found.add(
                    gateway.location,
                    in: gateway.location,
                    "\(rival.title) listens on the same port of the same workload for the same host",
                    fix: "put both into one gateway"
                )
            }
        },
    ]
}

extension LintInput {
    /// The kinds of which a workload may have one.
    fileprivate static let oneForAWorkload = ["Sidecar", "Telemetry"]

    /// The first header of a route that stands for a claim.
    fileprivate func claimKey(in route: ClusterObject) -> Value.Entry? {
        for rule in route.at("spec", "http")?.elements ?? [] {
            for match in rule["match"]?.elements ?? [] {
                for field in ["headers", "withoutHeaders"] {
                    let entry = match[field]?.entries.first { $0.key.lowercased().hasPrefix("@request.auth.claims") }
                    if let entry { return entry }
                }
            }
        }
        return nil
    }

    /// Whether all that a scope selects in a namespace is in ambient mode.
    fileprivate func isAmbient(_ scope: SelectorScope, in namespace: String) -> Bool {
        let redirection = "ambient.istio.io/redirection"
        if scope.labels.isEmpty {
            let space = objects.first { $0.kind == "Namespace" && $0.group.isEmpty && $0.name == namespace }
            guard let labels = space?.labels, labels["istio.io/dataplane-mode"] == "ambient" else { return false }
            // A namespace that asks for sidecars as well gets sidecars.
            return labels["istio-injection"] != "enabled" && labels["istio.io/rev"] == nil
        }
        let pods = objects.filter { object in
            object.kind == "Pod" && object.effectiveNamespace == namespace
                && scope.labels.allSatisfy { object.labels[$0.key] == $0.value }
        }
        return pods.contains { $0.annotations[redirection] == "enabled" }
    }

    /// The ports of the services in front of a gateway's workload, or nil where no pod of it is known.
    fileprivate func servicePorts(of gateway: ClusterObject) -> Set<String>? {
        let selector = gateway.at("spec", "selector")?.texts ?? [:]
        guard !selector.isEmpty else { return nil }
        let pods = objects.filter { object in
            object.kind == "Pod" && selector.allSatisfy { object.labels[$0.key] == $0.value }
        }
        guard !pods.isEmpty else { return nil }
        var ports: Set<String> = []
        for service in objects where service.kind == "Service" && service.group.isEmpty {
            let labels = service.at("spec", "selector")?.texts ?? [:]
            let isInFront = pods.contains { pod in
                pod.effectiveNamespace == service.effectiveNamespace
                    && labels.allSatisfy { pod.labels[$0.key] == $0.value }
            }
            guard isInFront, !labels.isEmpty else { continue }
            for port in service.at("spec", "ports")?.elements ?? [] {
                // A target port by name is one that the workload gives; its number is not known here.
                let target = port["targetPort"]?.text.flatMap { UInt16($0) }.map(String.init)
                if let number = target ?? port["port"]?.text { ports.insert(number) }
            }
        }
        return ports
    }

    /// Whether two gateways can meet on a workload, with a port and a host in common.
    fileprivate func conflict(_ left: ClusterObject, _ right: ClusterObject) -> Bool {
        let (leftLabels, rightLabels) = (
            left.at("spec", "selector")?.texts ?? [:], right.at("spec", "selector")?.texts ?? [:]
        )
        let isWithin =
            leftLabels.allSatisfy { rightLabels[$0.key] == $0.value }
            || rightLabels.allSatisfy { leftLabels[$0.key] == $0.value }
        guard isWithin else { return false }
        for server in left.at("spec", "servers")?.elements ?? [] {
            for other in right.at("spec", "servers")?.elements ?? [] {
                guard let port = server["port", "number"]?.text, port == other["port", "number"]?.text else { continue }
                let hosts = Set(server["hosts"]?.elements.compactMap(\.text) ?? [])
                if !hosts.isDisjoint(with: other["hosts"]?.elements.compactMap(\.text) ?? []) { return true }
            }
        }
        return false
    }
}
