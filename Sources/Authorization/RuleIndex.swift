/// Finds the rules that a request may match without looking at the others.
///
/// A tree: each node sorts its rules into buckets by what they ask of the caller, the path or the host, whichever
/// leaves the smallest buckets, and large buckets are nodes again. What cannot be sorted (a rule without such a field,
/// or with one that is only negated or only wildcards) is scanned.
struct RuleIndex: Sendable {
    private enum Dimension: Int, CaseIterable { case caller, path, host }

    private struct Node: Sendable {
        /// The rules to try one by one, in order.
        var scanned: [Int32] = []
        var byCaller: KeyTable?
        var byPath: KeyTable?
        var byHost: KeyTable?
    }

    /// Rules in the order in which the first match counts.
    let rules: [CompiledRule]
    private var nodes: [Node] = []

    /// Buckets of at most so many rules are scanned.
    private static let scanLimit = 4

    /// An index of rules, which it sorts by name as Envoy does: the first match in that order is the one reported.
    init(_ rules: [CompiledRule]) {
        let named = rules.map { (name: Array($0.reference.description.utf8), rule: $0) }
        self.rules = named.sorted { $0.name.lexicographicallyPrecedes($1.name) }.map(\.rule)
        let keys = self.rules.map { rule in Dimension.allCases.map { Self.keys(of: rule, $0) } }
        _ = build(Array(self.rules.indices), keys, Dimension.allCases)
    }

    /// How far a search has come.
    struct Search {
        /// The first match so far, or the number of rules.
        var best: Int
        /// How many rules were held against the request.
        var examined = 0
    }

    /// The first rule that matches, in the order of names; allocates nothing.
    func firstMatch(_ attributes: Attributes) -> Int? {
        let best = search(attributes).best
        return best < rules.count ? best : nil
    }

    /// Looks for the first rule that matches, and counts.
    func search(_ attributes: Attributes) -> Search {
        var search = Search(best: rules.count)
        if !rules.isEmpty { visit(0, attributes, &search) }
        return search
    }

    private func visit(_ node: Int, _ attributes: Attributes, _ search: inout Search) {
        for position in nodes[node].scanned.indices {
            let index = Int(nodes[node].scanned[position])
            guard index < search.best else { break }
            search.examined += 1
            if rules[index].matches(attributes) {
                search.best = index
                break
            }
        }
        if let table = nodes[node].byCaller, let name = attributes.caller.name {
            table.forEachHit(name: name.utf8.span) { visit(Int($0), attributes, &search) }
            for other in attributes.caller.otherNames {
                table.forEachHit(name: other.utf8.span) { visit(Int($0), attributes, &search) }
            }
        }
        if let table = nodes[node].byPath {
            let bytes = attributes.path.utf8.span
            table.forEachHit(bytes.extracting(0..<bytes.pathCount), ignoringCase: false) {
                visit(Int($0), attributes, &search)
            }
        }
        if let table = nodes[node].byHost {
            table.forEachHit(attributes.authority.utf8.span, ignoringCase: true) {
                visit(Int($0), attributes, &search)
            }
        }
    }

    // MARK: - Building

    private mutating func build(_ members: [Int], _ keys: [[[KeyTable.Key]?]], _ dimensions: [Dimension]) -> Int32 {
        let id = nodes.count
        nodes.append(Node())
        var scanned: [Int] = []
        var buckets: [Dimension: [KeyTable.Key: [Int]]] = [:]
        let sizes = Self.bucketSizes(members, keys, dimensions)
        for member in members {
            let choices = dimensions.compactMap { dimension in
                keys[member][dimension.rawValue].map { own in
                    (dimension, own, own.map { sizes[dimension]?[$0] ?? 0 }.max() ?? 0)
                }
            }
            let best = choices.min { $0.2 < $1.2 }
            guard let (dimension, own, size) = best, members.count > Self.scanLimit, size < members.count else {
                scanned.append(member)
                continue
            }
            for key in own { buckets[dimension, default: [:]][key, default: []].append(member) }
        }
        nodes[id].scanned = scanned.map { Int32($0) }
        for (dimension, keyed) in buckets {
            let remaining = dimensions.filter { $0 != dimension }
            let entries = keyed.map { (key: $0.key, value: build($0.value, keys, remaining)) }
            let table = KeyTable(entries)
            switch dimension {
            case .caller: nodes[id].byCaller = table
            case .path: nodes[id].byPath = table
            case .host: nodes[id].byHost = table
            }
        }
        return Int32(id)
    }

