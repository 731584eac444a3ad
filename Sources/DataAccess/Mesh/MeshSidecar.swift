import Resources

/// An Istio `Sidecar`: which hosts the proxies of some pods know, and what becomes of traffic to others.
struct MeshSidecar: Hashable, Sendable {
    /// The resource's kind.
    static let kind = "Sidecar"
    /// The group of the kinds of Istio that are about where traffic goes.
    static let group = "networking.istio.io"

    let name: String
    let namespace: String
    /// The labels of the pods; empty for all of the namespace.
    let labels: [String: String]
    /// The hosts, `NAMESPACE/HOST`; nil for every one, where no egress is written.
    let hosts: [String]?
    /// `REGISTRY_ONLY` or `ALLOW_ANY`; nil where the mesh's own setting holds.
    let mode: String?
    /// Whether some traffic is not captured.
    let isCaptured: Bool
    let location: SourceLocation

    /// Reads a resource.
    ///
    /// - Throws: `ResourceError` for what is none.
    init(_ document: Document) throws {
        name = document.metadata.name
        namespace = document.metadata.namespace
        location = document.location
        guard let spec = document.spec, !spec.isNull else {
            (labels, hosts, mode, isCaptured) = ([:], nil, nil, true)
            return
        }
        var fields = try FieldReader(spec, of: "a Sidecar")
        labels =
            try fields.optional("workloadSelector") { value in
                var fields = try FieldReader(value, of: "workloadSelector")
                let labels = try fields.optional("labels") { value in
                    Dictionary(uniqueKeysWithValues: try value.mapping().map { ($0.key, try $0.value.string()) })
                }
                try fields.finish()
                return labels ?? [:]
            } ?? [:]
        var isCaptured = true
        let listeners = try fields.optional("egress") { value in
            try value.list { value in
                var fields = try FieldReader(value, of: "an egress listener")
                fields.ignore("port", "bind")
                let capture = try fields.optional("captureMode") { try $0.oneOf(["DEFAULT", "IPTABLES", "NONE"]) }
                if capture == "NONE" { isCaptured = false }
                let hosts = try fields.required("hosts") { try $0.list { try $0.string() } }
                try fields.finish()
                return hosts
            }
        }
        self.isCaptured = isCaptured
        // A list of none is as good as none: every host is known.
        hosts = listeners?.isEmpty == true ? nil : listeners.map { $0.flatMap(\.self) }
        mode = try fields.optional("outboundTrafficPolicy") { value in
            var fields = try FieldReader(value, of: "outboundTrafficPolicy")
            fields.ignore("egressProxy")
            // What is left out is REGISTRY_ONLY here, the first of the two.
            let mode = try fields.optional("mode") { try $0.oneOf(["REGISTRY_ONLY", "ALLOW_ANY"]) } ?? "REGISTRY_ONLY"
            try fields.finish()
            return mode
        }
        fields.ignore("ingress", "inboundConnectionPool")
        try fields.finish()
    }

    /// Whether it is about a pod; nil where that is not known.
    func applies(to pod: PodLabels?, in place: String) -> Bool? {
        guard namespace == place else { return false }
        return LabelSelector(labels.map { .init(key: $0.key, operation: "In", values: [$0.value]) }).fits(pod)
    }

    /// Whether its proxies know a host of a namespace.
    func knows(_ host: String, in place: String) -> Bool {
        guard let hosts else { return true }
        return hosts.contains { entry in
            let parts = entry.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { return false }
            let isPlace = parts[0] == "*" || parts[0] == place || (parts[0] == "." && place == namespace)
            guard isPlace else { return false }
            return Self.overlap(parts[1], host)
        }
    }

    /// Whether two names, in which a `*` at the beginning stands for anything, have one in common.
    private static func overlap(_ one: String, _ other: String) -> Bool {
        switch (one.hasPrefix("*"), other.hasPrefix("*")) {
        case (false, false): one == other
        case (true, false): other.hasSuffix(one.dropFirst())
        case (false, true): one.hasSuffix(other.dropFirst())
        case (true, true): one.dropFirst().hasSuffix(other.dropFirst()) || other.dropFirst().hasSuffix(one.dropFirst())
        }
    }
}
