/// What statements do: which run only if content says something, and what text they put out.
extension JinjaChecker {
    mutating func check(_ statements: [JinjaStatement]) throws(ScanStop) {
        for statement in statements { try check(statement) }
    }

    /// Checks statements that run only if a condition holds.
    mutating func check(_ statements: [JinjaStatement], under condition: Bool) throws(ScanStop) {
        let before = inspecting
        inspecting = before || condition
        try check(statements)
        inspecting = before
    }

    mutating func check(_ statement: JinjaStatement) throws(ScanStop) {
        try budget(1)
        switch statement {
        case .text(let text, let offset):
            emit(text, at: offset)
        case .output(let value):
            emit(try evaluate(value), at: value.offset)
        case .choice(let branches, let otherwise):
            var decided = false
            for branch in branches {
                decided = try condition(branch.test) || decided
                try check(branch.body, under: decided)
            }
            try check(otherwise, under: decided)
        case .loop(let loop): try check(loop)
        case .set(let targets, let value):
            let known = try evaluate(value)
            for target in targets {
                if target.attribute != nil, !namespaces.contains(target.name) {
                    fault("template-set", target.offset, target.key, "an attribute is set of something but a namespace")
                }
                learn(variable: target.name, attribute: target.attribute, known)
                guard case .call(_, let given) = value.kind, namespaces.contains(target.key) else { continue }
                for argument in given {
                    guard let name = argument.name else { continue }
                    learn(variable: target.name, attribute: name, try evaluate(argument.value))
                }
            }
        case .capture(let target, let filters, let body):
            var value = try captured(body)
            for filter in filters {
                let added = try evaluate(filter)
                if added.contains(.prose), value.contains(.content) { value.insert(.inspected) }
                value.formUnion(added)
            }
            try check(body)
            learn(variable: target.name, attribute: target.attribute, value.union([.built, .unnumbered]))
        case .macro(let name, let parameters, let body):
            for parameter in parameters {
                let value = try parameter.value.map { (value) throws(ScanStop) in try evaluate(value) } ?? []
                learn(JinjaScope.prefix(of: name) + parameter.name, value)
            }
            scopes.append(JinjaScope(macro: name, parameters: parameters.map(\.name), body: body))
            defer { scopes.removeLast() }
            try check(body, under: inspectedMacros.contains(name))
            learn("\(name)()", try captured(body).union(.unnumbered))
        case .call(let call, let parameters, let body):
            for parameter in parameters { learn(variable: parameter.name, .content) }
            learn("caller()", try captured(body))
            emit(try evaluate(call), at: call.offset)
            try check(body)
        case .with(let values, let body):
            for value in values { learn(variable: value.name, try evaluate(value.value)) }
            try check(body)
        case .around(let filters, let body):
            if let filters, try evaluate(filters).contains(.prose), try captured(body).contains(.content) {
                emit([.prose, .inspected], at: filters.offset)
            }
            try check(body)
        case .jump:
            if inspecting, let loop = loops.last, inspectedLoops.insert(loop).inserted { changed = true }
        }
    }

    mutating func check(_ loop: JinjaLoop) throws(ScanStop) {
        loopCounter += 1
        let identity = loopCounter
        let values = try evaluate(loop.values)
        for name in loop.names {
            // The keys and texts that `items` gives are content.
            learn(variable: name, values.subtracting(.inspected))
        }
        var decided = values.contains(.inspected) || values.isSuperset(of: [.content, .transformed])
        if let condition = loop.condition { decided = try self.condition(condition) || decided }
        loops.append(identity)
        try check(loop.body, under: decided || inspectedLoops.contains(identity))
        loops.removeLast()
        try check(loop.otherwise, under: decided)
    }

    /// What the text that statements put out may be.
    private mutating func captured(_ statements: [JinjaStatement]) throws(ScanStop) -> JinjaTraits {
        var result: JinjaTraits = []
        for statement in statements {
            switch statement {
            case .text(let text, _): if JinjaProse.holds(text) { result.insert(.prose) }
            case .output(let value): result.formUnion(try evaluate(value))
            case .choice(let branches, let otherwise):
                for branch in branches { result.formUnion(try captured(branch.body)) }
                result.formUnion(try captured(otherwise))
            case .loop(let loop): result.formUnion(try captured(loop.body + loop.otherwise))
            case .call(let call, _, let body): result.formUnion(try evaluate(call).union(try captured(body)))
            case .with(_, let body), .around(_, let body): result.formUnion(try captured(body))
            case .set, .capture, .macro, .jump: break
            }
        }
        return result
    }

    private mutating func emit(_ text: String, at offset: Int) {
        if JinjaProse.isActive(text) {
            fault("template-active", offset, nil, "the template puts out markup that a browser would run")
        }
        emit(JinjaProse.holds(text) ? .prose : [], at: offset)
    }

    private mutating func emit(_ value: JinjaTraits, at offset: Int) {
        guard value.contains(.prose), inspecting || value.contains(.inspected) else { return }
        fault(
            "template-hidden",
            offset,
            nil,
            "a sentence of the template's own depends on what a message says, or on the date"
        )
    }

    // MARK: Conditions

    /// Checks a condition, and says whether it depends on what content says.
    mutating func condition(_ expression: JinjaExpression) throws(ScanStop) -> Bool {
        let wasTesting = isTesting
        isTesting = true
        defer { isTesting = wasTesting }
        return Self.isDecided(by: try evaluate(expression))
    }

    /// Whether a condition on a value depends on what content says.
    static func isDecided(by value: JinjaTraits) -> Bool {
        value.contains(.inspected) || value.contains(.time) || value.isSuperset(of: [.content, .transformed])
    }

    mutating func comparison(
        _ left: (JinjaExpression, JinjaTraits),
        _ sign: String,
        _ right: (JinjaExpression, JinjaTraits)
    ) -> Bool {
        let both = left.1.union(right.1)
        if both.contains(.inspected) || both.contains(.time) { return true }
        if both.contains(.content) {
            let isPlain = !both.contains(.transformed)
            return !(isPlain && sign != "in" && sign != "not in" && (left.0.isEmptyLiteral || right.0.isEmptyLiteral))
        }
        // The third message and later ones: a count that waits.
        return left.0.isCount || right.0.isCount
    }
}
