import Resources
import SPIFFE
import ZeroTrust

/// Reads one `RequestAuthentication` document and gathers everything that is wrong with it.
struct RequestAuthenticationDecoder {
    private var reader: DocumentReader

    /// The resource, or nil where an error was found, and the findings.
    static func decode(_ document: Document) -> (resource: RequestAuthentication?, diagnostics: [Diagnostic]) {
        var decoder = RequestAuthenticationDecoder(reader: DocumentReader(document))
        let resource = decoder.resource()
        return (decoder.reader.isSound ? resource : nil, decoder.reader.diagnostics)
    }

    private mutating func resource() -> RequestAuthentication? {
        reader.checkVersion()
        reader.refuseDryRun()
        guard let spec = reader.document.spec, !spec.isNull else { return make() }
        guard var fields = reader.open(spec, "the spec of a RequestAuthentication") else { return nil }
        let selector = reader.selector(&fields)
        let targets = reader.targets(&fields)
        let rules = fields.value("jwtRules")
        reader.collect { try fields.finish() }
        return make(selector: selector, targets: targets, rules: self.rules(rules))
    }

    private func make(
        selector: [String: String] = [:],
        targets: [AuthorizationPolicy.TargetReference] = [],
        rules: [RequestAuthentication.JWTRule] = []
    ) -> RequestAuthentication {
        RequestAuthentication(
            name: reader.document.metadata.name,
            namespace: reader.document.metadata.namespace,
            selector: selector,
            targetReferences: targets,
            rules: rules,
            location: reader.document.location
        )
    }

    // MARK: - Rules

    private mutating func rules(_ value: Value?) -> [RequestAuthentication.JWTRule] {
        guard let value, !value.isNull, let elements = reader.elements(value) else { return [] }
        if elements.count > 4096 { reader.report(value.location, "`jwtRules` has at most 4096 rules") }
        return elements.compactMap { rule($0) }
    }

    private mutating func rule(_ value: Value) -> RequestAuthentication.JWTRule? {
        guard var fields = reader.open(value, "a JWT rule") else { return nil }
        let issuer = issuer(&fields)
        let audiences = reader.texts(fields.value("audiences"), "audiences")
        let keys = keys(&fields)
        let headers = headers(fields.value("fromHeaders"))
        let parameters = reader.texts(fields.value("fromParams"), "fromParams")
        let cookies = reader.texts(fields.value("fromCookies"), "fromCookies")
        let payload = text(fields.value("outputPayloadToHeader"))
        if let payload { checkHeader(payload) }
        let forwards = reader.collect { try fields.optional("forwardOriginalToken") { try $0.bool() } ?? false }
        let claims = claims(fields.value("outputClaimToHeaders"))
        let timeout = timeout(fields.value("timeout"))
        let spaced = reader.texts(fields.value("spaceDelimitedClaims"), "spaceDelimitedClaims", maximum: 64)
        reader.collect { try fields.finish() }
        guard let keys, let forwards else { return nil }
        let source = trustDomain(issuer, keys, audiences, value) ?? keys
        if issuer == nil, !isURL(source) {
            reader.report(value.location, "a JWT rule needs `issuer`, or keys from a `jwksUri`")
        }
        return RequestAuthentication.JWTRule(
            issuer: issuer,
            audiences: audiences,
            keys: source,
            fromHeaders: headers,
            fromParameters: parameters,
            fromCookies: cookies,
            outputPayloadToHeader: payload,
            forwardsOriginalToken: forwards,
            outputClaims: claims,
            timeout: timeout,
            spaceDelimitedClaims: spaced,
            location: value.location
        )
    }

    /// Reads the issuer, which a rule with a `jwksUri` may leave out.
    private mutating func issuer(_ fields: inout FieldReader) -> AuthorizationPolicy.LocatedValue? {
        guard let issuer = text(fields.value("issuer")) else { return nil }
        if issuer.text.isEmpty { reader.report(issuer.location, "`issuer` must not be empty") }
        return issuer
    }

