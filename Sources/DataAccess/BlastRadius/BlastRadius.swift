/// What whoever owns a component can read, write, call and reach, over what is in force.
///
/// ```swift
/// var evidence = BlastEvidence()
/// evidence.aws = try AWSArtifacts(files: files, estate: estate)
/// let radius = try BlastMap(estate, evidence).radius(of: "scorer", without: [.bucket])
/// for entry in radius.entries { print(entry.target.act, entry.target.resource, entry.path) }
/// ```
///
/// What a layer does not deny is open; a layer that was not given, and what could not be decided, count as open. Taking a
/// layer away never makes the radius smaller.
public struct BlastRadius: Hashable, Sendable {
    /// How something is got at.
    public enum Kind: String, Hashable, Sendable, Codable {
        /// By the component's own rights.
        case direct
        /// Through another component that does it and can be called.
        case called
        /// Through data that others make of it, or that it makes and others use.
        case derived
    }

    /// One step, and what lets it happen.
    public struct Step: Hashable, Sendable, Codable {
        /// What is done.
        public let text: String
        /// The rule of each layer that lets it happen, by the layer's name.
        public let rules: [String: String]
    }

    /// Something that is got at.
    public struct Entry: Hashable, Sendable, Codable {
        /// What is done, and to what.
        public let target: BlastTarget
        /// How.
        public let kind: Kind
        /// The steps, in order; the last is the act itself.
        public let path: [Step]
        /// Whether a layer on the way could not be decided.
        public let isDoubtful: Bool
    }

    /// How much a layer takes away.
    public struct Share: Hashable, Sendable, Codable {
        /// The layer.
        public let layer: BlastLayer
        /// Whether it was looked at.
        public let isGiven: Bool
        /// How much is left to the component itself with this layer and those before it in place.
        public let left: Int
        /// How much of what there is the layer takes away by itself, with no other in place.
        public let alone: Int
        /// How much only this layer takes away: what would be open without it.
        public let only: Int
        /// How much of that is open to the component itself; the rest is behind calls and data.
        public let onlyDirect: Int
    }

    /// Whose.
    public let component: String
    /// The layers that were taken away.
    public let without: Set<BlastLayer>
    /// What is got at, each once by the shortest way, in order.
    public let entries: [Entry]
    /// Everything that could be got at if there were no layers.
    public let total: Int
    /// How much each layer takes away, given those that were not taken away.
    public let shares: [Share]
}

/// All ways of an estate's components to each other and to data, of which blast radii are computed.
public final class BlastMap {
    private let estate: Estate
    private let evidence: BlastEvidence
    private let aws: AWSReach?
    private let postgres: [PostgreSQLReach]
    private var known: [String: [BlastWay]] = [:]

    /// Reads what is in force.
    ///
    /// - Throws: ``PostgreSQLModelError`` for a database that the estate has nothing in.
    public init(_ estate: Estate, _ evidence: BlastEvidence) throws {
        self.estate = estate
        self.evidence = evidence
        aws = evidence.aws.map { AWSReach(estate, $0) }
        postgres = try evidence.postgres.sorted { $0.key < $1.key }.map { name, catalog in
            PostgreSQLReach(estate, try PostgreSQLModel(estate, database: name), catalog)
        }
    }

    /// The blast radius of a component; nil for one that the estate does not have.
    public func radius(of name: String, without layers: Set<BlastLayer> = []) -> BlastRadius? {
        guard estate.component(name) != nil else { return nil }
        let entries = entries(of: name, without: layers)
        let open = Set(entries.map(\.target))
        let all = Set(BlastLayer.allCases)
        var later = all
        let shares = BlastLayer.allCases.filter { !layers.contains($0) }.map { layer in
            later.remove(layer)
            let more = self.entries(of: name, without: layers.union([layer])).filter { !open.contains($0.target) }
            return BlastRadius.Share(
                layer: layer,
                isGiven: evidence.layers.contains(layer),
                left: directTargets(name, without: later).count,
                alone: total(name) - directTargets(name, without: all.subtracting([layer])).count,
                only: more.count,
                onlyDirect: more.count { $0.kind == .direct }
            )
        }
        return BlastRadius(component: name, without: layers, entries: entries, total: total(name), shares: shares)
    }

