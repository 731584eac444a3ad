/// Says of a request, before anything is made of it, whether it can come from a page of our own.
///
/// The console is on loopback, where every page of a browser can send requests: through a name of its own that suddenly
/// leads to 127.0.0.1, or across sites. A name that is not ours is refused, and so is a form from elsewhere.
package struct RequestGate: Sendable {
    /// The name under `localhost` by which this console is opened.
    ///
    /// A browser has the cookies of 127.0.0.1 for all ports together. Under a name that no other server knows, they go
    /// to nobody else on the machine.
    package let name: String

    /// A gate for a console of a name.
    package init(name: String) {
        self.name = name
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
        guard request.hosts.count == 1, let host = request.hosts.first, isOurs(host) else {
            return Refusal(status: 421, reason: "this is not the host that was asked for")
        }
        switch request.method {
        case "GET", "HEAD":
            // Every page costs us work, and no other site's page has to ask for it. A link that opens the console may
            // stand anywhere.
            guard let site = request.fetchSite, site != "same-origin", site != "none", request.path != "/open" else {
                return nil
            }
            return Refusal(status: 403, reason: "another site asks for it; type the address, or follow the link again")
        case "POST":
            // A browser says at least one of the two with a form; what says neither is no browser, and has no cookie by
            // accident.
            guard request.origins.count <= 1, request.origins.first.map({ $0 == "http://" + host }) ?? true,
                request.fetchSite.map({ $0 == "same-origin" }) ?? true
            else { return Refusal(status: 403, reason: "the form was sent from another site") }
            return nil
        default: return Refusal(status: 405, reason: "the console takes GET, HEAD and POST")
        }
    }

    /// The port is not compared: it may be another where the console is reached through a tunnel.
    private func isOurs(_ host: String) -> Bool {
        guard let end = host.lastIndex(of: ":"), host[host.index(after: end)...].allSatisfy(\.isNumber) else {
            return names.contains(host.lowercased())
        }
        return names.contains(host[..<end].lowercased())
    }

    private var names: [String] { ["127.0.0.1", "localhost", name] }
}
