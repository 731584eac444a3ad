import ZeroTrust

/// Who can reach a workload, and how: not by trying requests, but exactly.
///
/// What each rule matches is a region: a set in each of the things that a policy can look at, the sets of strings being
/// regular languages and those of addresses and ports intervals. What is allowed is what the ALLOW rules match and no DENY
/// rule does. Each region of the answer has a witness, a concrete request that the engine itself was asked to decide.
///
/// ```swift
/// let reach = try Reachability(engine)
/// for requests in try reach.allowed() { print(requests.callers, requests.methods, requests.paths, requests.witness) }
/// ```
///
/// Issuer and subject of a token are strings, as RFC 7519 says. A caller has one name or none: certificates with several names, which a SPIFFE verifier refuses, are left out, and so
/// are lengths. Where an answer would be too large, there is none: the call throws ``ReachError``.
public final class Reachability {
    /// What an analysis is told beside the policies.
    public struct Options: Sendable {
        /// Which callers there can be.
        public enum Callers: String, Sendable, CaseIterable {
            /// Those with a SPIFFE ID, which is all that Lapwing's listeners let in.
            case spiffe
            /// Those with any name that a certificate can carry, as behind Envoy.
            case named
            /// Those with any name and those that proved none, as behind a PERMISSIVE Envoy.
            case anyone
        }

        /// Which callers there can be.
        public var callers: Callers
        /// How paths are made canonical before the policies see them.
        public var normalization: PathNormalization
        /// How much the analysis may use.
        public var limits: ReachLimits
        /// Whose tokens are verified, so that what they claim counts; nil for anybody's.
        public var issuers: [String]?
        /// Whether a CONNECT is let in, which has a host and a port and no path.
        public var offersTunnels: Bool
        /// What witnesses have where nothing else is asked of them.
        public var template: Attributes

        /// Options; the defaults are Lapwing's own.
        public init(
            callers: Callers = .spiffe,
            normalization: PathNormalization = .base,
            limits: ReachLimits = ReachLimits(),
            issuers: [String]? = nil,
            offersTunnels: Bool = false,
            template: Attributes = Options.template
        ) {
            self.callers = callers
            self.normalization = normalization
            self.limits = limits
            self.issuers = issuers
            self.offersTunnels = offersTunnels
            self.template = template
        }

        /// `GET /` to port 8443 of this machine.
        public static let template = Attributes(
            caller: .anonymous,
            method: "GET",
            path: "/",
            authority: "localhost",
            source: IPAddress(v4: 0x7f00_0001),
            destination: Exchange.Endpoint(address: IPAddress(v4: 0x7f00_0001), port: 8443)
        )
    }

    /// A region of allowed requests and the rule that allows it.
    struct Allowed {
        let region: RequestRegion
        /// Nil where no policy says anything and `istio` compatibility allows.
        let rule: RuleReference?
        /// The provider that has to allow it too.
        var provider: String?
    }

    let engine: PolicyEngine
    let options: Options
    let space: RequestSpace
    private var known: [Allowed]?

    /// An analysis of what an engine decides.
    ///
    /// - Throws: ``ReachError`` where it is too large for the limits.
    public init(_ engine: PolicyEngine, options: Options = Options()) throws(ReachError) {
        self.engine = engine
        self.options = options
        let isStrict = engine.options.compatibility == .strict
        self.space = try RequestSpace(
            RequestUniverse(
                // To strict, a caller with another name is none.
                names: options.callers == .spiffe || isStrict
                    ? RequestUniverse.spiffeIDs : RequestUniverse.certificateNames,
                admitsAnonymous: options.callers == .anyone,
                normalization: options.normalization,
                isStrict: isStrict,
                issuers: options.issuers,
                offersTunnels: options.offersTunnels
            ),
            limits: options.limits
        )
    }

    /// An analysis in the space of another, whose regions can be compared with its own.
    init(_ engine: PolicyEngine, options: Options, space: RequestSpace) {
        self.engine = engine
        self.options = options
        self.space = space
    }

    /// Every request that is allowed, in regions.
    ///
    /// - Parameter caller: the only caller to look at, a SPIFFE ID, or nil for all.
    /// - Returns: the regions; none of them is within another.
    /// - Throws: ``ReachError`` where the answer is too large for the limits.
    public func allowed(from caller: String? = nil) throws(ReachError) -> [ReachableRequests] {
        var scope = RequestRegion.all
        if let caller {
            let name = try space.languages.language(.text(caller), name: caller)
            let names = try space.languages.intersection(space.callers.names, name)
            scope = RequestRegion([.caller: .callers(CallerSet(names: names, includesAnonymous: false))])
        }
        var answers: [ReachableRequests] = []
        for allowed in try allowedRegions() {
            guard let region = try space.intersection(allowed.region, scope) else { continue }
            let (plain, unusual) = try parts(region)
            guard let plain else {
                // Only unusual spellings: told where the engine allows one of them.
                guard let unusual, let request = try space.witness(unusual, like: options.template) else { continue }
                let decided = engine.evaluate(request.attributes, external: .allow(.init())).outcome
                guard decided == .allow else { continue }
                let told = Allowed(region: unusual, rule: allowed.rule, provider: allowed.provider)
                answers.append(try describe(told, mayIncludeUnusualPaths: true))
                continue
            }
            let told = Allowed(region: plain, rule: allowed.rule, provider: allowed.provider)
            answers.append(try describe(told, mayIncludeUnusualPaths: unusual != nil))
        }
        return answers
    }

