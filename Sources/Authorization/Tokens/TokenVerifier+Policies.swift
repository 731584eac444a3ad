public import FoundationEssentials

extension TokenVerifier {
    /// A verifier by the `RequestAuthentication`s that select a workload, or nil where none does.
    ///
    /// - Parameters:
    ///   - policies: every policy of the configuration.
    ///   - workload: what the requests go to.
    ///   - options: the root namespace, and whose reading of several tokens holds.
    ///   - keys: where the keys of issuers are found.
    ///   - clock: the time.
    /// - Throws: `ResourceError` where a key set that is written out has no key that verifies signatures.
    public init?(
        policies: PolicySet,
        workload: Workload,
        options: PolicyEngine.Options,
        keys: any TokenKeySource,
        clock: @escaping @Sendable () -> Date = { Date() }
    ) throws {
        let selected = policies.requestAuthentications.filter {
            $0.applies(to: workload, rootNamespace: options.rootNamespace)
        }
        let rules = try selected.flatMap(\.rules).map { try TokenRule($0) }
        guard !rules.isEmpty else { return nil }
        // Istio puts the rules in the order of their issuers.
        let sorted = rules.enumerated().sorted {
            ($0.element.issuer ?? "", $0.offset) < ($1.element.issuer ?? "", $1.offset)
        }
        self.init(rules: sorted.map(\.element), keys: keys, compatibility: options.compatibility, clock: clock)
    }
}
