import Resources

/// Any Kubernetes-style object, of a kind that is known here or not: what the rules need to know of a cluster.
struct ClusterObject: Sendable {
    let apiVersion: String
    let kind: String
    let name: String
    /// The namespace as written, or nil.
    let namespace: String?
    let labels: [String: String]
    let annotations: [String: String]
    let value: Value

    var group: Substring { apiVersion.contains("/") ? apiVersion.prefix { $0 != "/" } : "" }
    var location: SourceLocation { value.location }
    /// The namespace that it is in.
    var effectiveNamespace: String { namespace ?? "default" }
    /// Kind, namespace where one is written, and name.
    var title: String { "\(kind) \(namespace.map { "\($0)/" } ?? "")\(name)" }

    /// An object, or nil for a document that has no kind.
    init?(_ value: Value) {
        guard let kind = value["kind"]?.text else { return nil }
        self.apiVersion = value["apiVersion"]?.text ?? ""
        self.kind = kind
        self.name = value["metadata", "name"]?.text ?? ""
        self.namespace = value["metadata", "namespace"]?.text
        self.labels = value["metadata", "labels"]?.texts ?? [:]
        self.annotations = value["metadata", "annotations"]?.texts ?? [:]
        self.value = value
    }

    /// The value at a path of keys.
    func at(_ path: String...) -> Value? { value.at(path) }
}

extension Value {
    /// The value at a path of keys, or nil where there is none.
    subscript(_ path: String...) -> Value? { at(path) }

    /// The value at a path of keys, or nil where there is none.
    func at(_ path: [String]) -> Value? {
        var value = self
        for key in path {
            guard case .mapping(let entries) = value.content, let entry = entries.first(where: { $0.key == key }) else {
                return nil
            }
            value = entry.value
        }
        return value.isNull ? nil : value
    }

    /// The text, or nil for anything else; a number is the text that it was written as.
    var text: String? {
        switch content {
        case .string(let text), .number(let text): text
        default: nil
        }
    }

    /// A mapping of texts; what is no text is left out.
    var texts: [String: String] {
        guard case .mapping(let entries) = content else { return [:] }
        var texts: [String: String] = [:]
        for entry in entries { texts[entry.key] = entry.value.text }
        return texts
    }

    /// The elements of a list; none for anything else.
    var elements: [Value] {
        guard case .list(let elements) = content else { return [] }
        return elements
    }

    /// The entries of a mapping; none for anything else.
    var entries: [Entry] {
        guard case .mapping(let entries) = content else { return [] }
        return entries
    }
}
