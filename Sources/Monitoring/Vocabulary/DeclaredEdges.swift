import Resources

/// What the policies that enforce allow: the closure that observed edges are held against.
///
/// The detector learns nothing of its own: an observation is declared or it is not, and whoever enforces says which.
public protocol DeclaredEdges: Sendable {
    /// Whether the policies allow what was observed.
    func declares(_ observation: Observation) -> Bool
    /// Which set this is, for findings: a digest of the policies, or the name of a file.
    var name: String { get }
    /// Whether the answer follows from the edge alone, so that it may be asked once for each.
    var dependsOnEdgeOnly: Bool { get }
}

/// Declared edges that were written down: each a caller, a callee and verbs, with `*` for any text.
public struct EdgeSet: DeclaredEdges {
    /// One declaration.
    public struct Declaration: Hashable, Sendable {
        /// Who may call: a text in which `*` stands for any bytes.
        public var caller: String
        /// Whom: as the caller.
        public var callee: String
        /// How; empty for any verb.
        public var verbs: Set<VerbClass>

        /// A declaration.
        public init(caller: String, callee: String, verbs: Set<VerbClass> = []) {
            self.caller = caller
            self.callee = callee
            self.verbs = verbs
        }

        /// Whether an edge is among those that this declares.
        func covers(_ edge: Edge) -> Bool {
            (verbs.isEmpty || verbs.contains(edge.verbClass)) && Self.matches(caller, edge.caller)
                && Self.matches(callee, edge.callee)
        }

        private static func matches(_ pattern: String, _ text: String) -> Bool {
            pattern == text || pattern.utf8.contains(UInt8(ascii: "*")) && Wildcard.matches(pattern.utf8, text.utf8)
        }
    }

    /// Which set this is.
    public let name: String
    /// What it declares.
    public let declarations: [Declaration]
    /// Declarations without a pattern, which are found at once.
    private let exact: [Edge.Ends: Set<VerbClass>]
    private let patterns: [Declaration]

    /// A set of declarations.
    public init(_ declarations: [Declaration], name: String) {
        self.name = name
        self.declarations = declarations
        let star = UInt8(ascii: "*")
        var exact: [Edge.Ends: Set<VerbClass>] = [:]
        var patterns: [Declaration] = []
        for declaration in declarations {
            guard !declaration.caller.utf8.contains(star), !declaration.callee.utf8.contains(star) else {
                patterns.append(declaration)
                continue
            }
            let verbs = declaration.verbs.isEmpty ? Set(VerbClass.allCases) : declaration.verbs
            exact[Edge.Ends(caller: declaration.caller, callee: declaration.callee), default: []].formUnion(verbs)
        }
        self.exact = exact
        self.patterns = patterns
    }

    /// Whether an edge is declared.
    public func contains(_ edge: Edge) -> Bool {
        if let verbs = exact[edge.ends], verbs.contains(edge.verbClass) { return true }
        return patterns.contains { $0.covers(edge) }
    }

    /// An edge is declared or not, whatever else was observed.
    public var dependsOnEdgeOnly: Bool { true }

    /// Whether an observation's edge is declared.
    public func declares(_ observation: Observation) -> Bool { contains(Edge(observation)) }
}

extension Edge {
    /// The two ends.
    struct Ends: Hashable, Sendable {
        var caller: String
        var callee: String
    }

    var ends: Ends { Ends(caller: caller, callee: callee) }
}
