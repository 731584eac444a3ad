/// Reads the conditions of policies in the form in which PostgreSQL itself writes expressions.
struct RowExpressionParser {
    /// A part of a condition.
    indirect enum Node: Hashable {
        case constant(RowExpression.Value)
        case name(String)
        case call(String, [Node])
        case and([Node])
        case or([Node])
        case not(Node)
        case comparison(String, Node, Node, isAny: Bool)
        case list([Node])
        /// A text that is cast to an array.
        case array(Node)
        /// Something that is read over and not understood.
        case unknown
    }

    private let tokens: [SQLTokens.Token]
    private var place = 0
    private var depth = 0

    /// The deepest that brackets are followed.
    private static let maximumDepth = 64

    init(_ tokens: [SQLTokens.Token]) { self.tokens = tokens }

    var isAtEnd: Bool { place >= tokens.count }

    // MARK: - Tokens

    private var next: SQLTokens.Token? { place < tokens.count ? tokens[place] : nil }

    private mutating func take(_ symbol: String) -> Bool {
        guard next == .symbol(symbol) else { return false }
        place += 1
        return true
    }

    private mutating func takeWord(_ word: String) -> Bool {
        guard next == .word(word, isQuoted: false) else { return false }
        place += 1
        return true
    }

    /// Reads over what is left of the bracket that is open.
    private mutating func skipBracket() -> Node? {
        var open = 1
        while let token = next {
            place += 1
            if token == .symbol("(") { open += 1 }
            if token == .symbol(")") { open -= 1 }
            if open == 0 { return .unknown }
        }
        return nil
    }

    // MARK: - Expressions

    /// An expression; nil for what is none.
    mutating func expression() -> Node? {
        guard depth < Self.maximumDepth else { return nil }
        depth += 1
        defer { depth -= 1 }
        guard let nodes = joined(by: "or", { $0.conjunction() }) else { return nil }
        return nodes.count == 1 ? nodes[0] : .or(nodes)
    }

    private mutating func conjunction() -> Node? {
        guard let nodes = joined(by: "and", { $0.negation() }) else { return nil }
        return nodes.count == 1 ? nodes[0] : .and(nodes)
    }

    private mutating func joined(by word: String, _ part: (inout Self) -> Node?) -> [Node]? {
        guard let first = part(&self) else { return nil }
        var nodes = [first]
        while takeWord(word) {
            guard let node = part(&self) else { return nil }
            nodes.append(node)
        }
        return nodes
    }

    private mutating func negation() -> Node? {
        var isNegated = false
        while takeWord("not") { isNegated.toggle() }
        guard let node = comparison() else { return nil }
        return isNegated ? .not(node) : node
    }

    private mutating func comparison() -> Node? {
        guard let left = operand() else { return nil }
        guard case .symbol(let operation) = next, let first = operation.unicodeScalars.first,
            "<>=!@&~".unicodeScalars.contains(first)
        else {
            // `IS NULL`, `LIKE …`, `IN (…)`: what follows up to the end of the bracket is not understood.
            guard case .word(let word, false) = next,
                ["is", "like", "ilike", "in", "between", "collate"].contains(word)
            else {
                return left
            }
            while let token = next, token != .symbol(")"), token != .word("and", isQuoted: false),
                token != .word("or", isQuoted: false)
            {
                place += 1
                if token == .symbol("("), skipBracket() == nil { return nil }
            }
            return .unknown
        }
        place += 1
        let isAny = takeWord("any")
        if !isAny, takeWord("all") { return operand() == nil ? nil : .unknown }
        guard let right = operand() else { return nil }
        return .comparison(operation, left, right, isAny: isAny)
    }

    /// A value with the types that it is cast to.
    private mutating func operand() -> Node? {
        guard var node = primary() else { return nil }
        while take("::") {
            guard case .word = next else { return nil }
            place += 1
            // `character varying`, `double precision`, `timestamp with time zone`.
            while case .word(let word, false) = next,
                ["varying", "precision", "with", "without", "time", "zone"].contains(word)
            {
                place += 1
            }
            if take("."), case .word = next { place += 1 }
            if take("("), skipBracket() == nil { return nil }
            if take("[") {
                guard take("]") else { return nil }
                node = .array(node)
            }
        }
        return node
    }

    private mutating func primary() -> Node? {
        guard let token = next else { return nil }
        place += 1
        switch token {
        case .literal(let text): return .constant(.text(text))
        case .number(let text): return .constant(.text(text))
        case .symbol("("): return bracket()
        case .symbol: return nil
        case .word("true", false): return .constant(.bool(true))
        case .word("false", false): return .constant(.bool(false))
        case .word("null", false): return .constant(.null)
        case .word("array", false) where next == .symbol("["):
            place += 1
            var nodes: [Node] = []
            while !take("]") {
                guard let node = expression() else { return nil }
                nodes.append(node)
                _ = take(",")
            }
            return .list(nodes)
        case .word("case", false), .word("exists", false), .word("select", false):
            return nil
        case .word(var name, _):
            while take(".") {
                guard case .word(let part, _) = next else { return nil }
                place += 1
                name += "." + part
            }
            guard take("(") else { return .name(name) }
            var arguments: [Node] = []
            while !take(")") {
                guard let node = expression() else { return nil }
                arguments.append(node)
                _ = take(",")
            }
            return .call(name, arguments)
        }
    }

    /// What stands in brackets: an expression, or a query for one value.
    private mutating func bracket() -> Node? {
        guard takeWord("select") else {
            guard let node = expression(), take(")") else { return nil }
            return node
        }
        let start = place
        if let node = expression() {
            // The name of the query's only column.
            if takeWord("as"), case .word = next { place += 1 }
            if take(")") { return node }
        }
        place = start
        return skipBracket()
    }
}
