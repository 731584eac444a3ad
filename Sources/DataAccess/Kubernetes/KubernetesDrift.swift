public import Resources

/// How a cluster differs from what an estate says: what there is more, what there is less, and what is otherwise.
///
/// What Lapwing writes for the estate is held against what was exported, resource by resource and field by field; what
/// the difference lets happen is proved by `lapwing data prove`.
public struct KubernetesDrift: Sendable {
    /// How something differs.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// It is in force and not of the estate.
        case more
        /// It is of the estate and not in force.
        case less
        /// It has another value.
        case changed
        /// It opens a way around the rest.
        case hazard
    }

    /// One difference.
    public struct Difference: Hashable, Sendable, Codable {
        /// How it differs.
        public let kind: Kind
        /// The resource: `NetworkPolicy ml-inference/lapwing-inference`.
        public let object: String
        /// What of it.
        public let detail: String
    }

    /// Everything, resource by resource.
    public let differences: [Difference]

    /// The kinds that are compared, by their group.
    private static let kinds: [Substring: Set<String>] = [
        "v1": ["Namespace"], "networking.k8s.io": ["NetworkPolicy"],
        "security.istio.io": ["AuthorizationPolicy", "PeerAuthentication"],
        "networking.istio.io": ["Sidecar", "ServiceEntry"],
        "admissionregistration.k8s.io": ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
    ]

    /// Compares.
    ///
    /// - Parameters:
    ///   - documents: what was exported: policies of the estate's namespaces, of the mesh's root namespace and of the
    ///     cluster, and workloads.
    ///   - estate: the estate.
    /// - Throws: ``KubernetesEmitter/Failure``, or `ResourceError` for a resource that cannot be read.
    public init(of documents: [Document], from estate: Estate) throws {
        let emitter = try KubernetesEmitter(estate)
        let written = try emitter.files().flatMap { try ResourceLoader.parse(yaml: $0.text, file: $0.path) }
            .filter(Self.isCompared)
        var places = Set(emitter.components.keys)
        if emitter.isInMesh { places.insert("istio-system") }
        let live = Dictionary(documents.filter(Self.isCompared).map { ($0.identity, $0) }) { first, _ in first }
        var differences: [Difference] = []
        for document in written {
            guard let other = live[document.identity] else {
                differences.append(.init(kind: .less, object: Self.name(document), detail: "is not there"))
                continue
            }
            let metadata = Self.compareMetadata(document, other)
            differences += (metadata + Self.compare(document.spec, other.spec, "spec")).map { kind, detail in
                .init(kind: kind, object: Self.name(document), detail: detail)
            }
        }
        let known = Set(written.map(\.identity))
        for document in documents where Self.isCompared(document) && !known.contains(document.identity) {
            // Other namespaces are others' matter.
            if document.kind == "Namespace" { continue }
            let isOfCluster = document.group == "admissionregistration.k8s.io"
            let isOurs = document.metadata.labels[KubernetesNames.estate] == emitter.estateName
            guard isOfCluster ? isOurs : places.contains(document.metadata.namespace) else { continue }
            differences.append(
                .init(kind: .more, object: Self.name(document), detail: "is not of the estate (\(document.location))")
            )
        }
        differences += try Self.hazards(documents, estate, places)
        self.differences = differences
    }

    private static func isCompared(_ document: Document) -> Bool {
        kinds[document.group]?.contains(document.kind) == true
    }

    private static func name(_ document: Document) -> String {
        document.group == "admissionregistration.k8s.io" || document.kind == "Namespace"
            ? "\(document.kind) \(document.metadata.name)"
            : "\(document.kind) \(document.metadata.namespace)/\(document.metadata.name)"
    }

    // MARK: - Fields

    /// How metadata differs, as far as it puts something in force or takes it out: Istio's annotations (`istio.io/dry-run`
    /// for one), and the labels of a namespace by which its pods get their proxies.
    private static func compareMetadata(_ wanted: Document, _ found: Document) -> [(Kind, String)] {
        let isOfMesh = { (key: String) in
            let prefix = key.prefix { $0 != "/" }
            return prefix == "istio.io" || prefix.hasSuffix(".istio.io")
        }
        let annotations = compare(
            wanted.metadata.annotations.filter { isOfMesh($0.key) },
            found.metadata.annotations.filter { isOfMesh($0.key) },
            "metadata.annotations"
        )
        guard wanted.kind == "Namespace" else { return annotations }
        let labels: Set<String> = ["istio-injection", "istio.io/rev", "istio.io/dataplane-mode"]
        return annotations
            + compare(
                wanted.metadata.labels.filter { labels.contains($0.key) },
                found.metadata.labels.filter { labels.contains($0.key) },
                "metadata.labels"
            )
    }

    private static func compare(
        _ wanted: [String: String],
        _ found: [String: String],
        _ path: String
    ) -> [(Kind, String)] {
        Set(wanted.keys).union(found.keys).sorted().compactMap { key in
            switch (wanted[key], found[key]) {
            case (let left?, let right?):
                left == right ? nil : (.changed, "\(path).\(key): \(right), where the estate says \(left)")
            case (let left?, nil): (.less, "\(path).\(key): \(left)")
            case (nil, let right?): (.more, "\(path).\(key): \(right)")
            case (nil, nil): nil
            }
        }
    }

    /// How a value differs: fields by their names, elements of lists as sets.
    private static func compare(_ wanted: Value?, _ found: Value?, _ path: String) -> [(Kind, String)] {
        switch (wanted?.content, found?.content) {
        case (nil, nil): return []
        case (nil, let found?): return isEmpty(found) ? [] : [(.more, "\(path): \(words(found))")]
        case (let wanted?, nil): return isEmpty(wanted) ? [] : [(.less, "\(path): \(words(wanted))")]
        case (.mapping(let wanted)?, .mapping(let found)?):
            let names = wanted.map(\.key) + found.map(\.key).filter { key in !wanted.contains { $0.key == key } }
            return names.flatMap { name in
                compare(
                    wanted.first { $0.key == name }?.value,
                    found.first { $0.key == name }?.value,
                    "\(path).\(name)"
                )
            }
        case (.list(let wanted)?, .list(let found)?):
            let (left, right) = (wanted.map { words($0.content) }, found.map { words($0.content) })
            return left.filter { !right.contains($0) }.map { (.less, "\(path): \($0)") }
                + right.filter { !left.contains($0) }.map { (.more, "\(path): \($0)") }
        case (let wanted?, let found?):
            let (left, right) = (words(wanted), words(found))
            return left == right ? [] : [(.changed, "\(path): \(right), where the estate says \(left)")]
        }
    }

    /// Whether a cluster writes it where nothing was written.
    private static func isEmpty(_ content: Value.Content) -> Bool {
        switch content {
        case .null: true
        case .mapping(let entries): entries.isEmpty
        case .list(let elements): elements.isEmpty
        case .bool, .number, .string: false
        }
    }

    /// A value in one line, the same whatever the order of its fields.
    private static func words(_ content: Value.Content) -> String {
        switch content {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .number(let text): text
        case .string(let text): YAMLText.scalar(text)
        case .list(let elements): "[" + elements.map { words($0.content) }.joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{"
                + entries.sorted { $0.key < $1.key }.map {
                    "\(YAMLText.scalar($0.key)): \(words($0.value.content))"
                }
                .joined(separator: ", ") + "}"
        }
    }

    // MARK: - Workloads

    /// Pods that carry another's label, are in their node's network or not behind their proxies, and resources that nothing here judges.
    private static func hazards(
        _ documents: [Document],
        _ estate: Estate,
        _ places: Set<String>
    ) throws -> [Difference] {
        let artifacts = try KubernetesArtifacts(documents, estate: estate)
        let names = KubernetesEmitter.names(of: estate)
        var labels: [String: String] = [:]
        for component in estate.components {
            guard let account = component.identity.kubernetes else { continue }
            labels["\(account.namespace)/\(account.name)"] = names[component.name]
        }
        var hazards: [Difference] = []
        for workload in try documents.compactMap(KubernetesNetwork.workload) where places.contains(workload.namespace) {
            let own = labels["\(workload.namespace)/\(workload.account)"]
            let carried = workload.labels[KubernetesNames.component]
            if own != carried {
                let text =
                    carried.map { "carries \(KubernetesNames.component)=\($0)" } ?? "lacks \(KubernetesNames.component)"
                hazards.append(
                    .init(
                        kind: .hazard,
                        object: workload.name,
                        detail: "\(text) and runs as the service account \(workload.account)"
                    )
                )
            }
            if let host = workload.host {
                hazards.append(
                    .init(kind: .hazard, object: workload.name, detail: "is in its node's network (\(host))")
                )
            } else if estate.enforcement.kubernetes?.istio != nil, let bypass = workload.bypass {
                hazards.append(
                    .init(kind: .hazard, object: workload.name, detail: "its pods \(bypass.what) (\(bypass.place))")
                )
            }
        }
        hazards += artifacts.unjudged.filter {
            places.contains($0.metadata.namespace) || $0.metadata.namespace == "default"
        }
        .map {
            .init(kind: .hazard, object: name($0), detail: "may lead traffic other ways, and is not judged")
        }
        return hazards
    }
}
