/// A path that a policy lets somebody take: whom its pattern stands for, and whom they may call.
package struct DeclaredPath: Hashable, Sendable {
    /// The caller's SPIFFE ID, in which `*` stands for any text.
    package let caller: String
    /// The called workload's SPIFFE ID, or a host outside.
    package let callee: String

    /// A path.
    package init(caller: String, callee: String) {
        self.caller = caller
        self.callee = callee
    }

    /// Whether it is about a path that was seen.
    func covers(_ path: TrafficPicture.Path) -> Bool {
        callee == path.callee && Self.matches(caller, path.caller)
    }

    /// Whether a text fits a pattern; a star costs a look at each place of the text, and no more.
    static func matches(_ pattern: String, _ text: String) -> Bool {
        guard pattern.contains("*") else { return pattern == text }
        let pieces = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard let first = pieces.first, let last = pieces.last, text.hasPrefix(first) else { return false }
        var rest = text.dropFirst(first.count)
        for piece in pieces.dropFirst().dropLast() where !piece.isEmpty {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(last)
    }
}

extension ServiceGraph {
    /// The graph of what is declared and what was seen.
    ///
    /// A declaration for a pattern is drawn as itself only where nobody was seen whom it stands for.
    ///
    /// - Parameters:
    ///   - declared: what policies let somebody do.
    ///   - seen: what was done, or tried.
    package init(declared: [DeclaredPath], seen: [TrafficPicture.Path: TrafficPicture.Tally]) {
        var edges: [Edge] = []
        for (path, tally) in seen {
            edges.append(
                Edge(
                    from: path.caller,
                    to: path.callee,
                    standing: path.isUndeclared ? .undeclared : .used,
                    isPlaintext: tally.isPlaintext,
                    count: tally.count,
                    last: tally.last
                )
            )
        }
        let used = seen.keys.filter { !$0.isUndeclared }
        let byCallee = Dictionary(grouping: used, by: \.callee)
        for path in Set(declared) {
            let isUsed = byCallee[path.callee]?.contains { path.covers($0) } ?? false
            if !isUsed { edges.append(Edge(from: path.caller, to: path.callee, standing: .unused)) }
        }
        self.init(edges: edges)
    }
}
