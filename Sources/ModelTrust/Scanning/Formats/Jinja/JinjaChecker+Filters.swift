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
        let other = try arguments(given)
        switch name {
        case "length", "count", "wordcount", "int", "float", "abs", "round":
            return value.intersection([.inspected, .content, .transformed, .time])
        case "selectattr", "rejectattr", "select", "reject": return try selection(value, name, given)
        case "groupby": return value.union([.content, .transformed, .unnumbered])
        case "first", "last", "list", "reverse", "sort", "unique", "map", "batch", "slice":
            if name == "map", let key = given.first(where: { $0.name == "attribute" })?.value,
                case .string(let path) = key.kind
            {
                return member(path, of: value)
            }
            return value.union(.unnumbered)
        default: break
        }
        if value.contains(.conversation) { value = value.subtracting(.conversation).union(.content) }
        let isDefault = name == "default" || name == "d"
        // A sentence that is put in only where content is of some form.
        if value.contains(.content), other.contains(.prose), !isDefault || value.contains(.transformed) {
            value.insert(.inspected)
        }
        if value.contains(.content), !JinjaNames.plainFilters.contains(name) { value.insert(.transformed) }
        return value.union(other.intersection([.prose, .inspected, .content])).union(.unnumbered)
            .union(["default", "d", "tojson", "string", "trim", "items"].contains(name) ? [] : .built)
    }

    /// `selectattr('content', 'equalto', 'x')` is a condition on content.
    private mutating func selection(
        _ value: JinjaTraits,
        _ name: String,
        _ given: [JinjaArgument]
    ) throws(ScanStop) -> JinjaTraits {
        var tested = value
        var rest = given[...]
        if name.hasSuffix("attr"), case .string(let path) = rest.popFirst()?.value.kind {
            tested = member(path, of: value)
        }
        guard case .string(let test) = rest.first?.value.kind else { return value.union(.unnumbered) }
        if !JinjaNames.tests.contains(test) {
            fault("template-test", rest.first?.value.offset ?? 0, test, "the test is not one that chat templates need")
        }
        let looks = tested.contains(.content) && !JinjaNames.typeTests.contains(test)
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
