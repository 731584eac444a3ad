public import SPIFFE
public import ZeroTrust

/// Who calls, by every name that the certificate proves.
public struct Caller: Sendable, Hashable {
    /// The first name, or nil for a caller that proved none.
    public let name: String?
    /// Further names of the same certificate; empty for a SPIFFE identity.
    public let otherNames: [String]
    /// Whether the certificate has exactly one URI name, and that is a SPIFFE ID: what the specification asks.
    public let isSPIFFE: Bool
    /// The model that the caller was shown to have loaded, where its certificate says so.
    public let model: ModelClaim?

    /// A caller that proved no identity, as over plaintext.
    public static let anonymous = Caller(name: nil, otherNames: [], isSPIFFE: false)

    private init(name: String?, otherNames: [String], isSPIFFE: Bool, model: ModelClaim? = nil) {
        self.name = name
        self.otherNames = otherNames
        self.isSPIFFE = isSPIFFE
        self.model = model
    }

    /// A caller with one verified SPIFFE ID, and the model that its certificate names.
    public init(_ id: SPIFFEID, model: ModelClaim? = nil) {
        self.init(name: id.description, otherNames: [], isSPIFFE: true, model: model)
    }

    /// The same caller, whose certificate names a model.
    func having(_ model: ModelClaim?) -> Caller {
        Caller(name: name, otherNames: otherNames, isSPIFFE: isSPIFFE, model: model)
    }

    /// A verified caller.
    public init(_ peer: Peer) {
        self.init(peer.id, model: peer.model)
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
        self.init(
            name: names.first,
            otherNames: Array(names.dropFirst()),
            isSPIFFE: uris.count == 1 && (try? SPIFFEID(uris[0])) != nil
        )
    }

    /// Every name.
    public var names: [String] { (name.map { [$0] } ?? []) + otherNames }
}

/// What the policies look at: one request and its caller, or one connection that carries no HTTP.
public struct Attributes: Sendable, Hashable {
    /// What the connection carries, as far as policies tell it apart.
    public enum Transport: Sendable, Hashable {
        /// HTTP: every field of a policy applies.
        case http
        /// Anything else: the fields that look at HTTP do not apply.
        case tcp
    }

    /// Who calls.
    public var caller: Caller
    /// What the verified token of the request says, or nil where there is none.
    public var token: TokenClaims?
    /// What the connection carries.
    public var transport: Transport
    /// The method, as sent.
    public var method: String
    /// The normalised path and query.
    public var path: String { didSet { foldedPath = FoldedPath.fold(path.utf8.span) } }
    /// The folded form of the path, or nil where that is the path itself.
    private(set) var foldedPath: [UInt8]?
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
    ///   - token: what the verified token of the request says.
    public init(
        caller: Caller,
        method: String,
        path: String,
        authority: String,
        headers: [Exchange.Header] = [],
        source: IPAddress,
        remote: IPAddress? = nil,
        destination: Exchange.Endpoint,
        serverName: String? = nil,
        token: TokenClaims? = nil
    ) {
        self.caller = caller
        self.token = token
        self.transport = .http
        self.method = method
        self.path = path
        self.foldedPath = FoldedPath.fold(path.utf8.span)
        self.authority = authority
        self.headers = headers
        self.source = source
        self.remote = remote ?? source
        self.destination = destination
        self.serverName = serverName
    }

    /// Whether a tunnel is asked for, which has a host and a port and no path.
    var isTunnel: Bool { transport == .http && method == "CONNECT" && path.isEmpty }

    /// The attributes of a connection that carries no HTTP.
    ///
    /// - Parameters:
    ///   - caller: who calls.
    ///   - source: the address of the connection's other end.
    ///   - destination: the address and port on which the connection arrived.
    ///   - serverName: the name asked for in the TLS handshake, in lower case.
    public init(
        connectionOf caller: Caller,
        source: IPAddress,
        destination: Exchange.Endpoint,
        serverName: String? = nil
    ) {
        self.init(
            caller: caller,
            method: "",
            path: "",
            authority: "",
            source: source,
            destination: destination,
            serverName: serverName
        )
        self.transport = .tcp
    }

    /// The attributes of an exchange with a caller, and what the caller's token says.
    ///
    /// It sets each by itself: what it would delegate to is copied whole, at every request.
    public init(caller: Caller, exchange: Exchange, token: TokenClaims? = nil) {
        self.caller = caller
        self.token = token
        transport = .http
        method = exchange.method
        path = exchange.path
        foldedPath = FoldedPath.fold(exchange.path.utf8.span)
        authority = exchange.authority
        headers = exchange.headers
        source = exchange.source.address
        remote = exchange.remoteAddress
        destination = exchange.destination
        serverName = exchange.serverName
    }

    /// The client's address, as the hops before us that are trusted tell it in `x-forwarded-for`.
    ///
    /// Each hop appends the address that it was called from. Without a trusted hop the header is anyone's word, and the
    /// connection's address stands; it stands too where the header has fewer elements than there are trusted hops, or
    /// something else than a plain address where the client's should be.
    public static func remoteAddress(
        forwardedFor lines: [String],
        source: IPAddress,
        trustedHops: Int
    ) -> IPAddress {
        guard trustedHops > 0 else { return source }
        let elements = lines.flatMap { $0.split(separator: ",", omittingEmptySubsequences: false) }
        guard elements.count >= trustedHops else { return source }
        return plainAddress(elements[elements.count - trustedHops]) ?? source
    }

    /// The client's address as an Istio sidecar takes it, which believes whoever calls: the last element of the last
    /// `x-forwarded-for` line that is not empty.
    ///
    /// An element that is no plain address (one with a port, or garbage) is not believed, and the connection's address
    /// stands.
    public static func remoteAddress(forwardedFor lines: [String], source: IPAddress) -> IPAddress {
        guard
            let last = lines.last(where: { !$0.isEmpty })?.split(separator: ",", omittingEmptySubsequences: false).last
        else { return source }
        return plainAddress(last) ?? source
    }

    private static func plainAddress(_ element: Substring) -> IPAddress? {
        let trimmed = element.drop { $0 == " " || $0 == "\t" }
        let end = trimmed.lastIndex { $0 != " " && $0 != "\t" }
        return end.flatMap { IPAddress(trimmed[...$0]) }
    }
}
