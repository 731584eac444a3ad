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

    /// Checks statements that run as often as a macro is called, and where it is.
    private mutating func check(_ statements: [JinjaStatement], ofMacro name: String) throws(ScanStop) {
        let before = isCounting
        isCounting = before || countedMacros.contains(name)
        try check(statements, under: inspectedMacros.contains(name))
        isCounting = before
    }

    /// What a variable is set to where that may add up.
    private func counted(_ value: JinjaTraits, isFixed: Bool) -> JinjaTraits {
        isCounting && !isFixed ? value.union(.content) : value
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
            if targets.count == 1, targets[0].attribute == nil, let given = value.namespaceArguments {
                return try make(namespace: targets[0], given)
            }
            let known = try counted(evaluate(value), isFixed: value.isLiteral)
            for target in targets {
                checkAttribute(of: target)
                learn(variable: target.name, attribute: target.attribute, known)
            }
        case .capture(let target, let filters, let body):
            var value = try captured(body)
            for filter in filters {
                let added = try evaluate(filter)
                if added.contains(.prose), value.contains(.content) { value.insert(.inspected) }
                value.formUnion(added)
            }
            if !filters.isEmpty { value = Self.filtered(value) }
            checkAttribute(of: target)
            try check(body)
            value = counted(value, isFixed: false)
            learn(variable: target.name, attribute: target.attribute, value.union([.built, .unnumbered]))
        case .macro(let name, let parameters, let body):
            learn(variable: name, .unnumbered)
            // A default may be another parameter.
            scopes.append(JinjaScope(macro: name, parameters: parameters.map(\.name), body: body))
            defer { scopes.removeLast() }
            for parameter in parameters {
                let value = try parameter.value.map { (value) throws(ScanStop) in try evaluate(value) } ?? []
                learn(JinjaScope.prefix(of: name) + parameter.name, value)
            }
            try check(body, ofMacro: name)
            learn("\(name)()", try captured(body).union(.unnumbered))
        case .call(let call, let parameters, let body):
            // What `caller` is given, nobody follows.
            for parameter in parameters { learn(variable: parameter.name, Self.everything) }
            learn("caller()", try captured(body))
            emit(try evaluate(call), at: call.offset)
            try check(body, ofMacro: "caller()")
        case .with(let values, let body):
            for value in values { learn(variable: value.name, try evaluate(value.value)) }
            try check(body)
        case .around(let filters, let body):
            if let filters, try evaluate(filters).contains(.prose), try captured(body).contains(.content) {
                emit([.prose, .inspected], at: filters.offset)
            }
            try check(body)
        case .jump:
            if inspecting, let loop = loops.last?.identity, inspectedLoops.insert(loop).inserted { changed = true }
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
        var decided = Self.isDecided(by: values)
        if let condition = loop.condition { decided = try self.condition(condition) || decided }
        loops.append((identity, values))
        let wasCounting = isCounting
        isCounting = wasCounting || values.contains(.content)
        try check(loop.body, under: decided || inspectedLoops.contains(identity))
        isCounting = wasCounting
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
                var decided = false
                for branch in branches {
                    decided = try condition(branch.test) || decided
                    result.formUnion(try captured(branch.body))
                }
                result.formUnion(try captured(otherwise))
                // Which of them is put out says what content is like; what is a sentence is found where it stands.
                if decided { result.formUnion([.content, .transformed]) }
            case .loop(let loop):
                let values = try evaluate(loop.values)
                var decided = Self.isDecided(by: values)
                // As long as content is.
                if values.contains(.content) { result.insert(.content) }
                if let test = loop.condition { decided = try condition(test) || decided }
                result.formUnion(try captured(loop.body + loop.otherwise))
                if decided { result.formUnion([.content, .transformed]) }
            case .call(let call, _, let body): result.formUnion(try evaluate(call).union(try captured(body)))
            case .with(_, let body), .around(nil, let body): result.formUnion(try captured(body))
            case .around(_, let body): result.formUnion(Self.filtered(try captured(body)))
            case .set, .capture, .macro, .jump: break
            }
        }
        return result
    }

    /// What filters may make of a text that statements put out.
    private static func filtered(_ value: JinjaTraits) -> JinjaTraits {
        guard value.contains(.content) else { return value }
        return value.union(value.contains(.prose) ? [.transformed, .inspected] : .transformed)
    }

    /// `set ns = namespace(a=1)`: each attribute is a variable of its own.
    private mutating func make(namespace target: JinjaTarget, _ given: [JinjaArgument]) throws(ScanStop) {
        learn(variable: target.name, .unnumbered)
        for argument in given {
            let value = try evaluate(argument.value)
            guard let name = argument.name else {
                fault("template-namespace", target.offset, target.name, "a namespace is made of another dictionary")
                continue
            }
            learn(variable: target.name, attribute: name, value)
        }
    }

    private mutating func checkAttribute(of target: JinjaTarget) {
        guard target.attribute != nil, !namespaces.contains(target.name) else { return }
        fault("template-set", target.offset, target.key, "an attribute is set of something but a namespace")
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
        !value.isDisjoint(with: [.inspected, .time, .large]) || value.isSuperset(of: [.content, .transformed])
    }

    mutating func comparison(
        _ left: (JinjaExpression, JinjaTraits),
        _ sign: String,
        _ right: (JinjaExpression, JinjaTraits)
    ) -> Bool {
        let both = left.1.union(right.1)
        if both.contains(.inspected) || both.contains(.time) { return true }
        // A whole message against one that is written out.
        if left.1.contains(.conversation) && right.1.contains(.composite)
            || left.1.contains(.composite) && right.1.contains(.conversation)
        {
            if !left.0.isEmptyLiteral, !right.0.isEmptyLiteral, !(left.0.isText && sign.hasSuffix("in")) { return true }
        }
        if both.contains(.content) {
            let isPlain = !both.contains(.transformed)
            return !(isPlain && sign != "in" && sign != "not in" && (left.0.isEmptyLiteral || right.0.isEmptyLiteral))
        }
        // The third message and later ones: a count that waits.
        return left.0.isCount || right.0.isCount || both.contains(.large)
    }
}
