import Resources

extension PolicyDecoder {
    /// Reads `rules`.
    mutating func rules(_ value: Value?) -> [AuthorizationPolicy.Rule] {
        guard let value, !value.isNull, let elements = reader.elements(value) else { return [] }
        if elements.count > 512, checks == .admission {
            reader.report(value.location, "a policy has at most 512 rules")
        }
        return elements.compactMap { rule($0) }
    }

    private mutating func rule(_ value: Value) -> AuthorizationPolicy.Rule? {
        guard var fields = reader.open(value, "a rule") else { return nil }
        let from = fields.value("from")
        let to = fields.value("to")
        let when = fields.value("when")
        reader.collect { try fields.finish() }
        return AuthorizationPolicy.Rule(
            from: groups(from, in: "from", each: "source", names: Self.sourceFields, maximum: 512),
            to: groups(to, in: "to", each: "operation", names: Self.operationFields, maximum: .max),
            when: conditions(when),
            location: value.location
        )
    }

    // MARK: - Sources and operations

    /// The fields of a source by name.
    private static let sourceFields: [(name: String, subject: AuthorizationPolicy.Subject)] = [
        ("principals", .principal), ("requestPrincipals", .requestPrincipal), ("namespaces", .namespace),
        ("serviceAccounts", .serviceAccount), ("trustDomains", .trustDomain), ("ipBlocks", .sourceIP),
        ("remoteIpBlocks", .remoteIP),
    ]
    private static let operationFields: [(name: String, subject: AuthorizationPolicy.Subject)] = [
        ("hosts", .host), ("ports", .destinationPort), ("methods", .method), ("paths", .path),
    ]

    /// The name of a field's opposite: `notPaths`.
    private static func negated(_ name: String) -> String { "not" + name.prefix(1).uppercased() + name.dropFirst() }

    /// Reads a `from` or a `to`.
    private mutating func groups(
        _ value: Value?,
        in list: String,
        each element: String,
        names: [(name: String, subject: AuthorizationPolicy.Subject)],
        maximum: Int
    ) -> [AuthorizationPolicy.FieldGroup] {
        guard let value, !value.isNull, let elements = reader.elements(value) else { return [] }
        if elements.isEmpty, checks == .admission {
            reader.report(value.location, "`\(list)` is empty; leave it out to match any \(element)")
        }
        if elements.count > maximum, checks == .admission {
            reader.report(value.location, "`\(list)` has at most \(maximum) elements")
        }
        return elements.compactMap { group($0, in: list, each: element, names: names) }
    }

    private mutating func group(
        _ value: Value,
        in list: String,
        each element: String,
        names: [(name: String, subject: AuthorizationPolicy.Subject)]
    ) -> AuthorizationPolicy.FieldGroup? {
        guard var outer = reader.open(value, "an element of `\(list)`") else { return nil }
        let inner = outer.value(element)
        // `source:` with its fields beside it instead of below.
        let isIndented = inner.map { !$0.isNull } ?? false
        let known: Void? = reader.collect {
            try outer.finish(
                hint: isIndented ? nil : "what is said of it stands below `\(element)`, further in than that"
            )
        }
        guard let inner, isIndented else {
            if known != nil { reader.report(value.location, "an element of `\(list)` needs `\(element)`") }
            return nil
        }
        guard var fields = reader.open(inner, element == "source" ? "a source" : "an operation") else { return nil }
        let findings = reader.diagnostics.count
        var read: [AuthorizationPolicy.Field] = []
        for (name, subject) in names {
            for (written, isNegated) in [(name, false), (Self.negated(name), true)] {
                guard let list = fields.value(written), !list.isNull else { continue }
                if let field = field(written, subject, isNegated: isNegated, list) { read.append(field) }
            }
        }
        reader.collect { try fields.finish() }
        if read.isEmpty, reader.diagnostics.count == findings, checks == .admission {
            reader.report(inner.location, "`\(element)` is empty; it must set at least one field")
        }
        let subjects = Set(read.map(\.subject))
        if subjects.contains(.serviceAccount), !subjects.isDisjoint(with: [.principal, .namespace]) {
            reader.report(inner.location, "`serviceAccounts` cannot be combined with `principals` or `namespaces`")
        }
        return AuthorizationPolicy.FieldGroup(fields: read, location: inner.location)
    }

    /// Reads a list of values and checks each against its subject.
    private mutating func field(
        _ name: String,
        _ subject: AuthorizationPolicy.Subject,
        isNegated: Bool,
        _ list: Value
    ) -> AuthorizationPolicy.Field? {
        guard let elements = reader.elements(list) else { return nil }
        guard !elements.isEmpty else {
            if checks == .admission {
                reader.report(
                    list.location,
                    "`\(name)` is empty, which matches anything; leave it out if that is meant"
                )
            }
            return nil
        }
        if subject == .serviceAccount, elements.count > 16 {
            reader.report(list.location, "`\(name)` has at most 16 values")
        }
        var values: [AuthorizationPolicy.LocatedValue] = []
        for element in elements {
            guard let text = reader.collect({ try element.string() }) else { continue }
            if let problem = ValueCheck.problem(with: text, as: subject) {
                reader.report(element.location, "`\(name)`: \(problem)")
            } else if let doubt = ValueCheck.doubt(about: text, as: subject) {
                reader.warn(
                    element.location,
                    "`\(name)`: \(doubt.message)",
                    rule: doubt.rule,
                    correction: doubt.meant.map { Diagnostic.Correction(of: text, to: $0) }
                )
            }
            values.append(AuthorizationPolicy.LocatedValue(text: text, location: element.location))
        }
        return AuthorizationPolicy.Field(
            name: name,
            subject: subject,
            isNegated: isNegated,
            values: values,
            location: list.location
        )
    }

    // MARK: - Conditions

    private mutating func conditions(_ value: Value?) -> [AuthorizationPolicy.Condition] {
        guard let value, !value.isNull, let elements = reader.elements(value) else { return [] }
        return elements.compactMap { condition($0) }
    }

    private mutating func condition(_ value: Value) -> AuthorizationPolicy.Condition? {
        guard var fields = reader.open(value, "a condition") else { return nil }
        var keyLocation = value.location
        let key = reader.collect {
            try fields.required("key") {
                keyLocation = $0.location
                return try $0.string()
            }
        }
        let values = fields.value("values")
        let notValues = fields.value("notValues")
        reader.collect { try fields.finish() }
        guard let key else { return nil }
        let subject: AuthorizationPolicy.Subject
        switch ConditionKey.subject(of: key) {
        case .success(let found): subject = found
        case .failure(let problem):
            reader.report(
                keyLocation,
                problem.message,
                correction: problem.nearest.map { Diagnostic.Correction(of: key, to: $0) }
            )
            return nil
        }
        var read: [AuthorizationPolicy.Field] = []
        for (name, list) in [("values", values), ("notValues", notValues)] {
            guard let list, !list.isNull else { continue }
            if let field = field(name, subject, isNegated: name == "notValues", list) { read.append(field) }
        }
        if values?.isNull ?? true, notValues?.isNull ?? true {
            reader.report(value.location, "a condition needs `values` or `notValues`; `\(key)` has neither")
        }
        return AuthorizationPolicy.Condition(key: key, fields: read, location: value.location)
    }
}
