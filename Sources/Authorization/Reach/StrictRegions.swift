extension RequestSpace {
    /// What a field asks of a request as `strict` reads it: any of some parts of one dimension.
    ///
    /// On paths that servers read differently the field is taken as `istio` reads it, which lets no less through: there an
    /// answer is an upper bound.
    func strictCondition(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher,
        _ reading: StrictReading
    ) throws(ReachError) -> (RequestDimension, [RequestPart]) {
        let isNegated = matcher.isNegated
        switch matcher.subject {
        case .filterMetadata: return (.method, reading.grants ? [] : [.methods(methods)])
        case .principal, .namespace, .serviceAccount, .trustDomain:
            let names = try strictNames(field, matcher, reading)
            let isAnonymous = isNegated && (!reading.grants || reading.asksForAbsence)
            let set = CallerSet(names: names, includesAnonymous: isAnonymous && callers.includesAnonymous)
            return (.caller, [.callers(set)])
        case .path, .header(":path"):
            let matching = try strictTargets(field, matcher, reading)
            return (.target, [.text(isNegated ? try languages.difference(targets, matching) : matching)])
        case .host, .header(":authority"), .header("host"):
            let matching =
                reading.matchesAnyForm
                ? try hosts(field, reading)
                : try languages.language(
                    matcher.expression(ignoringCase: matcher.subject == .host),
                    name: field.text
                )
            return (.authority, [try text(authorities, matching, isNegated)])
        case .serverName: return (.serverName, [.text(try strictServerNames(field, matcher, reading))])
        case .sourceIP: return (.source, [.addresses(strictAddresses(matcher, reading))])
        case .remoteIP: return (.remote, [.addresses(strictAddresses(matcher, reading))])
        case .destinationIP: return (.destination, [.addresses(strictAddresses(matcher, reading))])
        case .header(let name) where !name.hasPrefix(":"):
            return (.header(name), try strictValues(field, matcher, reading).map { .values($0) })
        default: return try condition(field, matcher)
        }
    }

    private func text(
        _ whole: Language,
        _ matching: Language,
        _ isNegated: Bool
    ) throws(ReachError) -> RequestPart {
        .text(isNegated ? try languages.difference(whole, matching) : try languages.intersection(whole, matching))
    }

    private func strictNames(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher,
        _ reading: StrictReading
    ) throws(ReachError) -> Language {
        let isNegated = matcher.isNegated
        let possible = try languages.language(matcher.expression(), name: field.text)
        guard matcher.subject == .namespace || matcher.subject == .serviceAccount else {
            return isNegated
                ? try languages.difference(callers.names, possible)
                : try languages.intersection(callers.names, possible)
        }
        let certain = try languages.language(
            .choice(reading.identities.compactMap { $0.expression() }),
            name: field.text
        )
        guard reading.grants else {
            return isNegated
                ? try languages.difference(callers.names, certain)
                : try languages.intersection(callers.names, possible)
        }
        guard let expression = reading.home?.expression() else { return none }
        let home = try languages.intersection(
            callers.names,
            try languages.language(expression, name: "identities of workloads of the mesh")
        )
        guard isNegated else { return try languages.intersection(home, certain) }
        return try languages.difference(reading.asksForAbsence ? callers.names : home, possible)
    }

    /// The targets that match: on plain paths as read, on the others as `istio` reads them.
    private func strictTargets(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher,
        _ reading: StrictReading
    ) throws(ReachError) -> Language {
        let plain = plainTargets ?? targets
        var exact = none
        var raw = none
        for (index, pattern) in matcher.patterns.enumerated() {
            guard let expression = pattern.expression(), index < reading.folded.count else { continue }
            let name = field.values[index].text
            let written =
                matcher.subject == .path
                ? try languages.paths(expression, name: name) : try languages.language(expression, name: name)
            raw = try union(raw, try languages.intersection(targets, written))
            var both = written
            if let folded = reading.folded[index] {
                let read = try foldedTargets(folded, name: name)
                both =
                    reading.matchesAnyForm
                    ? try languages.union(written, read) : try languages.intersection(written, read)
            }
            exact = try union(exact, try languages.intersection(plain, both))
        }
        return try union(exact, try languages.difference(raw, plain))
    }

    /// The plain paths whose folded form matches: with a slash at their end or without, whatever their query.
    private func foldedTargets(_ pattern: FoldedPattern, name: String) throws(ReachError) -> Language {
        let notSlash = RegularExpression.byte(ByteSet.all.subtracting(ByteSet("/")))
        let open = try languages.language(
            .choice([.nothing, .sequence([.anything, notSlash])]),
            name: "without a slash at the end"
        )
        let folded = try languages.intersection(try languages.language(pattern.expression, name: name), open)
        let end = RegularExpression.optional(.text("/"))
        return try languages.paths(.sequence([.automaton(languages.automaton(folded)), end]), name: name)
    }

    /// The hosts that match with or without a port and dots at their end, whatever the case of letters.
    private func hosts(
        _ field: AuthorizationPolicy.Field,
        _ reading: StrictReading
    ) throws(ReachError) -> Language {
        let matching = try languages.language(
            .choice(reading.lowercase.compactMap { $0.expression(ignoringCase: true) }),
            name: field.text
        )
        let digits = RegularExpression.many(.byte(ByteSet("0123456789")))
        let port = RegularExpression.sequence([.text(":"), digits])
        let notDot = RegularExpression.byte(ByteSet.all.subtracting(ByteSet(".")))
        let open = try languages.language(
            .choice([.nothing, .sequence([.anything, notDot])]),
            name: "without a dot at the end"
        )
        let withPort = try languages.language(.sequence([.anything, port]), name: "with a port")
        let bare = RegularExpression.automaton(languages.automaton(try languages.intersection(matching, open)))
        let dots = RegularExpression.many(.text("."))
        let dotted = try languages.language(.sequence([bare, dots]), name: field.text)
        let ported = try languages.language(.sequence([bare, dots, port]), name: field.text)
        let stripped = try languages.union(try languages.difference(dotted, withPort), ported)
        return try languages.union(matching, stripped)
    }

    private func strictServerNames(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher,
        _ reading: StrictReading
    ) throws(ReachError) -> Language {
        let empty = try languages.language(.nothing, name: "none")
        let named = try languages.difference(serverNames, empty)
        let expression =
            reading.matchesAnyForm
            ? RegularExpression.choice(reading.lowercase.compactMap { $0.expression(ignoringCase: true) })
            : matcher.expression()
        let matching = try languages.language(expression, name: field.text)
        guard matcher.isNegated else { return try languages.intersection(named, matching) }
        let others = try languages.difference(named, matching)
        let matchesNone = languages.contains(matching, "")
        let isAbsenceMeant = !reading.grants || reading.asksForAbsence && !matchesNone
        return isAbsenceMeant ? try languages.union(others, empty) : others
    }

    private func strictAddresses(_ matcher: FieldMatcher, _ reading: StrictReading) -> AddressSet {
        let blocks = reading.matchesAnyForm ? matcher.addresses.withMapped : matcher.addresses
        return matcher.isNegated ? blocks.complement : blocks
    }

    private func strictValues(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher,
        _ reading: StrictReading
    ) throws(ReachError) -> [ValueCondition] {
        let matching = try languages.intersection(
            values,
            try languages.language(matcher.expression(), name: field.text)
        )
        guard reading.matchesAnyForm else {
            // One line, and no other.
            let single = ValueCondition(required: [matching], forbidden: none, count: .atMostOne)
            return matcher.isNegated
                ? try difference(ValueCondition(required: [], forbidden: none), single) : [single]
        }
        let possible = try union(matching, try elements(matcher, field))
        guard reading.mayMeanSeveralLines else {
            return matcher.isNegated
                ? [ValueCondition(required: [], forbidden: possible)]
                : [ValueCondition(required: [possible], forbidden: none)]
        }
        return matcher.isNegated
            ? [ValueCondition(required: [], forbidden: possible, count: .atMostOne)]
            : [
                ValueCondition(required: [possible], forbidden: none),
                ValueCondition(required: [], forbidden: possible, count: .atLeastTwo),
            ]
    }

    /// The values of a header that have an element that matches, the elements being parted by commas.
    private func elements(
        _ matcher: FieldMatcher,
        _ field: AuthorizationPolicy.Field
    ) throws(ReachError) -> Language {
        let blank = RegularExpression.byte(ByteSet(" \t"))
        let solid = RegularExpression.byte(ByteSet.all.subtracting(ByteSet(" \t,")))
        let noComma = RegularExpression.many(.byte(ByteSet.all.subtracting(ByteSet(","))))
        let trimmed = try languages.language(
            .optional(.sequence([solid, .optional(.sequence([noComma, solid]))])),
            name: "an element"
        )
        let matching = try languages.intersection(
            trimmed,
            try languages.language(matcher.expression(), name: field.text)
        )
        let lists = try languages.language(
            .sequence([
                .optional(.sequence([.anything, .text(",")])), .many(blank),
                .automaton(languages.automaton(matching)), .many(blank),
                .optional(.sequence([.text(","), .anything])),
            ]),
            name: field.text
        )
        return try languages.intersection(values, lists)
    }
}
