import Guardrails

/// Finds the route of a request by its host and path.
///
/// An exact host wins over a wildcard, a longer wildcard over a shorter, and any over none; then an exact path wins
/// over a prefix, and a longer prefix over a shorter. A host that has routes never falls back to routes of any host.
struct RouteTable: Sendable {
    /// A route and the place of its upstream in the configuration.
    struct Entry: Sendable {
        let route: Route
        let upstream: Int
        /// What judges the requests of the route.
        let guardrail: GuardrailStage?
    }

    private struct Paths: Sendable {
        var exact: [String: Entry] = [:]
        /// Longest first.
        var prefixes: [(path: String, entry: Entry)] = []

        mutating func insert(_ entry: Entry) {
            switch entry.route.path {
            case .exact(let path): if exact[path] == nil { exact[path] = entry }
            case .prefix(let path):
                let trimmed = path.utf8.last == UInt8(ascii: "/") ? String(path.dropLast()) : path
                let place = prefixes.firstIndex { $0.path.utf8.count < trimmed.utf8.count } ?? prefixes.endIndex
                prefixes.insert((trimmed, entry), at: place)
            }
        }

        func find(_ path: Substring) -> Entry? {
            if let entry = exact[String(path)] { return entry }
            let bytes = path.utf8
            return prefixes.first { prefix, _ in
                guard bytes.starts(with: prefix.utf8) else { return false }
                let next = bytes.dropFirst(prefix.utf8.count).first
                return next == nil || next == UInt8(ascii: "/")
            }?.entry
        }
    }

    private var hosts: [String: Paths] = [:]
    /// Suffixes with their leading dot, longest first.
    private var suffixes: [(suffix: String, paths: Paths)] = []
    private var anyHost = Paths()

    init(_ configuration: GatewayConfiguration) {
        var bySuffix: [String: Paths] = [:]
        var stages: [String: GuardrailStage] = [:]
        for guardrail in configuration.guardrails { stages[guardrail.name] = guardrail.makeStage() }
        for route in configuration.routes {
            guard let upstream = configuration.upstreams.firstIndex(where: { $0.name == route.upstream }) else {
                continue
            }
            // A route whose guardrail is not there would be one without.
            if let name = route.guardrail, stages[name] == nil { continue }
            let entry = Entry(route: route, upstream: upstream, guardrail: route.guardrail.flatMap { stages[$0] })
            if route.hosts.isEmpty { anyHost.insert(entry) }
            for host in route.hosts {
                if host.hasPrefix("*") {
                    bySuffix[String(host.dropFirst()), default: Paths()].insert(entry)
                } else {
                    hosts[host, default: Paths()].insert(entry)
                }
            }
        }
        suffixes = bySuffix.map { ($0.key, $0.value) }.sorted { $0.0.utf8.count > $1.0.utf8.count }
    }

    /// The route of a request, or nil.
    func find(authority: String, path: String) -> Entry? {
        let end = path.utf8.firstIndex(of: UInt8(ascii: "?")) ?? path.endIndex
        let path = path[..<end]
        guard !hosts.isEmpty || !suffixes.isEmpty else { return anyHost.find(path) }
        var host = authority[...]
        if let colon = host.lastIndex(of: ":"), host.last != "]" { host = host[..<colon] }
        let name = host.lowercased()
        if let paths = hosts[name] { return paths.find(path) }
        if let match = suffixes.first(where: { name.hasSuffix($0.suffix) }) { return match.paths.find(path) }
        return anyHost.find(path)
    }
}
