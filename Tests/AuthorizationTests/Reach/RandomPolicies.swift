import Resources
import Testing
import ZeroTrust

@testable import Authorization

/// Policies that put every kind of field to every use, and requests that come close to what they ask for.
struct RandomPolicies {
    private var generator: SplitMix64
    private let callers: Reachability.Options.Callers

    init(seed: UInt64, callers: Reachability.Options.Callers) {
        self.generator = SplitMix64(seed: seed)
        self.callers = callers
    }

    /// A field or a condition's key, and values for it.
    private struct Vocabulary {
        let key: String
        let values: [String]

        init(_ key: String, _ values: [String]) {
            self.key = key
            self.values = values
        }
    }

    /// A field, its opposite, and values for both.
    private struct Choice {
        let positive: String
        let negative: String
        let values: [String]

        init(_ field: Vocabulary) {
            self.positive = field.key
            self.negative = "not" + field.key.prefix(1).uppercased() + field.key.dropFirst()
            self.values = field.values
        }
    }

    private static let sources: [Vocabulary] = [
        Vocabulary(
            "principals",
            [
                "*", "cluster.local/ns/a/sa/b", "cluster.local/ns/a/*", "*/sa/b", "td2/ns/a/sa/b", "cluster.local/*",
                "*b", "c*", "cluster.local/ns/a/sa/bb",
            ]
        ),
        Vocabulary("namespaces", ["a", "b", "a*", "*b", "*", "a*c", "ns"]),
        Vocabulary("serviceAccounts", ["a/b", "b", "x/b", "a/sa"]),
        Vocabulary("trustDomains", ["cluster.local", "*", "td*", "*local", "td2"]),
        Vocabulary(
            "ipBlocks",
            ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "0.0.0.0/0", "2001:db8::/32", "192.168.0.0/17"]
        ),
        Vocabulary("remoteIpBlocks", ["10.0.0.0/8", "10.1.2.3", "::/0"]),
        Vocabulary("requestPrincipals", principals),
    ]

    private static let principals = ["*", "a/b", "a/*", "*/b", "a/b/c", "a*", "*b", "b", "iss/sub"]

    private static let operations: [Vocabulary] = [
        Vocabulary("methods", ["GET", "POST", "*", "P*", "*T", "get", "DELETE", "CONNECT"]),
        Vocabulary(
            "paths",
            [
                "/", "/a", "/a/*", "*/b", "*", "/a/{*}", "/a/{**}", "/{*}/b", "/a/{**}/b", "/a?b", "/a*", "*a*",
                "/a/b/c", "/A", "/a;x", "/{**}",
            ]
        ),
        Vocabulary(
            "hosts",
            ["example.com", "*.example.com", "example.*", "*", "EXAMPLE.com", "example.com:8080"]
        ),
        Vocabulary("ports", ["80", "443", "8443"]),
    ]

    private static let conditions: [Vocabulary] = [
        Vocabulary("request.headers[x-team]", ["blue", "b*", "*d", "*", "red", "blue, red"]),
        Vocabulary("request.headers[X-Other]", ["1", "1*", "*"]),
        Vocabulary("request.headers[accept]", ["a", "a*", "*b", "*", "a,b", "b,*"]),
        Vocabulary("request.headers[:path]", ["/a?x=1", "/a*", "*x=1"]),
        Vocabulary("request.headers[:authority]", ["example.com", "Example*"]),
        Vocabulary("request.headers[:method]", ["GET", "P*"]),
        Vocabulary("request.headers[:scheme]", ["https", "http*", "http"]),
        Vocabulary("request.headers[host]", ["example.com", "*com"]),
        Vocabulary("source.ip", ["10.1.2.3", "10.0.0.0/9"]),
        Vocabulary("remote.ip", ["10.1.2.3", "192.168.0.0/16"]),
        Vocabulary("destination.ip", ["10.9.9.9", "10.9.0.0/16"]),
        Vocabulary("destination.port", ["80", "8443"]),
        Vocabulary("connection.sni", ["example.com", "*.com", "*", "a*"]),
        Vocabulary("source.namespace", ["a", "*", "b*"]),
        Vocabulary("source.principal", ["cluster.local/ns/a/sa/b", "*", "*b"]),
        Vocabulary("request.auth.principal", principals),
        Vocabulary("request.auth.audiences", ["a", "a*", "*b", "*"]),
        Vocabulary("request.auth.presenter", ["a", "1", "*"]),
        Vocabulary("request.auth.claims[iss]", ["a", "a*", "*"]),
        Vocabulary("request.auth.claims[groups]", ["ml", "m*", "*l", "*", "true", "1*", "a b"]),
        Vocabulary("request.auth.claims[scope]", ["read", "r*", "*", "read write"]),
        Vocabulary("request.auth.claims[org]", ["ml", "a*", "*"]),
        Vocabulary("request.auth.claims[org][team]", ["ml", "*", "m*"]),
    ]

    // MARK: - Policies

    /// A few policies, as YAML documents.
    mutating func policies() -> String {
        var documents: [String] = []
        for index in 0..<count(upTo: 5) { documents.append(policy(index)) }
        return documents.joined(separator: "\n---\n")
    }

    private mutating func policy(_ index: Int) -> String {
        let action = pick(["ALLOW", "ALLOW", "ALLOW", "DENY", "DENY", "AUDIT"])
        var rules: [String] = []
        for _ in 1..<count(upTo: 4) { rules.append(rule()) }
        let annotations =
            action != "AUDIT" && chance(1, of: 12) ? ", annotations: {istio.io/dry-run: \"true\"}" : ""
        return """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: {name: p\(index), namespace: a\(annotations)}
            spec: {action: \(action), rules: [\(rules.joined(separator: ", "))]}
            """
    }

    private mutating func rule() -> String {
        var parts: [String] = []
        if chance(2, of: 3) {
            var sources: [String] = []
            for _ in 0..<count(upTo: 2) { sources.append("{source: {\(fields(Self.sources))}}") }
            parts.append("from: [\(sources.joined(separator: ", "))]")
        }
        if chance(2, of: 3) {
            var operations: [String] = []
            for _ in 0..<count(upTo: 2) { operations.append("{operation: {\(fields(Self.operations))}}") }
            parts.append("to: [\(operations.joined(separator: ", "))]")
        }
        if chance(1, of: 2) {
            var conditions: [String] = []
            for _ in 0..<count(upTo: 3) { conditions.append(condition()) }
            parts.append("when: [\(conditions.joined(separator: ", "))]")
        }
        return "{\(parts.joined(separator: ", "))}"
    }

    private mutating func fields(_ vocabularies: [Vocabulary]) -> String {
        var chosen: [String] = []
        // Service accounts stand beside neither principals nor namespaces.
        let hasAccounts = chance(1, of: 5)
        for vocabulary in vocabularies {
            if vocabulary.key == "serviceAccounts", !hasAccounts { continue }
            if vocabulary.key == "principals" || vocabulary.key == "namespaces", hasAccounts { continue }
            let choice = Choice(vocabulary)
            if chance(1, of: 3) { chosen.append("\(choice.positive): \(list(choice.values))") }
            if chance(1, of: 7) { chosen.append("\(choice.negative): \(list(choice.values))") }
        }
        if chosen.isEmpty {
            let choice = Choice(vocabularies[vocabularies.count - 1])
            chosen.append("\(choice.positive): \(list(choice.values))")
        }
        return chosen.joined(separator: ", ")
    }

    private mutating func condition() -> String {
        let vocabulary = Self.conditions[Int.random(in: Self.conditions.indices, using: &generator)]
        var lists: [String] = []
        if chance(2, of: 3) { lists.append("values: \(list(vocabulary.values))") }
        if lists.isEmpty || chance(1, of: 4) { lists.append("notValues: \(list(vocabulary.values))") }
        return "{key: \"\(vocabulary.key)\", \(lists.joined(separator: ", "))}"
    }

    private mutating func list(_ values: [String]) -> String {
        var chosen: [String] = []
        for _ in 0..<count(upTo: 3) { chosen.append("\"\(pick(values))\"") }
        return "[\(chosen.joined(separator: ", "))]"
    }

    private mutating func count(upTo limit: Int) -> Int { Int.random(in: 1...limit, using: &generator) }

    private mutating func pick(_ values: [String]) -> String {
        values[Int.random(in: values.indices, using: &generator)]
    }

    private mutating func chance(_ hits: Int, of count: Int) -> Bool {
        Int.random(in: 0..<count, using: &generator) < hits
    }

    // MARK: - Requests

    /// A request that a gateway would put to its policies, made of what policies ask for and of changes to it.
    mutating func request(_ normalization: PathNormalization, _ compatibility: Compatibility) throws -> Attributes? {
        var target = like(Self.operations[1].values)
        if chance(1, of: 3) { target += "?" + pick(["x=1", "", "b", "?"]) }
        let outcome = RequestScreen(normalization: normalization, compatibility: compatibility).check(
            method: pick(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]),
            target: target,
            authority: like(Self.operations[2].values)
        )
        guard case .accepted(let screened) = outcome, !screened.authority.isEmpty else { return nil }
        // The gateway refuses what cannot be a host before any policy is asked.
        guard screened.authority.utf8.allSatisfy({ !"/?#@".utf8.contains($0) }) else { return nil }
        guard let caller = caller(), let source = address(), let remote = address() else { return nil }
        var headers: [Exchange.Header] = []
        for (index, name) in ["x-team", "x-other", "accept"].enumerated() {
            for _ in 1..<count(upTo: 3) {
                headers.append(Exchange.Header(name: name, value: like(Self.conditions[index].values)))
            }
        }
        let local: UInt32 = chance(1, of: 2) ? 0x0a09_0909 : 0x0a09_0a0a
        let ports: [UInt16] = [80, 443, 8443, 1, 65535]
        let port = ports[Int.random(in: ports.indices, using: &generator)]
        return Attributes(
            caller: caller,
            method: screened.method,
            path: screened.path,
            authority: screened.authority,
            headers: headers,
            source: source,
            remote: remote,
            destination: Exchange.Endpoint(address: IPAddress(v4: local), port: port),
            serverName: chance(1, of: 3) ? nil : like(["example.com", "a.com", "", "b"]).lowercased(),
            token: chance(1, of: 3) ? nil : token()
        )
    }

    /// The same, and now and then a CONNECT from the same caller.
    mutating func requestOrTunnel(
        _ normalization: PathNormalization,
        _ compatibility: Compatibility
    ) throws -> Attributes? {
        guard var request = try request(normalization, compatibility) else { return nil }
        guard chance(1, of: 3) else { return request }
        (request.method, request.path) = ("CONNECT", "")
        if !request.authority.hasSuffix(":8080") { request.authority += pick([":5432", ":8080", ":1"]) }
        return request
    }

    /// Claims near to what policies ask for; issuer and subject are strings, as RFC 7519 says.
    private mutating func token() -> TokenClaims {
        var members: [String: TokenClaims.Claim] = [:]
        if chance(9, of: 10) { members["iss"] = .text(like(["a", "a/b", "iss", "*"])) }
        if chance(4, of: 5) { members["sub"] = .text(like(["b", "b/c", "sub", "*", "c"])) }
        for name in ["aud", "azp", "groups", "scope"] where chance(2, of: 3) { members[name] = claim(1) }
        if chance(1, of: 2) { members["org"] = chance(1, of: 3) ? claim(1) : .members(["team": claim(1)]) }
        return TokenClaims(members)
    }

    private mutating func claim(_ depth: Int) -> TokenClaims.Claim {
        if depth > 0, chance(2, of: 5) {
            var elements: [TokenClaims.Claim] = []
            for _ in 1..<count(upTo: 4) { elements.append(claim(depth - 1)) }
            return .list(elements)
        }
        if chance(1, of: 4) { return .other(pick(["true", "1", "12", "null", "0.5"])) }
        if chance(1, of: 12) { return .members(["x": .text("ml")]) }
        return .text(like(["ml", "a", "b", "read", "read write", "a b", "*", "1"]))
    }

    /// A caller of the kind that the analysis speaks of, or nil where the text makes none.
    private mutating func caller() -> Caller? {
        if callers == .anyone, chance(1, of: 6) { return .anonymous }
        var name = "spiffe://" + like(Self.sources[0].values)
        if chance(1, of: 4) {
            name = "spiffe://td2/ns/" + pick(["a", "b", "aa", "ab", "ac", "ns", "sa"]) + "/sa/b"
        }
        if chance(1, of: 5) { name += pick(["/ns/b/sa/x", "/x", "/sa/b", "/ns/a/y/sa/b"]) }
        if callers == .spiffe {
            guard let id = try? SPIFFEID(name) else { return nil }
            return Caller(id)
        }
        if chance(1, of: 8) { name = pick(["service.example", "x", "spiffe://", "a/ns/a/"]) }
        guard name.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
        return Caller(uris: [name])
    }

    private mutating func address() -> IPAddress? {
        IPAddress(
            pick([
                "10.1.2.3", "10.1.2.4", "10.200.0.1", "192.168.1.1", "192.168.200.1", "2001:db8::5", "::1",
                "9.255.255.255",
            ])
        )
    }

    /// A text near to a value: its wildcards filled in, and sometimes a byte added, taken out or changed.
    private mutating func like(_ values: [String]) -> String {
        let fillings = ["", "a", "b", "x/b", "a/b", "/b", "/", "a/", "ns/a/sa/b", "td", "local", "A", "a;x", "%2F"]
        var text = pick(values).replacing("{**}", with: "*").replacing("{*}", with: "*")
        while let star = text.firstIndex(of: "*") { text.replaceSubrange(star...star, with: pick(fillings)) }
        guard chance(1, of: 3) else { return text }
        var bytes = Array(text.utf8)
        let letters = Array("ab/.:-A1;%*~".utf8)
        let letter = letters[Int.random(in: letters.indices, using: &generator)]
        let place = Int.random(in: 0...bytes.count, using: &generator)
        if place == bytes.count || chance(1, of: 3) {
            bytes.insert(letter, at: place)
        } else if chance(1, of: 2) {
            bytes.remove(at: place)
        } else {
            bytes[place] = letter
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
