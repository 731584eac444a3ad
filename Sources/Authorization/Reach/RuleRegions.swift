import ZeroTrust

extension RequestSpace {
    /// The requests that a rule matches: a region for each source and operation.
    ///
    /// - Throws: ``ReachError`` where they are too many for the limits.
    func regions(of rule: CompiledRule) throws(ReachError) -> [RequestRegion] {
        let sources = rule.rule.from.indices.map { Array(zip(rule.rule.from[$0].fields, rule.sources[$0])) }
        let operations = rule.rule.to.indices.map { Array(zip(rule.rule.to[$0].fields, rule.operations[$0])) }
        let conditions = Array(zip(rule.rule.when.flatMap(\.fields), rule.conditions))
        var regions: [RequestRegion] = []
        for source in sources.isEmpty ? [[]] : sources {
            for operation in operations.isEmpty ? [[]] : operations {
                regions += try self.regions(of: source + operation + conditions)
                guard regions.count <= limits.regions else { throw .tooManyRegions(limit: limits.regions) }
            }
        }
        return regions
    }

    /// The requests that match all of some fields.
    private func regions(
        of fields: [(AuthorizationPolicy.Field, FieldMatcher)]
    ) throws(ReachError) -> [RequestRegion] {
        var regions = [RequestRegion.all]
        for (field, matcher) in fields {
            let alternatives = try alternatives(field, matcher)
            var next: [RequestRegion] = []
            for region in regions {
                for other in alternatives {
                    if let both = try intersection(region, other) { next.append(both) }
                }
            }
            regions = next
        }
        return regions
    }

    /// What a field asks of a request: any of some regions.
    private func alternatives(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher
    ) throws(ReachError) -> [RequestRegion] {
        if let regions = try tokenRegions(field, matcher) { return regions }
        let (dimension, parts) = try condition(field, matcher, matcher.strict)
        var regions: [RequestRegion] = []
        for part in parts {
            let part = try withTunnels(part, of: dimension, matcher)
            if try !isEmpty(part) { regions.append(RequestRegion([dimension: part])) }
        }
        return regions
    }

    /// A condition on methods among those that there are, and one on paths as it holds for tunnels, which have none.
    private func withTunnels(
        _ part: RequestPart,
        of dimension: RequestDimension,
        _ matcher: FieldMatcher
    ) throws(ReachError) -> RequestPart {
        switch part {
        case .methods(let methods): return .methods(methods.intersection(self.methods))
        case .text(let language) where dimension == .target:
            guard let tunnels else { return part }
            let rest = try languages.difference(language, tunnels.noPath)
            return .text(matcher.matches(Self.tunnel) ? try union(rest, tunnels.noPath) : rest)
        default: return part
        }
    }

    /// A request for a tunnel, as far as a condition on its path looks at it.
    private static let tunnel = Attributes(
        caller: .anonymous,
        method: "CONNECT",
        path: "",
        authority: "",
        source: IPAddress(v4: 0),
        destination: Exchange.Endpoint(address: IPAddress(v4: 0), port: 1)
    )

    private func condition(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher,
        _ reading: StrictReading?
    ) throws(ReachError) -> (RequestDimension, [RequestPart]) {
        guard let reading else { return try condition(field, matcher) }
        return try strictCondition(field, matcher, reading)
    }

