/// Finds the method that a path names.
struct Router: Sendable {
    private struct Service: Sendable {
        var intercept: (@Sendable (RPCContext) throws -> Void)?
        var methods: [String: RPCMethod.Implementation]
    }

    /// A method that was found, or the reason to refuse.
    enum Route {
        case found(RPCMethod.Implementation, [@Sendable (RPCContext) throws -> Void])
        case unknown([@Sendable (RPCContext) throws -> Void], RPCStatus)
    }

    private let services: [String: Service]
    private let intercept: (@Sendable (RPCContext) throws -> Void)?

    init(_ services: [RPCService], intercept: (@Sendable (RPCContext) throws -> Void)?) {
        var table: [String: Service] = [:]
        for service in services {
            var entry = table[service.name] ?? Service(intercept: service.intercept, methods: [:])
            for method in service.methods {
                entry.methods[method.name] = method.implementation
            }
            table[service.name] = entry
        }
        self.services = table
        self.intercept = intercept
    }

    /// The two names in a path, `/service/method`; nil where it is not one.
    static func names(in path: String) -> (service: String, method: String)? {
        let parts = path.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty, !parts[2].isEmpty else { return nil }
        return (String(parts[1]), String(parts[2]))
    }

    /// Finds a method.
    func route(service name: String, method: String) -> Route {
        let own = self.intercept.map { [$0] } ?? []
        guard let service = self.services[name] else {
            return .unknown(own, RPCStatus(.unimplemented, "the service `\(name)` is not served here"))
        }
        let checks = own + (service.intercept.map { [$0] } ?? [])
        guard let implementation = service.methods[method] else {
            return .unknown(checks, RPCStatus(.unimplemented, "the method `\(method)` of `\(name)` is not served here"))
        }
        return .found(implementation, checks)
    }
}
