/// What came of one question that was asked of many, each by itself: only what is no proof is kept.
struct PartialOutcomes: Sendable {
    /// What came of it for one of them.
    struct Part: Hashable, Sendable {
        /// What comes first: less is more.
        let rank: Rank
        let outcome: InvariantProof.Outcome

        init(_ rank: Rank, _ outcome: InvariantProof.Outcome) {
            self.rank = rank
            self.outcome = outcome
        }
    }

    /// A refutation ends it, whatever could not be decided.
    enum Rank: Int, Comparable, Sendable {
        case refuted, stray, unseen, undecided

        static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    }

    private var parts: [String: [Part]] = [:]
    /// The place of each, where it is not by name.
    private let order: [String: Int]

    /// Nothing is known to fail.
    ///
    /// - Parameter order: who comes first; those who are not in it come by name.
    init(order: [String] = []) {
        self.order = Dictionary(order.enumerated().map { ($0.element, $0.offset) }) { first, _ in first }
    }

    /// Says what came of it for one of them; what is proved is left out.
    mutating func set(_ name: String, _ found: [Part]) { parts[name] = found.isEmpty ? nil : found }

    /// Says what came of it for one of them.
    mutating func set(_ name: String, _ outcome: InvariantProof.Outcome) { set(name, Self.parts(outcome)) }

    static func parts(_ outcome: InvariantProof.Outcome) -> [Part] {
        switch outcome {
        case .refuted: [Part(.refuted, outcome)]
        case .unknown: [Part(.undecided, outcome)]
        case .proved, .notConcerned: []
        }
    }

    /// What came of it: the first that refutes it, else the first that leaves it open.
    var outcome: InvariantProof.Outcome {
        let first = parts.min { one, other in
            let ranks = (one.value.map(\.rank).min() ?? .undecided, other.value.map(\.rank).min() ?? .undecided)
            guard ranks.0 == ranks.1 else { return ranks.0 < ranks.1 }
            let places = (order[one.key] ?? .max, order[other.key] ?? .max)
            return places.0 == places.1 ? one.key < other.key : places.0 < places.1
        }
        return first?.value.min { $0.rank < $1.rank }?.outcome ?? .proved
    }
}
