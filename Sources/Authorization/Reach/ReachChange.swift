/// Requests whose decision other policies turn round, exactly, with one of them.
public struct ReachChange: Sendable, Hashable, Encodable {
    /// Which way.
    public enum Kind: String, Sendable, Hashable, Encodable {
        /// They were denied, and would be allowed.
        case allowed
        /// They were allowed, and would be denied.
        case denied
    }

    /// Which way.
    public let kind: Kind
    /// The requests; the rule is the one that allows them, before or after.
    public let requests: ReachableRequests
}

extension Reachability {
    /// What changes between two engines for one workload, without any recorded request.
    ///
    /// Paths that servers read differently are left out under `strict`, where they are not told exactly.
    ///
    /// - Returns: the changes, newly allowed ones first.
    /// - Throws: ``ReachError`` where the answer is too large for the limits, or a policy asks for something that is not
    ///   analysed.
    public static func changes(
        from old: PolicyEngine,
        to new: PolicyEngine,
        options: Options = Options()
    ) throws(ReachError) -> [ReachChange] {
        let before = try Reachability(old, options: options)
        guard old.options.compatibility == new.options.compatibility else {
            throw ReachError(
                code: .unsupported,
                message: "the two are read by different semantics (`compatibility`), and are not compared"
            )
        }
        let after = Reachability(new, options: options, space: before.space)
        return try after.regions(beyond: before).map { ReachChange(kind: .allowed, requests: $0) }
            + before.regions(beyond: after).map { ReachChange(kind: .denied, requests: $0) }
    }

    /// What is allowed here and not there.
    private func regions(beyond other: Reachability) throws(ReachError) -> [ReachableRequests] {
        let others = try other.allowedRegions().map(\.region)
        var answers: [ReachableRequests] = []
        for allowed in try allowedRegions() {
            let beyond = try space.difference([allowed.region], others)
            var possible: [RequestRegion] = []
            for region in beyond { possible += try space.possible(region) }
            for region in possible {
                guard let plain = try parts(region).plain else { continue }
                let told = Allowed(region: plain, rule: allowed.rule, provider: allowed.provider)
                let answer = try describe(told, mayIncludeUnusualPaths: false)
                guard other.engine.evaluate(answer.witness.attributes, external: .allow(.init())).outcome == .deny
                else {
                    throw ReachError(
                        code: .disagreement,
                        message: "the other policies allow `\(answer.witness)`, against the analysis"
                    )
                }
                answers.append(answer)
            }
        }
        return answers
    }
}
