import Authorization
import ZeroTrust

/// What a caller asks for.
struct EgressTarget: Hashable, Sendable {
    /// The host.
    let name: DestinationName
    /// The port.
    let port: UInt16
}

/// What is seen of a request in plaintext; a connection that passes through has none.
struct PlainRequest: Sendable {
    let method: String
    let path: String
    let headers: [Exchange.Header]
    /// Whether it is a query of DNS over HTTPS by its form (RFC 8484 §4.1).
    let isDNSQuery: Bool
}

/// A destination that was checked, and the only ones that may be connected to.
struct PinnedDestination: Hashable, Sendable {
    let name: DestinationName
    /// The addresses and ports, each checked, in the order in which they are tried.
    let endpoints: [Exchange.Endpoint]
    /// Whom the other end has to prove to be; nil where it is not a workload of ours.
    let identity: SPIFFEID?
}

/// Decides about outbound connections and requests: who may call what, and to which addresses that may lead.
///
/// Names are checked and policies asked before anything is resolved, so that a refused name never reaches a DNS server.
struct EgressEngine: Sendable {
    /// The generation that decides.
    let snapshot: EgressSnapshot
    /// The gateway's own SPIFFE ID, with which it calls workloads of ours.
    let own: SPIFFEID

    /// A target that the policies allow for a caller, whose addresses are not known yet.
    struct Approval: Sendable {
        let target: EgressTarget
        let match: EgressSnapshot.Match
        /// As whom the caller is let through.
        let caller: SPIFFEID
        let decision: Decision
    }

    /// Why not, and what the policies said where they were asked.
    struct Refusal: Error {
        let reason: String
        var decision: Decision?
        var caller: SPIFFEID?
        var entry: ServiceEntry?
    }

    // MARK: 1. Policy: is the target declared, and may this caller call it?

    /// Judges a target; `plain` is what is seen of a request, nil where TLS passes through.
    func approve(
        _ target: EgressTarget,
        callers: [SPIFFEID],
        source: Exchange.Endpoint,
        plain: PlainRequest?
    ) throws(Refusal) -> Approval {
        let match: EgressSnapshot.Match
        do {
            match = try snapshot.find(target.name, port: target.port)
        } catch {
            throw Refusal(reason: error.reason.rawValue)
        }
        let entry = match.declared.entry
        func refuse(_ reason: EgressRefusal.Reason) -> Refusal { Refusal(reason: reason.rawValue, entry: entry) }
        guard match.port.portProtocol.isOpaque == (plain == nil) else { throw refuse(.wrongProtocol) }
        var callers = callers
        if entry.isMutualTLS {
            // Our SVID is one workload's; nobody else speaks in its name.
            guard callers.contains(own) else { throw refuse(.callerNotOurWorkload) }
            callers = [own]
        }
        if match.declared.isUndecidable || plain == nil && match.declared.needsPlaintext {
            throw refuse(.policyUndecidable)
        }
        if plain?.isDNSQuery == true, !entry.isResolver { throw refuse(.dnsOverHTTPS) }
        var allowed: (SPIFFEID, Decision)?
        var denied: (SPIFFEID, Decision)?
        for caller in callers {
            let decision = match.declared.engine.evaluate(attributes(of: target, caller, source, plain))
            if decision.outcome == .allow {
                allowed = allowed ?? (caller, decision)
            } else if decision.reason == .deniedByRule || denied == nil {
                denied = (caller, decision)
            }
        }
        // A caller with several IDs is held to what denies any of them.
        if let (caller, decision) = denied, allowed == nil || decision.reason == .deniedByRule {
            throw Refusal(reason: decision.reason.rawValue, decision: decision, caller: caller, entry: entry)
        }
        guard let (caller, decision) = allowed else { throw refuse(.callerUnknown) }
        return Approval(target: target, match: match, caller: caller, decision: decision)
    }

    private func attributes(
        of target: EgressTarget,
        _ caller: SPIFFEID,
        _ source: Exchange.Endpoint,
        _ plain: PlainRequest?
    ) -> Attributes {
        Attributes(
            caller: Caller(caller),
            method: plain?.method ?? "CONNECT",
            path: plain?.path ?? "",
            authority: target.name.text,
            headers: plain?.headers ?? [],
            source: source.address,
            destination: Exchange.Endpoint(address: IPAddress(v4: 0), port: target.port),
            serverName: plain == nil ? target.name.text : nil
        )
    }

