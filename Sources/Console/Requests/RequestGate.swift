import ZeroTrust

/// Says of a request, before anything is made of it, whether it can come from a page of our own.
///
/// Every page of a browser can send requests to the console: through a name of its own that suddenly leads to our address,
/// or across sites. A name that is not ours is refused, and so is a form from elsewhere.
package struct RequestGate: Sendable {
    /// Where the console is reached.
    private enum Place: Sendable {
        case loopback
        case overTLS
    }

    private let place: Place
    private let names: Set<String>

    /// A gate for the console on loopback.
    ///
    /// - Parameter name: the name under `localhost` by which it is opened. A browser has the cookies of 127.0.0.1 for all
    ///   ports together; under a name that no other server knows, they go to nobody else on the machine.
    package init(name: String) {
        place = .loopback
        names = ["127.0.0.1", "localhost", name]
    }

    /// A gate for the console over mutual TLS: under the address that a request came to, and these names in lower case.
    ///
    /// A browser shows its certificate whoever has it send a request, so that no page may be asked for by another site.
    package init(namesOverTLS names: [String]) {
        place = .overTLS
        self.names = Set(names)
    }

    /// Why a request is refused.
    package struct Refusal: Hashable, Sendable {
        /// The status.
        package let status: Int
        /// In words.
        package let reason: String
    }

    /// Why a request is refused; nil where it may come in.
    package func refusal(of request: ConsoleRequest) -> Refusal? {
        guard request.hosts.count == 1, let host = request.hosts.first, isOurs(host, request) else {
            return Refusal(status: 421, reason: "this is not the host that was asked for")
        }
        switch request.method {
        case "GET", "HEAD":
            // Every page costs us work, and no other site's page has to ask for it. A link that opens the console may
            // stand anywhere.
            guard let site = request.fetchSite, site != "same-origin", site != "none", !opens(request) else {
                return nil
            }
            return Refusal(status: 403, reason: "another site asks for it; type the address, or follow the link again")
        case "POST":
            // A browser says at least one of the two with a form; what says neither is no browser, and has no cookie by
            // accident.
            guard request.origins.count <= 1, request.origins.first.map({ $0 == scheme + host }) ?? true,
                request.fetchSite.map({ $0 == "same-origin" }) ?? true
            else { return Refusal(status: 403, reason: "the form was sent from another site") }
            return nil
        default: return Refusal(status: 405, reason: "the console takes GET, HEAD and POST")
        }
    }

    private var scheme: String { place == .loopback ? "http://" : "https://" }

    private func opens(_ request: ConsoleRequest) -> Bool { place == .loopback && request.path == "/open" }

    /// The port is not compared: it may be another where the console is reached through a tunnel.
    private func isOurs(_ host: String, _ request: ConsoleRequest) -> Bool {
        var name = host.lowercased()
        if let end = host.lastIndex(of: ":"), host[host.index(after: end)...].allSatisfy(\.isNumber) {
            name = host[..<end].lowercased()
        }
        if names.contains(name) { return true }
        guard place == .overTLS, let own = request.localAddress else { return false }
        // No name that somebody makes up is an address.
        let isV6 = name.hasPrefix("[") && name.hasSuffix("]")
        return IPAddress(isV6 ? String(name.dropFirst().dropLast()) : name) == own && isV6 == (own.family == .v6)
    }
}
