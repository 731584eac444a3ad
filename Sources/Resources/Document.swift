public import ZeroTrust

/// A Kubernetes-style resource as written: its kind, its name, and a spec that its own module decodes.
public struct Document: Hashable, Sendable {
    /// Group and version: `security.istio.io/v1`.
    public let apiVersion: String
    /// The kind: `AuthorizationPolicy`.
    public let kind: String
    /// Where the kind stands.
    public let kindLocation: SourceLocation
    /// Name, namespace, labels and annotations.
    public let metadata: Metadata
    /// What the resource says, or nil where it has no spec.
    public let spec: Value?
    /// Where the document begins.
    public let location: SourceLocation

    /// What names a resource.
    public struct Metadata: Hashable, Sendable {
        /// The name, unique for its kind in its namespace.
        public let name: String
        /// Where the name stands.
        public let nameLocation: SourceLocation
        /// The namespace; `default` where none is written.
        public let namespace: String
        /// Labels by key.
        public let labels: [String: String]
        /// Annotations by key.
        public let annotations: [String: String]
        /// When a cluster took the resource in; nil for one that no cluster has seen.
        public let creationTimestamp: Timestamp?
        /// The trust domain, which only a kind of ``Document/flatKinds`` may write here.
        public let trustDomain: Value?
    }

    /// The kinds of `lapwing.dev` that may be written without `spec`: their fields stand beside `kind`.
    public static let flatKinds: Set<String> = ["Estate"]

    /// The API group: `security.istio.io` of `security.istio.io/v1`.
    public var group: Substring { apiVersion.split(separator: "/").first ?? "" }

    /// What no two documents may share: group, kind, namespace and name.
    public var identity: String { "\(group)/\(kind) \(metadata.namespace)/\(metadata.name)" }

    /// Where a field of the spec stands; the document's own place where there is none.
    public func place(of field: String) -> SourceLocation {
        guard case .mapping(let entries)? = spec?.content else { return location }
        return entries.first { $0.key == field }?.value.location ?? location
    }

    /// Reads the envelope of a resource.
    ///
    /// - Throws: ``ResourceError`` for an unknown field or a value of the wrong type in the envelope.
    public init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "a resource")
        self.apiVersion = try fields.required("apiVersion") { try $0.string() }
        (self.kind, self.kindLocation) = try fields.required("kind") { (try $0.string(), $0.location) }
        let isFlat = apiVersion.hasPrefix("lapwing.dev/") && Self.flatKinds.contains(kind)
        self.metadata = try fields.required("metadata") { try Metadata($0, hasTrustDomain: isFlat) }
        let spec = fields.value("spec")
        self.location = value.location
        // What a cluster adds when a resource is exported.
        fields.ignore("status")
        self.spec = isFlat && spec == nil ? fields.remaining() : spec
        try fields.finish(hint: "what a resource says stands under `spec`, further in than `spec` itself")
    }
}

extension Document.Metadata {
    /// Reads metadata; what a cluster adds on its own is accepted and not kept.
    fileprivate init(_ value: Value, hasTrustDomain: Bool) throws {
        var fields = try FieldReader(value, of: "metadata")
        var nameLocation = value.location
        self.name = try fields.required("name") {
            nameLocation = $0.location
            return try Self.name($0, maximum: 253, allowsDots: true)
        }
        self.nameLocation = nameLocation
        self.namespace =
            try fields.optional("namespace") { try Self.name($0, maximum: 63, allowsDots: false) } ?? "default"
        self.labels = try fields.optional("labels") { try Self.strings($0) } ?? [:]
        self.annotations = try fields.optional("annotations") { try Self.strings($0) } ?? [:]
        self.creationTimestamp = try fields.optional("creationTimestamp") { try Self.timestamp($0) }
        self.trustDomain = hasTrustDomain ? fields.value("trustDomain") : nil
        fields.ignore(
            "deletionGracePeriodSeconds",
            "deletionTimestamp",
            "finalizers",
            "generateName",
            "generation",
            "managedFields",
            "ownerReferences",
            "resourceVersion",
            "selfLink",
            "uid"
        )
        try fields.finish()
    }

    /// A name as Kubernetes allows it (RFC 1123 label or subdomain).
    private static func name(_ value: Value, maximum: Int, allowsDots: Bool) throws -> String {
        let text = try value.string()
        let isAlphanumeric = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
        let isAllowed = { (byte: UInt8) in
            isAlphanumeric(byte) || byte == UInt8(ascii: "-") || allowsDots && byte == UInt8(ascii: ".")
        }
        guard let first = text.utf8.first, let last = text.utf8.last, text.utf8.count <= maximum,
            isAlphanumeric(first), isAlphanumeric(last), text.utf8.allSatisfy(isAllowed)
        else {
            let characters =
                allowsDots ? "lower-case letters, digits, `-` and `.`" : "lower-case letters, digits and `-`"
            throw value.error(
                "`\(text.prefix(80))` is no valid name; use 1 to \(maximum) \(characters), beginning and ending with a "
                    + "letter or digit"
            )
        }
        return text
    }

    private static func timestamp(_ value: Value) throws -> Timestamp {
        let text = try value.string()
        guard let time = Timestamp(text) else {
            throw value.error("expected a time such as `2026-11-21T22:40:01Z`, found `\(text.prefix(60))`")
        }
        return time
    }

    private static func strings(_ value: Value) throws -> [String: String] {
        var result: [String: String] = [:]
        for entry in try value.mapping() { result[entry.key] = try entry.value.string() }
        return result
    }
}
