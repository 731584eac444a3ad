import Authorization
import Resources
import Testing

/// A `RequestAuthentication` is read whole or refused with its place and what was expected.
@Suite struct RequestAuthenticationDecoderTests {
    private func documents(_ spec: String) throws -> [Document] {
        try ResourceLoader.parse(
            yaml: """
                apiVersion: security.istio.io/v1
                kind: RequestAuthentication
                metadata: {name: jwt, namespace: ml}
                spec: \(spec)
                """,
            file: "jwt.yaml"
        )
    }

    @Test func `everything that can be said is read`() throws {
        let rule = """
            {issuer: https://issuer.example, audiences: [model, other], jwksUri: https://issuer.example/keys,
              fromHeaders: [{name: x-token, prefix: 'Bearer '}, {name: x-plain}], fromParams: [token],
              fromCookies: [session], outputPayloadToHeader: x-payload, forwardOriginalToken: true,
              outputClaimToHeaders: [{header: x-sub, claim: sub}], timeout: 1.5s, spaceDelimitedClaims: [roles]}
            """
        let set = try PolicySet.load(try documents("{selector: {matchLabels: {app: web}}, jwtRules: [\(rule)]}"))
        let resource = try #require(set.requestAuthentications.first)
        #expect(resource.selector == ["app": "web"])
        let read = try #require(resource.rules.first)
        #expect(read.issuer?.text == "https://issuer.example")
        #expect(read.audiences.map(\.text) == ["model", "other"])
        guard case .url(let url) = read.keys else {
            Issue.record("expected a URL, found \(read.keys)")
            return
        }
        #expect(url.text == "https://issuer.example/keys")
        #expect(read.fromHeaders.map(\.name.text) == ["x-token", "x-plain"])
        #expect(read.fromHeaders.map(\.prefix) == ["Bearer ", ""])
        #expect(read.fromParameters.map(\.text) == ["token"])
        #expect(read.fromCookies.map(\.text) == ["session"])
        #expect(read.outputPayloadToHeader?.text == "x-payload")
        #expect(read.forwardsOriginalToken)
        #expect(read.outputClaims.map(\.header.text) == ["x-sub"])
        #expect(read.outputClaims.map(\.claim.text) == ["sub"])
        #expect(read.timeout == .milliseconds(1500))
        #expect(read.spaceDelimitedClaims.map(\.text) == ["roles"])
        #expect(set.warnings.isEmpty)
    }

    @Test func `what is left out has Istio's defaults`() throws {
        let set = try PolicySet.load(try documents("{jwtRules: [{issuer: a}, {jwksUri: 'http://a:80/k'}]}"))
        let rules = try #require(set.requestAuthentications.first?.rules)
        #expect(rules.map(\.issuer?.text) == ["a", nil])
        #expect(rules.first?.keys == .discovery)
        #expect(rules.first?.timeout == .seconds(5))
        #expect(rules.first?.forwardsOriginalToken == false)
        #expect(try PolicySet.load(try documents("")).requestAuthentications.first?.rules.isEmpty == true)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let rule: String
        let message: String
        var testDescription: String { rule }
    }

    private static let rsa = #"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#