    // MARK: - Ways

    private func total(_ name: String) -> Int { directTargets(name, without: Set(BlastLayer.allCases)).count }

    private func directTargets(_ name: String, without layers: Set<BlastLayer>) -> Set<BlastTarget> {
        Set(ways(of: name).lazy.filter { $0.isOpen(without: layers) }.map(\.target))
    }

    /// Every way of a component, computed once.
    func ways(of name: String) -> [BlastWay] {
        if let ways = known[name] { return ways }
        guard let component = estate.component(name) else { return [] }
        var ways = data(component)
        for callee in estate.components where callee.name != name { ways += calls(component, callee) }
        ways.append(
            BlastWay(
                component: name,
                target: BlastTarget(.reach, "the internet"),
                verdicts: [.network: evidence.network?.internet(from: component) ?? .notGiven]
            )
        )
        known[name] = ways
        return ways
    }

    private func data(_ component: Estate.Component) -> [BlastWay] {
        var ways: [BlastWay] = []
        if let aws {
            ways += aws.ways(of: component, network: evidence.network?.storage(from: component) ?? .notGiven)
        } else {
            ways += notGiven(component, [.identity, .bucket]) { store in
                if case .s3 = store { AWSReach.name } else { nil }
            }
        }
        for reach in postgres {
            let server = estate.enforcement.postgres[reach.database]
            let network = evidence.network?.server(server?.host, server?.port ?? 5432, from: component) ?? .notGiven
            ways += reach.ways(of: component, network: network)
        }
        let looked = Set(evidence.postgres.keys)
        ways += notGiven(component, [.login, .grants, .rows]) { store in
            guard case .postgres(let table) = store, !looked.contains(table.database) else { return nil }
            return { PostgreSQLReach.name($0, in: table.database) }
        }
        return ways
    }

    /// The ways to what nothing was given of: open.
    private func notGiven(
        _ component: Estate.Component,
        _ layers: [BlastLayer],
        _ name: (Estate.Store) -> ((String) -> String)?
    ) -> [BlastWay] {
        let verdicts = Dictionary(uniqueKeysWithValues: (layers + [.network]).map { ($0, BlastVerdict.notGiven) })
        var ways: [BlastWay] = []
        for dataset in estate.datasets {
            for name in Set(dataset.stores.compactMap { name($0)?(dataset.name) }).sorted() {
                for act in [BlastTarget.Act.read, .write] {
                    let target = BlastTarget(act, name)
                    ways.append(
                        BlastWay(component: component.name, target: target, dataset: dataset.name, verdicts: verdicts)
                    )
                }
            }
        }
        return ways
    }

    private func calls(_ caller: Estate.Component, _ callee: Estate.Component) -> [BlastWay] {
        let mesh = evidence.mesh?(caller, callee)
        let apis = callee.exposes.map { (name: $0.name, port: Optional($0.port)) } + [(name: "*", port: nil)]
        return apis.map { api in
            BlastWay(
                component: caller.name,
                target: BlastTarget(.call, "\(callee.name).\(api.name)"),
                callee: callee.name,
                verdicts: [
                    .network: evidence.network?.call(from: caller, to: callee, port: api.port) ?? .notGiven,
                    .mesh: mesh.map { $0[api.name] ?? BlastVerdict(.denies, "no policy of \(callee.name) allows it") }
                        ?? .notGiven,
                ]
            )
        }
    }

    // MARK: - What is got at

    private typealias Found = (kind: BlastRadius.Kind, path: [BlastRadius.Step], isDoubtful: Bool)

