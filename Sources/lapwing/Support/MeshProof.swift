import Authorization
import DataAccess
import Resources
import SPIFFE
import ZeroTrust

/// Proves which calls a mesh answers against those that an estate declares, by the engine that decides its policies.
///
/// Two ways, which have to agree: every request of the closed world is decided (each caller, a stranger and nobody; each
/// method, path and port that anything names, and others), and every region of requests that the policies allow has to be
/// within what is declared.
struct MeshProof {
    private let estate: Estate
    private let policies: PolicySet
    private let network: KubernetesNetwork
    private let components: [String: Estate.Component]
    private let byIdentity: [String: Estate.Component]
    private let calls: [String: [Estate.Call]]

    /// The namespace whose policies hold everywhere.
    static let root = "istio-system"

    /// A proof over the policies among some documents.
    ///
    /// - Throws: `ResourceError` for a policy that is refused.
    init(_ estate: Estate, _ artifacts: KubernetesArtifacts) throws {
        self.estate = estate
        self.policies = try PolicySet.load(artifacts.documents)
        self.network = artifacts.network
        self.components = Dictionary(estate.components.map { ($0.name, $0) }) { first, _ in first }
        self.byIdentity = Dictionary(estate.components.map { ($0.identity.spiffeID.description, $0) }) { first, _ in
            first
        }
        self.calls = Dictionary(grouping: estate.calls, by: \.callee)
    }

    /// Whether nothing more is answered than is declared.
    var isClosed: Bool {
        inside.allSatisfy { callee in
            switch excess(callee) {
            case .proved: true
            case .refuted, .unknown, .notConcerned: false
            }
        }
    }

    /// Everything.
    func results() -> [EstateProof.Result] {
        let excesses = Dictionary(inside.map { ($0.name, excess($0)) }) { first, _ in first }
        func first(_ prove: (Estate.Component) -> InvariantProof.Outcome) -> InvariantProof.Outcome {
            var doubt: InvariantProof.Outcome?
            for callee in inside {
                let outcome = prove(callee)
                if case .refuted = outcome { return outcome }
                if case .unknown = outcome { doubt = doubt ?? outcome }
            }
            return doubt ?? .proved
        }
        return [
            .init("excess", in: "mesh", first { excesses[$0.name] ?? excess($0) }),
            .init("missing", in: "mesh", first(missing)),
            .init("mutual TLS", in: "mesh", first(mutualTLS)), .init("default deny", in: "mesh", defaultDeny()),
        ]
            + estate.invariants.compactMap { invariant in
                prove(invariant, excesses).map { .init(invariant.id, in: "mesh", $0) }
            }
    }

    private var inside: [Estate.Component] { estate.components.filter { $0.identity.kubernetes != nil } }

    // MARK: - Engines

    /// An engine for each workload of a component, as Istio decides; nil where it is not known which policies are its own.
    private func engines(_ callee: Estate.Component) -> [PolicyEngine]? {
        guard let place = callee.identity.kubernetes else { return nil }
        let keys = policies.policies.filter { [place.namespace, Self.root].contains($0.namespace) }.flatMap(
            \.selector.keys
        )
        guard keys.allSatisfy({ network.knowsLabel($0, of: callee) }) else { return nil }
        let options = PolicyEngine.Options(
            compatibility: .istio,
            rootNamespace: Self.root,
            trustDomains: ["\(estate.trustDomain)"]
        )
        let engines = (network.labels(of: callee) ?? [[:]]).map { labels in
            try? PolicyEngine(
                policies: policies,
                workload: Workload(namespace: place.namespace, labels: labels, serviceAccount: place.name),
                options: options
            )
        }
        return engines.contains { $0 == nil } ? nil : engines.compactMap(\.self)
    }

    // MARK: - What is answered

    /// Whether a component answers what the estate does not declare.
    private func excess(_ callee: Estate.Component) -> InvariantProof.Outcome {
        if let bypass = network.bypass(of: callee, isInbound: true) { return unguarded("`\(callee.name)`", bypass) }
        guard let engines = engines(callee) else { return Self.unknownPolicies(callee) }
        for engine in engines {
            for caller in callers {
                for request in requests(to: callee, from: caller.caller)
                where !isDeclared(request, caller.component, callee) {
                    let decision = engine.evaluate(request)
                    guard decision.outcome != .deny else { continue }
                    return refuted(callee, caller.name, request, decision.rule.map { "\($0.location)" })
                }
            }
            let regions: [ReachableRequests]
            do { regions = try Reachability(engine, options: .init(callers: .anyone)).allowed() } catch {
                return .unknown("`\(callee.name)`: \(error.message)")
            }
            for region in regions {
                let outcome = excess(region, of: callee)
                if outcome != .proved { return outcome }
            }
        }
        return .proved
    }

