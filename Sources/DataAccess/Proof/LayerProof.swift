/// What is proved over one layer: the estate's invariants, and that there is neither more nor less than the estate says.
///
/// It is kept component by component, so that where one can do something else, only that one is looked at again.
struct LayerProof: Sendable {
    private let estate: Estate
    private var observed: ObservedAccess
    private let rules: [ComponentRule?]
    private var byComponent: [PartialOutcomes?]
    /// What came of each invariant of the estate.
    private var invariants: [InvariantProof.Outcome]
    private let allowed: [String: [ObservedAccess.Entry.Target]]
    private let hasRole: Set<String>
    private var more = PartialOutcomes()
    private var less = PartialOutcomes()

    /// The layer's name.
    var layer: String { observed.layer }

    /// Proves everything.
    init(_ estate: Estate, _ observed: ObservedAccess) {
        self.estate = estate
        self.observed = observed
        rules = estate.invariants.map { ComponentRule($0, estate) }
        byComponent = rules.map { $0?.outcomes }
        invariants = estate.invariants.map { _ in .notConcerned }
        hasRole = Set(estate.components.filter { $0.identity.aws != nil }.map(\.name))
        let own = observed.layer.split(separator: " ").first.map(String.init)
        var allowed: [String: Set<ObservedAccess.Entry.Target>] = [:]
        for access in estate.accesses where access.layer.rawValue == own {
            guard let dataset = access.resource.dataset else { continue }
            let verb: ObservedAccess.Verb = access.verb == .read ? .read : .write
            allowed[access.component, default: []].insert(.init(verb: verb, dataset: dataset))
        }
        self.allowed = allowed.mapValues { targets in
            targets.sorted { ($0.dataset, $0.verb.rawValue) < ($1.dataset, $1.verb.rawValue) }
        }
        prove(Set(observed.components).union(allowed.keys).union(estate.components.map(\.name)))
    }

    /// Proves anew what those can do who can do something else now.
    mutating func update(_ observed: ObservedAccess, _ names: Set<String>) {
        guard !names.isEmpty else { return }
        self.observed = observed
        prove(names)
    }

    private mutating func prove(_ names: Set<String>) {
        for index in rules.indices {
            if let rule = rules[index] {
                for name in names { byComponent[index]?.set(name, rule.parts(name, observed)) }
                invariants[index] = byComponent[index]?.outcome ?? .notConcerned
            } else {
                invariants[index] = InvariantProof(estate, observed).prove(estate.invariants[index])
            }
        }
        for name in names {
            more.set(name, excess(name))
            less.set(name, missing(name))
        }
    }

    /// What came of an invariant, by its place in the estate.
    func outcome(_ invariant: Int) -> InvariantProof.Outcome { invariants[invariant] }

    /// Whether anybody can do what the estate does not allow.
    var excess: InvariantProof.Outcome { more.outcome }

    /// Whether somebody cannot do what the estate allows.
    var missing: InvariantProof.Outcome { less.outcome }

    private func excess(_ name: String) -> InvariantProof.Outcome {
        let own = allowed[name] ?? []
        var doubt: String?
        for dataset in observed.datasets(of: name).sorted() {
            for verb in ObservedAccess.Verb.allCases where !own.contains(.init(verb: verb, dataset: dataset)) {
                switch observed.finding(name, verb, dataset) {
                case nil: continue
                case .undecided(let reason): doubt = doubt ?? "`\(name)`, `\(dataset)`: \(reason)"
                case .possible(let witness):
                    return .refuted(
                        "`\(name)` can \(verb.rawValue) `\(dataset)`, which the estate does not allow",
                        witness
                    )
                }
            }
        }
        return doubt.map { .unknown($0) } ?? .proved
    }

    private func missing(_ name: String) -> InvariantProof.Outcome {
        // That one has no role is said where the estate is read.
        if layer.hasPrefix(Access.Layer.s3.rawValue), !hasRole.contains(name) { return .proved }
        var doubt: String?
        // What buckets let through they let through to roles that they name; the rest is the roles' matter.
        for target in allowed[name] ?? [] {
            switch observed.finding(name, target.verb, target.dataset) {
            case .possible: continue
            case .undecided(let reason): doubt = doubt ?? reason
            case nil:
                return .refuted(
                    "`\(name)` cannot \(target.verb.rawValue) `\(target.dataset)`, which the estate allows",
                    nil
                )
            }
        }
        return doubt.map { .unknown($0) } ?? .proved
    }
}
