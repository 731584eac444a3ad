/// Which changes of the policies a table notices.
///
/// A mutant is noticed where some case of some table no longer comes out as expected.
public struct MutationReport: Sendable {
    /// How many mutants were tried.
    public private(set) var total = 0
    /// The mutants that no case notices.
    public private(set) var survivors: [PolicyMutant] = []

    /// How many mutants were noticed.
    public var noticed: Int { total - survivors.count }

    /// The share that was noticed, in hundredths; all of nothing.
    public var percent: Double { total == 0 ? 100 : 100 * Double(noticed) / Double(total) }

    /// Tries the mutants of the policies that tables decide by.
    ///
    /// Every case has to come out as expected before; a mutant of policies that several tables share is noticed where any
    /// of them does.
    ///
    /// - Parameters:
    ///   - runners: the tables, each with its engine.
    ///   - progress: called with how many mutants were tried, and of how many.
    public init(_ runners: [PolicyTestRunner], progress: (Int, Int) -> Void = { _, _ in }) {
        var noticed: [PolicyMutant.Place: Bool] = [:]
        var order: [PolicyMutant] = []
        let mutants = runners.map { PolicyMutant.all(of: $0.engine.policies) }
        let count = mutants.reduce(0) { $0 + $1.count }
        var tried = 0
        for (runner, mutants) in zip(runners, mutants) {
            for mutant in mutants {
                tried += 1
                progress(tried, count)
                if noticed[mutant.place] == true { continue }
                let policies = PolicyEdit.apply([mutant.edit], to: runner.engine.policies)
                // What cannot be made into an engine cannot be loaded, and needs no table.
                guard let engine = try? PolicyEngine(applying: policies, options: runner.engine.options) else {
                    continue
                }
                if noticed[mutant.place] == nil { order.append(mutant) }
                noticed[mutant.place] = !runner.passes(with: engine)
            }
        }
        self.total = order.count
        self.survivors = order.filter { noticed[$0.place] == false }
    }
}

extension PolicyMutant {
    /// What tells a mutant from others, whatever place its policy has in a list.
    struct Place: Hashable {
        let kind: MutationOperator
        let text: String
    }

    /// What tells the mutant from others.
    var place: Place { Place(kind: kind, text: text) }
}
