/// Filters, and the names that they look up.
extension JinjaChecker {
    /// How far a filter may pad, indent or cut.
    private static let widest = 10_000

    mutating func filter(
        _ base: JinjaExpression,
        _ name: String,
        _ given: [JinjaArgument],
        _ offset: Int
    ) throws(ScanStop) -> JinjaTraits {
        if name == "attr" || name == "format" || name == "xmlattr" {
            fault(
                "template-filter",
                name == "attr" ? .unsafe : .notProven,
                offset,
                name,
                "the filter looks names up that are put together"
            )
        } else if !JinjaNames.filters.contains(name) {
            fault("template-filter", offset, name, "the filter is not one that chat templates need")
        }
        if ["center", "indent", "truncate", "batch", "slice", "round"].contains(name) {
            for case .integer(let count) in given.map(\.value.kind) where count > Self.widest {
                fault("template-size", offset, name, "the filter makes more of it than a template needs")
            }
        }
        try attributeArguments(name, given, offset)
        var value: JinjaTraits
        if case .name(let variable) = base.kind, name == "default" || name == "d", optional.contains(variable),
            !JinjaNames.hostile.contains(variable), !locals.contains(variable)
        {
            value = JinjaNames.conversations.contains(variable) ? .conversation : .unnumbered
        } else {
            value = try evaluate(base)
        }
        // Each once: filters within filters are as many as they are deep.
        let each = try evaluated(given)
        let other = JinjaTraits.all(of: each)
        switch name {
        case "length", "count", "wordcount", "int", "float", "abs", "round":
            let number = value.intersection([.inspected, .content, .transformed, .time, .large])
            if !other.isDisjoint(with: .foreign) { return number.union(.inspected) }
            let isLength = name == "length" || name == "count"
            return value.contains(.content) && !isLength ? number.union(.transformed) : number
        case "selectattr", "rejectattr", "select", "reject": return selection(value, name, given, each)
        case "groupby": return value.union([.content, .transformed, .unnumbered])
        case "sort", "unique", "min", "max", "dictsort": return ordered(value, other, given)
        case "map":
            // The filter's name is none of what it puts in.
            let isAttribute = given.first?.name != nil
            return mapped(value, isAttribute ? other : JinjaTraits.all(of: each.dropFirst()), given)
        case "batch", "slice":
            if value.contains(.content) { value.insert(.transformed) }
            return value.union(other.isDisjoint(with: .foreign) ? .unnumbered : [.inspected, .unnumbered])
        case "first", "last", "list", "reverse":
            return value.union(other.isDisjoint(with: .foreign) ? .unnumbered : [.inspected, .unnumbered])
        default: break
        }
        if value.contains(.conversation) { value = value.subtracting(.conversation).union(.content) }
        let isDefault = name == "default" || name == "d"
        // A sentence that is put in only where content is of some form.
        if value.contains(.content), other.contains(.prose), !isDefault || value.contains(.transformed) {
            value.insert(.inspected)
        }
        let isPlain = JinjaNames.plainFilters.contains(name)
        if value.contains(.content), !isPlain { value.insert(.transformed) }
        // What it is cut at, or what is looked for in it; what a text of both is cut to.
        if !isDefault, !other.isDisjoint(with: .foreign) || !isPlain && value.isSuperset(of: [.prose, .content]) {
            value.insert(.inspected)
        }
        let added = isDefault ? other : other.intersection([.prose, .inspected, .content, .disguised])
        return value.union(added).union(.unnumbered)
            .union(["default", "d", "tojson", "string", "trim", "items"].contains(name) ? [] : .built)
    }

