import Resources

/// What a rule and a correlation have in common: who they are, how bad it is, and what it is a sign of.
struct SigmaHead: Sendable {
    let title: String
    /// What correlations call it by; nil where it has no name.
    let name: String?
    /// Its UUID, or else its title.
    let id: String
    let level: Severity
    /// Techniques of MITRE ATT&CK, by its tags.
    let attack: [String]
    /// Techniques of MITRE ATLAS, by its tags.
    let atlas: [String]
    let location: SourceLocation

    /// Reads the fields that say so.
    ///
    /// - Throws: `ResourceError` where one of them is not as Sigma has it.
    init(_ fields: inout FieldReader) throws {
        location = fields.location
        title = try fields.required("title") { value in
            let text = try value.string()
            guard (1...256).contains(text.count) else { throw value.error("a title has 1 to 256 characters") }
            return text
        }
        name = try fields.optional("name") { try $0.string() }
        let id = try fields.optional("id") { value in
            let text = try value.string().lowercased()
            guard Self.isUUID(text) else { throw value.error("an id is a UUID, found `\(text.prefix(60))`") }
            return text
        }
        self.id = id ?? title
        let levels = ["informational", "low", "medium", "high", "critical"]
        let level = try fields.optional("level") { try $0.oneOf(levels) } ?? "medium"
        self.level = level == "informational" ? .info : Severity(name: level) ?? .medium
        let tags = try fields.optional("tags") { try $0.list { try $0.string() } } ?? []
        attack = tags.compactMap {
            Self.technique($0, of: "attack.") { $0.hasPrefix("T") && $0.dropFirst().first?.isNumber == true }
        }
        atlas = tags.compactMap { Self.technique($0, of: "atlas.") { $0.hasPrefix("AML.T") } }
    }

    private static func technique(_ tag: String, of namespace: String, _ isOne: (String) -> Bool) -> String? {
        guard tag.lowercased().hasPrefix(namespace) else { return nil }
        let name = tag.dropFirst(namespace.count).uppercased()
        return isOne(name) ? name : nil
    }

    private static func isUUID(_ text: String) -> Bool {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        return groups.map(\.count) == [8, 4, 4, 4, 12]
            && groups.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) } }
    }
}