    private static func bucketSizes(
        _ members: [Int],
        _ keys: [[[KeyTable.Key]?]],
        _ dimensions: [Dimension]
    ) -> [Dimension: [KeyTable.Key: Int]] {
        var sizes: [Dimension: [KeyTable.Key: Int]] = [:]
        guard members.count > scanLimit else { return sizes }
        for dimension in dimensions {
            var counts: [KeyTable.Key: Int] = [:]
            for member in members { for key in keys[member][dimension.rawValue] ?? [] { counts[key, default: 0] += 1 } }
            sizes[dimension] = counts
        }
        return sizes
    }

    /// Keys of which a matching request hits at least one, or nil where there are none such.
    private static func keys(of rule: CompiledRule, _ dimension: Dimension) -> [KeyTable.Key]? {
        let groups = dimension == .caller ? rule.sources : rule.operations
        if let keys = keys(ofAll: groups, dimension) { return keys }
        for field in rule.conditions {
            if let keys = keys(of: field, dimension) { return keys }
        }
        return nil
    }

    /// The keys of alternatives: each must have some.
    private static func keys(ofAll groups: [[FieldMatcher]], _ dimension: Dimension) -> [KeyTable.Key]? {
        guard !groups.isEmpty else { return nil }
        var all: Set<KeyTable.Key> = []
        for group in groups {
            let choices = group.compactMap { keys(of: $0, dimension) }
            guard let fewest = choices.min(by: { $0.count < $1.count }) else { return nil }
            all.formUnion(fewest)
        }
        return Array(all)
    }

    /// The keys of a field that is not negated: each of its values must have one.
    private static func keys(of field: FieldMatcher, _ dimension: Dimension) -> [KeyTable.Key]? {
        guard !field.isNegated else { return nil }
        switch (dimension, field.subject) {
        case (.caller, .principal), (.caller, .namespace), (.caller, .serviceAccount), (.caller, .trustDomain),
            (.path, .path), (.host, .host):
            break
        default: return nil
        }
        var keys: [KeyTable.Key] = []
        for pattern in field.patterns {
            guard let key = key(of: pattern) else { return nil }
            keys.append(key)
        }
        return Array(Set(keys))
    }

    private static func key(of pattern: Pattern) -> KeyTable.Key? {
        switch pattern {
        case .exact(let bytes): return KeyTable.Key(kind: .exact, bytes: bytes)
        case .prefix(let bytes): return bytes.isEmpty ? nil : KeyTable.Key(kind: .prefix, bytes: bytes)
        case .suffix(let bytes): return bytes.isEmpty ? nil : KeyTable.Key(kind: .suffix, bytes: bytes)
        case .enclosed(_, let suffix): return suffix.isEmpty ? nil : KeyTable.Key(kind: .suffix, bytes: suffix)
        case .template(let template): return KeyTable.Key(kind: .prefix, bytes: template.literalPrefix)
        case .glob(let glob):
            // `*/ns/NAMESPACE/*` without a further wildcard.
            let namespace = glob.dropFirst(5).dropLast(2)
            let special = namespace.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "/") }
            return special ? nil : KeyTable.Key(kind: .namespace, bytes: Array(namespace))
        case .serviceAccount(let namespace, let name):
            return KeyTable.Key(kind: .account, bytes: namespace + [UInt8(ascii: "/")] + name)
        case .trustDomain(let prefix, _):
            return prefix.isEmpty ? nil : KeyTable.Key(kind: .prefix, bytes: SPIFFEName.scheme + prefix)
        case .present, .nonEmpty, .block, .port: return nil
        }
    }
}
