/// Parses the statements and expressions that chat templates are made of: Jinja without anything that reaches other
/// templates (`include`, `import`, `extends`, `block`) or runs code (`do`).
struct JinjaParser {
    /// How deep expressions and statements may nest.
    static let depth = 100

    private let tokens: [JinjaToken]
    private var index = 0
    private var nesting = 0

    /// The statements of a template.
    static func statements(of text: String) throws(JinjaFault) -> [JinjaStatement] {
        var parser = JinjaParser(tokens: try JinjaLexer.tokens(of: text))
        let (statements, end) = try parser.statements(until: [])
        guard end == nil else { throw parser.fault("`\(end ?? "")` ends nothing") }
        return statements
    }

    private init(tokens: [JinjaToken]) { self.tokens = tokens }

    // MARK: Tokens

    private var current: JinjaToken { tokens[index] }

    private func fault(_ message: String, at offset: Int? = nil, isCertain: Bool = false) -> JinjaFault {
        JinjaFault(
            rule: "template-syntax",
            offset: offset ?? current.offset,
            message: message,
            isCertain: isCertain
        )
    }

    private mutating func advance() { if index < tokens.count - 1 { index += 1 } }

    private mutating func take(_ kind: JinjaToken.Kind) -> Bool {
        guard current.kind == kind else { return false }
        advance()
        return true
    }

    private mutating func take(symbol: String) -> Bool { take(.symbol(symbol)) }
    private mutating func take(word: String) -> Bool { take(.name(word)) }

    private mutating func expect(symbol: String) throws(JinjaFault) {
        guard take(symbol: symbol) else { throw fault("`\(symbol)` is expected") }
    }

    /// A name; of a variable it may begin with one underscore, since templates name their own so.
    private mutating func identifier(ofVariable isVariable: Bool = false) throws(JinjaFault) -> String {
        guard case .name(let name) = current.kind else { throw fault("a name is expected") }
        guard !name.hasPrefix(isVariable ? "__" : "_") else {
            throw JinjaFault(
                rule: "template-attribute",
                verdict: .unsafe,
                offset: current.offset,
                element: name,
                message: "a name that begins with an underscore reaches into Python itself"
            )
        }
        advance()
        return name
    }

    private func peek(_ distance: Int = 1) -> JinjaToken.Kind {
        index + distance < tokens.count ? tokens[index + distance].kind : .end
    }

    private mutating func nested<Value>(
        _ body: (inout JinjaParser) throws(JinjaFault) -> Value
    ) throws(JinjaFault) -> Value {
        nesting += 1
        defer { nesting -= 1 }
        guard nesting <= Self.depth else { throw fault("the template nests more than \(Self.depth) deep") }
        return try body(&self)
    }

    // MARK: Statements

    /// Statements up to one of some words, which is returned; the words behind it up to `%}` are the caller's.
    private mutating func statements(until ends: Set<String>) throws(JinjaFault) -> ([JinjaStatement], String?) {
        var result: [JinjaStatement] = []
        while true {
            let token = current
            switch token.kind {
            case .end: return (result, nil)
            case .text(let text):
                advance()
                result.append(.text(text, offset: token.offset))
            case .outputBegin:
                advance()
                // Nothing, or a sign that begins no expression: what Jinja refuses, too.
                guard !beginsNothing else { throw fault("an expression is expected", isCertain: true) }
                result.append(.output(try tuple()))
                guard take(.outputEnd) else { throw fault("`}}` is expected", isCertain: isOperand) }
            case .blockBegin:
                advance()
                guard case .name(let word) = current.kind else {
                    throw fault("a statement is expected", isCertain: true)
                }
                if ends.contains(word) {
                    advance()
                    return (result, word)
                }
                let statement = try nested { (parser) throws(JinjaFault) in try parser.statement(word) }
                result.append(statement)
            default: throw fault("this stands where text is expected")
            }
        }
    }

    /// Whether an output is over before it began, or begins with what stands between operands.
    private var beginsNothing: Bool {
        switch current.kind {
        case .outputEnd: true
        case .symbol(let sign): [".", ",", ":", "|", "=", "/", "//", "%", "~", "<", ">", ")", "]"].contains(sign)
        default: false
        }
    }