    /// The trust domain that a rule without keys names as its issuer; nil where it names none.
    ///
    /// Its tokens are JWT-SVIDs, which are for somebody by their nature: whoever accepts one says who it is.
    private mutating func trustDomain(
        _ issuer: AuthorizationPolicy.LocatedValue?,
        _ keys: RequestAuthentication.KeySource,
        _ audiences: [AuthorizationPolicy.LocatedValue],
        _ value: Value
    ) -> RequestAuthentication.KeySource? {
        guard keys == .discovery, let issuer, issuer.text.hasPrefix("spiffe:") else { return nil }
        guard let id = try? SPIFFEID(issuer.text), id.path.isEmpty else {
            reader.report(
                issuer.location,
                "`issuer`: `\(issuer.text.prefix(80))` is no trust domain; write `spiffe://` and its name, without a path"
            )
            return nil
        }
        if audiences.isEmpty {
            reader.report(
                value.location,
                "JWT-SVIDs of `\(issuer.text)` need `audiences`: the names by which workloads call this one"
            )
        }
        return .trustDomain(id.trustDomain)
    }

    private func isURL(_ keys: RequestAuthentication.KeySource) -> Bool {
        if case .url = keys { return true }
        return false
    }

    /// A text that must be there and not empty.
    private mutating func required(
        _ name: String,
        in fields: inout FieldReader
    ) -> AuthorizationPolicy.LocatedValue? {
        guard let value = fields.value(name), !value.isNull else {
            reader.report(fields.location, "`\(name)` is missing")
            return nil
        }
        guard let text = text(value) else { return nil }
        guard !text.text.isEmpty else {
            reader.report(value.location, "`\(name)` must not be empty")
            return nil
        }
        return text
    }

    private mutating func text(_ value: Value?) -> AuthorizationPolicy.LocatedValue? {
        guard let value, !value.isNull, let text = reader.collect({ try value.string() }) else { return nil }
        return AuthorizationPolicy.LocatedValue(text: text, location: value.location)
    }

    // MARK: - Keys

    /// Reads where the keys come from; `jwks_uri` is an older spelling of `jwksUri`.
    private mutating func keys(_ fields: inout FieldReader) -> RequestAuthentication.KeySource? {
        let names = ["jwksUri", "jwks_uri", "jwks"]
        let set = names.compactMap { name in
            fields.value(name).flatMap { $0.isNull ? nil : (name: name, value: $0) }
        }
        if set.count > 1, let second = set.dropFirst().first {
            let found = set.map { "`\($0.name)`" }.joined(separator: " and ")
            reader.report(second.value.location, "only one of `jwks` and `jwksUri` may be set; found \(found)")
        }
        guard let first = set.first else { return .discovery }
        guard let text = text(first.value) else { return nil }
        if first.name == "jwks" {
            // An empty text counts as none, as a proto3 string does.
            guard !text.text.isEmpty else { return .discovery }
            if let problem = KeySetCheck.problem(with: text.text) {
                reader.report(text.location, "`jwks`: \(problem)")
            } else if KeySetCheck.holdsPrivateKey(text.text) {
                reader.warn(
                    text.location,
                    "`jwks` holds a private or symmetric key; whoever reads this resource can sign tokens"
                )
            }
            return .inline(text)
        }
        if let problem = Self.problem(withURL: text.text) {
            reader.report(text.location, "`\(first.name)`: \(problem)")
        }
        return .url(text)
    }

