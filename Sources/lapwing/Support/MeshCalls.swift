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
        let known = network.labels(of: callee)
        let asksForLabels = policies.policies.contains {
            [place.namespace, Self.root].contains($0.namespace) && !$0.selector.isEmpty
        }
        guard known != nil || !asksForLabels else {
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
            for (name, verdict) in self.verdicts(engine, caller.identity.spiffeID, callee) {
                if verdicts[name]?.isInTheWay != false { verdicts[name] = verdict }
            }
        }
        return verdicts
    }

    private func verdicts(
        _ engine: PolicyEngine,
        _ caller: SPIFFEID,
        _ callee: Estate.Component
    ) -> [String: BlastVerdict] {
        var verdicts: [String: BlastVerdict] = [:]
        var regions: [ReachableRequests] = []
        var problem: String?
        do { regions = try Reachability(engine).allowed(from: caller.description) } catch { problem = error.message }
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
            } else if let problem {
                verdicts[api.name] = BlastVerdict(.undecided, problem)
            }
        }
        verdicts["*"] = problem.map { BlastVerdict(.undecided, $0) } ?? Self.anythingElse(regions, callee)
        return verdicts
    }

    /// Whether there is a request that is none of the callee's APIs and that is answered.
    private static func anythingElse(_ regions: [ReachableRequests], _ callee: Estate.Component) -> BlastVerdict {
        let other = regions.first { region in
            !callee.exposes.contains { isPart(region.witness.attributes, of: $0) }
        }
        return other.map { verdict($0) } ?? BlastVerdict(.denies, "no policy of \(callee.name) allows it")
    }

    private static func verdict(_ region: ReachableRequests) -> BlastVerdict {
        let request = region.witness.attributes
        return BlastVerdict(.allows, "\(region.location ?? "no ALLOW policy"): \(request.method) \(request.path)")
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
    private static func requests(of api: Estate.API, _ caller: SPIFFEID) -> [Attributes] {
        let here = IPAddress(v4: 0x7f00_0001)
        let port = Exchange.Endpoint(address: here, port: UInt16(exactly: api.port) ?? 0)
        guard !api.http.isEmpty else {
            return [Attributes(connectionOf: Caller(caller), source: here, destination: port)]
        }
        return api.http.flatMap { operation in
            operation.methods.flatMap { method in
                operation.paths.map { path in
                    Attributes(
                        caller: Caller(caller),
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

    private static func isPart(_ request: Attributes, of api: Estate.API) -> Bool {
        guard !api.http.isEmpty else { return Int(request.destination.port) == api.port }
        return api.http.contains { operation in
            operation.methods.contains(request.method)
                && operation.paths.contains { path in
                    path.hasSuffix("*") ? request.path.hasPrefix(path.dropLast()) : request.path == path
                }
        }
    }
}