    static let refused: [Row] = [
        Row(rule: "", message: "a JWT rule needs `issuer`, or keys from a `jwksUri`"),
        Row(rule: "issuer: ''", message: "`issuer` must not be empty"),
        Row(rule: "issuer: 1", message: "expected a string, found the number 1"),
        Row(rule: "issuers: a", message: "unknown field `issuers` in a JWT rule; did you mean `issuer`?"),
        Row(rule: "issuer: a, audiences: ['']", message: "`audiences`: a value must not be empty"),
        Row(rule: "issuer: a, audiences: a", message: "expected a list, found the string `a`"),
        Row(rule: "issuer: a, jwksUri: foo.example", message: "`foo.example` is no URL of `http` or `https`"),
        Row(rule: "issuer: a, jwksUri: 'ftp://a.example'", message: "is no URL of `http` or `https`"),
        Row(rule: "issuer: a, jwksUri: 'https://a:b'", message: "`b` is no port"),
        Row(rule: "issuer: a, jwksUri: 'https://a:65536/'", message: "`65536` is no port"),
        Row(rule: "issuer: a, jwksUri: 'https:///keys'", message: "has no host"),
        Row(rule: "issuer: a, jwksUri: 'https://u@:1/'", message: "has no host"),
        Row(rule: "issuer: a, jwksUri: 'https://[::1'", message: "lacks a `]`"),
        Row(rule: "issuer: a, jwksUri: 'https://[::1]x'", message: "text between host and port"),
        Row(rule: "issuer: a, jwksUri: 'https://a/%zz'", message: "has a `%` that begins no escape"),
        Row(rule: "issuer: a, jwksUri: 'https://a b'", message: "has a character that a URL may not hold"),
        Row(
            rule: "issuer: a, jwksUri: 'https://a', jwks: '{}'",
            message: "only one of `jwks` and `jwksUri` may be set"
        ),
        Row(rule: "issuer: a, jwks: foo", message: "`jwks`: expected a JSON Web Key Set, but at byte 0"),
        Row(rule: "issuer: a, jwks: '{}'", message: "expected a JSON Web Key Set, an object with a list `keys`"),
        Row(rule: "issuer: a, jwks: '{\"keys\":[1]}'", message: "key 0 is no object"),
        Row(rule: "issuer: a, jwks: '{\"keys\":[\(rsa),{}]}'", message: "key 1 has no `kty`"),
        Row(rule: "issuer: a, jwks: '{\"keys\":[{\"kty\":\"X\"}]}'", message: "key 0 has the unknown type `X`"),
        Row(rule: "issuer: a, jwks: '{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AA\"}]}'", message: "needs `e`"),
        Row(rule: "issuer: a, fromHeaders: [{prefix: x}]", message: "`name` is missing"),
        Row(rule: "issuer: a, fromHeaders: [{name: ''}]", message: "`name` must not be empty"),
        Row(rule: "issuer: a, fromHeaders: [{name: a, prefx: b}]", message: "did you mean `prefix`?"),
        Row(rule: "issuer: a, fromParams: ['']", message: "`fromParams`: a value must not be empty"),
        Row(rule: "issuer: a, fromCookies: ['']", message: "`fromCookies`: a value must not be empty"),
        Row(rule: "issuer: a, forwardOriginalToken: 'yes'", message: "expected `true` or `false`"),
        Row(rule: "issuer: a, outputClaimToHeaders: [{}]", message: "`header` is missing"),
        Row(rule: "issuer: a, outputClaimToHeaders: [~]", message: "found nothing"),
        Row(
            rule: "issuer: a, outputClaimToHeaders: [{header: ':a', claim: b}]",
            message: "`:a` is no name for a header"
        ),
        Row(rule: "issuer: a, outputClaimToHeaders: [{header: a, claim: ''}]", message: "`claim` must not be empty"),
        Row(rule: "issuer: a, timeout: apple", message: "`timeout`: expected whole milliseconds"),
        Row(rule: "issuer: a, timeout: 999us", message: "at least `1ms`"),
        Row(rule: "issuer: a, timeout: -5s", message: "at least `1ms`"),
        Row(rule: "issuer: a, timeout: 1.5ms", message: "expected whole milliseconds"),
        Row(rule: "issuer: a, timeout: 5", message: "found the number 5; write its unit, such as `5s`"),
        Row(
            rule: "issuer: a, spaceDelimitedClaims: ['']",
            message: "`spaceDelimitedClaims`: a value must not be empty"
        ),
        Row(
            rule: "issuer: a, spaceDelimitedClaims: [\((0..<65).map { "c\($0)" }.joined(separator: ", "))]",
            message: "`spaceDelimitedClaims` has at most 64 values"
        ),
    ]

    @Test(arguments: refused)
    func `what is wrong is refused with its place`(_ row: Row) throws {
        let documents = try documents("{jwtRules: [{\(row.rule)}]}")
        let error = #expect(throws: ResourceError.self) { try PolicySet.load(documents) }
        #expect(error?.description.contains(row.message) == true, "\(String(describing: error))")
        #expect(error?.diagnostics.allSatisfy { $0.location.line == 4 } == true)
    }

    @Test(arguments: [
        ("{targetRef: {kind: Service, name: a}, selector: {matchLabels: {a: b}}}", "at most one of `selector`"),
        ("{targetRef: {kind: Service, name: a}, targetRefs: [{kind: Service, name: a}]}", "at most one of `selector`"),
        ("{targetRef: {kind: Service}}", "a target reference needs `name`"),
        ("{targetRef: {kind: Service, name: a, namespace: b}}", "must not name a namespace"),
        ("{targetRef: {kind: Serv_ice, name: a}}", "did you mean `/Service`?"),
        ("{targetRef: {group: '__', kind: Service, name: a}}", "nothing can be attached to `__/Service`"),
        ("{jwtRules: [~]}", "expected a JWT rule to be a mapping, found nothing"),
        ("{jwtRule: []}", "did you mean `jwtRules`?"),
        ("{mtls: {}}", "unknown field `mtls`"),
    ])
    func `what a resource cannot be attached to is refused`(spec: String, message: String) throws {
        let documents = try documents(spec)
        let error = #expect(throws: ResourceError.self) { try PolicySet.load(documents) }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}]}"#,
        #"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","d":"AA"}]}"#,
        #"{"keys":[{"kty":"oct","k":"AA"}]}"#,
        #"{"kty":"OKP","crv":"Ed25519","x":"AA","d":"AA"}"#,
    ])
    func `a key that signs is warned of`(_ keys: String) throws {
        let set = try PolicySet.load(try documents("{jwtRules: [{issuer: a, jwks: '\(keys)'}]}"))
        #expect(set.warnings.count == 1)
        #expect(set.warnings.first?.message.contains("private or symmetric key") == true)
        let published = keys.replacing(#","d":"AQAB""#, with: "").replacing(#","d":"AA""#, with: "")
        guard published != keys else { return }
        #expect(try PolicySet.load(try documents("{jwtRules: [{issuer: a, jwks: '\(published)'}]}")).warnings.isEmpty)
    }
}