    /// Whether an operand stands here, of which there are no two beside one another.
    private var isOperand: Bool {
        switch current.kind {
        case .name, .string, .integer, .float: true
        default: false
        }
    }

    private mutating func endBlock() throws(JinjaFault) {
        guard take(.blockEnd) else { throw fault("`%}` is expected") }
    }

    private mutating func body(until ends: String...) throws(JinjaFault) -> ([JinjaStatement], String) {
        let (statements, end) = try statements(until: Set(ends))
        guard let end else { throw fault("`\(ends.joined(separator: "` or `"))` is expected before the end") }
        return (statements, end)
    }

    private mutating func statement(_ word: String) throws(JinjaFault) -> JinjaStatement {
        let offset = current.offset
        advance()
        switch word {
        case "if": return try choice()
        case "for": return try loop()
        case "set": return try assignment()
        case "macro":
            let name = try identifier(ofVariable: true)
            let parameters = try parameters()
            try endBlock()
            let (body, _) = try body(until: "endmacro")
            _ = take(word: name)
            try endBlock()
            return .macro(name: name, parameters: parameters, body: body)
        case "call":
            let parameters = current.kind == .symbol("(") ? try parameters() : []
            let call = try expression()
            try endBlock()
            let (body, _) = try body(until: "endcall")
            try endBlock()
            return .call(call, parameters: parameters, body: body)
        case "with": return try with()
        case "generation":
            try endBlock()
            let (body, _) = try body(until: "endgeneration")
            try endBlock()
            return .around(nil, body: body)
        case "filter":
            var value = make(.string(""), offset, [])
            repeat { value = try filter(on: value) } while take(symbol: "|")
            try endBlock()
            let (body, _) = try body(until: "endfilter")
            try endBlock()
            return .around(value, body: body)
        case "break", "continue":
            try endBlock()
            return .jump(offset: offset)
        default:
            throw JinjaFault(
                rule: "template-statement",
                offset: offset,
                element: word,
                message: "the statement is not one that chat templates need",
                // The end or the other branch of something that did not begin.
                isCertain: ["else", "elif", "endif", "endfor", "endset", "endmacro"].contains(word)
            )
        }
    }

    private mutating func choice() throws(JinjaFault) -> JinjaStatement {
        var branches: [(test: JinjaExpression, body: [JinjaStatement])] = []
        var test = try tuple()
        while true {
            try endBlock()
            let (body, end) = try body(until: "elif", "else", "endif")
            branches.append((test, body))
            if end == "elif" {
                test = try tuple()
                continue
            }
            try endBlock()
            guard end == "else" else { return .choice(branches, otherwise: []) }
            let (otherwise, _) = try self.body(until: "endif")
            try endBlock()
            return .choice(branches, otherwise: otherwise)
        }
    }

    private mutating func loop() throws(JinjaFault) -> JinjaStatement {
        var names: [String] = []
        let bracket = take(symbol: "(")
        repeat { names.append(try identifier(ofVariable: true)) } while take(symbol: ",")
        if bracket { try expect(symbol: ")") }
        guard take(word: "in") else { throw fault("`in` is expected") }
        let values = try tuple(conditional: false)
        let condition = take(word: "if") ? try expression() : nil
        _ = take(word: "recursive")
        try endBlock()
        let (body, end) = try body(until: "else", "endfor")
        try endBlock()
        var otherwise: [JinjaStatement] = []
        if end == "else" {
            (otherwise, _) = try self.body(until: "endfor")
            try endBlock()
        }
        return .loop(
            JinjaLoop(names: names, values: values, condition: condition, body: body, otherwise: otherwise)
        )
    }

    private mutating func target() throws(JinjaFault) -> JinjaTarget {
        let offset = current.offset
        let name = try identifier(ofVariable: true)
        return JinjaTarget(name: name, attribute: take(symbol: ".") ? try identifier() : nil, offset: offset)
    }

