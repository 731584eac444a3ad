import NIOHTTP1

/// A stand-in for a feature store: what is known of a customer, by name.
struct FeatureStoreStandIn: Sendable {
    /// What a model may know of a customer.
    struct Features: Codable, Sendable {
        let openOrders: Int
        let ticketsLastYear: Int
        let customerSince: Int
    }

    private let customers: [String: Features] = [
        "ada": Features(openOrders: 1, ticketsLastYear: 0, customerSince: 2019),
        "grace": Features(openOrders: 0, ticketsLastYear: 4, customerSince: 2021),
        "katherine": Features(openOrders: 3, ticketsLastYear: 1, customerSince: 2024),
    ]

    /// Answers one request: `GET /v1/features/CUSTOMER`.
    @Sendable
    func answer(_ request: LocalHTTPServer.Request) -> LocalHTTPServer.Response {
        let prefix = "/v1/features/"
        guard request.path.hasPrefix(prefix) else { return .failure("there is no such path", status: .notFound) }
        guard request.method == "GET" else { return .failure("features are read-only here", status: .methodNotAllowed) }
        guard let features = customers[String(request.path.dropFirst(prefix.count))] else {
            return .failure("no such customer", status: .notFound)
        }
        return .encoded(features)
    }
}