    /// The part of a region whose paths every server reads alike, and the rest, of which a region is only the most that can
    /// be allowed; under `istio` there is no rest.
    func parts(_ region: RequestRegion) throws(ReachError) -> (plain: RequestRegion?, unusual: RequestRegion?) {
        guard let plain = space.plainTargets else { return (region, nil) }
        let unusual = try space.languages.difference(space.targets, plain)
        return (
            try space.intersection(region, RequestRegion([.target: .text(plain)])),
            try space.intersection(region, RequestRegion([.target: .text(unusual)]))
        )
    }

    /// What is allowed, computed once.
    func allowedRegions() throws(ReachError) -> [Allowed] {
        if let known { return known }
        var denied: [RequestRegion] = []
        for rule in engine.deny.rules { denied += try space.regions(of: rule) }
        var asked: [RequestRegion] = []
        for rule in engine.custom.rules { asked += try space.regions(of: rule) }
        var allowed: [Allowed] = []
        for candidate in try candidates() {
            for region in try space.difference([candidate.region], denied) {
                for sure in try space.difference([region], asked) {
                    allowed.append(Allowed(region: sure, rule: candidate.rule))
                }
                guard let provider = askedProvider else { continue }
                for question in asked {
                    guard let both = try space.intersection(region, question) else { continue }
                    allowed.append(Allowed(region: both, rule: candidate.rule, provider: provider))
                }
                guard allowed.count <= options.limits.regions else {
                    throw .tooManyRegions(limit: options.limits.regions)
                }
            }
        }
        var possible: [Allowed] = []
        for candidate in allowed {
            for region in try space.possible(candidate.region) {
                possible.append(Allowed(region: region, rule: candidate.rule, provider: candidate.provider))
            }
        }
        let answer = try withoutCovered(possible)
        known = answer
        return answer
    }

    /// The provider that CUSTOM policies ask, or nil where there is none that can be asked: then what they match is denied.
    private var askedProvider: String? {
        let names = Set(engine.policies.filter { $0.action == .custom }.map { $0.provider ?? "" })
        guard names.count == 1, let name = names.first, engine.options.providers.contains(name) else { return nil }
        return name
    }

    /// What is allowed where nothing is denied.
    private func candidates() throws(ReachError) -> [Allowed] {
        guard engine.hasAllowPolicy else {
            return engine.options.compatibility == .istio ? [Allowed(region: .all, rule: nil)] : []
        }
        var allowed: [Allowed] = []
        for rule in engine.allow.rules {
            for region in try space.regions(of: rule) { allowed.append(Allowed(region: region, rule: rule.reference)) }
        }
        return allowed
    }

    /// Leaves out each region that is within another; of equal ones the first stays.
    private func withoutCovered(_ regions: [Allowed]) throws(ReachError) -> [Allowed] {
        var kept: [Allowed] = []
        for (index, candidate) in regions.enumerated() {
            var isCovered = false
            for (place, other) in regions.enumerated() where place != index && !isCovered {
                guard other.provider == candidate.provider,
                    try space.isSubset(candidate.region, of: other.region)
                else { continue }
                let isMutual = try space.isSubset(other.region, of: candidate.region)
                isCovered = !isMutual || place < index
            }
            if !isCovered { kept.append(candidate) }
        }
        return kept
    }

    /// A request of a region that the engine decides as the analysis says.
    ///
    /// - Throws: ``ReachError`` where it decides otherwise.
    func witness(
        of region: RequestRegion,
        _ outcome: Decision.Outcome,
        asking provider: String? = nil
    ) throws(ReachError) -> WitnessRequest {
        guard let witness = try space.witness(region, like: options.template) else {
            throw ReachError(code: .disagreement, message: "a region that is not empty has no request")
        }
        let decision = engine.evaluate(witness.attributes, external: provider == nil ? nil : .allow(.init()))
        guard (decision.outcome == .allow) == (outcome == .allow) else {
            throw ReachError(
                code: .disagreement,
                message: "the engine decides `\(witness)` as \(decision.outcome.rawValue), against the analysis"
            )
        }
        return witness
    }

    /// Whether the analysis takes a request for allowed, or nil where it only knows that it may be.
    package func allows(_ request: Attributes) throws(ReachError) -> Bool? {
        for allowed in try allowedRegions() where allowed.provider == nil && space.contains(allowed.region, request) {
            guard let plain = space.plainTargets else { return true }
            return space.languages.contains(plain, request.path) ? true : nil
        }
        return false
    }
}