    private mutating func assignment() throws(JinjaFault) -> JinjaStatement {
        var targets = [try target()]
        while take(symbol: ",") { targets.append(try target()) }
        if take(symbol: "=") {
            let value = try tuple()
            try endBlock()
            return .set(targets, value)
        }
        var filters: [JinjaExpression] = []
        while take(symbol: "|") { filters.append(try filter(on: make(.string(""), current.offset, []))) }
        try endBlock()
        let (body, _) = try body(until: "endset")
        try endBlock()
        guard targets.count == 1 else { throw fault("a block is set to one name") }
        return .capture(targets[0], filters: filters, body: body)
    }

    private mutating func with() throws(JinjaFault) -> JinjaStatement {
        var values: [(name: String, value: JinjaExpression)] = []
        while current.kind != .blockEnd {
            let name = try identifier()
            try expect(symbol: "=")
            values.append((name, try expression()))
            guard take(symbol: ",") else { break }
        }
        try endBlock()
        let (body, _) = try body(until: "endwith")
        try endBlock()
        return .with(values, body: body)
    }

    private mutating func parameters() throws(JinjaFault) -> [JinjaArgumentName] {
        try expect(symbol: "(")
        var result: [JinjaArgumentName] = []
        while !take(symbol: ")") {
            let name = try identifier(ofVariable: true)
            result.append(JinjaArgumentName(name: name, value: take(symbol: "=") ? try expression() : nil))
            if !take(symbol: ",") {
                try expect(symbol: ")")
                break
            }
        }
        return result
    }

    // MARK: Expressions

    private func make(_ kind: JinjaExpression.Kind, _ offset: Int, _ parts: [JinjaExpression]) -> JinjaExpression {
        JinjaExpression(kind: kind, offset: offset, depth: 1 + (parts.map(\.depth).max() ?? 0))
    }

    private func checked(_ expression: JinjaExpression) throws(JinjaFault) -> JinjaExpression {
        guard expression.depth <= 2 * Self.depth else { throw fault("an expression is too long a chain") }
        return expression
    }

    private mutating func tuple(conditional: Bool = true) throws(JinjaFault) -> JinjaExpression {
        let first = conditional ? try expression() : try disjunction()
        guard current.kind == .symbol(",") else { return first }
        var elements = [first]
        while take(symbol: ",") {
            if case .blockEnd = current.kind { break }
            if current.kind == .symbol(")") { break }
            elements.append(conditional ? try expression() : try disjunction())
        }
        return try checked(make(.list(elements), first.offset, elements))
    }

    private mutating func expression() throws(JinjaFault) -> JinjaExpression {
        try nested { (parser) throws(JinjaFault) in
            let then = try parser.disjunction()
            guard parser.take(word: "if") else { return then }
            let test = try parser.disjunction()
            let otherwise = parser.take(word: "else") ? try parser.expression() : nil
            return try parser.checked(
                parser.make(
                    .conditional(then: then, test: test, otherwise: otherwise),
                    then.offset,
                    [then, test] + (otherwise.map { [$0] } ?? [])
                )
            )
        }
    }

    private mutating func disjunction() throws(JinjaFault) -> JinjaExpression {
        var left = try conjunction()
        while take(word: "or") {
            let right = try conjunction()
            left = try checked(make(.binary("or", left, right), left.offset, [left, right]))
        }
        return left
    }

    private mutating func conjunction() throws(JinjaFault) -> JinjaExpression {
        var left = try negation()
        while take(word: "and") {
            let right = try negation()
            left = try checked(make(.binary("and", left, right), left.offset, [left, right]))
        }
        return left
    }

    private mutating func negation() throws(JinjaFault) -> JinjaExpression {
        let offset = current.offset
        guard take(word: "not") else { return try comparison() }
        let operand = try nested { (parser) throws(JinjaFault) in try parser.negation() }
        return try checked(make(.unary("not", operand), offset, [operand]))
    }

