import Resources

/// What becomes of one resource between two configurations.
struct ResourceChange: Encodable {
    enum Kind: String, Encodable { case added, removed, changed }

    /// What becomes of one field.
    struct Field: Encodable {
        /// Where it is in the resource: `spec.rules[0].to[0].operation.paths`.
        let path: String
        /// What it was and what it is; nil where it was not, or is not.
        let old, new: String?
        /// The place in the new file, or in the old one where it is gone.
        let location: String
    }

    let change: Kind
    let kind, namespace, name: String
    let location: String
    var fields: [Field] = []

    /// Everything that differs, in the order of the resources' names.
    static func all(from old: [Document], to new: [Document]) -> [ResourceChange] {
        let before = Dictionary(old.map { ($0.identity, $0) }, uniquingKeysWith: { $1 })
        let after = Dictionary(new.map { ($0.identity, $0) }, uniquingKeysWith: { $1 })
        return Set(before.keys).union(after.keys).sorted().compactMap { identity in
            switch (before[identity], after[identity]) {
            case (nil, let document?): return ResourceChange(.added, document)
            case (let document?, nil): return ResourceChange(.removed, document)
            case (let old?, let new?):
                var change = ResourceChange(.changed, new)
                change.compare(old, new)
                return change.fields.isEmpty ? nil : change
            case (nil, nil): return nil
            }
        }
    }

    private init(_ change: Kind, _ document: Document) {
        self.change = change
        self.kind = document.kind
        self.namespace = document.metadata.namespace
        self.name = document.metadata.name
        self.location = "\(document.location)"
    }

    private mutating func compare(_ old: Document, _ new: Document) {
        if old.apiVersion != new.apiVersion {
            fields.append(Field(path: "apiVersion", old: old.apiVersion, new: new.apiVersion, location: location))
        }
        for (name, before, after) in [
            ("labels", old.metadata.labels, new.metadata.labels),
            ("annotations", old.metadata.annotations, new.metadata.annotations),
        ] {
            for key in Set(before.keys).union(after.keys).sorted() where before[key] != after[key] {
                let path = "metadata.\(name).\(key)"
                fields.append(Field(path: path, old: before[key], new: after[key], location: location))
            }
        }
        compare(old.spec, new.spec, at: "spec")
    }

    private mutating func compare(_ old: Value?, _ new: Value?, at path: String) {
        let texts = (old?.flowText, new?.flowText)
        guard texts.0 != texts.1 else { return }
        switch (old?.content, new?.content) {
        case (.mapping(let before)?, .mapping(let after)?):
            compare(before.map { ($0.key, $0.value) }, after.map { ($0.key, $0.value) }) { "\(path).\($0)" }
        case (.list(let before)?, .list(let after)?):
            if let before = Self.byName(before), let after = Self.byName(after) {
                compare(before, after) { "\(path)[\($0)]" }
            } else {
                compare(
                    before.enumerated().map { (String($0.offset), $0.element) },
                    after.enumerated().map { (String($0.offset), $0.element) }
                ) { "\(path)[\($0)]" }
            }
        default:
            let place = (new ?? old).map { "\($0.location)" } ?? location
            fields.append(Field(path: path, old: texts.0, new: texts.1, location: place))
        }
    }

    private mutating func compare(
        _ before: [(String, Value)],
        _ after: [(String, Value)],
        path: (String) -> String
    ) {
        let old = Dictionary(before, uniquingKeysWith: { $1 })
        let new = Dictionary(after, uniquingKeysWith: { $1 })
        let keys = after.map(\.0) + before.map(\.0).filter { new[$0] == nil }
        for key in keys { compare(old[key], new[key], at: path(key)) }
    }

    /// The items of a list by their names, where each has one of its own.
    private static func byName(_ items: [Value]) -> [(String, Value)]? {
        var named: [(String, Value)] = []
        for item in items {
            guard case .mapping(let entries) = item.content,
                case .string(let name)? = entries.first(where: { $0.key == "name" })?.value.content
            else { return nil }
            named.append((name, item))
        }
        return Set(named.map(\.0)).count == named.count ? named : nil
    }
}

extension Value {
    /// The value on one line, whatever its form in the file was.
    var flowText: String {
        switch content {
        case .null: "null"
        case .bool(let value): String(value)
        case .number(let text): text
        case .string(let text): "\"\(text)\""
        case .list(let items): "[" + items.map(\.flowText).joined(separator: ", ") + "]"
        case .mapping(let entries):
            "{" + entries.map { "\($0.key): \($0.value.flowText)" }.sorted().joined(separator: ", ") + "}"
        }
    }
}
