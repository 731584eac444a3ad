/// Proves an estate's invariants over what is possible in one layer.
public struct InvariantProof: Sendable {
    /// What came of it.
    public enum Outcome: Hashable, Sendable {
        /// It never happens.
        case proved
        /// It can happen, and this shows it.
        case refuted(String, Witness?)
        /// It could not be decided, and why; that is no proof.
        case unknown(String)
        /// The layer has nothing to do with it.
        case notConcerned
    }

    /// The estate.
    public let estate: Estate
    /// What is possible.
    public let observed: ObservedAccess

    /// A proof over one layer.
    public init(_ estate: Estate, _ observed: ObservedAccess) {
        self.estate = estate
        self.observed = observed
    }

    /// Proves one invariant.
    public func prove(_ invariant: Estate.Invariant) -> Outcome {
        switch invariant.never {
        case .read, .write, .writeNotProducedBySelf: proveByComponent(invariant)
        case .flow(let from, let to): FlowProof(self).prove(from: names(from), to: names(to))
        case .callOther(let who, let names): calls(who, invariant) { !Self.contains(names, $0) }
        case .call(let who, let names): calls(who, invariant) { Self.contains(names, $0) }
        case .reachInternet(let who): reach(who)
        }
    }

    // MARK: - Data

    func names(_ components: Estate.Components) -> [String] { estate.names(components) }

    func names(_ datasets: Estate.Datasets) -> Set<String> { estate.names(datasets) }

    private func proveByComponent(_ invariant: Estate.Invariant) -> Outcome {
        guard let rule = ComponentRule(invariant, estate) else { return .notConcerned }
        var outcomes = rule.outcomes
        for component in rule.components { outcomes.set(component, rule.parts(component, observed)) }
        return outcomes.outcome
    }

    // MARK: - Calls

    private static func contains(_ names: [Estate.APIName], _ call: Estate.Call) -> Bool {
        names.contains { $0.component == call.callee && ($0.api == nil || $0.api == call.api) }
    }

    /// Calls are declared in the estate and enforced in the network; other layers have none.
    private func calls(
        _ who: Estate.Components,
        _ invariant: Estate.Invariant,
        _ isForbidden: (Estate.Call) -> Bool
    ) -> Outcome {
        guard observed.layer == ModelAccess.layer else { return .notConcerned }
        let exempt = invariant.exceptions.compactMap { if case .call(let name) = $0 { name } else { nil } }
        let callers = Set(names(who))
        for call in estate.calls where callers.contains(call.caller) {
            guard isForbidden(call), !Self.contains(exempt, call) else { continue }
            return .refuted(
                "`\(call.caller)` calls `\(call.callee).\(call.api)`, which \(call.location) declares",
                nil
            )
        }
        return .proved
    }

    private func reach(_ who: Estate.Components) -> Outcome {
        guard observed.layer == ModelAccess.layer else { return .notConcerned }
        let callers = Set(names(who))
        for component in estate.components where callers.contains(component.name) {
            guard let host = component.egress.first else { continue }
            return .refuted(
                "`\(component.name)` may call `\(host.host):\(host.port)`, which its `egress` declares",
                nil
            )
        }
        return .proved
    }
}

/// What the estate itself allows, as a layer of its own.
public enum ModelAccess {
    /// The layer's name.
    public static let layer = "model"

    /// What the estate allows.
    public static func observe(_ estate: Estate) -> ObservedAccess {
        var observed = ObservedAccess(layer: layer)
        for access in estate.accesses {
            guard let dataset = access.resource.dataset else { continue }
            let place: String
            switch access.resource {
            case .objects(_, let store): place = "s3://\(store.bucket)/\(store.prefix)"
            case .table(_, let table): place = "\(table.database): \(table.schema).\(table.name)"
            case .api, .host: continue
            }
            let witness = Witness(principal: access.component, action: access.verb.rawValue, resource: place)
            observed.note(access.component, access.verb == .read ? .read : .write, dataset, .possible(witness))
        }
        return observed
    }
}

extension Estate {
    /// The components that are meant.
    func names(_ components: Components) -> [String] {
        switch components {
        case .all: self.components.map(\.name)
        case .named(let names): names
        }
    }

    /// The datasets that are meant.
    func names(_ datasets: Datasets) -> Set<String> {
        switch datasets {
        case .all: return Set(self.datasets.map(\.name))
        case .named(let names): return Set(names)
        case .classified(let name):
            let least = rank(of: name) ?? 0
            return Set(self.datasets.filter { rank(of: $0.classification) ?? .max >= least }.map(\.name))
        }
    }
}
