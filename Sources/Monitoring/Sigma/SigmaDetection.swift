import Resources

/// A named part of a rule's `detection`: lines that all have to hold, or several such parts of which one has to.
indirect enum SigmaDetection: Sendable {
    case lines([SigmaItem])
    case any([SigmaDetection])

    /// Lists within lists, at most.
    private static let maximumDepth = 8

    func matches(_ event: SigmaEvent) -> Bool {
        switch self {
        case .lines(let items): items.allSatisfy { $0.matches(event) }
        case .any(let parts): parts.contains { $0.matches(event) }
        }
    }

    /// Reads a detection: a mapping of lines, a list of such mappings, or a list of words that stand anywhere.
    ///
    /// - Throws: `ResourceError` for anything else.
    init(_ value: Value, depth: Int = 0) throws {
        guard depth < Self.maximumDepth else {
            throw value.error("lists within lists, more than \(Self.maximumDepth) deep")
        }
        switch value.content {
        case .mapping(let entries):
            guard !entries.isEmpty else { throw value.error("a detection without lines matches everything") }
            self = .lines(
                try collectingDiagnostics(entries) { try SigmaItem(key: $0.key, at: $0.keyLocation, $0.value) }
            )
        case .list(let elements):
            guard !elements.isEmpty else { throw value.error("a list without values matches nothing") }
            self = .any(
                try collectingDiagnostics(elements) { element in
                    switch element.content {
                    case .mapping, .list: try SigmaDetection(element, depth: depth + 1)
                    default: .lines([try SigmaItem(key: "|contains", at: element.location, element)])
                    }
                }
            )
        default: self = .lines([try SigmaItem(key: "|contains", at: value.location, value)])
        }
    }

    /// The fields that it looks at; nil where it looks at all.
    var fields: Set<String>? {
        switch self {
        case .lines(let items):
            var fields: Set<String> = []
            for item in items {
                guard let field = item.field else { return nil }
                fields.insert(field)
                for case .reference(let other) in item.operands { fields.insert(other) }
            }
            return fields
        case .any(let parts):
            var fields: Set<String> = []
            for part in parts {
                guard let own = part.fields else { return nil }
                fields.formUnion(own)
            }
            return fields
        }
    }
}
