import Resources

/// Reads datasets, where they lie, and models.
enum DatasetDecoder {
    static func dataset(_ name: String, _ entry: Value.Entry) throws -> Estate.Dataset {
        var fields = try FieldReader(entry.value, of: "the dataset `\(name)`")
        _ = try fields.optional("description") { try $0.string() }
        let producer = try fields.required("producer") { try $0.string() }
        let classification = try fields.required("classification") { try $0.string() }
        let purposes = try fields.required("purposes") { try $0.list { try $0.string() } }
        let derivable = try fields.optional("derivable") { try $0.list { try $0.string() } }
        let stores = try fields.required("stores") { value in
            let stores = try value.list(store)
            guard !stores.isEmpty else { throw value.error("a dataset lies somewhere: `stores` must not be empty") }
            return stores
        }
        let isSigned = try fields.optional("signed") { try $0.oneOf(["required", "optional"]) == "required" }
        try fields.finish()
        return Estate.Dataset(
            name: name,
            producer: producer,
            classification: classification,
            purposes: purposes,
            derivable: derivable ?? [],
            stores: stores,
            isSigned: isSigned ?? false,
            location: entry.keyLocation
        )
    }

    private static func store(_ value: Value) throws -> Estate.Store {
        var fields = try FieldReader(value, of: "a store")
        let bucket = try fields.optional("s3") { try self.bucket($0) }
        let table = try fields.optional("postgres") { try self.table($0) }
        let prefix = try fields.optional("prefix") { try self.prefix($0) }
        let mode = try fields.optional("mode") { try self.mode($0) }
        try fields.finish()
        switch (bucket, table) {
        case (let bucket?, nil): return .s3(.init(bucket: bucket, prefix: prefix ?? "", mode: mode ?? .full))
        case (nil, let table?):
            guard prefix == nil, mode == nil else {
                throw value.error("`prefix` is for `s3`, and a table's `mode` stands inside `postgres`")
            }
            return .postgres(table)
        default: throw value.error("a store is either `s3: BUCKET` or `postgres: {db: …, table: SCHEMA.TABLE}`")
        }
    }

    /// A bucket's name by S3's rules for general purpose buckets.
    private static func bucket(_ value: Value) throws -> String {
        let name = try value.string()
        let labels = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard (3...63).contains(name.utf8.count), labels.allSatisfy(ComponentDecoder.isLabel) else {
            throw value.error(
                "`\(name.prefix(80))` is no name of a bucket; use 3 to 63 lower-case letters, digits, `-` and `.`"
            )
        }
        return name
    }

    /// What keys begin with: no wildcard, no variable, no control character.
    private static func prefix(_ value: Value) throws -> String {
        let prefix = try value.string()
        guard prefix.utf8.count <= 900, !prefix.utf8.contains(where: { "*?$".utf8.contains($0) || $0 < 0x20 }),
            !prefix.hasPrefix("/")
        else {
            throw value.error(
                "a prefix is at most 900 bytes without `*`, `?`, `$` and control characters, not from `/`"
            )
        }
        return prefix
    }

    private static func mode(_ value: Value) throws -> Estate.WriteMode {
        let name = try value.oneOf(Estate.WriteMode.allCases.map(\.rawValue))
        return Estate.WriteMode(rawValue: name) ?? .append
    }

    private static func table(_ value: Value) throws -> Estate.Table {
        var fields = try FieldReader(value, of: "a table")
        let database = try fields.required("db") { try identifier($0, "a database") }
        let name = try fields.required("table") { value in
            let text = try value.string()
            let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2 else { throw value.error("expected `SCHEMA.TABLE`, found `\(text.prefix(130))`") }
            return try parts.map { try identifier($0, "a table", at: value) }
        }
        let columns = try fields.optional("columnsFor") { value in
            try collectingDiagnostics(try value.mapping()) { entry in
                let columns = try entry.value.list { try identifier($0, "a column") }
                guard !columns.isEmpty, Set(columns).count == columns.count else {
                    throw entry.value.error("expected at least one column, and none twice")
                }
                return (entry.key, columns)
            }
        }
        let mode = try fields.optional("mode") { try self.mode($0) }
        let isShared = try fields.optional("shared") { try $0.bool() }
        try fields.finish()
        return Estate.Table(
            database: database,
            schema: name[0],
            name: name[1],
            columnsByPurpose: Dictionary(uniqueKeysWithValues: columns ?? []),
            mode: mode ?? .full,
            isShared: isShared ?? false
        )
    }

    private static func identifier(_ value: Value, _ what: String) throws -> String {
        try identifier(try value.string(), what, at: value)
    }

    /// A PostgreSQL identifier that needs no quotes, so that no text of an estate can leave its place in SQL.
    private static func identifier(_ text: String, _ what: String, at value: Value) throws -> String {
        let isLetter = { (byte: UInt8) in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "_")
        }
        guard let first = text.utf8.first, isLetter(first), text.utf8.count <= 63,
            text.utf8.allSatisfy({ isLetter($0) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            !text.hasPrefix("pg_")
        else {
            throw value.error(
                "`\(text.prefix(80))` is no name of \(what); use 1 to 63 lower-case letters, digits and `_`, "
                    + "beginning with a letter and not with `pg_`"
            )
        }
        return text
    }

    static func model(_ name: String, _ entry: Value.Entry) throws -> Estate.Model {
        var fields = try FieldReader(entry.value, of: "the model `\(name)`")
        _ = try fields.optional("description") { try $0.string() }
        let dataset = try fields.required("dataset") { try $0.string() }
        let prefix = try fields.optional("prefix") { try self.prefix($0) }
        let trainedOn = try fields.optional("trainedOn") { try $0.list { try $0.string() } }
        let servedBy = try fields.optional("servedBy") { try $0.list { try $0.string() } }
        try fields.finish()
        return Estate.Model(
            name: name,
            dataset: dataset,
            prefix: prefix ?? "",
            trainedOn: trainedOn ?? [],
            servedBy: servedBy ?? [],
            location: entry.keyLocation
        )
    }
}