    /// Why a text is no URL from which keys can be fetched, or nil.
    private static func problem(withURL text: String) -> String? {
        guard text.utf8.count <= 2048 else { return "a URL has at most 2048 characters" }
        let lowered = text.lowercased()
        guard let scheme = ["https://", "http://"].first(where: { lowered.hasPrefix($0) }) else {
            return "`\(text.prefix(80))` is no URL of `http` or `https`"
        }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), !text.contains("\\") else {
            return "`\(text.prefix(80))` has a character that a URL may not hold"
        }
        guard
            text.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy({ rest in
                rest.utf8.count >= 2 && rest.utf8.prefix(2).allSatisfy { PathByte.nibble($0) != nil }
            })
        else { return "`\(text.prefix(80))` has a `%` that begins no escape" }
        let authority = text.dropFirst(scheme.count).prefix { !"/?#".contains($0) }
        let afterUser = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
        var host = afterUser
        var port: Substring?
        if afterUser.hasPrefix("[") {
            guard let end = afterUser.firstIndex(of: "]") else { return "the host of `\(text.prefix(80))` lacks a `]`" }
            host = afterUser[...end]
            let rest = afterUser[afterUser.index(after: end)...]
            if !rest.isEmpty {
                guard rest.first == ":" else { return "`\(text.prefix(80))` has text between host and port" }
                port = rest.dropFirst()
            }
        } else if let colon = afterUser.lastIndex(of: ":") {
            host = afterUser[..<colon]
            port = afterUser[afterUser.index(after: colon)...]
        }
        guard !host.isEmpty else { return "`\(text.prefix(80))` has no host" }
        if let port, UInt16(port) == nil || port.first == "+" {
            return "`\(port.prefix(20))` is no port; expected 1 to 65535"
        }
        return nil
    }

    // MARK: - Where tokens are found, and what becomes of them

    private mutating func headers(_ value: Value?) -> [RequestAuthentication.TokenHeader] {
        guard let value, !value.isNull, let elements = reader.elements(value) else { return [] }
        return elements.compactMap { element in
            guard var fields = reader.open(element, "an element of `fromHeaders`") else { return nil }
            let name = required("name", in: &fields)
            let prefix = text(fields.value("prefix"))?.text ?? ""
            reader.collect { try fields.finish() }
            return name.map { RequestAuthentication.TokenHeader(name: $0, prefix: prefix) }
        }
    }

    private mutating func claims(_ value: Value?) -> [RequestAuthentication.ClaimHeader] {
        guard let value, !value.isNull, let elements = reader.elements(value) else { return [] }
        return elements.compactMap { element in
            guard var fields = reader.open(element, "an element of `outputClaimToHeaders`") else { return nil }
            let header = required("header", in: &fields)
            let claim = required("claim", in: &fields)
            reader.collect { try fields.finish() }
            guard let header, let claim else { return nil }
            checkHeader(header)
            return RequestAuthentication.ClaimHeader(header: header, claim: claim)
        }
    }

    /// Refuses what is no name for a header, and headers by which a message is framed or the gateway says who calls.
    private mutating func checkHeader(_ header: AuthorizationPolicy.LocatedValue) {
        if !header.text.utf8.allSatisfy({ Self.isHeaderByte($0) }) {
            reader.report(
                header.location,
                "`\(header.text.prefix(80))` is no name for a header; use letters, digits, `-` and `_`"
            )
        } else if Self.reservedHeaders.contains(header.text.lowercased().replacing("_", with: "-")) {
            reader.report(header.location, "`\(header.text)` is the gateway's own to set; choose another header")
        }
    }

    private static let reservedHeaders: Set<String> = [
        "connection", "content-length", "expect", "host", "keep-alive", "proxy-connection", "te", "trailer",
        "transfer-encoding", "upgrade", "forwarded", "x-forwarded-for", "x-forwarded-client-cert", "x-request-id",
        "x-lapwing-spiffe-id",
    ]

    private static func isHeaderByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    private mutating func timeout(_ value: Value?) -> Duration {
        let standard = Duration.seconds(5)
        guard let value, !value.isNull else { return standard }
        if case .number(let number) = value.content {
            reader.report(
                value.location,
                "`timeout`: expected a length of time, found the number \(number); write its unit, such as `\(number)s`"
            )
            return standard
        }
        guard let text = text(value) else { return standard }
        guard let timeout = GoDuration.parse(text.text), timeout >= .milliseconds(1),
            timeout.components.attoseconds % 1_000_000_000_000_000 == 0
        else {
            reader.report(
                text.location,
                "`timeout`: expected whole milliseconds such as `5s`, at least `1ms`, found `\(text.text.prefix(60))`"
            )
            return standard
        }
        return timeout
    }
}
