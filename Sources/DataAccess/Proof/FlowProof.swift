/// Proves that data gets nowhere by a way on which no derivation was declared.
///
/// What a component read may be in everything that it writes and in everything that it says to those who call it or
/// whom it calls. A declared derivation ends that: what is derived has the classification that it was given.
struct FlowProof {
    private let proof: InvariantProof
    private let estate: Estate

    init(_ proof: InvariantProof) {
        self.proof = proof
        self.estate = proof.estate
    }

    private enum Place: Hashable {
        case dataset(String)
        case component(String)
    }

    func prove(from sources: Set<String>, to targets: [String]) -> InvariantProof.Outcome {
        let edges = self.edges()
        let targets = Set(targets)
        var cameFrom: [Place: (Place, String)?] = [:]
        var waiting: [Place] = sources.sorted().map { .dataset($0) }
        for place in waiting { cameFrom[place] = .some(nil) }
        var next = 0
        while next < waiting.count {
            let place = waiting[next]
            next += 1
            if case .component(let name) = place, targets.contains(name) {
                return .refuted(describe(place, cameFrom), nil)
            }
            for (following, how) in edges.certain[place] ?? [] where cameFrom[following] == nil {
                cameFrom[following] = .some((place, how))
                waiting.append(following)
            }
        }
        return edges.doubt.map { .unknown($0) } ?? .proved
    }

    /// Where data goes from each place.
    private func edges() -> (certain: [Place: [(Place, String)]], doubt: String?) {
        var edges: [Place: [(Place, String)]] = [:]
        var doubt: String?
        let datasets = Dictionary(estate.datasets.map { ($0.name, $0) }) { first, _ in first }
        for component in estate.components {
            let here = Place.component(component.name)
            for name in proof.observed.datasets(of: component.name).sorted() {
                guard let dataset = datasets[name] else { continue }
                for verb in ObservedAccess.Verb.allCases {
                    switch proof.observed.finding(component.name, verb, name) {
                    case nil: continue
                    case .undecided(let reason): doubt = doubt ?? reason
                    case .possible where verb == .write:
                        // What a deriver writes is what was declared; its own dataset has its own classification.
                        edges[here, default: []].append((.dataset(name), "writes"))
                    case .possible:
                        // Reading to derive is declared, and what comes of it is classified for itself.
                        guard !estate.isDerivable(dataset, by: component) else { continue }
                        edges[.dataset(name), default: []].append((here, "is read by"))
                    }
                }
            }
        }
        for call in estate.calls {
            edges[.component(call.caller), default: []].append((.component(call.callee), "calls"))
            edges[.component(call.callee), default: []].append((.component(call.caller), "answers"))
        }
        return (edges, doubt)
    }

    private func describe(_ place: Place, _ cameFrom: [Place: (Place, String)?]) -> String {
        var words: [String] = []
        var at = place
        while true {
            switch at {
            case .dataset(let name): words.append("`\(name)`")
            case .component(let name): words.append("`\(name)`")
            }
            guard let step = cameFrom[at] ?? nil else { break }
            words.append(step.1)
            at = step.0
        }
        return words.reversed().joined(separator: " ")
    }
}