    /// Whether a region that is allowed is within what is declared.
    private func excess(_ region: ReachableRequests, of callee: Estate.Component) -> InvariantProof.Outcome {
        let request = region.witness.attributes
        let names = MeshCalls.words(region.callers)
        // IDs are told as policies write them.
        let known = names.compactMap { byIdentity["spiffe://" + $0] }
        let caller = request.caller.name
        if !isDeclared(request, caller.flatMap { byIdentity[$0] }, callee) {
            return refuted(callee, caller ?? "nobody", request, region.location)
        }
        guard known.count == names.count, !names.isEmpty else {
            return .unknown("`\(callee.name)` answers \(region.callers) by \(region.location ?? "no policy")")
        }
        for caller in known where !MeshCalls.isWithin(region, declared(from: caller, to: callee)) {
            return .unknown(
                "`\(callee.name)` may answer `\(caller.name)` more than is declared, by \(region.location ?? "no policy")"
            )
        }
        return .proved
    }

    /// Whether a component does not answer what the estate declares.
    private func missing(_ callee: Estate.Component) -> InvariantProof.Outcome {
        guard let engines = engines(callee) else { return Self.unknownPolicies(callee) }
        for call in calls[callee.name] ?? [] {
            guard let caller = components[call.caller] else { continue }
            for api in callee.exposes where api.name == call.api {
                for request in MeshCalls.requests(of: api, Caller(caller.identity.spiffeID)) {
                    for engine in engines where engine.evaluate(request).outcome != .allow {
                        return .refuted(
                            "`\(callee.name)` does not answer `\(caller.name)`: \(request.method) \(request.path) at "
                                + "\(request.destination.port), which the estate declares (\(call.api))",
                            nil
                        )
                    }
                }
            }
        }
        return .proved
    }

    /// Whether a component speaks without mutual TLS, by which callers are known.
    private func mutualTLS(_ callee: Estate.Component) -> InvariantProof.Outcome {
        guard let place = callee.identity.kubernetes else { return .notConcerned }
        if let bypass = network.bypass(of: callee, isInbound: true) { return unguarded("`\(callee.name)`", bypass) }
        for labels in network.labels(of: callee) ?? [[:]] {
            let workload = Workload(namespace: place.namespace, labels: labels, serviceAccount: place.name)
            // What may be about the component counts as well.
            let unknown = policies.peerAuthentications.filter { resource in
                resource.namespace == place.namespace
                    && resource.selector.keys.contains { !network.knowsLabel($0, of: callee) }
            }
            let required = MutualTLSRequirement(
                policies.peerAuthentications,
                workload: workload,
                rootNamespace: Self.root,
                compatibility: .istio
            )
            let open: (String, PeerAuthentication?)? =
                if required.mode != .strict {
                    (required.mode.rawValue, required.decidedBy)
                } else if let port = required.ports.sorted(by: { $0.key < $1.key }).first(where: { $0.value != .strict }
                ) {
                    ("port \(port.key) is \(port.value.rawValue)", required.portsDecidedBy)
                } else if let other = unknown.first(where: { $0.mode != .strict || !$0.ports.isEmpty }) {
                    ("a resource may be about it", other)
                } else {
                    nil
                }
            guard let (why, resource) = open else { continue }
            return .refuted(
                "`\(callee.name)` is spoken to without mutual TLS: \(why)",
                Witness(
                    principal: "anybody",
                    action: "connect in plaintext",
                    resource: callee.identity.spiffeID.description,
                    rules: [resource.map { "\($0.location)" } ?? "no PeerAuthentication"]
                )
            )
        }
        return .proved
    }

    /// Whether another pod of a component's namespace answers anybody.
    private func defaultDeny() -> InvariantProof.Outcome {
        let places = Set(inside.compactMap { $0.identity.kubernetes?.namespace })
        for place in places.sorted() {
            if let bypass = network.bypass(in: place, but: estate.accounts(in: place), isInbound: true) {
                return unguarded("another pod of \(place)", bypass)
            }
            let options = PolicyEngine.Options(
                compatibility: .istio,
                rootNamespace: Self.root,
                trustDomains: ["\(estate.trustDomain)"]
            )
            for labels in others(in: place) {
                let outcome = denies(Workload(namespace: place, labels: labels), options)
                if outcome != .proved { return outcome }
            }
        }
        return .proved
    }

