import Authorization
import DataAccess
import Resources
import SPIFFE
import ZeroTrust

/// Which calls between components a mesh answers, by its `AuthorizationPolicy` resources.
struct MeshCalls: Sendable {
    private let policies: PolicySet
    private let network: KubernetesNetwork
    private let trustDomain: String

    /// The namespace whose policies hold everywhere.
    private static let root = "istio-system"

    init(_ policies: PolicySet, _ network: KubernetesNetwork, trustDomain: String) {
        self.policies = policies
        self.network = network
        self.trustDomain = trustDomain
    }

    /// What the mesh says of each API of a component, and of anything else, `*`.
    func verdicts(_ caller: Estate.Component, _ callee: Estate.Component) -> [String: BlastVerdict] {
        let names = callee.exposes.map(\.name) + ["*"]
        func all(_ verdict: BlastVerdict) -> [String: BlastVerdict] {
            Dictionary(names.map { ($0, verdict) }) { first, _ in first }
        }
        guard let place = callee.identity.kubernetes else {
            return all(BlastVerdict(.undecided, "\(callee.name) is not in the mesh"))
        }
        if let bypass = network.bypass(of: callee, isInbound: true) {
            return all(BlastVerdict(.allows, "\(bypass.place): its pods \(bypass.what)"))
        }
        let known = network.labels(of: callee)
        let wanted = policies.policies.filter { [place.namespace, Self.root].contains($0.namespace) }.flatMap(
            \.selector.keys
        )
        guard wanted.allSatisfy({ network.knowsLabel($0, of: callee) }) else {
            return all(
                BlastVerdict(.undecided, "no workload of \(callee.name) is given, whose labels policies ask for")
            )
        }
        var verdicts: [String: BlastVerdict] = [:]
        for labels in known ?? [[:]] {
            let workload = Workload(namespace: place.namespace, labels: labels, serviceAccount: place.name)
            let options = PolicyEngine.Options(
                compatibility: .istio,
                rootNamespace: Self.root,
                trustDomains: [trustDomain]
            )
            guard let engine = try? PolicyEngine(policies: policies, workload: workload, options: options) else {
                return all(BlastVerdict(.undecided, "two policies have the same name"))
            }
            var own = self.verdicts(engine, Caller(caller.identity.spiffeID), callee)
            for (name, verdict) in nameless(engine, workload, callee)
            where own[name]?.isInTheWay != false && !verdict.isInTheWay { own[name] = verdict }
            for (name, verdict) in own where verdicts[name]?.isInTheWay != false { verdicts[name] = verdict }
        }
        return verdicts
    }

    /// What is answered to whoever leaves its certificate out, where plaintext is let in; nothing where it is not.
    private func nameless(
        _ engine: PolicyEngine,
        _ workload: Workload,
        _ callee: Estate.Component
    ) -> [String: BlastVerdict] {
        let required = MutualTLSRequirement(
            policies.peerAuthentications,
            workload: workload,
            rootNamespace: Self.root,
            compatibility: .istio
        )
        guard !required.isStrict else { return [:] }
        let ports = Dictionary(callee.exposes.map { ($0.name, UInt16(exactly: $0.port) ?? 0) }) { first, _ in first }
        return verdicts(engine, .anonymous, callee).filter { name, _ in
            ports[name].map { required.mode(onPort: $0) != .strict } ?? true
        }.mapValues { BlastVerdict($0.answer, "\($0.rule), without its identity: plaintext is let in") }
    }

    private func verdicts(
        _ engine: PolicyEngine,
        _ caller: Caller,
        _ callee: Estate.Component
    ) -> [String: BlastVerdict] {
        var verdicts: [String: BlastVerdict] = [:]
        var regions: [ReachableRequests] = []
        var problem: String?
        do {
            if let name = caller.name {
                regions = try Reachability(engine).allowed(from: name)
            } else {
                regions = try Reachability(engine, options: .init(callers: .anyone)).allowed().filter {
                    $0.callers == "anyone" || Self.words($0.callers).contains("callers without identity")
                }
            }
        } catch { problem = error.message }
        for api in callee.exposes {
            let decisions = Self.requests(of: api, caller).map { engine.evaluate($0) }
            let best =
                decisions.first { $0.outcome == .allow } ?? decisions.first { $0.outcome == .custom } ?? decisions.first
            let verdict = best.map { Self.verdict($0, callee) }
            verdicts[api.name] = verdict
            // What was tried is one request of each path: another may be answered.
            guard verdict?.isInTheWay != false else { continue }
            if let region = regions.first(where: { Self.isPart($0.witness.attributes, of: api) }) {
                verdicts[api.name] = Self.verdict(region)
            } else if let region = regions.first(where: { Self.mayConcern($0, api) }) {
                verdicts[api.name] = BlastVerdict(.undecided, "\(Self.place(region)) may allow some of it")
            } else if let problem {
                verdicts[api.name] = BlastVerdict(.undecided, problem)
            }
        }
        verdicts["*"] = problem.map { BlastVerdict(.undecided, $0) } ?? Self.anythingElse(regions, callee)
        return verdicts
    }

    /// Whether there is a request that is none of the callee's APIs and that is answered.
    ///
    /// One request of a region that is an API's says nothing of the others: it is denied only where every region is within
    /// the callee's APIs, and not known where that cannot be told.
    private static func anythingElse(_ regions: [ReachableRequests], _ callee: Estate.Component) -> BlastVerdict {
        let other = regions.first { region in
            !callee.exposes.contains { isPart(region.witness.attributes, of: $0) }
        }
        if let other { return verdict(other) }
        if let wide = regions.first(where: { !isWithin($0, callee.exposes) }) {
            return BlastVerdict(.undecided, "\(place(wide)) may allow more than the APIs of \(callee.name)")
        }
        return BlastVerdict(.denies, "no policy of \(callee.name) allows it")
    }

