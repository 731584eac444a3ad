import Resources

extension LintRule {
    /// Whether connections are mutual TLS.
    static let connections: [LintRule] = [
        mode("LW0075", "plaintext-let-in", "plaintext is let in beside mutual TLS", .permissive) { what in
            (
                "\(what) also let plaintext in, whose callers have no identity",
                "set `STRICT` once every caller speaks mutual TLS"
            )
        },
        mode("LW0076", "mutual-tls-off", "mutual TLS is off", .disable) { what in
            (
                "\(what) speak plaintext: nobody is authenticated, and whoever is on the way reads and changes everything",
                "set `STRICT`"
            )
        },
        LintRule("LW0077", "port-weaker", .warning, "a port asks for less than the rest of the workload") {
            input,
            found in
            for resource in input.peerAuthentications {
                let required = input.requirement(with: resource)
                for port in resource.ports {
                    let mode = port.mode ?? required.mode
                    guard required.mode == .strict, mode != .strict else { continue }
                    found.add(
                        port.location,
                        in: resource.location,
                        "port \(port.number) is \(mode.rawValue), and the rest of the workload STRICT",
                        fix: "take the port out, or see to it that nothing but this caller reaches it"
                    )
                }
            }
        },
        LintRule(
            "LW0078",
            "ignored-in-root-namespace",
            .warning,
            "a PeerAuthentication with a selector in the root namespace has no effect"
        ) { input, found in
            for resource in input.peerAuthentications
            where resource.level(rootNamespace: input.options.rootNamespace) == nil {
                found.add(
                    resource.location,
                    in: resource.location,
                    "a PeerAuthentication with a selector in the root namespace `\(resource.namespace)` is ignored",
                    fix: "move it to the namespace of the workloads"
                )
            }
        },
        LintRule(
            "LW0079",
            "several-peer-authentications",
            .warning,
            "several PeerAuthentications stand at one level, of which the oldest alone counts"
        ) { input, found in
            for (index, resource) in input.peerAuthentications.enumerated() {
                guard let level = resource.level(rootNamespace: input.options.rootNamespace) else { continue }
                let other = input.peerAuthentications[..<index].first { other in
                    guard other.namespace == resource.namespace,
                        other.level(rootNamespace: input.options.rootNamespace) == level
                    else { return false }
                    return level != .workload || input.meet(other.selector, resource.selector, in: resource.namespace)
                }
                guard let other else { continue }
                found.add(
                    resource.location,
                    in: resource.location,
                    "`\(other.namespace)/\(other.name)` is at the same level: of the two, the older alone counts",
                    fix: "put both into one resource"
                )
            }
        },
    ]

    /// A rule for one mode, wherever it is set.
    private static func mode(
        _ id: String,
        _ name: String,
        _ summary: String,
        _ mode: MutualTLSMode,
        _ words: @escaping @Sendable (_ what: String) -> (message: String, fix: String)
    ) -> LintRule {
        LintRule(id, name, .warning, summary) { input, found in
            for resource in input.peerAuthentications {
                if resource.mode == mode {
                    let (message, fix) = words("connections to these workloads")
                    found.add(resource.modeLocation ?? resource.location, in: resource.location, message, fix: fix)
                }
                for port in resource.ports where port.mode == mode {
                    let (message, fix) = words("connections to port \(port.number)")
                    found.add(port.modeLocation ?? port.location, in: resource.location, message, fix: fix)
                }
            }
        }
    }
}

extension LintInput {
    /// What is asked of the workloads that a resource selects.
    fileprivate func requirement(with resource: PeerAuthentication) -> MutualTLSRequirement {
        MutualTLSRequirement(
            peerAuthentications,
            workload: Workload(namespace: resource.namespace, labels: resource.selector),
            rootNamespace: options.rootNamespace,
            compatibility: options.compatibility
        )
    }

    /// Whether two selectors select one workload: a known one, or, where none is known, any with both their labels.
    fileprivate func meet(_ left: [String: String], _ right: [String: String], in namespace: String) -> Bool {
        let known = workloads.map(\.workload).filter { $0.namespace == namespace }
        guard !known.isEmpty else { return left == right }
        return known.contains { workload in
            left.allSatisfy { workload.labels[$0.key] == $0.value }
                && right.allSatisfy { workload.labels[$0.key] == $0.value }
        }
    }
}
