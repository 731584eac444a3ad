import ZeroTrust

/// Finds the rules that a request may match without looking at the others.
///
/// A tree: each node sorts its rules into buckets by what they ask of the caller, the path, the host or the addresses, whichever
/// leaves the smallest buckets, and large buckets are nodes again. What cannot be sorted (a rule without such a field,
/// or with one that is only negated or only wildcards) is scanned.
struct RuleIndex: Sendable {
    /// How the fields of the rules are read.
    enum Reading: Sendable {
        /// As Istio reads them.
        case istio
        /// As strict mode reads those that allow.
        case grants
        /// As strict mode reads those that refuse: paths and hosts match in any form.
        case restricts
    }

    private enum Dimension: Int, CaseIterable { case caller, path, host, source, remote }

    private final class Node: Sendable {
        /// The rules to try one by one, in order.
        let scanned: [Int32]
        let byCaller: KeyTable?
        let byPath: KeyTable?
        let byHost: KeyTable?
        let bySource: KeyTable?
        let byRemote: KeyTable?

        init(scanned: [Int32], tables: [Dimension: KeyTable]) {
            self.scanned = scanned
            self.byCaller = tables[.caller]
            self.byPath = tables[.path]
            self.byHost = tables[.host]
            self.bySource = tables[.source]
            self.byRemote = tables[.remote]
        }
    }

    /// Rules in the order in which the first match counts.
    let rules: [CompiledRule]
    private let reading: Reading
    /// The tree's nodes, each before the one that leads to it; the last is the root.
    private let nodes: [Node]

    /// Buckets of at most so many rules are scanned.
    private static let scanLimit = 4

    /// An index of rules, which it sorts by name as Envoy does: the first match in that order is the one reported.
    init(_ rules: [CompiledRule], reading: Reading) {
        self.reading = reading
        let named = rules.map { (name: Array($0.reference.description.utf8), rule: $0) }
        self.rules = named.sorted { $0.name.lexicographicallyPrecedes($1.name) }.map(\.rule)
        let keys = self.rules.map { rule in Dimension.allCases.map { Self.keys(of: rule, $0) } }
        var nodes: [Node] = []
        _ = Self.build(Array(self.rules.indices), keys, Dimension.allCases, &nodes)
        self.nodes = nodes
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
        if !rules.isEmpty { visit(nodes.count - 1, attributes, &search) }
        return search
    }

    private func visit(_ number: Int, _ attributes: Attributes, _ search: inout Search) {
        let node = nodes[number]
        for position in node.scanned.indices {
            let index = Int(node.scanned[position])
            guard index < search.best else { break }
            search.examined += 1
            if rules[index].matches(attributes) {
                search.best = index
                break
            }
        }
        if let table = node.byCaller, let name = attributes.caller.name {
            table.forEachHit(name: name.utf8.span) { visit(Int($0), attributes, &search) }
            for other in attributes.caller.otherNames {
                table.forEachHit(name: other.utf8.span) { visit(Int($0), attributes, &search) }
            }
        }
        if let table = node.byPath {
            let bytes = attributes.path.utf8.span
            let count = bytes.pathCount
            table.forEachHit(bytes.extracting(0..<count), ignoringCase: reading == .restricts) {
                visit(Int($0), attributes, &search)
            }
            if reading == .restricts {
                if let folded = attributes.foldedPath {
                    table.forEachHit(folded.span, ignoringCase: true) { visit(Int($0), attributes, &search) }
                } else if FoldedPath.plainCount(bytes) < count {
                    table.forEachHit(bytes.extracting(0..<count - 1), ignoringCase: true) {
                        visit(Int($0), attributes, &search)
                    }
                }
            }
        }
        if let table = node.byHost {
            let bytes = attributes.authority.utf8.span
            table.forEachHit(bytes, ignoringCase: true) { visit(Int($0), attributes, &search) }
            let count = bytes.hostCount
            if reading == .restricts, count < bytes.count {
                table.forEachHit(bytes.extracting(0..<count), ignoringCase: true) {
                    visit(Int($0), attributes, &search)
                }
            }
        }
        if let table = node.bySource {
            forEachForm(of: attributes.source, in: table) { visit(Int($0), attributes, &search) }
        }
        if let table = node.byRemote {
            forEachForm(of: attributes.remote, in: table) { visit(Int($0), attributes, &search) }
        }
    }

    private func forEachForm(of address: IPAddress, in table: KeyTable, _ body: (Int32) -> Void) {
        table.forEachHit(address: address, body)
        let unmapped = address.unmapped
        if reading == .restricts, unmapped != address { table.forEachHit(address: unmapped, body) }
    }

    // MARK: - Building

    /// Adds the node of some rules and the nodes below it; returns its number.
    private static func build(
        _ members: [Int],
        _ keys: [[[KeyTable.Key]?]],
        _ dimensions: [Dimension],
        _ nodes: inout [Node]
    ) -> Int32 {
        var scanned: [Int] = []
        var buckets: [Dimension: [KeyTable.Key: [Int]]] = [:]
        let sizes = bucketSizes(members, keys, dimensions)
        for member in members {
            let choices = dimensions.compactMap { dimension in
                keys[member][dimension.rawValue].map { own in
                    (dimension, own, own.map { sizes[dimension]?[$0] ?? 0 }.max() ?? 0)
                }
            }
            let best = choices.min { $0.2 < $1.2 }
            guard let (dimension, own, size) = best, members.count > scanLimit, size < members.count else {
                scanned.append(member)
                continue
            }
            for key in own { buckets[dimension, default: [:]][key, default: []].append(member) }
        }
        var tables: [Dimension: KeyTable] = [:]
        for (dimension, keyed) in buckets {
            let remaining = dimensions.filter { $0 != dimension }
            tables[dimension] = KeyTable(keyed.map { ($0.key, build($0.value, keys, remaining, &nodes)) })
        }
        nodes.append(Node(scanned: scanned.map { Int32($0) }, tables: tables))
        return Int32(nodes.count - 1)
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
        let groups = dimension == .path || dimension == .host ? rule.operations : rule.sources
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
            (.path, .path), (.host, .host), (.source, .sourceIP), (.remote, .remoteIP):
            break
        default: return nil
        }
        var keys: [KeyTable.Key] = []
        for (index, pattern) in field.patterns.enumerated() {
            guard let key = key(of: pattern) else { return nil }
            guard dimension == .path, let strict = field.strict, strict.matchesAnyForm else {
                keys.append(key)
                continue
            }
            keys.append(KeyTable.Key(kind: key.kind, bytes: key.bytes.lowercased))
            guard let folded = strict.folded[index] else { continue }
            guard let key = folded.key else { return nil }
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
        case .block(let block): return KeyTable.Key(block)
        case .present, .nonEmpty, .port, .workload, .requestPrincipal: return nil
        }
    }
}
