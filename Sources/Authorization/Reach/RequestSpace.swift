/// The requests that a gateway can be asked to decide, and the algebra of their regions.
final class RequestSpace {
    let languages: Languages
    let limits: ReachLimits
    /// What callers there can be.
    let callers: CallerSet
    /// What methods there can be.
    let methods: MethodSet
    /// The paths that are canonical, with their queries; the empty one among them where tunnels are offered.
    let targets: Language
    /// What requests and tunnels are told apart by, where tunnels are offered.
    let tunnels: Tunnels?
    /// The paths that every server reads alike, with their queries; nil under `istio`, which reads no path but as it is.
    let plainTargets: Language?
    /// What can stand as a host.
    let authorities: Language
    /// What can be asked for in a TLS handshake; the empty string where nothing is.
    let serverNames: Language
    /// What can stand in a header.
    let values: Language
    /// No string at all.
    let none: Language
    /// What tokens there can be.
    let tokens: TokenSpace

    /// A tunnel has a method of its own, a host with a port, and no path; a request has a path.
    struct Tunnels {
        /// The paths of requests.
        let paths: Language
        /// The empty path.
        let noPath: Language
        /// Hosts with a port.
        let authorities: Language
    }

    /// The space of the requests to a gateway.
    ///
    /// - Throws: ``ReachError`` where it is too large for the limits.
    init(_ universe: RequestUniverse, limits: ReachLimits) throws(ReachError) {
        let languages = Languages(limit: limits.states)
        self.languages = languages
        self.limits = limits
        self.tokens = try TokenSpace(languages, issuers: universe.issuers)
        self.none = try languages.language(.choice([]), name: "none")
        self.callers = CallerSet(
            names: try languages.language(universe.names, name: Languages.any),
            includesAnonymous: universe.admitsAnonymous
        )
        let paths = try languages.targets(universe.normalization, isStrict: universe.isStrict)
        let plain = universe.isStrict ? try languages.plain(universe.normalization) : nil
        if universe.offersTunnels {
            let noPath = try languages.language(.text(""), name: "none")
            self.methods = .all
            self.targets = try languages.union(paths, noPath)
            self.plainTargets = try plain.map { plain throws(ReachError) in try languages.union(plain, noPath) }
            self.tunnels = Tunnels(
                paths: paths,
                noPath: noPath,
                authorities: try languages.language(RequestUniverse.tunnelAuthorities, name: Languages.any)
            )
            languages.rename(targets, Languages.any)
        } else {
            self.methods = .requests
            self.targets = paths
            self.plainTargets = plain
            self.tunnels = nil
        }
        self.authorities = try languages.language(RequestUniverse.authorities, name: Languages.any)
        self.serverNames = try languages.language(RequestUniverse.serverNames, name: Languages.any)
        self.values = try languages.language(RequestUniverse.headerValues, name: Languages.any)
    }

    // MARK: - One dimension

    /// Whatever there can be in a dimension.
    func whole(_ dimension: RequestDimension) -> RequestPart {
        switch dimension {
        case .caller: .callers(callers)
        case .method: .methods(methods)
        case .target: .text(targets)
        case .authority: .text(authorities)
        case .serverName: .text(serverNames)
        case .port: .ports(IntervalSet([1...65535]))
        case .source, .remote, .destination: .addresses(.all)
        case .header(let name):
            .values(ValueCondition(required: [], forbidden: none, count: joinsLines(of: name) ? .atMostOne : .any))
        case .issuer, .subject, .claim: .values(tokens.whole(dimension))
        }
    }

    /// Whether several lines of a header are one value, as they are to Envoy.
    func joinsLines(of name: String) -> Bool { plainTargets == nil && HeaderLines.areJoined(name) }

    /// Whether there is at most one value in a dimension, whatever the request.
    func isSingle(_ dimension: RequestDimension) -> Bool {
        guard case .values(let condition) = whole(dimension) else { return false }
        return condition.count == .atMostOne
    }

    /// Whether nothing meets a condition.
    func isEmpty(_ part: RequestPart) throws(ReachError) -> Bool {
        switch part {
        case .callers(let callers): return !callers.includesAnonymous && languages.isEmpty(callers.names)
        case .methods(let methods): return methods.isEmpty
        case .text(let language): return languages.isEmpty(language)
        case .ports(let ports): return ports.isEmpty
        case .addresses(let addresses): return addresses.isEmpty
        case .values(let condition): return try isEmpty(condition)
        }
    }

    private func isEmpty(_ condition: ValueCondition) throws(ReachError) -> Bool {
        switch condition.count {
        case .any: break
        case .atLeastTwo:
            if languages.isEmpty(try languages.difference(values, condition.forbidden)) { return true }
        case .atMostOne:
            // One value has to do for all.
            guard var common = condition.required.first else { return false }
            for language in condition.required { common = try languages.intersection(common, language) }
            return languages.isEmpty(try languages.difference(common, condition.forbidden))
        }
        for language in condition.required {
            if languages.isEmpty(try languages.difference(language, condition.forbidden)) { return true }
        }
        // A claim that is not there has no element.
        if !condition.required.isEmpty, languages.contains(condition.forbidden, TokenSpace.mark) { return true }
        return false
    }

