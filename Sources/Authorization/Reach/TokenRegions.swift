extension RequestSpace {
    /// What a field asks of a request's token: any of some regions; nil for a field that looks at something else.
    func tokenRegions(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher
    ) throws(ReachError) -> [RequestRegion]? {
        switch matcher.subject {
        case .requestPrincipal: return try principals(field, matcher)
        case .requestAudience: return try claim(["aud"], field, matcher)
        case .requestPresenter: return try claim(["azp"], field, matcher)
        case .requestClaim(let path): return try claim(path, field, matcher)
        default: return nil
        }
    }

    // MARK: - Claims within claims

    /// What of a region there can be, in regions that do not overlap.
    ///
    /// A claim that is in another is there only where the other is an object, which is neither string nor number: each
    /// region is of tokens that have none within, or is of those that have an object around it.
    ///
    /// - Throws: ``ReachError`` where they are too many for the limits.
    func possible(_ region: RequestRegion) throws(ReachError) -> [RequestRegion] {
        var regions = [region]
        for (outer, inner) in tokens.nested {
            let (around, within) = (RequestDimension.token(outer), RequestDimension.token(inner))
            // Where nothing is asked of one of them, it is as the other needs it.
            guard region.parts[around] != nil, region.parts[within] != nil else { continue }
            let scalars = try union(tokens.strings, tokens.others)
            let alternatives = [
                RequestRegion([within: .values(absence(false))]),
                RequestRegion([
                    around: .values(ValueCondition(required: [tokens.present], forbidden: scalars)),
                    within: .values(ValueCondition(required: [tokens.present], forbidden: none)),
                ]),
            ]
            var next: [RequestRegion] = []
            for region in regions {
                for alternative in alternatives {
                    if let both = try intersection(region, alternative) { next.append(both) }
                }
            }
            guard next.count <= limits.regions else { throw .tooManyRegions(limit: limits.regions) }
            regions = next
        }
        guard let tunnels else { return regions }
        let kinds = [
            RequestRegion([.method: .methods(.requests), .target: .text(tunnels.paths)]),
            RequestRegion([
                .method: .methods(.tunnels), .target: .text(tunnels.noPath), .authority: .text(tunnels.authorities),
            ]),
        ]
        var told: [RequestRegion] = []
        for region in regions {
            for kind in kinds { if let both = try intersection(region, kind) { told.append(both) } }
        }
        return told
    }

    // MARK: - Claims

    private func claim(
        _ path: [String],
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher
    ) throws(ReachError) -> [RequestRegion] {
        guard tokens.uses(path) else { throw .dependent(field) }
        let dimension = RequestDimension.token(path)
        let isText = dimension == .issuer || dimension == .subject
        let reading = matcher.strict
        var matching = try texts(matcher.expression(), field, isText: isText)
        if let reading, reading.matchesAnyForm, !isText {
            let scalars = RegularExpression.sequence([.text(TokenSpace.other), matcher.expression()])
            matching = try union(
                matching,
                try languages.intersection(tokens.others, try languages.language(scalars, name: field.text))
            )
        }
        let count: ValueCondition.Count = isText ? .atMostOne : .any
        var conditions: [ValueCondition]
        if !matcher.isNegated {
            conditions = [ValueCondition(required: [matching], forbidden: none, count: count)]
        } else if let reading {
            let isThere = isText ? tokens.texts : tokens.present
            conditions = [ValueCondition(required: [isThere], forbidden: matching, count: count)]
            if !reading.grants || reading.asksForAbsence { conditions.append(absence(isText)) }
        } else {
            conditions = [ValueCondition(required: [], forbidden: matching, count: count)]
        }
        return try regions(dimension, conditions)
    }

    private func texts(
        _ expression: RegularExpression,
        _ field: AuthorizationPolicy.Field,
        isText: Bool
    ) throws(ReachError) -> Language {
        guard !isText else {
            return try languages.intersection(tokens.texts, try languages.language(expression, name: field.text))
        }
        let tagged = RegularExpression.sequence([.text(TokenSpace.text), expression])
        return try languages.intersection(tokens.strings, try languages.language(tagged, name: field.text))
    }

    private func absence(_ isText: Bool) -> ValueCondition {
        isText
            ? ValueCondition(required: [], forbidden: tokens.texts, count: .atMostOne)
            : ValueCondition(required: [], forbidden: tokens.elements)
    }

    /// The regions of some conditions on one dimension, as far as there are such tokens.
    private func regions(
        _ dimension: RequestDimension,
        _ conditions: [ValueCondition]
    ) throws(ReachError) -> [RequestRegion] {
        var regions: [RequestRegion] = []
        for condition in conditions {
            let part = try intersection(.values(condition), .values(tokens.whole(dimension)))
            guard try !isEmpty(part) else { continue }
            regions.append(RequestRegion([dimension: part]))
        }
        return regions
    }

    // MARK: - Issuer and subject together

    private func principals(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher
    ) throws(ReachError) -> [RequestRegion] {
        guard tokens.uses(["iss"]), tokens.uses(["sub"]) else { throw .dependent(field) }
        let reading = matcher.strict
        var matching: [RequestRegion] = []
        for pattern in matcher.patterns {
            guard case .requestPrincipal(let issuer, let subject) = pattern, let issuer = issuer.expression(),
                let subject = subject.expression()
            else { continue }
            matching += try product(issuer, subject, field)
        }
        if let reading, reading.matchesAnyForm {
            for pattern in reading.joined {
                for (issuer, subject) in pattern.parted { matching += try product(issuer, subject, field) }
            }
        }
        guard matcher.isNegated else { return matching }
        guard let reading else { return try difference([.all], matching) }
        var others = try difference(try product(.anything, .anything, field), matching)
        if !reading.grants || reading.asksForAbsence {
            others += try regions(.issuer, [absence(true)])
            for region in try regions(.subject, [absence(true)]) {
                let named = try regions(
                    .issuer,
                    [ValueCondition(required: [tokens.texts], forbidden: none, count: .atMostOne)]
                )
                for issuer in named { if let both = try intersection(region, issuer) { others.append(both) } }
            }
        }
        return others
    }

    /// The tokens whose issuer is of one set and whose subject of another.
    private func product(
        _ issuer: RegularExpression,
        _ subject: RegularExpression,
        _ field: AuthorizationPolicy.Field
    ) throws(ReachError) -> [RequestRegion] {
        func condition(_ expression: RegularExpression) throws(ReachError) -> ValueCondition {
            ValueCondition(
                required: [try texts(expression, field, isText: true)],
                forbidden: none,
                count: .atMostOne
            )
        }
        var products: [RequestRegion] = []
        for first in try regions(.issuer, [try condition(issuer)]) {
            for second in try regions(.subject, [try condition(subject)]) {
                if let both = try intersection(first, second) { products.append(both) }
            }
        }
        return products
    }
}

extension Pattern {
    /// The pairs of texts which, joined by a `/`, match as one: for each of some pairs of sets, those of the one and the
    /// other.
    fileprivate var parted: [(RegularExpression, RegularExpression)] {
        func parts(_ value: [UInt8]) -> [(first: [UInt8], second: [UInt8])] {
            value.indices.filter { value[$0] == UInt8(ascii: "/") }.map {
                (Array(value[..<$0]), Array(value[($0 + 1)...]))
            }
        }
        switch self {
        case .present, .nonEmpty: return [(.anything, .anything)]
        case .exact(let value): return parts(value).map { (.literal($0.first), .literal($0.second)) }
        case .prefix(let value):
            // The first text has all of it, or ends within it.
            return [(.sequence([.literal(value), .anything]), .anything)]
                + parts(value).map { (.literal($0.first), .sequence([.literal($0.second), .anything])) }
        case .suffix(let value):
            return [(.anything, .sequence([.anything, .literal(value)]))]
                + parts(value).map { (.sequence([.anything, .literal($0.first)]), .literal($0.second)) }
        default: return []
        }
    }
}