    private static func place(_ region: ReachableRequests) -> String { region.location ?? "no ALLOW policy" }

    private static func verdict(_ region: ReachableRequests) -> BlastVerdict {
        let request = region.witness.attributes
        return BlastVerdict(.allows, "\(place(region)): \(request.method) \(request.path)")
    }

    // MARK: - Regions and APIs

    /// Whether everything in a region surely belongs to some APIs.
    static func isWithin(_ region: ReachableRequests, _ apis: [Estate.API]) -> Bool {
        guard !region.mayIncludeUnusualPaths, let ports = Self.ports(of: region) else { return false }
        let onPorts = apis.filter { api in ports == [api.port...api.port] }
        // What is no HTTP is told by its port alone.
        if onPorts.contains(where: \.http.isEmpty) { return true }
        guard let methods = Self.methods(of: region), let paths = Self.paths(of: region) else { return false }
        return methods.allSatisfy { method in
            method == method.uppercased()
                && paths.allSatisfy { path in onPorts.contains { $0.has(method: method, path: path) } }
        }
    }

    /// Whether something in a region may belong to an API.
    private static func mayConcern(_ region: ReachableRequests, _ api: Estate.API) -> Bool {
        if let ports = Self.ports(of: region), !ports.contains(where: { $0.contains(api.port) }) { return false }
        let (methods, paths) = (Self.methods(of: region), Self.paths(of: region))
        // Rules on methods and paths are not asked about what is no HTTP.
        guard !api.http.isEmpty else { return methods == nil && paths == nil }
        return api.http.contains { operation in
            let isMethod = methods.map { !Set($0).isDisjoint(with: operation.methods) } ?? true
            guard isMethod else { return false }
            guard let paths else { return true }
            return paths.contains { path in operation.paths.contains { overlap(path, $0) } }
        }
    }

    /// Whether two paths, in which a `*` at the end stands for anything, have one in common.
    private static func overlap(_ one: String, _ other: String) -> Bool {
        switch (one.hasSuffix("*"), other.hasSuffix("*")) {
        case (false, false): one == other
        case (true, false): other.hasPrefix(one.dropLast())
        case (false, true): one.hasPrefix(other.dropLast())
        case (true, true): one.dropLast().hasPrefix(other.dropLast()) || other.dropLast().hasPrefix(one.dropLast())
        }
    }

    /// The methods of a region; nil where they are not listed.
    private static func methods(of region: ReachableRequests) -> [String]? {
        let words = Self.words(region.methods)
        let isList =
            !words.isEmpty
            && words.allSatisfy { word in
                !word.isEmpty && word != "any" && word.utf8.allSatisfy { isLetter($0) || $0 == UInt8(ascii: "-") }
            }
        return isList ? words : nil
    }

    /// The paths of a region, plain ones and those with a `*` at the end; nil where they are told in another way.
    private static func paths(of region: ReachableRequests) -> [String]? {
        let words = Self.words(region.paths)
        let isList =
            !words.isEmpty
            && words.allSatisfy { word in
                word.hasPrefix("/")
                    && (word.hasSuffix("*") ? word.dropLast() : word[...]).utf8.allSatisfy {
                        isLetter($0) || (0x30...0x39).contains($0) || "/-._~".utf8.contains($0)
                    }
            }
        return isList ? words : nil
    }

    /// The ports of a region; nil where it has any.
    private static func ports(of region: ReachableRequests) -> [ClosedRange<Int>]? {
        guard let condition = region.conditions.first(where: { $0.attribute == "port" }) else { return nil }
        var ranges: [ClosedRange<Int>] = []
        for word in words(condition.values) {
            let bounds = word.split(separator: "-").compactMap { Int($0) }
            guard let first = bounds.first, let last = bounds.last, first <= last else { return nil }
            ranges.append(first...last)
        }
        return ranges
    }

    static func words(_ text: String) -> [String] {
        text.split(separator: ",").map { String($0.drop { $0 == " " }) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    private static func verdict(_ decision: Decision, _ callee: Estate.Component) -> BlastVerdict {
        let rule = decision.rule.map { "\($0.location.file):\($0.location.line) (\($0.policy))" }
        switch decision.outcome {
        case .allow: return BlastVerdict(.allows, rule ?? "no ALLOW policy of \(callee.name)")
        case .deny: return BlastVerdict(.denies, rule ?? "no policy of \(callee.name) allows it")
        default: return BlastVerdict(.undecided, rule ?? "a provider is asked")
        }
    }

    /// A request for each method and path of an API, in which `*` is a word.
    static func requests(of api: Estate.API, _ caller: Caller) -> [Attributes] {
        let here = IPAddress(v4: 0x7f00_0001)
        let port = Exchange.Endpoint(address: here, port: UInt16(exactly: api.port) ?? 0)
        guard !api.http.isEmpty else {
            return [Attributes(connectionOf: caller, source: here, destination: port)]
        }
        return api.http.flatMap { operation in
            operation.methods.flatMap { method in
                operation.paths.map { path in
                    Attributes(
                        caller: caller,
                        method: method,
                        path: path.replacing("*", with: "x"),
                        authority: "localhost",
                        source: here,
                        destination: port
                    )
                }
            }
        }
    }

    static func isPart(_ request: Attributes, of api: Estate.API) -> Bool {
        guard !api.http.isEmpty else { return Int(request.destination.port) == api.port }
        return api.has(method: request.method, path: request.path)
    }
}