    /// The labels that a pod of a namespace may have that is no component's, by which policies treat it in different ways:
    /// none, and those that each policy selects by.
    private func others(in place: String) -> [[String: String]] {
        let selectors =
            policies.policies.filter { [place, Self.root].contains($0.namespace) }.map(\.selector)
            + policies.peerAuthentications.filter { [place, Self.root].contains($0.namespace) }.map(\.selector)
        var seen: Set<[String: String]> = [[:]]
        return [[:]] + selectors.filter { $0[KubernetesNames.component] == nil && seen.insert($0).inserted }
    }

    private func denies(_ workload: Workload, _ options: PolicyEngine.Options) -> InvariantProof.Outcome {
        let place = workload.namespace
        guard let engine = try? PolicyEngine(policies: policies, workload: workload, options: options),
            let regions = try? Reachability(engine, options: .init(callers: .anyone)).allowed()
        else { return .unknown("what another pod of \(place) answers is not known") }
        if let region = regions.first {
            return .refuted(
                "any other pod of \(place) answers \(region.callers)",
                Witness(
                    principal: region.witness.attributes.caller.name ?? "nobody",
                    action: "\(region.witness.attributes.method) \(region.witness.attributes.path)",
                    resource: "any other pod of \(place)",
                    rules: [region.location ?? "no ALLOW policy"]
                )
            )
        }
        let required = MutualTLSRequirement(
            policies.peerAuthentications,
            workload: workload,
            rootNamespace: Self.root,
            compatibility: .istio
        )
        guard required.mode == .strict, required.ports.allSatisfy({ $0.value == .strict }) else {
            return .refuted(
                "any other pod of \(place) is spoken to without mutual TLS: \(required.mode.rawValue)",
                Witness(
                    principal: "anybody",
                    action: "connect in plaintext",
                    resource: "any other pod of \(place)",
                    rules: [required.decidedBy.map { "\($0.location)" } ?? "no PeerAuthentication"]
                )
            )
        }
        return .proved
    }

    // MARK: - Invariants

    /// Proves an invariant about calls; nil where it is about something else.
    ///
    /// A request that is let through and may not be is looked for among those that policies and APIs name. That there is
    /// none is a proof only where a callee answers no more than is declared.
    private func prove(
        _ invariant: Estate.Invariant,
        _ excesses: [String: InvariantProof.Outcome]
    ) -> InvariantProof.Outcome? {
        let (who, isForbidden): (Estate.Components, (String, String) -> Bool)
        switch invariant.never {
        case .call(let callers, let names): (who, isForbidden) = (callers, { Self.contains(names, $0, $1) })
        case .callOther(let callers, let names): (who, isForbidden) = (callers, { !Self.contains(names, $0, $1) })
        case .read, .write, .writeNotProducedBySelf, .reachInternet, .flow: return nil
        }
        let exempt = invariant.exceptions.compactMap { if case .call(let name) = $0 { name } else { nil } }
        let callers: [Estate.Component] =
            switch who {
            case .all: inside
            case .named(let names): names.compactMap { components[$0] }
            }
        var doubt: InvariantProof.Outcome?
        for callee in inside {
            let allowed = callee.exposes.filter {
                !isForbidden(callee.name, $0.name) || Self.contains(exempt, callee.name, $0.name)
            }
            let isRestForbidden = isForbidden(callee.name, "*")
            guard let engines = engines(callee) else { return Self.unknownPolicies(callee) }
            for caller in callers where caller.name != callee.name {
                for request in requests(to: callee, from: Caller(caller.identity.spiffeID)) {
                    guard !allowed.contains(where: { Self.isPart(request, of: $0) }) else { continue }
                    let isAPI = callee.exposes.contains { Self.isPart(request, of: $0) }
                    guard isAPI || isRestForbidden else { continue }
                    for engine in engines {
                        let decision = engine.evaluate(request)
                        guard decision.outcome != .deny else { continue }
                        return refuted(callee, caller.name, request, decision.rule.map { "\($0.location)" })
                    }
                }
            }
            if callers.contains(where: { $0.name != callee.name }), excesses[callee.name] != .proved {
                doubt = doubt ?? .unknown("`\(callee.name)` may answer more than is declared, see `excess`")
            }
        }
        return doubt ?? .proved
    }

    private static func contains(_ names: [Estate.APIName], _ component: String, _ api: String) -> Bool {
        names.contains { $0.component == component && ($0.api == nil || $0.api == api) }
    }

    // MARK: - The closed world

