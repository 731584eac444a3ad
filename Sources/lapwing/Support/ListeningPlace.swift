import Gateway
import Resources
import ZeroTrust

/// An address and a port on which a node of this configuration wants to listen.
struct ListeningPlace: Sendable {
    /// Who listens there, as it is told: `gateway `inference``.
    let owner: String
    /// An IP address, or `localhost`.
    let address: String
    /// The port, which is not 0: what the system chooses is never taken.
    let port: Int
    /// Where the one who listens is written.
    let location: SourceLocation?
    /// The field that changes the port.
    var field = "port"

    /// Whether only one of the two can be bound: the same port, at one address or at all of them.
    func clashes(with other: Self) -> Bool {
        guard port == other.port else { return false }
        guard let own = ip, let others = other.ip else { return address == other.address }
        // A socket at `::` takes what is sent to IPv4 addresses too.
        let isAll = { (one: IPAddress, rest: IPAddress) in
            one.bits == 0 && (one.family == .v6 || rest.family == .v4)
        }
        return own == others || isAll(own, others) || isAll(others, own)
    }

    private var ip: IPAddress? { address == "localhost" ? .init(v4: 0x7F00_0001) : .init(address) }
}

extension Configuration {
    /// Where the node listens for connections over the network, but for ports that the system chooses.
    var listeningPlaces: [ListeningPlace] {
        let resource = { (kind: String, name: String) in
            self.documents.first { $0.kind == kind && $0.metadata.name == name }?.location
        }
        var places = gateways.flatMap { gateway in
            gateway.ports.map { place in
                ListeningPlace(
                    owner: "gateway `\(gateway.name)`",
                    address: place.address,
                    port: place.port,
                    location: resource(GatewayConfiguration.kind, gateway.name)
                )
            }
        }
        places += endpoints.map { endpoint in
            ListeningPlace(
                owner: "\(endpoint.kind) `\(endpoint.name)`",
                address: endpoint.address.description,
                port: endpoint.port,
                location: resource(endpoint.kind, endpoint.name)
            )
        }
        places.append(
            ListeningPlace(
                owner: "console",
                address: "127.0.0.1",
                port: settings.consolePort.value,
                location: settings.consolePort.location,
                field: "consolePort"
            )
        )
        if let console = settings.resource.consoleListener {
            places.append(
                ListeningPlace(
                    owner: "console over mutual TLS",
                    address: console.address.description,
                    port: console.port,
                    location: console.location
                )
            )
        }
        return places.filter { $0.port != 0 }
    }

    /// Refuses two places to listen that are one: the second could not be bound.
    ///
    /// - Throws: ``ResourceError`` at the second of them.
    func checkPorts() throws {
        var seen: [Int: [ListeningPlace]] = [:]
        for place in listeningPlaces {
            let others = seen[place.port, default: []]
            if let other = others.first(where: place.clashes) {
                throw ResourceError(
                    at: place.location ?? other.location
                        ?? SourceLocation(file: settings.config.value, line: 1, column: 1),
                    Self.clash(other, place) + "; give one of them another `\(place.field)`"
                )
            }
            seen[place.port, default: []].append(place)
        }
    }

    private static func clash(_ one: ListeningPlace, _ other: ListeningPlace) -> String {
        guard one.address == other.address else {
            return "the \(one.owner) listens on \(one.address) port \(one.port) and the \(other.owner) on "
                + "\(other.address) port \(other.port), which is the same place"
        }
        let place = "\(one.address) port \(one.port)"
        return one.owner == other.owner
            ? "the \(one.owner) listens on \(place) twice"
            : "the \(one.owner) and the \(other.owner) both listen on \(place)"
    }
}