    private func entries(of name: String, without layers: Set<BlastLayer>) -> [BlastRadius.Entry] {
        var found: [BlastTarget: Found] = [:]
        func note(_ target: BlastTarget, _ entry: Found) {
            if found[target] == nil { found[target] = entry }
        }
        // Whom it can have something done by: itself, and whom it calls.
        var servants: [(name: String, path: [BlastRadius.Step], isDoubtful: Bool)] = [(name, [], false)]
        var isServant: Set<String> = [name]
        var next = 0
        while next < servants.count {
            let servant = servants[next]
            next += 1
            // To call itself is nothing that it gains.
            for way in open(servant.name, without: layers) where way.callee != name {
                let step = step(way, by: servant.name, without: layers)
                let path = servant.path + step
                let isDoubtful = servant.isDoubtful || way.doubts(without: layers) > 0
                note(way.target, (servant.name == name ? .direct : .called, path, isDoubtful))
                guard let callee = way.callee, isServant.insert(callee).inserted else { continue }
                servants.append((callee, path, isDoubtful))
            }
        }
        derive(from: &found, without: layers)
        return found.map { target, entry in
            BlastRadius.Entry(target: target, kind: entry.kind, path: entry.path, isDoubtful: entry.isDoubtful)
        }.sorted { $0.target < $1.target }
    }

    /// What data carries further: what is read may hold what its writers read, and what is written is read by others who
    /// write.
    private func derive(from found: inout [BlastTarget: Found], without layers: Set<BlastLayer>) {
        let ways = estate.components.map { component in
            (component.name, open(component.name, without: layers).filter { $0.dataset != nil })
        }
        for (act, opposite, word) in [
            (BlastTarget.Act.read, BlastTarget.Act.write, "reads"), (.write, .read, "writes"),
        ] {
            var waiting = found.filter { $0.key.act == act }.sorted { $0.key < $1.key }.map {
                ($0.key.resource, $0.value)
            }
            var next = 0
            while next < waiting.count {
                let (resource, before) = waiting[next]
                next += 1
                for (component, ways) in ways {
                    guard let here = ways.first(where: { $0.target == BlastTarget(opposite, resource) }) else {
                        continue
                    }
                    for way in ways where way.target.act == act && found[way.target] == nil {
                        let verb = act == .read ? "made by" : "used by"
                        let path =
                            before.path
                            + step(here, by: component, without: layers, "\(resource) is \(verb) \(component)")
                            + step(way, by: component, without: layers, "\(component) \(word) \(way.target.resource)")
                        let isDoubtful =
                            before.isDoubtful || here.doubts(without: layers) + way.doubts(without: layers) > 0
                        found[way.target] = (.derived, path, isDoubtful)
                        waiting.append((way.target.resource, (.derived, path, isDoubtful)))
                    }
                }
            }
        }
    }

    /// The open ways of a component, one for each thing: the one with the fewest doubts and steps.
    private func open(_ name: String, without layers: Set<BlastLayer>) -> [BlastWay] {
        var best: [BlastTarget: BlastWay] = [:]
        for way in ways(of: name) where way.isOpen(without: layers) {
            guard let other = best[way.target] else {
                best[way.target] = way
                continue
            }
            let rank = (way.doubts(without: layers), way.steps.count)
            if rank < (other.doubts(without: layers), other.steps.count) { best[way.target] = way }
        }
        return best.values.sorted { $0.target < $1.target }
    }

    private func step(
        _ way: BlastWay,
        by name: String,
        without layers: Set<BlastLayer>,
        _ text: String? = nil
    ) -> [BlastRadius.Step] {
        let rules = way.verdicts.map { layer, verdict in
            (layer.rawValue, layers.contains(layer) ? "taken away" : verdict.rule)
        }
        let act = BlastRadius.Step(
            text: text ?? "\(name) \(way.target.act.verb) \(way.target.resource)",
            rules: Dictionary(uniqueKeysWithValues: rules)
        )
        return way.steps.map { BlastRadius.Step(text: "\(name) \($0)", rules: [:]) } + [act]
    }
}
