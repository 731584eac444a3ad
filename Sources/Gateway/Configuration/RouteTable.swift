import Guardrails

/// Finds the route of a request by its host and path.
///
/// An exact host wins over a wildcard, a longer wildcard over a shorter, and any over none; then an exact path wins
/// over a prefix, and a longer prefix over a shorter. A host that has routes never falls back to routes of any host.
struct RouteTable: Sendable {
    /// A route and the place of its upstream in the configuration; a class, since each request hands it on several times.
    final class Entry: Sendable {
        let route: Route
        let upstream: Int
        let upstreamName: String
        /// What each request asks of the route.
        let bodyLimit: UInt64
        let recordsFirst: Bool
        /// What judges the requests of the route.
        let guardrail: GuardrailStage?

        init(route: Route, upstream: Int, guardrail: GuardrailStage?) {
            self.route = route
            self.upstream = upstream
            self.upstreamName = route.upstream
            self.bodyLimit = route.bodyLimit
            self.recordsFirst = route.record == .first
            self.guardrail = guardrail
        }
    }

    private struct Paths: Sendable {
        var exact: [String: Entry] = [:]
        /// Longest first.
        var prefixes: [(path: String, entry: Entry)] = []
        /// What takes a CONNECT, which has no path.
        var tunnel: Entry?

        mutating func insert(_ entry: Entry, isTunnel: Bool) {
            if isTunnel, tunnel == nil { tunnel = entry }
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
    /// Whether any route takes a CONNECT.
    private(set) var allowsConnect = false

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
            // A tunnel that should be judged, or whose upstream has no tunnels, is none.
            let isTunnel =
                route.allowsConnect && route.guardrail == nil && configuration.upstreams[upstream].http2 == nil
            if isTunnel { allowsConnect = true }
            if route.hosts.isEmpty { anyHost.insert(entry, isTunnel: isTunnel) }
            for host in route.hosts {
                if host.hasPrefix("*") {
                    bySuffix[String(host.dropFirst()), default: Paths()].insert(entry, isTunnel: isTunnel)
                } else {
                    hosts[host, default: Paths()].insert(entry, isTunnel: isTunnel)
                }
            }
        }
        suffixes = bySuffix.map { ($0.key, $0.value) }.sorted { $0.0.utf8.count > $1.0.utf8.count }
    }

    /// The route of a request, or nil.
    func find(authority: String, path: String) -> Entry? {
        let end = path.utf8.firstIndex(of: UInt8(ascii: "?")) ?? path.endIndex
        return paths(of: authority).find(path[..<end])
    }

    /// The route of a CONNECT, or nil.
    func findTunnel(to authority: String) -> Entry? { paths(of: authority).tunnel }

    private func paths(of authority: String) -> Paths {
        guard !hosts.isEmpty || !suffixes.isEmpty else { return anyHost }
        var host = authority[...]
        if let colon = host.lastIndex(of: ":"), host.last != "]" { host = host[..<colon] }
        let name = host.lowercased()
        return hosts[name] ?? suffixes.first { name.hasSuffix($0.suffix) }?.paths ?? anyHost
    }
}
