import Resources

extension DocumentReader {
    /// Reads `selector`: the labels that a workload must have.
    mutating func selector(_ fields: inout FieldReader) -> [String: String] {
        guard let value = fields.value("selector"), !value.isNull, var reader = open(value, "a selector") else {
            return [:]
        }
        var labels: [String: String] = [:]
        let matchLabels = reader.value("matchLabels")
        let known: Void? = collect { try reader.finish(hint: "labels stand below `matchLabels`, further in than that") }
        if let matchLabels, !matchLabels.isNull, let entries = collect({ try matchLabels.mapping() }) {
            if entries.count > 4096 { report(matchLabels.location, "`matchLabels` has at most 4096 labels") }
            for entry in entries {
                guard let text = collect({ try entry.value.string() }) else { continue }
                checkLabel(entry, text)
                labels[entry.key] = text
            }
        }
        if labels.isEmpty, known != nil {
            warn(
                value.location,
                "an empty selector selects every workload in the namespace; leave it out if that is meant"
            )
        }
        return labels
    }

    private mutating func checkLabel(_ entry: Value.Entry, _ text: String) {
        if entry.key.isEmpty { report(entry.keyLocation, "a label key must not be empty") }
        if entry.key.contains("*") {
            report(entry.keyLocation, "the label key `\(entry.key)` has a wildcard, which selectors do not know")
        }
        if text.contains("*") {
            report(entry.value.location, "the label value `\(text)` has a wildcard, which selectors do not know")
        }
        if text.unicodeScalars.count > 63 {
            report(entry.value.location, "a label value has at most 63 characters")
        }
    }

    /// Reads `targetRef` and `targetRefs`: what else than workloads a resource is attached to.
    mutating func targets(_ fields: inout FieldReader) -> [AuthorizationPolicy.TargetReference] {
        let hasSelector = fields.value("selector").map { !$0.isNull } ?? false
        let single = fields.value("targetRef").flatMap { $0.isNull ? nil : $0 }
        let list = fields.value("targetRefs").flatMap { $0.isNull ? nil : $0 }
        if [hasSelector, single != nil, list != nil].count(where: \.self) > 1 {
            report(fields.location, "at most one of `selector`, `targetRef` and `targetRefs` may be set")
        }
        var values = single.map { [$0] } ?? []
        if let list, let elements = elements(list) {
            if elements.count > 16 { report(list.location, "at most 16 `targetRefs` may be set") }
            values += elements
        }
        return values.compactMap { target($0) }
    }

    /// What a policy may be attached to, as `GROUP/KIND`.
    private static let attachable = [
        "gateway.networking.k8s.io/Gateway", "gateway.networking.k8s.io/GatewayClass", "/Service",
        "networking.istio.io/ServiceEntry",
    ]

    private mutating func target(_ value: Value) -> AuthorizationPolicy.TargetReference? {
        guard var fields = open(value, "a target reference") else { return nil }
        let group = collect { try fields.optional("group") { try $0.string() } ?? "" }
        let kind = collect { try fields.required("kind") { try $0.string() } }
        let name = collect { try fields.required("name") { try $0.string() } }
        let namespace = fields.value("namespace")
        collect { try fields.finish() }
        if let namespace, !namespace.isNull, namespace.content != .string("") {
            report(namespace.location, "a target reference must not name a namespace")
        }
        guard let group, let kind, let name else { return nil }
        if name.isEmpty { report(value.location, "the name of a target reference must not be empty") }
        if name.unicodeScalars.count > 253 {
            report(value.location, "the name of a target reference has at most 253 characters")
        }
        let full = (group == "core" ? "" : group) + "/" + kind
        if !Self.attachable.contains(full) {
            report(
                value.location,
                "nothing can be attached to `\(full)`; \(suggestion(for: full, among: Self.attachable))"
            )
        }
        return AuthorizationPolicy.TargetReference(group: group, kind: kind, name: name)
    }
}
