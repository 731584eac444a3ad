/// An invariant about what components do by themselves, which is proved of each alone.
struct ComponentRule: Sendable {
    /// Those that it is about, in order.
    let components: [String]
    private let isAbout: Set<String>
    private let verb: ObservedAccess.Verb
    /// The datasets that must not be touched; nil for those that others produce.
    private let datasets: Set<String>?
    private let producers: [String: String]

    /// The rule of an invariant; nil for one that is about more than single components.
    init?(_ invariant: Estate.Invariant, _ estate: Estate) {
        let who: Estate.Components
        var exempt: Set<String> = []
        switch invariant.never {
        case .read(let components, let what):
            (who, verb) = (components, .read)
            for case .read(let name) in invariant.exceptions { exempt.insert(name) }
            datasets = estate.names(what).subtracting(exempt)
        case .write(let components, let what):
            (who, verb) = (components, .write)
            datasets = estate.names(what)
        case .writeNotProducedBySelf(let components):
            (who, verb) = (components, .write)
            datasets = nil
        case .flow, .callOther, .call, .reachInternet: return nil
        }
        components = estate.names(who)
        isAbout = Set(components)
        producers = Dictionary(estate.datasets.map { ($0.name, $0.producer) }) { first, _ in first }
    }

    /// Nothing is known to fail.
    var outcomes: PartialOutcomes { PartialOutcomes(order: components) }

    /// What came of it for one component; nothing where it never happens.
    func parts(_ component: String, _ observed: ObservedAccess) -> [PartialOutcomes.Part] {
        guard isAbout.contains(component) else { return [] }
        let touched = observed.datasets(of: component)
        let forbidden = datasets.map(touched.intersection) ?? touched.filter { producers[$0] != component }
        var doubt: String?
        for dataset in forbidden.sorted() {
            switch observed.finding(component, verb, dataset) {
            case nil: continue
            case .undecided(let reason): doubt = doubt ?? "\(component), \(dataset): \(reason)"
            case .possible(let witness):
                let finding = "`\(component)` can \(verb.rawValue) `\(dataset)`"
                return [PartialOutcomes.Part(.refuted, .refuted(finding, witness))]
            }
        }
        return doubt.map { [PartialOutcomes.Part(.undecided, .unknown($0))] } ?? []
    }
}
