import Resources

/// Compares rules: which of two matches everything that the other does.
///
/// Like ``ValuePattern``, sound and not complete.
enum RuleCover {
    /// A field with its values read once, for rules that are held against many.
    struct Field {
        let subject: AuthorizationPolicy.Subject
        let isNegated: Bool
        let patterns: [ValuePattern]

        init(_ field: AuthorizationPolicy.Field) {
            self.subject = field.subject
            self.isNegated = field.isNegated
            self.patterns = field.values.map { ValuePattern($0.text, field.subject) }
        }

        /// Whether the field lets through everything that another does.
        func covers(_ narrow: Field) -> Bool {
            guard subject == narrow.subject, isNegated == narrow.isNegated else { return false }
            let (outer, inner) = isNegated ? (narrow.patterns, patterns) : (patterns, narrow.patterns)
            return inner.allSatisfy { pattern in outer.contains { $0.covers(pattern) } }
        }
    }

    /// A rule's fields, read once.
    struct Rule {
        let from: [[Field]]
        let to: [[Field]]
        let when: [Field]

        init(_ rule: AuthorizationPolicy.Rule) {
            self.from = rule.from.map { $0.fields.map { Field($0) } }
            self.to = rule.to.map { $0.fields.map { Field($0) } }
            self.when = rule.when.flatMap(\.fields).map { Field($0) }
        }
    }

    /// Whether every request that the narrow rule matches, the wide one matches.
    static func covers(_ wide: Rule, _ narrow: Rule) -> Bool {
        groups(wide.from, cover: narrow.from) && groups(wide.to, cover: narrow.to)
            && fields(wide.when, cover: narrow.when)
    }

    private static func groups(_ wide: [[Field]], cover narrow: [[Field]]) -> Bool {
        if wide.isEmpty { return true }
        return !narrow.isEmpty && narrow.allSatisfy { group in wide.contains { fields($0, cover: group) } }
    }

    /// Each condition of the wide side follows from one of the narrow side.
    private static func fields(_ wide: [Field], cover narrow: [Field]) -> Bool {
        wide.allSatisfy { field in narrow.contains { field.covers($0) } }
    }

    /// Whether one policy selects every workload that another does.
    static func reaches(
        _ wide: AuthorizationPolicy,
        beyond narrow: AuthorizationPolicy,
        rootNamespace: String
    ) -> Bool {
        guard wide.namespace == narrow.namespace || wide.namespace == rootNamespace,
            wide.targetReferences.isEmpty == narrow.targetReferences.isEmpty,
            narrow.targetReferences.allSatisfy({ wide.targetReferences.contains($0) })
        else { return false }
        return wide.selector.allSatisfy { narrow.selector[$0.key] == $0.value }
    }

    /// Why a group of fields matches nothing, or nil.
    static func contradiction(in fields: [AuthorizationPolicy.Field]) -> (
        field: AuthorizationPolicy.Field, why: String
    )? {
        for field in fields where !field.isNegated && !field.values.isEmpty {
            for other in fields where other.isNegated && other.subject == field.subject {
                let excluded = other.values.map { ValuePattern($0.text, other.subject) }
                let isEmpty = field.values.allSatisfy { value in
                    let pattern = ValuePattern(value.text, field.subject)
                    return excluded.contains { $0.covers(pattern) }
                }
                if isEmpty { return (other, "`\(other.name)` excludes all that `\(field.name)` names") }
            }
        }
        if let clash = namespaceClash(fields) { return clash }
        return singleValueClash(fields)
    }

    /// Principals of other namespaces than those that are asked for.
    private static func namespaceClash(
        _ fields: [AuthorizationPolicy.Field]
    ) -> (field: AuthorizationPolicy.Field, why: String)? {
        guard let principals = fields.first(where: { $0.subject == .principal && !$0.isNegated }),
            let namespaces = fields.first(where: { $0.subject == .namespace && !$0.isNegated })
        else { return nil }
        let names = namespaces.values.map(\.text)
        guard !names.contains(where: { $0.contains("*") }) else { return nil }
        let isElsewhere = principals.values.allSatisfy { value in
            let parts = value.text.split(separator: "/", omittingEmptySubsequences: false)
            guard parts.count == 5, parts[1] == "ns", !value.text.contains("*") else { return false }
            return !names.contains(String(parts[2]))
        }
        return isElsewhere ? (namespaces, "none of the `principals` is in one of the `namespaces`") : nil
    }

    /// Two lists of exact values, of which a request has one, that share none.
    private static func singleValueClash(
        _ fields: [AuthorizationPolicy.Field]
    ) -> (field: AuthorizationPolicy.Field, why: String)? {
        let single: Set<AuthorizationPolicy.Subject> = [
            .destinationPort, .serverName, .requestPresenter, .method, .path,
        ]
        for (index, field) in fields.enumerated() where !field.isNegated && single.contains(field.subject) {
            for other in fields.dropFirst(index + 1) where !other.isNegated && other.subject == field.subject {
                let left = field.values.map { ValuePattern($0.text, field.subject).literal }
                let right = other.values.map { ValuePattern($0.text, other.subject).literal }
                guard !left.contains(nil), !right.contains(nil), Set(left).isDisjoint(with: right) else { continue }
                return (other, "two conditions ask for different values of one attribute")
            }
        }
        return nil
    }
}
