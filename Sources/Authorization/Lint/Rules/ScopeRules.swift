import Resources

extension LintRule {
    /// What resources select, and whether they take effect.
    static let scopes: [LintRule] = [
        LintRule(
            "LW0068",
            "selects-nothing",
            .warning,
            "a resource selects none of the workloads that are known"
        ) { input, found in
            guard !input.workloads.isEmpty else { return }
            for object in input.objects {
                guard let scope = SelectorScope(object), !scope.hasTargets,
                    !input.selectsSomething(scope, in: object.effectiveNamespace)
                else { continue }
                let labels = scope.labels.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")
                found.add(
                    scope.location,
                    in: object.location,
                    labels.isEmpty
                        ? "no known workload is in the namespace `\(object.effectiveNamespace)`"
                        : "no known workload in scope has the labels `\(labels)`",
                    fix: "correct the namespace or the labels; a policy that selects nothing protects nothing"
                )
            }
        },
        LintRule("LW0069", "unknown-namespace", .warning, "a source names a namespace that is not known") {
            input,
            found in
            guard !input.namespaces.isEmpty else { return }
            for policy in input.policies {
                policy.forEachField { field, _ in
                    guard field.subject == .namespace else { return }
                    for value in field.values where !value.text.contains("/") {
                        let pattern = ValuePattern(value.text.lowercased(), .namespace)
                        guard !input.namespaces.contains(where: { pattern.matches($0) }) else { continue }
                        found.add(
                            value.location,
                            in: policy.location,
                            "`\(value.text)` is none of the namespaces that are known; "
                                + suggestion(for: value.text, among: input.namespaces.sorted()),
                            fix: "correct the name, or declare the namespace"
                        )
                    }
                }
            }
        },
        LintRule(
            "LW0070",
            "selector-without-effect",
            .warning,
            "a selector selects what a Gateway-API gateway made, which selectors do not reach"
        ) { input, found in
            let kinds: Set<String> = ["AuthorizationPolicy", "RequestAuthentication", "Telemetry", "WasmPlugin"]
            for object in input.objects where kinds.contains(object.kind) {
                guard let scope = SelectorScope(object), !scope.hasTargets, !scope.labels.isEmpty else { continue }
                let meetsGateway = input.workloads.contains { known in
                    known.isGateway && scope.selects(known.workload)
                        && (known.workload.namespace == object.effectiveNamespace
                            || object.effectiveNamespace == input.options.rootNamespace)
                }
                guard meetsGateway else { continue }
                found.add(
                    scope.location,
                    in: object.location,
                    "the selector meets a gateway of the Gateway API, which is reached through `targetRefs` only",
                    fix: "write `targetRefs` with the Gateway instead of `selector`"
                )
            }
        },
        LintRule("LW0071", "empty-selector", .note, "a selector without labels selects every workload in scope") {
            input,
            found in
            for object in input.objects where object.group == PolicySet.group {
                guard let selector = object.at("spec", "selector"), case .mapping = selector.content,
                    object.at("spec", "selector", "matchLabels")?.entries.isEmpty ?? true
                else { continue }
                found.add(
                    selector.location,
                    in: object.location,
                    "an empty selector selects every workload in scope",
                    fix: "leave it out if that is meant, else write labels"
                )
            }
        },
        LintRule("LW0072", "dry-run", .note, "a policy is on trial: it is evaluated and decides nothing") {
            input,
            found in
            for policy in input.policies where policy.isDryRun {
                let annotation = input.objectsByLocation[policy.location]?
                    .at("metadata", "annotations", "istio.io/dry-run")
                found.add(
                    annotation?.location ?? policy.location,
                    in: policy.location,
                    "`istio.io/dry-run` keeps this policy from deciding anything",
                    fix: "take the annotation away once the trial is over"
                )
            }
        },
        LintRule("LW0073", "unknown-provider", .error, "a CUSTOM policy asks a provider that is not configured") {
            input,
            found in
            guard let providers = input.options.providers else { return }
            for policy in input.policies where policy.action == .custom {
                guard let provider = policy.provider, !providers.contains(provider) else { continue }
                let place = input.objectsByLocation[policy.location]?.at("spec", "provider")
                found.add(
                    place?.location ?? policy.location,
                    in: policy.location,
                    "no provider `\(provider)` is configured, so that all that this policy matches is denied; "
                        + suggestion(for: provider, among: providers.sorted()),
                    fix: "configure the provider, or correct the name"
                )
            }
        },
        LintRule("LW0074", "several-providers", .warning, "policies for one workload ask different providers") {
            input,
            found in
            let custom = input.policies.filter { $0.action == .custom && $0.provider != nil }
            for (index, policy) in custom.enumerated() {
                let other = custom[..<index].first {
                    $0.provider != policy.provider && input.mayMeet($0.reach, policy.reach)
                }
                guard let other else { continue }
                found.add(
                    policy.location,
                    in: policy.location,
                    "`\(policy.provider ?? "")` is asked here and `\(other.provider ?? "")` by "
                        + "`\(other.namespace)/\(other.name)`: a workload may ask one provider only",
                    fix: "ask one provider, or select different workloads"
                )
            }
        },
    ]
}

/// What a resource of any kind with a selector selects.
struct SelectorScope {
    let labels: [String: String]
    /// Whether it is attached to something else than workloads.
    let hasTargets: Bool
    /// Where the selector stands, or the resource.
    let location: SourceLocation

    private static let selectors: [String: [String]] = [
        "AuthorizationPolicy": ["selector", "matchLabels"], "RequestAuthentication": ["selector", "matchLabels"],
        "PeerAuthentication": ["selector", "matchLabels"], "Telemetry": ["selector", "matchLabels"],
        "WasmPlugin": ["selector", "matchLabels"], "Sidecar": ["workloadSelector", "labels"],
    ]

    /// The scope of an object, or nil for one of a kind without a selector.
    init?(_ object: ClusterObject) {
        guard object.group.hasSuffix("istio.io"), let path = Self.selectors[object.kind] else { return nil }
        let selector = object.value.at(["spec"] + path)
        self.labels = selector?.texts ?? [:]
        self.hasTargets = object.at("spec", "targetRef") != nil || object.at("spec", "targetRefs") != nil
        self.location = selector?.location ?? object.location
    }

    func selects(_ workload: Workload) -> Bool {
        labels.allSatisfy { workload.labels[$0.key] == $0.value }
    }
}

extension LintInput {
    /// Whether a scope in a namespace selects any known workload.
    fileprivate func selectsSomething(_ scope: SelectorScope, in namespace: String) -> Bool {
        if namespace == options.rootNamespace, scope.labels.isEmpty { return true }
        return workloads.contains { known in
            (known.workload.namespace == namespace || namespace == options.rootNamespace)
                && scope.selects(known.workload)
        }
    }
}
