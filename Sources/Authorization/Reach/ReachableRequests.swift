/// Requests that are allowed, in words, with one of them.
public struct ReachableRequests: Sendable, Hashable, Encodable {
    /// A condition on something else than caller, method, path and host.
    public struct Condition: Sendable, Hashable, Encodable {
        /// What is looked at: `port`, `x-team:`.
        public let attribute: String
        /// Which values it may have.
        public let values: String
    }

    /// Who.
    public let callers: String
    /// By which methods.
    public let methods: String
    /// Which paths, whatever their queries.
    public let paths: String
    /// Which hosts.
    public let hosts: String
    /// On which further conditions, all of them.
    public let conditions: [Condition]
    /// The rule that allows it, or nil where no policy says anything.
    public let rule: String?
    /// Where the rule stands.
    public let location: String?
    /// The provider that has to allow it too, where a CUSTOM policy asks one.
    public let provider: String?
    /// Whether spellings of the paths that servers read differently may be allowed too.
    ///
    /// They are those with escapes, parameters or doubled slashes. Under `strict` they are not told exactly, and are
    /// allowed at most as the plain ones are.
    public let mayIncludeUnusualPaths: Bool
    /// One such request.
    public let witness: WitnessRequest
}

extension Reachability {
    /// A region in words.
    func describe(_ allowed: Allowed, mayIncludeUnusualPaths: Bool) throws(ReachError) -> ReachableRequests {
        let region = allowed.region
        var conditions: [ReachableRequests.Condition] = []
        for dimension in region.parts.keys.sorted(by: { $0.order < $1.order }) {
            guard let name = dimension.conditionName, let part = region.parts[dimension] else { continue }
            conditions.append(ReachableRequests.Condition(attribute: name, values: space.describe(part, of: dimension)))
        }
        return ReachableRequests(
            callers: describe(.caller, in: region),
            methods: describe(.method, in: region),
            paths: describe(.target, in: region),
            hosts: describe(.authority, in: region),
            conditions: conditions,
            rule: allowed.rule?.description,
            location: allowed.rule.map { "\($0.location)" },
            provider: allowed.provider,
            mayIncludeUnusualPaths: mayIncludeUnusualPaths,
            witness: try witness(of: region, .allow, asking: allowed.provider)
        )
    }

    private func describe(_ dimension: RequestDimension, in region: RequestRegion) -> String {
        space.describe(region.parts[dimension] ?? space.whole(dimension), of: dimension)
    }
}

extension RequestDimension {
    /// What the dimension is called among further conditions; nil for those that have a column of their own.
    fileprivate var conditionName: String? {
        switch self {
        case .caller, .method, .target, .authority: nil
        case .port: "port"
        case .source: "source address"
        case .remote: "client address"
        case .destination: "destination address"
        case .serverName: "server name"
        case .header(let name): "\(name):"
        case .issuer: "token issuer"
        case .subject: "token subject"
        case .claim(let path): "claim \(path.joined(separator: "."))"
        }
    }
}

extension RequestSpace {
    /// A condition in words.
    func describe(_ part: RequestPart, of dimension: RequestDimension) -> String {
        switch part {
        case .callers(let callers): return describe(callers)
        case .methods(let methods): return methods.description
        case .text(let language): return languages.describe(language)
        case .addresses(let addresses): return addresses.description
        case .ports(let ports):
            return ports.intervals.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
                .joined(separator: ", ")
        case .values(let condition):
            let required = condition.required.map { "one of: \(languages.describe($0))" }
            let isFree = languages.isEmpty(condition.forbidden)
            let words = required + (isFree ? [] : ["none of: \(languages.describe(condition.forbidden))"])
            // What is never more than one is not told of.
            let count =
                switch condition.count {
                case .any: [String]()
                case .atMostOne where isSingle(dimension): [String]()
                case .atMostOne: ["one line"]
                case .atLeastTwo: ["two lines or more"]
                }
            return (count + words).joined(separator: "; ")
        }
    }

    private func describe(_ callers: CallerSet) -> String {
        guard !languages.isEmpty(callers.names) else { return "callers without identity" }
        let names = languages.describe(callers.names).replacing("spiffe://", with: "")
        guard callers.includesAnonymous else { return names == Languages.any ? "any identity" : names }
        return names == Languages.any ? "anyone" : "\(names), callers without identity"
    }
}
