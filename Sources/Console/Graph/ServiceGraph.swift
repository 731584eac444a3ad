package import ZeroTrust

/// Who calls whom: services, and the paths between them as they are declared and as they were seen.
package struct ServiceGraph: Hashable, Sendable {
    /// A service, a group of them, or something outside.
    package struct Node: Hashable, Sendable {
        /// What kind of place it is.
        package enum Kind: Hashable, Sendable {
            /// A workload with an identity.
            case workload
            /// All that a rule's pattern stands for, or a whole namespace.
            case group
            /// A host outside, or a caller without an identity.
            case outside
        }

        /// What tells it from the others: its SPIFFE ID.
        package let id: String
        /// The name that is drawn.
        package var name: String
        /// What stands below the name.
        package var detail: String
        /// What kind of place it is.
        package var kind: Kind

        /// A node.
        package init(id: String, name: String, detail: String, kind: Kind) {
            self.id = id
            self.name = name
            self.detail = detail
            self.kind = kind
        }

        /// The node of a SPIFFE ID, a pattern or an address, named by what Kubernetes' form of it says.
        package init(_ id: String) {
            let text = id.hasPrefix("spiffe://") ? String(id.dropFirst(9)) : id
            let parts = text.split(separator: "/").map(String.init)
            self.id = id
            if parts.count == 5, parts[1] == "ns", parts[3] == "sa" {
                let isAll = parts[4] == "*"
                name = isAll ? "anyone in \(parts[2])" : parts[4]
                detail = isAll ? "namespace" : parts[2]
                kind = text.contains("*") ? .group : .workload
            } else if id.hasPrefix("spiffe://"), parts.count > 1 {
                name = parts.dropFirst().joined(separator: "/")
                detail = parts[0]
                kind = text.contains("*") ? .group : .workload
            } else if text == "*" {
                (name, detail, kind) = ("anyone", "with an identity", .group)
            } else if id.hasPrefix("anonymous@") {
                (name, detail, kind) = ("no identity", "plaintext or no certificate", .outside)
            } else {
                (name, detail, kind) = (text, "outside", .outside)
            }
        }

        /// The namespace of a workload; nil for what has none.
        var namespace: String? {
            let parts = id.split(separator: "/").map(String.init)
            guard id.hasPrefix("spiffe://"), parts.count == 6, parts[2] == "ns" else { return nil }
            return parts[3]
        }
    }

    /// How a path stands to what is declared; the worst last.
    package enum Standing: String, Hashable, Sendable, Comparable, CaseIterable {
        /// It is declared, and was not seen.
        case unused
        /// It is declared, and was used.
        case used
        /// It was tried, and no policy declares it.
        case undeclared

        package static func < (left: Standing, right: Standing) -> Bool { left.rank < right.rank }

        private var rank: Int {
            switch self {
            case .unused: 0
            case .used: 1
            case .undeclared: 2
            }
        }
    }

    /// A path from one node to another.
    package struct Edge: Hashable, Sendable {
        /// The caller's node.
        package let from: String
        /// The called node.
        package let to: String
        /// How it stands to what is declared.
        package let standing: Standing
        /// Whether any of it was in plaintext.
        package var isPlaintext: Bool
        /// How many requests there were.
        package var count: UInt64
        /// When it was seen last; nil where it was not.
        package var last: Timestamp?

        /// A path.
        package init(
            from: String,
            to: String,
            standing: Standing,
            isPlaintext: Bool = false,
            count: UInt64 = 0,
            last: Timestamp? = nil
        ) {
            self.from = from
            self.to = to
            self.standing = standing
            self.isPlaintext = isPlaintext
            self.count = count
            self.last = last
        }
    }

    /// The nodes, in the order of their ids.
    package private(set) var nodes: [Node]
    /// The paths, the worst first.
    package private(set) var edges: [Edge]

    /// A graph of paths; a node that no path names is there where it is given.
    package init(nodes: [Node] = [], edges: [Edge] = []) {
        var known = Dictionary(nodes.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for edge in edges {
            for id in [edge.from, edge.to] where known[id] == nil { known[id] = Node(id) }
        }
        self.nodes = known.values.sorted { $0.id < $1.id }
        self.edges = edges.sorted {
            ($1.standing, $1.count, $0.from, $0.to) < ($0.standing, $0.count, $1.from, $1.to)
        }
    }

    /// The node of an id.
    package func node(_ id: String) -> Node? { nodes.first { $0.id == id } }

    /// The paths that come first, up to a number of services and of paths: more than that, no drawing can tell.
    package func first(nodes maximumNodes: Int, edges maximumEdges: Int) -> ServiceGraph {
        guard nodes.count > maximumNodes || edges.count > maximumEdges else { return self }
        var known: Set<String> = []
        var kept: [Edge] = []
        for edge in edges where kept.count < maximumEdges {
            let with = known.union([edge.from, edge.to])
            guard with.count <= maximumNodes else { continue }
            known = with
            kept.append(edge)
        }
        return ServiceGraph(nodes: nodes.filter { known.contains($0.id) }, edges: kept)
    }

    /// The same with one node for each namespace; whoever has an undeclared path stays by itself.
    ///
    /// It is what fits one screen of a large installation: what is as it should be is drawn together, what is not is named.
    package func byNamespace() -> ServiceGraph {
        let named = Set(edges.filter { $0.standing == .undeclared }.flatMap { [$0.from, $0.to] })
        var members: [String: Int] = [:]
        var places: [String: Node] = [:]
        for node in nodes {
            guard let namespace = node.namespace, !named.contains(node.id) else {
                places[node.id] = node
                continue
            }
            members[namespace, default: 0] += 1
            places[node.id] = Node(id: "namespace " + namespace, name: namespace, detail: "", kind: .group)
        }
        var merged: [[String]: Edge] = [:]
        for edge in edges {
            guard let from = places[edge.from]?.id, let to = places[edge.to]?.id, from != to else { continue }
            let key = [from, to, edge.standing.rawValue]
            var sum = merged[key] ?? Edge(from: from, to: to, standing: edge.standing)
            sum.count += edge.count
            sum.isPlaintext = sum.isPlaintext || edge.isPlaintext
            sum.last = [sum.last, edge.last].compactMap(\.self).max { $0.nanoseconds < $1.nanoseconds }
            merged[key] = sum
        }
        // Of a pair of namespaces that is used, what of it is unused says nothing more.
        let used = Set(merged.values.filter { $0.standing == .used }.map { [$0.from, $0.to] })
        let kept = merged.values.filter { $0.standing != .unused || !used.contains([$0.from, $0.to]) }
        let nodes = Set(places.values).map { node -> Node in
            guard node.id.hasPrefix("namespace "), let count = members[node.name] else { return node }
            var node = node
            node.detail = count == 1 ? "1 service" : "\(count) services"
            return node
        }
        return ServiceGraph(nodes: nodes, edges: Array(kept))
    }
}