    /// Whoever may call: each component, a workload that is none, and somebody without an identity.
    private var callers: [(name: String, caller: Caller, component: Estate.Component?)] {
        var callers = estate.components.map {
            (name: $0.name, caller: Caller($0.identity.spiffeID), component: Optional($0))
        }
        if let stranger = try? SPIFFEID("spiffe://\(estate.trustDomain)/ns/elsewhere/sa/stranger") {
            callers.append((name: stranger.description, caller: Caller(stranger), component: nil))
        }
        callers.append((name: "nobody", caller: .anonymous, component: nil))
        return callers
    }

    private func declared(from caller: Estate.Component, to callee: Estate.Component) -> [Estate.API] {
        let names = Set((calls[callee.name] ?? []).filter { $0.caller == caller.name }.map(\.api))
        return callee.exposes.filter { names.contains($0.name) }
    }

    private func isDeclared(_ request: Attributes, _ caller: Estate.Component?, _ callee: Estate.Component) -> Bool {
        guard let caller else { return false }
        return declared(from: caller, to: callee).contains { Self.isPart(request, of: $0) }
    }

    private static func isPart(_ request: Attributes, of api: Estate.API) -> Bool {
        guard Int(request.destination.port) == api.port else { return false }
        return api.http.isEmpty || request.transport == .http && api.has(method: request.method, path: request.path)
    }

    /// A request of each method, path and port that the callee's APIs and the policies that select it name, and of others.
    private func requests(to callee: Estate.Component, from caller: Caller) -> [Attributes] {
        var methods: Set<String> = ["GET", "TRACE"]
        var paths: Set<String> = ["/", "/other"]
        var ports: Set<Int> = [1, 15006]
        func insert(_ path: String) {
            let stem = path.hasSuffix("*") ? String(path.dropLast()) : path
            paths.formUnion([stem, stem + "x", stem + "/x"].filter { $0.hasPrefix("/") })
        }
        for group in namedOperations(of: callee) {
            for text in group.fields.flatMap(\.values).map(\.text) {
                if let port = Int(text) {
                    if (1...65535).contains(port) { ports.insert(port) }
                } else if text.hasPrefix("/") {
                    insert(text)
                } else if text.utf8.allSatisfy({ (0x41...0x5a).contains($0) || $0 == 0x2d }) {
                    methods.insert(text)
                }
            }
        }
        for api in callee.exposes {
            ports.formUnion([api.port, api.port + 1].filter { (1...65535).contains($0) })
            methods.formUnion(api.http.flatMap(\.methods))
            for path in api.http.flatMap(\.paths) { insert(path) }
        }
        let here = IPAddress(v4: 0x7f00_0001)
        return ports.sorted().flatMap { port -> [Attributes] in
            let place = Exchange.Endpoint(address: here, port: UInt16(exactly: port) ?? 0)
            let requests = methods.sorted().flatMap { method in
                paths.sorted().map { path in
                    Attributes(
                        caller: caller,
                        method: method,
                        path: path,
                        authority: "localhost",
                        source: here,
                        destination: place
                    )
                }
            }
            return requests + [Attributes(connectionOf: caller, source: here, destination: place)]
        }
    }

    /// The operations that the policies of a component's namespace and of the whole mesh name.
    private func namedOperations(of callee: Estate.Component) -> [AuthorizationPolicy.FieldGroup] {
        let places = [callee.identity.kubernetes?.namespace, Self.root]
        return policies.policies.filter { places.contains($0.namespace) }.flatMap(\.rules).flatMap(\.to)
    }

    /// What is said of pods whose proxies do not see what comes in.
    private func unguarded(_ who: String, _ bypass: ProxyBypass) -> InvariantProof.Outcome {
        .refuted(
            "\(who) answers anybody: its pods \(bypass.what)",
            Witness(principal: "anybody", action: "connect in plaintext", resource: who, rules: [bypass.place])
        )
    }

    private static func unknownPolicies(_ callee: Estate.Component) -> InvariantProof.Outcome {
        .unknown(
            "which policies select `\(callee.name)` is not known: policies ask for labels of workloads that are not given"
        )
    }

    private func refuted(
        _ callee: Estate.Component,
        _ caller: String,
        _ request: Attributes,
        _ rule: String?
    ) -> InvariantProof.Outcome {
        let what = request.transport == .http ? "\(request.method) \(request.path)" : "a connection"
        return .refuted(
            "`\(callee.name)` answers \(byIdentity[caller]?.name ?? caller), which the estate does not declare",
            Witness(
                principal: caller,
                action: what,
                resource: "\(callee.identity.spiffeID) at \(request.destination.port)",
                rules: [rule ?? "no ALLOW policy"]
            )
        )
    }
}
