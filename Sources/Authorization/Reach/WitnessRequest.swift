import ZeroTrust

/// One concrete request: as short as its region allows.
public struct WitnessRequest: Sendable, Hashable {
    /// What the policies are asked.
    public let attributes: Attributes
}

extension WitnessRequest: CustomStringConvertible {
    /// The request as a line: `POST /v1/predict from spiffe://…`.
    public var description: String {
        var words = [
            "\(attributes.method) \(attributes.isTunnel ? attributes.authority : attributes.path)",
            "from \(attributes.caller.name ?? "a caller without identity")",
        ]
        if let token = attributes.token { words.append("with a token \(token.words)") }
        words += notable.map { "\($0.name) \($0.value)" }
        return words.joined(separator: ", ")
    }

    /// What else a policy asked of the request.
    fileprivate var notable: [(name: String, value: String)] {
        attributes.headers.map { ("\($0.name):", $0.value) }
    }
}

extension WitnessRequest: Encodable {
    private enum CodingKeys: String, CodingKey {
        case caller, method, path, authority, headers, source, remote, destination, port, serverName, token
    }

    /// Writes the request with every attribute.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(attributes.caller.name, forKey: .caller)
        try container.encode(attributes.method, forKey: .method)
        try container.encode(attributes.path, forKey: .path)
        try container.encode(attributes.authority, forKey: .authority)
        if !attributes.headers.isEmpty {
            try container.encode(attributes.headers.map { "\($0.name): \($0.value)" }, forKey: .headers)
        }
        try container.encode(attributes.source.description, forKey: .source)
        if attributes.remote != attributes.source {
            try container.encode(attributes.remote.description, forKey: .remote)
        }
        try container.encode(attributes.destination.address.description, forKey: .destination)
        try container.encode(attributes.destination.port, forKey: .port)
        try container.encodeIfPresent(attributes.serverName, forKey: .serverName)
        try container.encodeIfPresent(attributes.token?.words, forKey: .token)
    }
}

extension RequestSpace {
    /// What can be of a kind that the template is not: each witness must be a request that there can be.
    private static let bounded: [RequestDimension] = [.caller, .method, .target, .authority, .serverName]

    /// A request of a region, or nil where it has none; what the region leaves open is taken from a template, as far as there
    /// can be such a request.
    func witness(_ region: RequestRegion, like template: Attributes) throws(ReachError) -> WitnessRequest? {
        var request = template
        for dimension in Set(region.parts.keys).union(Self.bounded).sorted(by: { $0.order < $1.order }) {
            let part = region.parts[dimension] ?? whole(dimension)
            guard try fill(&request, dimension, part) else { return nil }
        }
        try nameIssuer(&request, region)
        return WitnessRequest(attributes: request)
    }

    /// Gives a request a value that meets a condition; false where nothing does.
    private func fill(
        _ request: inout Attributes,
        _ dimension: RequestDimension,
        _ part: RequestPart
    ) throws(ReachError) -> Bool {
        switch (dimension, part) {
        case (.caller, .callers(let callers)):
            if let name = languages.member(callers.names, preferring: request.caller.name) {
                request.caller = Caller(uris: [name])
            } else if callers.includesAnonymous {
                request.caller = .anonymous
            } else {
                return false
            }
        case (.method, .methods(let methods)):
            guard !methods.contains(request.method) else { return true }
            guard let method = methods.members.first else { return false }
            request.method = ["GET", "POST"].first { methods.contains($0) } ?? method
        case (.target, .text(let targets)):
            guard let path = languages.member(targets, preferring: request.path) else { return false }
            request.path = path
        case (.authority, .text(let authorities)):
            let usual = request.method == "CONNECT" ? request.authority + ":443" : request.authority
            guard let authority = languages.member(authorities, preferring: usual) else { return false }
            request.authority = authority
        case (.serverName, .text(let names)):
            guard let name = languages.member(names, preferring: request.serverName ?? "") else { return false }
            request.serverName = name.isEmpty ? nil : name
        case (.port, .ports(let ports)):
            guard let first = ports.intervals.first?.lowerBound else { return false }
            guard !ports.contains(request.destination.port) else { return true }
            request.destination = Exchange.Endpoint(address: request.destination.address, port: first)
        case (.source, .addresses(let addresses)):
            guard let address = addresses.member(preferring: request.source) else { return false }
            request.source = address
        case (.remote, .addresses(let addresses)):
            guard let address = addresses.member(preferring: request.remote) else { return false }
            request.remote = address
        case (.destination, .addresses(let addresses)):
            guard let address = addresses.member(preferring: request.destination.address) else { return false }
            request.destination = Exchange.Endpoint(address: address, port: request.destination.port)
        case (.header(let name), .values(let condition)):
            request.headers.removeAll { $0.name == name }
            guard let values = try lines(condition) else { return false }
            request.headers += values.map { Exchange.Header(name: name, value: $0) }
        case (.issuer, .values(let condition)), (.subject, .values(let condition)):
            guard let values = try lines(condition) else { return false }
            if let text = values.first { request.claim([dimension == .issuer ? "iss" : "sub"], .text(text)) }
        case (.claim(let path), .values(let condition)):
            guard let elements = try lines(condition) else { return false }
            if !elements.isEmpty { request.claim(path, TokenClaims.Claim(elements: elements)) }
        default: return false
        }
        return true
    }

