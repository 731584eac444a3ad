import ModelTrust
public import Resources

extension RegistryConfiguration {
    /// Reads the registry among documents; nil where there is none.
    ///
    /// Other kinds are left to their own modules.
    ///
    /// - Throws: `ResourceError` with everything that is wrong, and for a second registry.
    public static func load(_ documents: [Document]) throws -> RegistryConfiguration? {
        let own = documents.filter { $0.kind == kind && $0.group == "lapwing.dev" }
        let registries = try collectingDiagnostics(own) { try RegistryConfiguration($0) }
        guard own.count < 2 else {
            throw ResourceError(at: own[1].location, "there is a ModelRegistry already, at \(own[0].location)")
        }
        return registries.first
    }

    /// Reads one resource.
    ///
    /// - Throws: `ResourceError` at the first place that is wrong.
    public init(_ document: Document) throws {
        guard document.apiVersion == Self.apiVersion else {
            throw ResourceError(
                at: document.location,
                "unknown version `\(document.apiVersion)` of ModelRegistry; expected `\(Self.apiVersion)`"
            )
        }
        guard let spec = document.spec else {
            throw ResourceError(at: document.location, "a ModelRegistry needs `spec`")
        }
        var fields = try FieldReader(spec, of: "ModelRegistry spec")
        self.init(
            name: document.metadata.name,
            repositories: try fields.required("repositories") { value in
                try value.list { try RepositoryRule($0) }
            }
        )
        if let limits = fields.value("limits"), !limits.isNull {
            var fields = try FieldReader(limits, of: "limits")
            if let count = try fields.optional("blobGiB", { try $0.integer(in: 1...1_048_576) }) {
                maximumBlobLength = UInt64(count) << 30
            }
            if let count = try fields.optional("uploads", { try $0.integer(in: 1...10_000) }) { maximumUploads = count }
            if let age = try fields.optional("uploadAge", { try $0.duration() }) { uploadAge = age }
            if let age = try fields.optional("unreferencedAge", { try $0.duration() }) { unreferencedAge = age }
            try fields.finish()
        }
        try fields.finish()
    }
}

extension RepositoryRule {
    fileprivate init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "a rule of repositories")
        self.init(pattern: try fields.required("pattern") { try PathPattern($0, "repositories") })
        for (field, permission) in [
            ("readers", Permission.read), ("writers", .write), ("promoters", .promote), ("deleters", .delete),
        ] {
            principals[permission] = try fields.optional(field) { value in
                try value.list { value in
                    let text = try value.string()
                    guard let pattern = IdentityPattern(spiffe: text) else {
                        throw value.error("expected a SPIFFE ID, or the beginning of one and `/*`, found `\(text)`")
                    }
                    return pattern
                }
            }
        }
        let tags = { (value: Value) in try value.list { try PathPattern($0, "tags") } }
        protectedTags = try fields.optional("protectedTags", tags) ?? []
        immutableTags = try fields.optional("immutableTags", tags) ?? []
        admission = try fields.optional("admission") { try AdmissionRequirement($0) } ?? AdmissionRequirement()
        try fields.finish()
    }
}

extension PathPattern {
    fileprivate init(_ value: Value, _ what: String) throws {
        let text = try value.string()
        guard let pattern = PathPattern(text) else {
            throw value.error(
                "`\(text)` is no pattern of \(what); `*` stands for a part of a component, `**` for several"
            )
        }
        self = pattern
    }
}

extension AdmissionRequirement {
    fileprivate init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "admission")
        self.init(
            scan: try fields.optional("scan") { try $0.bool() } ?? false,
            signature: try fields.optional("signature") { try Signature($0) },
            policy: try fields.optional("policy") { try $0.bool() } ?? false
        )
        try fields.finish()
    }
}

extension AdmissionRequirement.Signature {
    fileprivate init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "signature")
        let texts = { (value: Value) in try value.list { try $0.string() } }
        self.init(
            keys: try fields.optional("keys", texts) ?? [],
            authorities: try fields.optional("authorities", texts) ?? [],
            identities: try fields.optional("identities", texts) ?? []
        )
        try fields.finish()
        guard !keys.isEmpty || !authorities.isEmpty else {
            throw value.error(
                "a signature needs `keys`, or `authorities` and `identities`: somebody has to be believed"
            )
        }
        guard authorities.isEmpty == identities.isEmpty else {
            throw value.error("`authorities` and `identities` belong together: a certificate alone is never enough")
        }
        do { _ = try trust() } catch { throw value.error("a key or certificate cannot be read: \(error)") }
    }
}
