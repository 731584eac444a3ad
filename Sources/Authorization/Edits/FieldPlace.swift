/// Where a rule stands in a list of policies.
struct RulePlace: Hashable, Sendable {
    /// The policy's index in the list.
    let policy: Int
    /// The rule's index in the policy.
    let rule: Int
}

/// A part of a rule that holds fields: one source, one operation or one condition.
enum RuleSection: Hashable, Sendable {
    case from(Int)
    case to(Int)
    case when(Int)

    /// The section's index in its list.
    var index: Int {
        switch self {
        case .from(let index), .to(let index), .when(let index): index
        }
    }
}

/// Where a field stands in a list of policies.
struct FieldPlace: Hashable, Sendable {
    let rule: RulePlace
    let section: RuleSection
    /// The field's index in its section.
    let field: Int
}

extension AuthorizationPolicy.Rule {
    /// The sections of the rule, in the order in which they are written.
    var sections: [RuleSection] {
        from.indices.map { .from($0) } + to.indices.map { .to($0) } + when.indices.map { .when($0) }
    }

    /// The fields of a section.
    subscript(section: RuleSection) -> [AuthorizationPolicy.Field] {
        get {
            switch section {
            case .from(let index): from[index].fields
            case .to(let index): to[index].fields
            case .when(let index): when[index].fields
            }
        }
        set {
            switch section {
            case .from(let index): from[index].fields = newValue
            case .to(let index): to[index].fields = newValue
            case .when(let index): when[index].fields = newValue
            }
        }
    }

    /// What a section is called in messages: `from[0].source`, `when[1] source.ip`.
    func name(of section: RuleSection) -> String {
        switch section {
        case .from(let index): "from[\(index)].source"
        case .to(let index): "to[\(index)].operation"
        case .when(let index): "when[\(index)] \(when[index].key)"
        }
    }

    /// What a field is called in messages: `to[0].operation.paths`, `when[1] source.ip values`.
    func name(of field: AuthorizationPolicy.Field, in section: RuleSection) -> String {
        if case .when = section { return "\(name(of: section)) \(field.name)" }
        return "\(name(of: section)).\(field.name)"
    }
}

extension [AuthorizationPolicy] {
    /// The rule at a place.
    subscript(place: RulePlace) -> AuthorizationPolicy.Rule {
        get { self[place.policy].rules[place.rule] }
        set { self[place.policy].rules[place.rule] = newValue }
    }

    /// The field at a place.
    subscript(place: FieldPlace) -> AuthorizationPolicy.Field {
        get { self[place.rule][place.section][place.field] }
        set { self[place.rule][place.section][place.field] = newValue }
    }
}
