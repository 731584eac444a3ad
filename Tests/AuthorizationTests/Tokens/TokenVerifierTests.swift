import Crypto
import Foundation
import SPIFFE
import Testing
import ZeroTrust

@testable import Authorization

@Suite struct TokenVerifierTests {
    static let issuer = Result { try TestIssuer() }

    @Test(arguments: SignatureAlgorithm.allCases)
    func `a token of every algorithm is verified, and not once a byte of it has changed`(
        algorithm: SignatureAlgorithm
    ) throws {
        let issuer = try Self.issuer.get()
        let verifier = TestIssuer.verifier([try issuer.rule()])
        let token = try issuer.token(algorithm: algorithm)
        #expect(verifier.outcome(bearer: token) == "alice")
        // Twice: what was verified is remembered.
        #expect(verifier.outcome(bearer: token) == "alice")
        let parts = token.split(separator: ".")
        let other = try issuer.token(["sub": "mallory"], algorithm: algorithm).split(separator: ".")
        #expect(
            verifier.outcome(bearer: "\(other[0]).\(other[1]).\(parts[2])") == TokenRefusal.Code.badSignature.rawValue
        )
        let stranger = try TestIssuer()
        #expect(
            verifier.outcome(bearer: try stranger.token(algorithm: algorithm))
                == TokenRefusal.Code.badSignature.rawValue
        )
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: TokenRefusal.Code
        let token: @Sendable (TestIssuer) throws -> String

        init(
            _ description: String,
            _ code: TokenRefusal.Code,
            _ token: @escaping @Sendable (TestIssuer) throws -> String
        ) {
            (testDescription, self.code, self.token) = (description, code, token)
        }
    }

    /// A header and a payload with a signature that is right, whatever they say.
    private static func signed(_ header: String, _ payload: String, _ issuer: TestIssuer) throws -> String {
        try issuer.sign(header: Data(header.utf8), payload: Data(payload.utf8))
    }

    private static let payload = #"{"iss":"https://issuer.example","sub":"alice","exp":1800000300}"#
    private static let header = #"{"alg":"ES256"}"#

    static let refused = [
        Row("alg none", .malformed) {
            TestIssuer.encode(Data(#"{"alg":"none"}"#.utf8)) + "." + (try $0.token().split(separator: ".")[1]) + "."
        },
        Row("alg none with a signature", .unsupportedAlgorithm) { try $0.token(header: ["alg": "none"]) },
        Row("alg None", .unsupportedAlgorithm) { try $0.token(header: ["alg": "None"]) },
        Row("no alg", .malformed) { try $0.token(header: ["alg": NSNull()]) },
        Row("alg no string", .malformed) { try $0.token(header: ["alg": 1]) },
        Row("the public key taken for a secret", .unsupportedAlgorithm) { issuer in
            let text =
                TestIssuer.encode(Data(#"{"alg":"HS256","kid":"RSA"}"#.utf8)) + "."
                + TestIssuer.encode(Data(payload.utf8))
            let key = SymmetricKey(data: Data(issuer.publicKeyPEM.utf8))
            let mac = HMAC<SHA256>.authenticationCode(for: Data(text.utf8), using: key)
            return text + "." + TestIssuer.encode(Data(mac))
        },
        Row("the algorithm of another kind of key", .unknownKey) { try $0.token(header: ["alg": "RS256"]) },
        Row("a key that is not there", .unknownKey) { try $0.token(header: ["kid": "P-999"]) },
        Row("a kid that is no string", .malformed) { try $0.token(header: ["kid": 7]) },
        Row("a critical header", .malformed) { try $0.token(header: ["crit": ["exp"], "exp": 1]) },
        Row("an empty crit", .malformed) { try $0.token(header: ["crit": [String]()]) },
        Row("an unencoded payload", .malformed) { try $0.token(header: ["b64": false]) },
        Row("a key of its own in the header is not believed", .badSignature) { issuer in
            let stranger = try TestIssuer()
            return try stranger.token(header: ["jwk": try stranger.jwks()[0]])
        },
        Row("a name twice in the header", .malformed) {
            try signed(#"{"alg":"ES256","alg":"ES256"}"#, payload, $0)
        },
        Row("a name twice in the payload", .malformed) {
            try signed(header, #"{"iss":"https://issuer.example","sub":"bob","exp":1800000300,"sub":"alice"}"#, $0)
        },
        Row("a name twice, once escaped", .malformed) {
            try signed(header, #"{"iss":"https://issuer.example","sub":"b","exp":1800000300,"\u0073ub":"a"}"#, $0)
        },
        Row("a payload that is no object", .malformed) { try signed(header, "[]", $0) },
        Row("text after the payload", .malformed) { try signed(header, payload + " x", $0) },
        Row("a payload that is not UTF-8", .malformed) {
            try $0.sign(header: Data(header.utf8), payload: Data([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))
        },
        Row("a payload that is too deep", .malformed) {
            let deep = String(repeating: "[", count: 400) + String(repeating: "]", count: 400)
            return try signed(header, #"{"iss":"https://issuer.example","a":\#(deep)}"#, $0)
        },
        Row("no issuer", .malformed) { try $0.token(["iss": NSNull()]) },
        Row("an issuer that is no string", .malformed) { try $0.token(["iss": ["https://issuer.example"]]) },
        Row("another issuer", .unknownIssuer) { try $0.token(["iss": "https://issuer.example/"]) },
        Row("an issuer in other case", .unknownIssuer) { try $0.token(["iss": "https://ISSUER.example"]) },
        Row("expired", .expired) { try $0.token(["exp": 1_799_999_939]) },
        Row("expired in 1970", .expired) { try $0.token(["exp": 0]) },
        Row("not valid yet", .notYetValid) { try $0.token(["nbf": 1_800_000_061]) },
        Row("an exp that is no number", .malformed) { try $0.token(["exp": "1800000300"]) },
        Row("a negative exp", .malformed) { try $0.token(["exp": -1]) },
        Row("an infinite exp", .malformed) {
            try signed(header, #"{"iss":"https://issuer.example","exp":1e999}"#, $0)
        },
        Row("an aud that is a number", .malformed) { try $0.token(["aud": 7]) },
        Row("an aud with a number", .malformed) { try $0.token(["aud": ["a", 7]]) },
        Row("no exp", .neverExpires) { try $0.token(["exp": NSNull()]) },
        Row("two parts", .malformed) { try $0.token().split(separator: ".")[...1].joined(separator: ".") },
        Row("four parts", .malformed) { try $0.token() + ".x" },
        Row("five parts, as an encrypted token has", .malformed) { _ in "a.b.c.d.e" },
        Row("an empty part", .malformed) { try "." + $0.token().split(separator: ".")[1...].joined(separator: ".") },
        Row("padding", .malformed) { try $0.token() + "=" },
        Row("the other alphabet of base64", .malformed) { try "+" + $0.token() },
        Row("a blank", .malformed) { try $0.token() + " " },
        Row("bits past the end of the signature", .malformed) { issuer in
            var token = try issuer.token()
            // A signature of 64 bytes ends with a character that carries two bits.
            let last = token.removeLast()
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
            let index = try #require(alphabet.firstIndex(of: last))
            return token + String(alphabet[index + 1])
        },
        Row("a signature in DER", .badSignature) { issuer in
            let text = try issuer.token().split(separator: ".")[...1].joined(separator: ".")
            let raw = try issuer.signature(Data(text.utf8), .es256)
            let der = try P256.Signing.ECDSASignature(rawRepresentation: raw).derRepresentation
            return text + "." + TestIssuer.encode(der)
        },
        Row("a signature of zeros", .badSignature) {
            let text = try $0.token().split(separator: ".")[...1].joined(separator: ".")
            return text + "." + TestIssuer.encode(Data(repeating: 0, count: 64))
        },
        Row("a token that is too long", .tooLarge) {
            try $0.token(["x": String(repeating: "x", count: CompactToken.maximumLength)])
        },
        Row("a header that is too long", .tooLarge) {
            try $0.token(header: ["x": String(repeating: "x", count: 5000)])
        },
    ]

    @Test(arguments: refused)
    func `what is not a token of the issuer, now and for us, is refused`(_ row: Row) throws {
        let issuer = try Self.issuer.get()
        let verifier = TestIssuer.verifier([try issuer.rule()])
        #expect(verifier.outcome(bearer: try row.token(issuer)) == row.code.rawValue)
        // A refusal is not remembered, and what is remembered refuses nothing.
        #expect(verifier.outcome(bearer: try issuer.token()) == "alice")
    }

    @Test func `times are those of the token with a minute for clocks that differ`() throws {
        let issuer = try Self.issuer.get()
        let verifier = TestIssuer.verifier([try issuer.rule()])
        #expect(verifier.outcome(bearer: try issuer.token(["exp": 1_799_999_940])) == "alice")
        #expect(verifier.outcome(bearer: try issuer.token(["nbf": 1_800_000_060])) == "alice")
        #expect(verifier.outcome(bearer: try issuer.token(["exp": 1_800_000_000.5])) == "alice")
    }

    @Test func `a token that was verified expires all the same`() throws {
        let issuer = try Self.issuer.get()
        let clock = Atomic(seconds: 1_800_000_000)
        let verifier = TokenVerifier(rules: [try issuer.rule()], keys: TokenKeyStore(), clock: { clock.date })
        let token = try issuer.token()
        #expect(verifier.outcome(bearer: token) == "alice")
        clock.seconds = 1_800_000_361
        #expect(verifier.outcome(bearer: token) == TokenRefusal.Code.expired.rawValue)
    }

    @Test func `an audience must be one of those accepted`() throws {
        let issuer = try Self.issuer.get()
        let verifier = TestIssuer.verifier([try issuer.rule { $0.audiences = ["ours", "also-ours"] }])
        #expect(verifier.outcome(bearer: try issuer.token(["aud": "ours"])) == "alice")
        #expect(verifier.outcome(bearer: try issuer.token(["aud": ["theirs", "also-ours"]])) == "alice")
        for audience in ["theirs" as Any, ["theirs"], "OURS", [String](), NSNull()] {
            let outcome = verifier.outcome(bearer: try issuer.token(["aud": audience]))
            #expect(outcome == TokenRefusal.Code.wrongAudience.rawValue, "\(audience)")
        }
    }

    @Test func `without the keys of the issuer nothing is verified, and keys that expired are not there`() throws {
        let issuer = try Self.issuer.get()
        let clock = Atomic(seconds: 1_800_000_000)
        let store = TokenKeyStore(clock: { clock.date })
        let verifier = TestIssuer.verifier(
            [try issuer.rule { $0.keys = .url("https://issuer.example/keys") }],
            keys: store
        )
        let token = try issuer.token()
        #expect(verifier.outcome(bearer: token) == TokenRefusal.Code.noKeys.rawValue)
        store.replace(keysAt: "https://issuer.example/keys", with: try issuer.keySet(), until: clock.date + 60)
        #expect(verifier.outcome(bearer: token) == "alice")
        clock.seconds += 60
        #expect(verifier.outcome(bearer: token) == TokenRefusal.Code.noKeys.rawValue)
    }

    @Test func `a key that was taken out of the set verifies nothing any more, and a new one at once`() throws {
        let issuer = try Self.issuer.get()
        let next = try TestIssuer()
        let store = TokenKeyStore(clock: { TestIssuer.now })
        let verifier = TestIssuer.verifier([try issuer.rule { $0.keys = .url("u") }], keys: store)
        store.replace(keysAt: "u", with: try issuer.keySet(), until: .distantFuture)
        let (old, new) = (try issuer.token(), try next.token())
        #expect(verifier.outcome(bearer: old) == "alice")
        #expect(verifier.outcome(bearer: new) == TokenRefusal.Code.badSignature.rawValue)
        store.replace(keysAt: "u", with: try next.keySet(), until: .distantFuture)
        #expect(verifier.outcome(bearer: old) == TokenRefusal.Code.badSignature.rawValue)
        #expect(verifier.outcome(bearer: new) == "alice")
        #expect(store.takeMissed().isEmpty)
        #expect(
            verifier.outcome(bearer: try next.token(header: ["kid": "next"])) == TokenRefusal.Code.unknownKey.rawValue
        )
        #expect(store.takeMissed() == ["u"])
    }

    // MARK: - Several issuers and places

    static let second = Result { try TestIssuer("issuer-two") }

    @Test(arguments: Compatibility.allCases)
    func `each of several issuers is accepted with its own keys only`(compatibility: Compatibility) throws {
        let (first, second) = (try Self.issuer.get(), try Self.second.get())
        let verifier = TestIssuer.verifier([try first.rule(), try second.rule()], compatibility: compatibility)
        #expect(verifier.outcome([]) == "none")
        #expect(verifier.outcome([("authorization", "Basic Zm9v")]) == "none")
        #expect(verifier.outcome(bearer: try first.token()) == "alice")
        #expect(verifier.outcome(bearer: try second.token(["sub": "bob"])) == "bob")
        let crossed = verifier.outcome(bearer: try second.token(["iss": first.name]))
        #expect(crossed == TokenRefusal.Code.badSignature.rawValue)
        #expect(verifier.outcome([], path: "/x?access_token=x") == TokenRefusal.Code.malformed.rawValue)
        #expect(verifier.outcome([], path: "/x?a=b&access_token=\(try first.token())") == "alice")
        let other = verifier.outcome(bearer: try first.token(["iss": "https://stranger.example"]))
        #expect(other == TokenRefusal.Code.unknownIssuer.rawValue)
    }

    @Test func `a token counts only at the places of its issuer`() throws {
        let (first, second) = (try Self.issuer.get(), try Self.second.get())
        let rules = [
            try first.rule { $0.places = [.header("x-one", prefix: ""), .cookie("one")] },
            try second.rule { $0.places = [.header("x-two", prefix: "T "), .parameter("two")] },
        ]
        let verifier = TestIssuer.verifier(rules)
        #expect(verifier.consultedHeaders == ["x-one", "x-two", "cookie"])
        let (one, two) = (try first.token(), try second.token(["sub": "bob"]))
        #expect(verifier.outcome(bearer: one) == "none")
        #expect(verifier.outcome([("x-one", one)]) == "alice")
        #expect(verifier.outcome([("cookie", "a=b; one=\(one); c=d")]) == "alice")
        #expect(verifier.outcome([("cookie", "one=\"\(one)\"")]) == "alice")
        #expect(verifier.outcome([("x-two", "T " + two)]) == "bob")
        #expect(verifier.outcome([], path: "/?tw%6f=\(two)") == "bob")
        #expect(verifier.outcome([("x-one", two)]) == TokenRefusal.Code.unknownIssuer.rawValue)
        #expect(verifier.outcome([("x-two", "T " + one)]) == TokenRefusal.Code.unknownIssuer.rawValue)
    }

    @Test func `a second token is refused where it might be read in place of the first`() throws {
        let issuer = try Self.issuer.get()
        let (alice, bob) = (try issuer.token(), try issuer.token(["sub": "bob"]))
        let bearer = { ("authorization", "Bearer " + $0) }
        let strict = TestIssuer.verifier([try issuer.rule()])
        let istio = TestIssuer.verifier([try issuer.rule()], compatibility: .istio)
        let ambiguous = TokenRefusal.Code.severalTokens.rawValue
        let malformed = TokenRefusal.Code.malformed.rawValue
        // The same token in two places is one token.
        #expect(strict.outcome([bearer(alice)], path: "/?access_token=\(alice)") == "alice")
        let rows: [(headers: [(String, String)], path: String, strict: String, istio: String)] = [
            // Envoy makes one value of the two lines, which is no token.
            ([bearer(alice), bearer(bob)], "/", ambiguous, malformed),
            ([bearer(alice), bearer(alice)], "/", malformed, malformed),
            ([bearer(alice)], "/?access_token=\(bob)", ambiguous, "alice"),
            ([], "/?access_token=\(alice)&access_token=\(bob)", ambiguous, "alice"),
            ([], "/?access_token=\(alice)&access_token=x", malformed, "alice"),
            // All tokens that one rule finds must be valid.
            ([bearer(alice)], "/?access_token=x", malformed, malformed),
            ([bearer("x.y.z")], "/?access_token=\(alice)", malformed, malformed),
            // A scheme in lower case is `Bearer` to a server that follows RFC 9110.
            ([("authorization", "bearer x.y.z")], "/", malformed, "none"),
            ([("authorization", "BEARER " + alice)], "/", "alice", "none"),
            ([("authorization", "Basic x, Bearer " + alice)], "/", malformed, "alice"),
            ([("authorization", "x Bearer x.y.z")], "/?access_token=\(alice)", malformed, malformed),
            ([("authorization", "xBearer x.y.z")], "/?access_token=\(alice)", malformed, malformed),
            ([("authorization", "Basic Zm9v")], "/?access_token=\(alice)", "alice", "alice"),
        ]
        for row in rows {
            // Which token is met first is not said: any refusal will do.
            let outcome = strict.outcome(row.headers, path: row.path)
            #expect(outcome == row.strict || row.strict == malformed && outcome == ambiguous, "\(row)")
            #expect(istio.outcome(row.headers, path: row.path) == row.istio, "\(row)")
        }
    }

    // MARK: - What goes upstream

    @Test func `what a token says goes upstream, and the token itself only where that is asked for`() throws {
        let issuer = try Self.issuer.get()
        let rule = try issuer.rule {
            $0.payloadHeader = "x-payload"
            $0.claimHeaders = [
                ("x-sub", ["sub"]), ("x-team", ["org", "team"]), ("x-level", ["level"]), ("x-list", ["list"]),
                ("x-none", ["none"]), ("x-evil", ["evil"]), ("x-scope", ["scope"]),
            ]
        }
        let verifier = TestIssuer.verifier([rule])
        #expect(
            verifier.reservedHeaders
                == ["x-payload", "x-sub", "x-team", "x-level", "x-list", "x-none", "x-evil", "x-scope"]
        )
        let token = try issuer.token([
            "org": ["team": "blue"], "level": 7, "list": ["a"], "evil": "a\r\nx-admin: 1", "scope": "read write",
        ])
        let verdict = verifier.verify(
            TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + token)], path: "/")
        )
        let forwarding = try #require(verdict.identity?.forwarding)
        let payload = String(token.split(separator: ".")[1])
        #expect(
            forwarding.setHeaders == [
                .init(name: "x-payload", value: payload), .init(name: "x-sub", value: "alice"),
                .init(name: "x-team", value: "blue"), .init(name: "x-level", value: "7"),
                .init(name: "x-scope", value: "read write"),
            ]
        )
        #expect(forwarding.removedHeaders == ["authorization"])
        #expect(forwarding.removedParameters.isEmpty)
        let keeping = TestIssuer.verifier([try issuer.rule { $0.forwardsToken = true }])
        let kept = keeping.verify(
            TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + token)], path: "/")
        )
        #expect(kept.identity?.forwarding == TokenForwarding())
    }

    @Test func `a query loses the token and nothing else`() throws {
        var forwarding = TokenForwarding()
        forwarding.removedParameters = ["access_token"]
        #expect(forwarding.path("/x?access_token=a") == "/x")
        #expect(forwarding.path("/x?a=1&access%5Ftoken=a&&b=2&access_token=c") == "/x?a=1&&b=2")
        #expect(forwarding.path("/access_token=a?b") == "/access_token=a?b")
        #expect(forwarding.path("/x") == "/x")
    }
}

/// A clock that a test moves.
final class Atomic: @unchecked Sendable {
    // Only the test's own task moves and reads it.
    var seconds: Double

    init(seconds: Double) { self.seconds = seconds }

    var date: Date { Date(timeIntervalSince1970: seconds) }
}
