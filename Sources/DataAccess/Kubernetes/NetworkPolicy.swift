import Resources
import ZeroTrust

/// A Kubernetes `NetworkPolicy`: which pods it isolates, and what it then lets through.
struct NetworkPolicy: Hashable, Sendable {
    /// The resource's kind and group.
    static let kind = "NetworkPolicy"
    static let group = "networking.k8s.io"

    /// The namespace of the pods.
    let namespace: String
    /// The pods.
    let pods: LabelSelector
    /// Whether what comes in is isolated.
    let isolatesIngress: Bool
    /// Whether what goes out is isolated.
    let isolatesEgress: Bool
    /// What may come in.
    let ingress: [Rule]
    /// What may go out.
    let egress: [Rule]

    /// One rule.
    struct Rule: Hashable, Sendable {
        /// Whom to or from; nil for anybody.
        let peers: [Peer]?
        /// The ports; nil for any.
        let ports: [Port]?
        let location: SourceLocation
    }

    /// Somebody at the other end.
    enum Peer: Hashable, Sendable {
        /// Pods; without a selector of namespaces, those of the policy's own.
        case pods(LabelSelector?, namespaces: LabelSelector?)
        /// Addresses.
        case block(AddressBlock, except: [AddressBlock])
    }

    /// A port or a range of ports.
    struct Port: Hashable, Sendable {
        let `protocol`: String
        /// The first port; nil for any, or for one that is named, which may be any.
        let first: Int?
        let last: Int?
    }

    /// Reads a policy.
    ///
    /// - Throws: `ResourceError` for what is none.
    init(_ document: Document) throws {
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "a NetworkPolicy needs `spec`")
        }
        namespace = document.metadata.namespace
        var fields = try FieldReader(spec, of: "spec")
        pods = try fields.optional("podSelector") { try LabelSelector($0) } ?? LabelSelector()
        ingress = try fields.optional("ingress") { try $0.list { try Self.rule($0, "from") } } ?? []
        egress = try fields.optional("egress") { try $0.list { try Self.rule($0, "to") } } ?? []
        let types = try fields.optional("policyTypes") { try $0.list { try $0.oneOf(["Ingress", "Egress"]) } } ?? []
        // An empty list is none for the API server, too.
        isolatesIngress = types.isEmpty || types.contains("Ingress")
        isolatesEgress = types.isEmpty ? !egress.isEmpty : types.contains("Egress")
        try fields.finish()
    }

    private static func rule(_ value: Value, _ side: String) throws -> Rule {
        var fields = try FieldReader(value, of: "a rule")
        let peers = try fields.optional(side) { try $0.list(peer) }
        let ports = try fields.optional("ports") { try $0.list(port) }
        try fields.finish()
        return Rule(
            peers: peers?.isEmpty == false ? peers : nil,
            ports: ports?.isEmpty == false ? ports : nil,
            location: value.location
        )
    }

    private static func peer(_ value: Value) throws -> Peer {
        var fields = try FieldReader(value, of: "a peer")
        let pods = try fields.optional("podSelector") { try LabelSelector($0) }
        let namespaces = try fields.optional("namespaceSelector") { try LabelSelector($0) }
        let block = try fields.optional("ipBlock") { value in
            var fields = try FieldReader(value, of: "ipBlock")
            let network = try fields.required("cidr", addresses)
            let except = try fields.optional("except") { try $0.list(addresses) } ?? []
            try fields.finish()
            return Peer.block(network, except: except)
        }
        try fields.finish()
        return block ?? .pods(pods, namespaces: namespaces)
    }

    private static func addresses(_ value: Value) throws -> AddressBlock {
        let text = try value.string()
        guard let block = AddressBlock(text) else { throw value.error("`\(text.prefix(80))` is no block of addresses") }
        return block
    }

    private static func port(_ value: Value) throws -> Port {
        var fields = try FieldReader(value, of: "a port")
        let transport = try fields.optional("protocol") { try $0.oneOf(["TCP", "UDP", "SCTP"]) } ?? "TCP"
        let first = try fields.optional("port") { value in
            // A port may be named.
            if case .string(let name) = value.content, Int(name) == nil { return Int?.none }
            return try value.integer(in: 1...65535)
        }
        let last = try fields.optional("endPort") { try $0.integer(in: 1...65535) }
        try fields.finish()
        return Port(protocol: transport, first: first ?? nil, last: last ?? (first ?? nil))
    }
}

extension NetworkPolicy.Rule {
    /// Whether TCP to a port may pass; any port where it is not said.
    func mayPass(_ port: Int?) -> Bool {
        guard let ports else { return true }
        return ports.contains { range in
            guard range.protocol == "TCP" || port == nil else { return false }
            guard let port, let first = range.first, let last = range.last else { return true }
            return (first...max(first, last)).contains(port)
        }
    }
}