    private mutating func comparison() throws(JinjaFault) -> JinjaExpression {
        let left = try sum()
        var rest: [(sign: String, operand: JinjaExpression)] = []
        while true {
            if case .symbol(let sign) = current.kind, ["==", "!=", "<", ">", "<=", ">="].contains(sign) {
                advance()
                rest.append((sign, try sum()))
            } else if take(word: "in") {
                rest.append(("in", try sum()))
            } else if current.kind == .name("not"), peek() == .name("in") {
                advance()
                advance()
                rest.append(("not in", try sum()))
            } else {
                break
            }
        }
        guard !rest.isEmpty else { return left }
        return try checked(make(.comparison(left, rest), left.offset, [left] + rest.map(\.operand)))
    }

    private mutating func chain(
        _ signs: Set<String>,
        _ operand: (inout JinjaParser) throws(JinjaFault) -> JinjaExpression
    ) throws(JinjaFault) -> JinjaExpression {
        var left = try operand(&self)
        while case .symbol(let sign) = current.kind, signs.contains(sign) {
            advance()
            let right = try operand(&self)
            left = try checked(make(.binary(sign, left, right), left.offset, [left, right]))
        }
        return left
    }

    private mutating func sum() throws(JinjaFault) -> JinjaExpression {
        try chain(["+", "-"]) { (parser) throws(JinjaFault) in try parser.concatenation() }
    }

    private mutating func concatenation() throws(JinjaFault) -> JinjaExpression {
        try chain(["~"]) { (parser) throws(JinjaFault) in try parser.product() }
    }

    private mutating func product() throws(JinjaFault) -> JinjaExpression {
        try chain(["*", "/", "//", "%"]) { (parser) throws(JinjaFault) in try parser.signed() }
    }

    private mutating func signed() throws(JinjaFault) -> JinjaExpression {
        let offset = current.offset
        if take(symbol: "-") || take(symbol: "+") {
            let operand = try nested { (parser) throws(JinjaFault) in try parser.signed() }
            return try checked(make(.unary("-", operand), offset, [operand]))
        }
        let base = try postfix(try primary())
        guard take(symbol: "**") else { return base }
        let power = try nested { (parser) throws(JinjaFault) in try parser.signed() }
        return try checked(make(.binary("**", base, power), offset, [base, power]))
    }

    private mutating func primary() throws(JinjaFault) -> JinjaExpression {
        let token = current
        switch token.kind {
        case .string(var text):
            advance()
            // Neighbouring strings are one.
            while case .string(let more) = current.kind {
                text += more
                advance()
            }
            return make(.string(text), token.offset, [])
        case .integer(let value):
            advance()
            return make(.integer(value), token.offset, [])
        case .float:
            advance()
            // As little an empty value as a number above two.
            return make(.integer(3), token.offset, [])
        case .name(let word):
            if ["true", "false", "none", "True", "False", "None"].contains(word) {
                advance()
                return make(.constant, token.offset, [])
            }
            return make(.name(try identifier(ofVariable: true)), token.offset, [])
        case .symbol("("):
            advance()
            if take(symbol: ")") { return make(.list([]), token.offset, []) }
            let inner = try tuple()
            try expect(symbol: ")")
            return inner
        case .symbol("["):
            advance()
            let elements = try list(until: "]")
            return try checked(make(.list(elements), token.offset, elements))
        case .symbol("{"): return try dictionary()
        default: throw fault("an expression is expected")
        }
    }

    private mutating func list(until end: String) throws(JinjaFault) -> [JinjaExpression] {
        var elements: [JinjaExpression] = []
        while !take(symbol: end) {
            elements.append(try expression())
            if !take(symbol: ",") {
                try expect(symbol: end)
                break
            }
        }
        return elements
    }

    private mutating func dictionary() throws(JinjaFault) -> JinjaExpression {
        let offset = current.offset
        advance()
        var pairs: [(key: JinjaExpression, value: JinjaExpression)] = []
        while !take(symbol: "}") {
            let key = try expression()
            try expect(symbol: ":")
            pairs.append((key, try expression()))
            if !take(symbol: ",") {
                try expect(symbol: "}")
                break
            }
        }
        return try checked(make(.dictionary(pairs), offset, pairs.flatMap { [$0.key, $0.value] }))
    }