    /// What attributes of each, or a filter on each, give.
    private func mapped(_ value: JinjaTraits, _ other: JinjaTraits, _ given: [JinjaArgument]) -> JinjaTraits {
        if let key = given.first(where: { $0.name == "attribute" })?.value {
            guard case .string(let path) = key.kind else { return value.union(other).union(.unnumbered) }
            let isDotted = path.contains(".")
            let rest = given.contains { $0.name == "default" } ? other : []
            return member(path, of: value).union(isDotted ? value : []).union(rest)
        }
        var result = value.union(other).union([.built, .unnumbered])
        guard case .string(let filter) = given.first?.value.kind else { return result }
        if value.contains(.conversation) { result.insert(.content) }
        if result.contains(.content), !JinjaNames.plainFilters.contains(filter) {
            result.insert(.transformed)
            if result.contains(.prose) { result.insert(.inspected) }
        }
        if !other.isDisjoint(with: .foreign) { result.insert(.inspected) }
        return result
    }

    /// What comes first depends on what it is ordered by.
    private func ordered(_ value: JinjaTraits, _ other: JinjaTraits, _ given: [JinjaArgument]) -> JinjaTraits {
        var by = value
        if let key = given.first(where: { $0.name == "attribute" })?.value, case .string(let path) = key.kind {
            by = member(path, of: value)
        }
        let isOrdered = !by.union(other).isDisjoint(with: JinjaTraits.foreign.union(.conversation))
        return value.union(isOrdered ? [.inspected, .unnumbered] : .unnumbered)
    }

    /// `selectattr('content', 'equalto', 'x')` is a condition on content.
    private mutating func selection(
        _ value: JinjaTraits,
        _ name: String,
        _ given: [JinjaArgument],
        _ each: [JinjaTraits]
    ) -> JinjaTraits {
        var tested = value
        var rest = given[...]
        if name.hasSuffix("attr"), case .string(let path) = rest.popFirst()?.value.kind {
            tested = member(path, of: value)
        }
        guard let test = rest.popFirst()?.value else {
            return value.union(Self.isDecided(by: tested) ? [.inspected, .unnumbered] : .unnumbered)
        }
        guard case .string(let test) = test.kind else {
            fault("template-test", test.offset, name, "the test is not written out")
            return value.union([.inspected, .unnumbered])
        }
        if !JinjaNames.tests.contains(test) {
            fault("template-test", given.first?.value.offset ?? 0, test, "the test is not one that chat templates need")
        }
        let compared = JinjaTraits.all(of: each.suffix(rest.count))
        let isOfType = JinjaNames.typeTests.contains(test)
        let looks =
            isOfType
            ? Self.isDecided(by: tested)
            : !tested.union(compared).isDisjoint(with: .foreign)
                || tested.contains(.conversation) && compared.contains(.composite)
        return looks ? value.union([.inspected, .unnumbered]) : value.union(.unnumbered)
    }

    /// Filters that take an attribute's or a filter's name take it written out, and without an underscore before it.
    private mutating func attributeArguments(_ name: String, _ given: [JinjaArgument], _ offset: Int) throws(ScanStop) {
        guard
            [
                "map", "selectattr", "rejectattr", "groupby", "sort", "sum", "join", "min", "max", "unique", "select",
                "reject",
            ]
            .contains(name)
        else { return }
        let takesAttribute = name == "selectattr" || name == "rejectattr" || name == "groupby"
        for (position, argument) in given.enumerated() {
            let isAttribute = argument.name == "attribute" || (takesAttribute && position == 0)
            let isFilter = name == "map" && argument.name == nil && position == 0
            guard isAttribute || isFilter else { continue }
            guard case .string(let text) = argument.value.kind else {
                if case .integer = argument.value.kind { continue }
                fault("template-filter", offset, name, "a name that is looked up is put together, or is a variable's")
                continue
            }
            for part in text.split(separator: ".") {
                if part.hasPrefix("_") || JinjaNames.hostileAttributes.contains(String(part)) {
                    fault("template-attribute", .unsafe, offset, text, "the attribute leads into Python itself")
                }
            }
            if isFilter, !JinjaNames.filters.contains(text) {
                fault(
                    "template-filter",
                    text == "attr" ? .unsafe : .notProven,
                    offset,
                    text,
                    "the filter is not one that chat templates need"
                )
            }
        }
    }
}
