import AuditLog
import Gateway
import Resources

extension BodyPolicy {
    /// Reads the field `bodies` of an `AuditPolicy`.
    ///
    /// - Throws: `ResourceError` where it cannot be used.
    init(_ value: Value) throws {
        self.init()
        var fields = try FieldReader(value, of: "bodies")
        share = try fields.required("keep") { value in
            let text = try value.string()
            if text == "all" { return 1 }
            if text == "refused" { return 0 }
            guard text.hasSuffix("%"), let percent = Double(text.dropLast()), (0...100).contains(percent) else {
                throw value.error("expected `all`, `refused` or a share such as `5%`, found `\(text.prefix(40))`")
            }
            return percent / 100
        }
        if let keeps = try fields.optional("refused", { try $0.bool() }) { keepsRefused = keeps }
        if let bytes = try fields.optional("maximumBytes", { try $0.byteCount(in: 1...(16 << 20)) }) {
            maximumBytes = bytes
        }
        if let bytes = try fields.optional("maximumHeld", { try $0.byteCount(in: 1...(4 << 30)) }) {
            maximumHeld = bytes
        }
        let lists = try fields.optional("tenants") { try $0.list(Self.tenant) } ?? []
        for (tenant, namespaces, place) in lists {
            for namespace in namespaces where tenants.updateValue(tenant, forKey: namespace) != nil {
                throw place.error("the namespace `\(namespace)` has a tenant already")
            }
        }
        try fields.finish()
    }

    private static func tenant(_ value: Value) throws -> (String, [String], Value) {
        var fields = try FieldReader(value, of: "tenant")
        let name = try fields.required("name") { value in
            let name = try value.string()
            guard BodyVault.isTenant(name) else {
                throw value.error("a tenant's name is 1 to 63 lower-case letters, digits and `-`")
            }
            return name
        }
        let namespaces = try fields.required("namespaces") { try $0.list { try $0.string() } }
        try fields.finish()
        return (name, namespaces, value)
    }
}