    private mutating func postfix(_ start: JinjaExpression) throws(JinjaFault) -> JinjaExpression {
        var value = start
        while true {
            let offset = current.offset
            if take(symbol: ".") {
                if case .integer(let number) = current.kind {
                    advance()
                    let position = make(.integer(number), offset, [])
                    value = make(.element(value, position), offset, [value, position])
                } else {
                    value = make(.attribute(value, try identifier()), offset, [value])
                }
            } else if take(symbol: "[") {
                value = try element(of: value, offset)
            } else if current.kind == .symbol("(") {
                let arguments = try arguments()
                value = make(.call(value, arguments), offset, [value] + arguments.map(\.value))
            } else if take(symbol: "|") {
                value = try filter(on: value)
            } else if take(word: "is") {
                value = try test(on: value)
            } else {
                return value
            }
            value = try checked(value)
        }
    }

    private mutating func element(of base: JinjaExpression, _ offset: Int) throws(JinjaFault) -> JinjaExpression {
        var parts: [JinjaExpression] = []
        var isSlice = false
        while !take(symbol: "]") {
            if take(symbol: ":") {
                isSlice = true
                continue
            }
            parts.append(try expression())
            guard current.kind == .symbol(":") || current.kind == .symbol("]") else { throw fault("`]` is expected") }
        }
        if isSlice { return make(.slice(base, parts), offset, [base] + parts) }
        guard parts.count == 1 else { throw fault("an index is expected", at: offset) }
        return make(.element(base, parts[0]), offset, [base, parts[0]])
    }

    private mutating func arguments() throws(JinjaFault) -> [JinjaArgument] {
        try expect(symbol: "(")
        var result: [JinjaArgument] = []
        while !take(symbol: ")") {
            if case .name = current.kind, peek() == .symbol("=") {
                let name = try identifier()
                advance()
                result.append(JinjaArgument(name: name, value: try expression()))
            } else {
                result.append(JinjaArgument(name: nil, value: try expression()))
            }
            if !take(symbol: ",") {
                try expect(symbol: ")")
                break
            }
        }
        return result
    }

    private mutating func filter(on value: JinjaExpression) throws(JinjaFault) -> JinjaExpression {
        let offset = current.offset
        let name = try identifier()
        let arguments = current.kind == .symbol("(") ? try arguments() : []
        return make(.filter(value, name, arguments), offset, [value] + arguments.map(\.value))
    }

    private mutating func test(on value: JinjaExpression) throws(JinjaFault) -> JinjaExpression {
        let offset = current.offset
        let isNegated = take(word: "not")
        var name = "none"
        if case .name(let word) = current.kind, ["none", "None", "true", "false", "True", "False", "in"].contains(word)
        {
            advance()
            name = word.lowercased()
        } else {
            name = try identifier()
        }
        var arguments: [JinjaArgument] = []
        if current.kind == .symbol("(") {
            arguments = try self.arguments()
        } else if startsOperand {
            let operand = try postfixWithoutTests()
            arguments = [JinjaArgument(name: nil, value: operand)]
        }
        let result = make(.test(value, name, arguments), offset, [value] + arguments.map(\.value))
        return isNegated ? make(.unary("not", result), offset, [result]) : result
    }

    /// Whether what follows a test's name is its argument, as in `x is divisibleby 2`.
    private var startsOperand: Bool {
        switch current.kind {
        case .string, .integer, .float: true
        case .name(let word): !["else", "or", "and", "is", "if", "in", "not", "recursive"].contains(word)
        case .symbol("["), .symbol("{"): true
        default: false
        }
    }

    private mutating func postfixWithoutTests() throws(JinjaFault) -> JinjaExpression {
        var value = try primary()
        while true {
            let offset = current.offset
            if take(symbol: ".") {
                value = make(.attribute(value, try identifier()), offset, [value])
            } else if take(symbol: "[") {
                value = try element(of: value, offset)
            } else {
                return try checked(value)
            }
        }
    }
}
