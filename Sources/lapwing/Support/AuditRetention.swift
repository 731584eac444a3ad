import AuditLog
import Resources

/// The field `retention` of an `AuditPolicy`: how long records and bodies are kept, and what a legal hold keeps.
struct AuditRetention: Sendable, Hashable {
    /// How old a record may be; nil where none is ever removed.
    var records: Duration?
    /// How old a body may be; nil where none is ever removed.
    var bodies: Duration?
    /// Whether a legal hold keeps every record.
    var holdsRecords = false
    /// The tenants whose bodies a legal hold keeps.
    var heldTenants: Set<String> = []

    /// Reads the field.
    ///
    /// - Throws: `ResourceError` where it cannot be used.
    init(_ value: Value) throws {
        var fields = try FieldReader(value, of: "retention")
        records = try fields.optional("records", Self.days)
        bodies = try fields.optional("bodies", Self.days)
        if let hold = try fields.optional("legalHold", { try Self.hold($0) }) {
            (holdsRecords, heldTenants) = hold
        }
        try fields.finish()
        guard records != nil || bodies != nil else {
            throw value.error("`retention` says nothing; expected `records`, `bodies` or both, such as `180d`")
        }
    }

    /// A number of days: `180d`.
    private static func days(_ value: Value) throws -> Duration {
        if case .number(let text) = value.content {
            throw value.error("expected a number of days, found the number \(text); write its unit, such as `\(text)d`")
        }
        let text = try value.string()
        guard text.hasSuffix("d"), let days = Int(text.dropLast()), (1...36_525).contains(days) else {
            throw value.error("expected a number of days such as `180d`, found `\(text.prefix(40))`")
        }
        return .seconds(days * 86_400)
    }

    private static func hold(_ value: Value) throws -> (Bool, Set<String>) {
        var fields = try FieldReader(value, of: "legalHold")
        let records = try fields.optional("records") { try $0.bool() } ?? false
        let tenants = try fields.optional("tenants") { value in
            try value.list { value in
                let name = try value.string()
                guard BodyVault.isTenant(name) else { throw value.error("`\(name.prefix(80))` is no tenant") }
                return name
            }
        }
        try fields.finish()
        return (records, Set(tenants ?? []))
    }
}