extension NetworkPolicy.Port {
    /// Whether it is surely this one port.
    func isOnly(_ port: Int, _ transport: String) -> Bool {
        first == port && (last ?? port) == port && self.protocol == transport
    }

    /// Whether it may be this port, among others.
    func mayBe(_ port: Int, _ transport: String) -> Bool {
        guard self.protocol == transport else { return false }
        guard let first else { return true }
        return (first...max(first, last ?? first)).contains(port)
    }

    /// In words: `TCP 443`.
    var words: String {
        guard let first else { return "any \(self.protocol) port" }
        return "\(self.protocol) \(first)" + (last.map { $0 > first ? "-\($0)" : "" } ?? "")
    }
}

/// A selector of labels.
struct LabelSelector: Hashable, Sendable {
    /// What is asked of one label.
    struct Requirement: Hashable, Sendable {
        let key: String
        let operation: String
        let values: [String]

        /// Whether a value, or its absence, is what is asked.
        func isMet(by value: String?) -> Bool {
            switch operation {
            case "In": value.map(values.contains) == true
            case "NotIn": value.map(values.contains) != true
            case "Exists": value != nil
            default: value == nil
            }
        }
    }

    let requirements: [Requirement]

    /// Selects everything.
    init() { requirements = [] }

    /// Reads a selector.
    ///
    /// - Throws: `ResourceError` for what is none.
    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "a selector")
        let labels: [Requirement] =
            try fields.optional("matchLabels") { value in
                try value.mapping().map {
                    Requirement(key: $0.key, operation: "In", values: [try $0.value.string()])
                }
            } ?? []
        let expressions: [Requirement] =
            try fields.optional("matchExpressions") { value in
                try value.list { value in
                    var fields = try FieldReader(value, of: "an expression")
                    let key = try fields.required("key") { try $0.string() }
                    let operations = ["In", "NotIn", "Exists", "DoesNotExist"]
                    let operation = try fields.required("operator") { try $0.oneOf(operations) }
                    let values = try fields.optional("values") { try $0.list { try $0.string() } } ?? []
                    try fields.finish()
                    return Requirement(key: key, operation: operation, values: values)
                }
            } ?? []
        try fields.finish()
        requirements = labels + expressions
    }

    /// Whether some labels fit, of which there are no others.
    func fits(_ labels: [String: String]) -> Bool {
        requirements.allSatisfy { $0.isMet(by: labels[$0.key]) }
    }

    /// Whether a pod's labels fit; nil where they are not known and it hangs on them.
    func fits(_ pod: PodLabels?) -> Bool? {
        var isKnown = true
        for requirement in requirements {
            guard let pod, pod.knows(requirement.key) else {
                isKnown = false
                continue
            }
            guard requirement.isMet(by: pod.labels[requirement.key]) else { return false }
        }
        return isKnown ? true : nil
    }

    /// The values that a label must have one of; nil where it may have others, or be missing.
    func values(of key: String) -> Set<String>? {
        let lists = requirements.filter { $0.key == key && $0.operation == "In" }.map { Set($0.values) }
        guard let first = lists.first else { return nil }
        return lists.dropFirst().reduce(first) { $0.intersection($1) }
    }
}

/// The labels of a pod.
struct PodLabels: Hashable, Sendable {
    /// Which it has beside those that are known.
    enum Rest: Hashable, Sendable {
        /// None.
        case none
        /// Those that controllers and the injection of a mesh's proxy add to a template's.
        case added
        /// Any but some.
        case any(but: Set<String>)
    }

    /// Those that are known.
    let labels: [String: String]
    let rest: Rest

    /// Whether it is known which value a label has, or that it is not there.
    func knows(_ key: String) -> Bool {
        if labels[key] != nil { return true }
        switch rest {
        case .none: return true
        case .added: return !Self.isAdded(key)
        case .any(let absent): return absent.contains(key)
        }
    }

    /// Whether pods get a label that their template does not have.
    private static func isAdded(_ key: String) -> Bool {
        let names: Set<String> = [
            "pod-template-hash", "pod-template-generation", "controller-revision-hash", "controller-uid", "job-name",
        ]
        guard let slash = key.firstIndex(of: "/") else { return names.contains(key) }
        let prefix = key[..<slash]
        return ["batch.kubernetes.io", "statefulset.kubernetes.io", "apps.kubernetes.io"].contains(prefix)
            || prefix == "istio.io" || prefix.hasSuffix(".istio.io")
    }
}