    /// What meets both of two conditions on one dimension.
    func intersection(_ left: RequestPart, _ right: RequestPart) throws(ReachError) -> RequestPart {
        switch (left, right) {
        case (.callers(let left), .callers(let right)):
            return .callers(
                CallerSet(
                    names: try languages.intersection(left.names, right.names),
                    includesAnonymous: left.includesAnonymous && right.includesAnonymous
                )
            )
        case (.methods(let left), .methods(let right)): return .methods(left.intersection(right))
        case (.text(let left), .text(let right)): return .text(try languages.intersection(left, right))
        case (.ports(let left), .ports(let right)): return .ports(left.intersection(right))
        case (.addresses(let left), .addresses(let right)): return .addresses(left.intersection(right))
        case (.values(let left), .values(let right)): return .values(try intersection(left, right))
        default: return left
        }
    }

    /// What meets the first of two conditions on one dimension and not the second, in parts that do not overlap.
    func difference(_ left: RequestPart, _ right: RequestPart) throws(ReachError) -> [RequestPart] {
        switch (left, right) {
        case (.callers(let left), .callers(let right)):
            return [
                .callers(
                    CallerSet(
                        names: try languages.difference(left.names, right.names),
                        includesAnonymous: left.includesAnonymous && !right.includesAnonymous
                    )
                )
            ]
        case (.methods(let left), .methods(let right)): return [.methods(left.intersection(right.complement))]
        case (.text(let left), .text(let right)): return [.text(try languages.difference(left, right))]
        case (.ports(let left), .ports(let right)): return [.ports(left.intersection(right.complement))]
        case (.addresses(let left), .addresses(let right)): return [.addresses(left.intersection(right.complement))]
        case (.values(let left), .values(let right)): return try difference(left, right).map { .values($0) }
        default: return []
        }
    }

    private func intersection(_ left: ValueCondition, _ right: ValueCondition) throws(ReachError) -> ValueCondition {
        var both = ValueCondition(
            required: left.required + right.required,
            forbidden: try union(left.forbidden, right.forbidden),
            count: left.count == .any ? right.count : left.count
        )
        // No line at all and two at once: what nothing meets.
        if right.count != .any, left.count != .any, left.count != right.count {
            both.forbidden = values
            both.count = .atLeastTwo
        }
        return both
    }

    /// Not "so many, each has one and none is forbidden": another number of lines, or the first lacks one, or has it and
    /// the second lacks one, and so on, or all have one and one is forbidden.
    func difference(_ left: ValueCondition, _ right: ValueCondition) throws(ReachError) -> [ValueCondition] {
        var parts: [ValueCondition] = []
        var rest = left
        if right.count != .any {
            let other: ValueCondition.Count = right.count == .atMostOne ? .atLeastTwo : .atMostOne
            let any = ValueCondition(required: [], forbidden: none, count: other)
            parts.append(try intersection(left, any))
            rest = try intersection(left, ValueCondition(required: [], forbidden: none, count: right.count))
        }
        for language in right.required {
            var lacking = rest
            lacking.forbidden = try union(rest.forbidden, language)
            parts.append(lacking)
            rest = rest.requiring(language)
        }
        if !languages.isEmpty(right.forbidden) {
            parts.append(rest.requiring(right.forbidden))
        }
        return parts
    }

    func union(_ left: Language, _ right: Language) throws(ReachError) -> Language {
        if left == right || languages.isEmpty(right) { return left }
        if languages.isEmpty(left) { return right }
        return try languages.union(left, right)
    }

    // MARK: - Regions

    /// The requests of both regions, or nil where there are none.
    func intersection(_ left: RequestRegion, _ right: RequestRegion) throws(ReachError) -> RequestRegion? {
        var common = left
        for (dimension, part) in right.parts {
            var both = part
            if let known = left.parts[dimension] { both = try intersection(known, part) }
            if try isEmpty(both) { return nil }
            common = common.replacing(dimension, with: both)
        }
        return common
    }

    /// The requests of the first region that are not in the second, in regions that do not overlap.
    func difference(_ left: RequestRegion, _ right: RequestRegion) throws(ReachError) -> [RequestRegion] {
        guard try intersection(left, right) != nil else { return [left] }
        var regions: [RequestRegion] = []
        var rest = left
        for dimension in right.parts.keys.sorted(by: { $0.order < $1.order }) {
            guard let part = right.parts[dimension] else { continue }
            let known = rest.parts[dimension] ?? whole(dimension)
            for outside in try difference(known, part) where try !isEmpty(outside) {
                regions.append(rest.replacing(dimension, with: outside))
            }
            rest = rest.replacing(dimension, with: try intersection(known, part))
        }
        return regions
    }

    /// The requests of some regions that are in none of others.
    func difference(_ regions: [RequestRegion], _ others: [RequestRegion]) throws(ReachError) -> [RequestRegion] {
        var left = regions
        for other in others {
            var next: [RequestRegion] = []
            for region in left {
                next += try difference(region, other)
                guard next.count <= limits.regions else { throw .tooManyRegions(limit: limits.regions) }
            }
            left = next
        }
        return left
    }

    /// Whether every request of the first region is in the second.
    func isSubset(_ left: RequestRegion, of right: RequestRegion) throws(ReachError) -> Bool {
        for (dimension, part) in right.parts {
            guard try isSubset(left.parts[dimension] ?? whole(dimension), of: part) else { return false }
        }
        return true
    }

    private func isSubset(_ left: RequestPart, of right: RequestPart) throws(ReachError) -> Bool {
        switch (left, right) {
        case (.callers(let left), .callers(let right)):
            guard right.includesAnonymous || !left.includesAnonymous else { return false }
            return try languages.isSubset(left.names, of: right.names)
        case (.text(let left), .text(let right)): return try languages.isSubset(left, of: right)
        default:
            for outside in try difference(left, right) {
                guard try isEmpty(outside) else { return false }
            }
            return true
        }
    }
}
