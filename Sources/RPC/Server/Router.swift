/// Finds the method that a path names.
struct Router: Sendable {
    typealias Check = @Sendable (RPCContext) throws -> Void

    private struct Service: Sendable {
        /// The server's check and the service's, in this order.
        var checks: [Check]
        var methods: [String: RPCMethod.Implementation]
    }

    /// A method that was found, or the reason to refuse; the checks come first either way.
    enum Route {
        case found(RPCMethod.Implementation, [Check])
        case unknown([Check], RPCStatus)
    }

    private let services: [String: Service]
    private let checks: [Check]

    init(_ services: [RPCService], intercept: Check?) {
        let checks = intercept.map { [$0] } ?? []
        var table: [String: Service] = [:]
        for service in services {
            var entry = table[service.name] ?? Service(checks: checks, methods: [:])
            if let check = service.intercept { entry.checks.append(check) }
            for method in service.methods {
                entry.methods[method.name] = method.implementation
            }
            table[service.name] = entry
        }
        self.services = table
        self.checks = checks
    }

    /// The two names in a path, `/service/method`; nil where it is not one.
    static func names(in path: String) -> (service: String, method: String)? {
        let parts = path.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].isEmpty, !parts[1].isEmpty, !parts[2].isEmpty else { return nil }
        return (String(parts[1]), String(parts[2]))
    }

    /// Finds a method.
    func route(service name: String, method: String) -> Route {
        guard let service = self.services[name] else {
            return .unknown(self.checks, RPCStatus(.unimplemented, "the service `\(name)` is not served here"))
        }
        guard let implementation = service.methods[method] else {
            return .unknown(
                service.checks,
                RPCStatus(.unimplemented, "the method `\(method)` of `\(name)` is not served here")
            )
        }
        return .found(implementation, service.checks)
    }
}
