public import ZeroTrust

/// Who calls, by every name that the certificate proves.
public struct Caller: Sendable, Hashable {
    /// The first name, or nil for a caller that proved none.
    public let name: String?
    /// Further names of the same certificate; empty for a SPIFFE identity.
    public let otherNames: [String]

    /// A caller that proved no identity, as over plaintext.
    public static let anonymous = Caller(name: nil, otherNames: [])

    private init(name: String?, otherNames: [String]) {
        self.name = name
        self.otherNames = otherNames
    }

    /// A caller with one verified SPIFFE ID.
    public init(_ id: SPIFFEID) {
        self.init(name: id.description, otherNames: [])
    }

    /// A caller with a certificate that may carry several names, for hypothetical requests.
    ///
    /// A SPIFFE verifier refuses such certificates; Envoy tries every name.
    ///
    /// - Parameters:
    ///   - uris: the URI names, in the certificate's order.
    ///   - dns: the DNS names.
    ///   - subject: the distinguished name, where there is one.
    public init(uris: [String], dns: [String] = [], subject: String? = nil) {
        var names = uris + dns
        if let subject { names.append(subject) }
        self.init(name: names.first, otherNames: Array(names.dropFirst()))
    }

    /// Every name.
    public var names: [String] { (name.map { [$0] } ?? []) + otherNames }
}

/// What the policies look at: one request and its caller.
public struct Attributes: Sendable, Hashable {
    /// Who calls.
    public var caller: Caller
    /// The method, as sent.
    public var method: String
    /// The normalised path and query.
    public var path: String
    /// The host asked for, with its port where one was sent.
    public var authority: String
    /// The header lines, names in lower case.
    public var headers: [Exchange.Header]
    /// The address of the connection's other end.
    public var source: IPAddress
    /// The address of the client that a trusted hop speaks for.
    public var remote: IPAddress
    /// The address and port on which the request arrived.
    public var destination: Exchange.Endpoint
    /// The name asked for in the TLS handshake, in lower case, or nil.
    public var serverName: String?

    /// The attributes of a request.
    ///
    /// - Parameters:
    ///   - caller: who calls.
    ///   - method: the method, as sent.
    ///   - path: the normalised path and query.
    ///   - authority: the host asked for, with its port where one was sent.
    ///   - headers: the header lines, names in lower case.
    ///   - source: the address of the connection's other end.
    ///   - remote: the address of the client that a trusted hop speaks for; `source` where nil.
    ///   - destination: the address and port on which the request arrived.
    ///   - serverName: the name asked for in the TLS handshake, in lower case.
    public init(
        caller: Caller,
        method: String,
        path: String,
        authority: String,
        headers: [Exchange.Header] = [],
        source: IPAddress,
        remote: IPAddress? = nil,
        destination: Exchange.Endpoint,
        serverName: String? = nil
    ) {
        self.caller = caller
        self.method = method
        self.path = path
        self.authority = authority
        self.headers = headers
        self.source = source
        self.remote = remote ?? source
        self.destination = destination
        self.serverName = serverName
    }

    /// The attributes of an exchange with a caller.
    public init(caller: Caller, exchange: Exchange) {
        self.init(
            caller: caller,
            method: exchange.method,
            path: exchange.path,
            authority: exchange.authority,
            headers: exchange.headers,
            source: exchange.source.address,
            remote: exchange.remoteAddress,
            destination: exchange.destination,
            serverName: exchange.serverName
        )
    }

    /// The client's address where one hop before us is trusted: the last element of the last `x-forwarded-for` line.
    ///
    /// An element that is no plain address (one with a port, or garbage) is not believed, and the connection's address
    /// stands.
    public static func remoteAddress(forwardedFor lines: [String], source: IPAddress) -> IPAddress {
        guard let last = lines.last?.split(separator: ",", omittingEmptySubsequences: false).last else { return source }
        let trimmed = last.drop { $0 == " " || $0 == "\t" }
        let end = trimmed.lastIndex { $0 != " " && $0 != "\t" }
        guard let end else { return source }
        return IPAddress(trimmed[...end]) ?? source
    }
}