    // MARK: 2. Addresses: where does the name lead?

    /// The names that have to be resolved: those of the endpoints, or the target's own.
    func names(of approval: Approval) -> [DestinationName] {
        let endpoints = approval.match.declared.entry.endpoints
        guard !endpoints.isEmpty else { return [approval.target.name] }
        return endpoints.compactMap { if case .name(let name) = $0.place { name } else { nil } }
    }

    /// The endpoints that are written down, and the port of those that are found by name.
    private static func places(of approval: Approval) -> (written: [Exchange.Endpoint], port: UInt16) {
        let port = approval.match.port
        var written: [Exchange.Endpoint] = []
        var namedPort = port.target
        for endpoint in approval.match.declared.entry.endpoints {
            let own = endpoint.ports[port.name] ?? port.target
            switch endpoint.place {
            case .address(let address): written.append(Exchange.Endpoint(address: address, port: own))
            case .name: namedPort = own
            }
        }
        return (written, namedPort)
    }

    /// Judges where an approved target leads.
    ///
    /// - Parameters:
    ///   - approval: what the policies allow.
    ///   - resolved: what the names led to.
    ///   - wasPublic: whether one of the names led to public addresses before.
    ///   - original: where the connection was going before it was redirected here, where it was.
    /// - Returns: the permit to connect to just those addresses.
    /// - Throws: ``EgressRefusal`` where one of them must not be connected to.
    func pin(
        _ approval: Approval,
        resolved: [IPAddress],
        wasPublic: Bool,
        original: Exchange.Endpoint?
    ) throws(EgressRefusal) -> EgressPermit {
        let entry = approval.match.declared.entry
        let (written, port) = Self.places(of: approval)
        guard !resolved.isEmpty || !written.isEmpty else { throw EgressRefusal(.notResolved) }
        try Self.check(resolved, of: entry, wasPublic: wasPublic)
        var endpoints = written + resolved.map { Exchange.Endpoint(address: $0, port: port) }
        if let original {
            endpoints.removeAll { $0.address != original.address }
            guard !endpoints.isEmpty, original.port == approval.target.port else {
                throw EgressRefusal(.originalDestination)
            }
        }
        return EgressPermit(
            PinnedDestination(
                name: approval.target.name,
                endpoints: Array(endpoints.prefix(4)),
                identity: entry.identities.first
            )
        )
    }

    /// Every answer has to be good: one that is not makes all of them suspect.
    private static func check(_ answers: [IPAddress], of entry: ServiceEntry, wasPublic: Bool) throws(EgressRefusal) {
        var firstBad: EgressRefusal.Reason?
        var hasGood = false
        for answer in answers {
            let kind = AddressClass.of(answer)
            let isDeclared = entry.addresses.contains { $0.contains(answer) }
            if let reason = kind.reasonAlways ?? (kind == .loopback ? .loopbackAddress : nil) {
                firstBad = firstBad ?? reason
            } else if isDeclared {
                hasGood = true
            } else if !entry.addresses.isEmpty {
                firstBad = firstBad ?? .addressNotDeclared
            } else if let reason = kind.reason, !entry.isInternal {
                firstBad = firstBad ?? reason
            } else {
                hasGood = true
            }
        }
        guard let firstBad else { return }
        if firstBad == .addressNotDeclared { throw EgressRefusal(.addressNotDeclared) }
        if hasGood { throw EgressRefusal(.mixedAnswers) }
        throw EgressRefusal(wasPublic ? .rebinding : firstBad)
    }
}

/// The proof that a destination was allowed and where it leads.
///
/// Only ``EgressEngine/pin(_:resolved:wasPublic:original:)`` makes one. It cannot be copied and connecting consumes it, so
/// that nothing is connected to that was not decided on, and the addresses that were checked are those that are used.
struct EgressPermit: ~Copyable, Sendable {
    private let destination: PinnedDestination

    fileprivate init(_ destination: PinnedDestination) {
        self.destination = destination
    }

    /// Where the permit leads first, for the record.
    var firstEndpoint: Exchange.Endpoint? { destination.endpoints.first }

    /// Uses the permit up; call it at the moment of connecting.
    consuming func redeem() -> PinnedDestination { destination }
}