    /// What a field asks of a request as `istio` reads it: a part of one dimension, or none where nothing can give it.
    func condition(
        _ field: AuthorizationPolicy.Field,
        _ matcher: FieldMatcher
    ) throws(ReachError) -> (RequestDimension, [RequestPart]) {
        let isNegated = matcher.isNegated
        func text(
            _ dimension: RequestDimension,
            in whole: Language,
            _ matching: Language
        ) throws(ReachError) -> (RequestDimension, [RequestPart]) {
            let language =
                isNegated ? try languages.difference(whole, matching) : try languages.intersection(whole, matching)
            return (dimension, [.text(language)])
        }
        func language(ignoringCase: Bool = false) throws(ReachError) -> Language {
            try languages.language(matcher.expression(ignoringCase: ignoringCase), name: field.text)
        }
        switch matcher.subject {
        case .principal, .namespace, .serviceAccount, .trustDomain:
            let matching = try language()
            let names =
                isNegated
                ? try languages.difference(callers.names, matching)
                : try languages.intersection(callers.names, matching)
            let set = CallerSet(names: names, includesAnonymous: isNegated && callers.includesAnonymous)
            return (.caller, [.callers(set)])
        case .method, .header(":method"):
            let matching = MethodSet { method in matcher.patterns.contains { $0.matches(method.utf8.span) } }
            return (.method, [.methods(isNegated ? matching.complement : matching)])
        case .path:
            return try text(.target, in: targets, try languages.paths(matcher.expression(), name: field.text))
        case .header(":path"): return try text(.target, in: targets, try language())
        case .host: return try text(.authority, in: authorities, try language(ignoringCase: true))
        case .header(":authority"), .header("host"):
            return try text(.authority, in: authorities, try language())
        case .header(":scheme"):
            func matches(_ scheme: String) -> Bool {
                matcher.patterns.contains { $0.matches(scheme.utf8.span) } != isNegated
            }
            let names = matches("https") ? callers.names : none
            return (
                .caller,
                [.callers(CallerSet(names: names, includesAnonymous: matches("http") && callers.includesAnonymous))]
            )
        case .header(let name):
            let count: ValueCondition.Count = joinsLines(of: name) ? .atMostOne : .any
            return (.header(name), [.values(try values(matcher, field, count))])
        case .serverName: return try text(.serverName, in: serverNames, try language())
        case .destinationPort:
            let ports = IntervalSet(matcher.ports.map { $0...$0 })
            return (.port, [.ports(isNegated ? ports.complement.intersection(IntervalSet([1...65535])) : ports)])
        case .sourceIP: return (.source, [.addresses(isNegated ? matcher.addresses.complement : matcher.addresses)])
        case .remoteIP: return (.remote, [.addresses(isNegated ? matcher.addresses.complement : matcher.addresses)])
        case .destinationIP:
            return (.destination, [.addresses(isNegated ? matcher.addresses.complement : matcher.addresses)])
        // What callers have loaded is not among the dimensions: the answer is UNKNOWN, and never a wrong one.
        case .modelDigest, .modelSigner, .requestPrincipal, .requestAudience, .requestPresenter, .requestClaim,
            .filterMetadata:
            throw .unsupported(field)
        }
    }

    private func values(
        _ matcher: FieldMatcher,
        _ field: AuthorizationPolicy.Field,
        _ count: ValueCondition.Count
    ) throws(ReachError) -> ValueCondition {
        let matching = try languages.intersection(
            values,
            try languages.language(matcher.expression(), name: field.text)
        )
        return matcher.isNegated
            ? ValueCondition(required: [], forbidden: matching, count: count)
            : ValueCondition(required: [matching], forbidden: none, count: count)
    }
}

extension FieldMatcher {
    /// The strings that match any of the patterns.
    func expression(ignoringCase: Bool = false) -> RegularExpression {
        .choice(patterns.compactMap { $0.expression(ignoringCase: ignoringCase) })
    }

    /// The addresses that match any of the patterns.
    var addresses: AddressSet {
        AddressSet(
            patterns.compactMap { pattern -> AddressBlock? in
                guard case .block(let block) = pattern else { return nil }
                return block
            }
        )
    }

    fileprivate var ports: [UInt16] {
        patterns.compactMap { pattern in
            guard case .port(let port) = pattern else { return nil }
            return port
        }
    }
}

extension AuthorizationPolicy.Field {
    /// The values in words, as the name of what they match.
    var text: String {
        let values = values.map(\.text).joined(separator: ", ")
        return switch subject {
        case .namespace: "namespace \(values)"
        case .serviceAccount: "service account \(values)"
        case .trustDomain: "trust domain \(values)"
        default: values
        }
    }
}
