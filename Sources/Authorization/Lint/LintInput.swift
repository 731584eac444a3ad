import Resources

/// Everything that the rules look at: the files, read once.
struct LintInput: Sendable {
    let options: LintOptions
    /// Every object of the files.
    let objects: [ClusterObject]
    /// The objects by where they begin.
    let objectsByLocation: [SourceLocation: ClusterObject]
    /// What reading found wrong or doubtful.
    let diagnostics: [Diagnostic]
    /// The policies that could be read.
    let policies: [AuthorizationPolicy]
    let peerAuthentications: [PeerAuthentication]
    let requestAuthentications: [RequestAuthentication]
    /// The workloads that the files tell of.
    let workloads: [KnownWorkload]
    /// The namespaces that the files declare; empty where they declare none.
    let namespaces: Set<String>

    /// The groups whose documents are read strictly.
    private static let groups: Set<Substring> = ["security.istio.io", "lapwing.dev"]

    init(_ sources: [LintSource], options: LintOptions) {
        var diagnostics: [Diagnostic] = []
        func gather<Part>(_ read: () throws -> Part) -> Part? {
            do { return try read() } catch let error as ResourceError {
                diagnostics += error.diagnostics
            } catch {
                diagnostics.append(Diagnostic(at: SourceLocation(file: "-", line: 1, column: 1), "\(error)"))
            }
            return nil
        }
        let values = sources.flatMap { source in
            gather { try ResourceLoader.values(yaml: source.text, file: source.file) } ?? []
        }
        let objects = values.compactMap { ClusterObject($0) }
        let documents = objects.filter { object in
            Self.groups.contains(object.group)
                || PolicySet.kinds.contains(object.kind) && PolicySet.isMisspelt(object.group)
        }.compactMap { object in
            gather { try Document(object.value) }
        }
        _ = gather { try ResourceLoader.refuseDuplicates(documents) }
        let checked = PolicySet.check(documents)
        self.options = options
        self.objects = objects
        self.objectsByLocation = Dictionary(objects.map { ($0.location, $0) }, uniquingKeysWith: { first, _ in first })
        self.diagnostics = diagnostics + checked.diagnostics
        self.policies = checked.sound.policies
        self.peerAuthentications = checked.sound.peerAuthentications
        self.requestAuthentications = checked.sound.requestAuthentications
        self.workloads = objects.compactMap { KnownWorkload($0) }
        self.namespaces = Set(objects.filter { $0.group.isEmpty && $0.kind == "Namespace" }.map(\.name))
    }

    /// How many errors reading finds in some files.
    static func errorCount(_ sources: [LintSource]) -> Int {
        LintInput(sources, options: LintOptions()).diagnostics.count { $0.severity == .error }
    }

    // MARK: - Questions that several rules ask

    /// The workloads that a policy may select: those that are known, or one that is just what the selector says.
    func workloads(of policy: AuthorizationPolicy) -> [Workload] {
        let known = workloads.map(\.workload).filter { policy.applies(to: $0, rootNamespace: options.rootNamespace) }
        return known.isEmpty ? [Workload(namespace: policy.namespace, labels: policy.selector)] : known
    }

    /// The Lapwing gateways whose workload a policy selects.
    private func gateways(of policy: AuthorizationPolicy) -> [ClusterObject] {
        objects.filter { object in
            guard object.group == "lapwing.dev", object.kind == "Gateway", let known = KnownWorkload(object) else {
                return false
            }
            return policy.applies(to: known.workload, rootNamespace: options.rootNamespace)
        }
    }

    /// How paths are made canonical before a policy sees them; of several ways, the one that changes least.
    func pathNormalization(of policy: AuthorizationPolicy) -> PathNormalization {
        let written = gateways(of: policy).map { gateway in
            gateway.at("spec", "pathNormalization")?.text.flatMap { PathNormalization(rawValue: $0) } ?? .base
        }
        return PathNormalization.allCases.first { written.contains($0) } ?? options.pathNormalization
    }

    /// Whose defaults hold for a policy; Istio's where any gateway says so.
    func compatibility(of policy: AuthorizationPolicy) -> Compatibility {
        let written = gateways(of: policy).map { gateway in
            gateway.at("spec", "compatibility")?.text.flatMap { Compatibility(rawValue: $0) } ?? .strict
        }
        if written.isEmpty { return options.compatibility }
        return written.contains(.istio) ? .istio : options.compatibility
    }

    /// Whether a caller without a certificate can reach a workload that a policy selects.
    func admitsPlaintext(to policy: AuthorizationPolicy) -> Bool {
        guard policy.targetReferences.isEmpty else { return false }
        let compatibility = compatibility(of: policy)
        return workloads(of: policy).contains { workload in
            let required = MutualTLSRequirement(
                peerAuthentications,
                workload: workload,
                rootNamespace: options.rootNamespace,
                compatibility: compatibility
            )
            return required.mode != .strict || required.ports.values.contains { $0 != .strict }
        }
    }

    /// Whether two resources can select one workload, as far as their labels tell.
    func mayMeet(
        _ left: (namespace: String, selector: [String: String], targets: [AuthorizationPolicy.TargetReference]),
        _ right: (namespace: String, selector: [String: String], targets: [AuthorizationPolicy.TargetReference])
    ) -> Bool {
        guard
            left.namespace == right.namespace || left.namespace == options.rootNamespace
                || right.namespace == options.rootNamespace
        else { return false }
        guard left.targets.isEmpty == right.targets.isEmpty else { return false }
        if !left.targets.isEmpty { return !Set(left.targets).isDisjoint(with: right.targets) }
        return left.selector.allSatisfy { label in right.selector[label.key].map { $0 == label.value } ?? true }
    }
}

extension AuthorizationPolicy {
    /// What the policy selects, for comparisons.
    var reach: (namespace: String, selector: [String: String], targets: [TargetReference]) {
        (namespace, selector, targetReferences)
    }

    /// Whether a request that the field's values miss gets further than one that they hit.
    func opensWhenMissed(_ field: Field) -> Bool {
        switch action {
        case .deny, .custom: !field.isNegated
        case .allow: field.isNegated
        case .audit: false
        }
    }

    /// Calls with every field of every rule, and with the condition that it stands in, where it stands in one.
    func forEachField(_ body: (_ field: Field, _ condition: Condition?) -> Void) {
        for rule in rules {
            for group in rule.from + rule.to { for field in group.fields { body(field, nil) } }
            for condition in rule.when { for field in condition.fields { body(field, condition) } }
        }
    }
}

extension RequestAuthentication {
    /// What the resource selects, for comparisons.
    var reach: (namespace: String, selector: [String: String], targets: [AuthorizationPolicy.TargetReference]) {
        (namespace, selector, targetReferences)
    }
}