    /// A token has an issuer, also where no policy asks for it.
    private func nameIssuer(_ request: inout Attributes, _ region: RequestRegion) throws(ReachError) {
        guard request.token != nil, region.parts[.issuer] == nil,
            let issuer = languages.member(tokens.issuerTexts, preferring: "https://issuer.example")
        else { return }
        request.claim(["iss"], .text(issuer))
    }

    /// The values of a header's lines that meet a condition, or nil where there are none such.
    private func lines(_ condition: ValueCondition) throws(ReachError) -> [String]? {
        var lines: [String] = []
        if condition.count == .atMostOne {
            guard var common = condition.required.first else { return [] }
            for language in condition.required { common = try languages.intersection(common, language) }
            return languages.member(try languages.difference(common, condition.forbidden)).map { [$0] }
        }
        for required in condition.required {
            let allowed = try languages.difference(required, condition.forbidden)
            // One value may meet several conditions.
            if lines.contains(where: { languages.contains(allowed, $0) }) { continue }
            guard let value = languages.member(allowed) else { return nil }
            lines.append(value)
        }
        while condition.count == .atLeastTwo, lines.count < 2 {
            guard let value = languages.member(try languages.difference(values, condition.forbidden)) else {
                return nil
            }
            lines.append(value)
        }
        return lines
    }
}

extension Attributes {
    /// Adds a claim to the token.
    fileprivate mutating func claim(_ path: [String], _ claim: TokenClaims.Claim) {
        func adding(_ path: ArraySlice<String>, to members: [String: TokenClaims.Claim]) -> [String: TokenClaims.Claim]
        {
            guard let name = path.first else { return members }
            var members = members
            if path.count == 1 {
                members[name] = claim
            } else {
                var inner: [String: TokenClaims.Claim] = [:]
                if case .members(let known)? = members[name] { inner = known }
                members[name] = .members(adding(path.dropFirst(), to: inner))
            }
            return members
        }
        token = TokenClaims(adding(path[...], to: token?.members ?? [:]), spaceDelimited: [])
    }
}

extension TokenClaims.Claim {
    /// A claim from the elements that ``TokenSpace`` has it as.
    fileprivate init(elements: [String]) {
        let claims = elements.compactMap { element -> TokenClaims.Claim? in
            let text = String(element.dropFirst())
            if element.hasPrefix(TokenSpace.text) { return .text(text) }
            return element.hasPrefix(TokenSpace.other) ? .other(text) : nil
        }
        // A text with spaces may be read as a list of words, and then is another claim than a list of this one text.
        let isPlain = claims.count == 1 && claims[0].text.map { !$0.isEmpty && !$0.contains(" ") } ?? true
        self = claims.count == 1 && isPlain ? claims[0] : .list(claims)
    }

    /// The claim as JSON, more or less: what people read.
    fileprivate var words: String {
        switch self {
        case .text(let text): "\"\(text)\""
        case .other(let text): text
        case .list(let elements): "[" + elements.map(\.words).joined(separator: ", ") + "]"
        case .members(let members): TokenClaims.words(members)
        }
    }
}

extension TokenClaims {
    fileprivate var words: String { Self.words(members) }

    fileprivate static func words(_ members: [String: Claim]) -> String {
        "{" + members.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.words)" }.joined(separator: ", ") + "}"
    }
}
