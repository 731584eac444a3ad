import Crypto
import Foundation
import Resources
import SPIFFE
import Testing
import X509
import ZeroTrust

@testable import Authorization

/// `RequestAuthentication` with a trust domain as its issuer: JWT-SVIDs at the gateway.
@Suite struct JWTSVIDRuleTests {
    private let key = P256.Signing.PrivateKey()
    private let domain: TrustDomain
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws { domain = try TrustDomain("cluster.local") }

    private func policies(_ rule: String) throws -> PolicySet {
        let text = """
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata: { name: a, namespace: ml }
            spec:
              jwtRules:
              - \(rule.replacing("\n", with: "\n    "))
            """
        return try PolicySet.load(ResourceLoader.load(sources: [("a.yaml", Data(text.utf8))]).documents)
    }

    private func bundle(_ keyID: String = "k") throws -> JWTBundle {
        JWTBundle(
            trustDomain: domain,
            authorities: [try TokenAuthority(keyID: keyID, publicKey: Certificate.PublicKey(key.publicKey))]
        )
    }

    private func verifier(
        _ store: TokenKeyStore,
        compatibility: Compatibility = .strict,
        rule: String = #"{ issuer: "spiffe://cluster.local", audiences: [shop] }"#
    ) throws -> TokenVerifier {
        let rules = try policies(rule).requestAuthentications.flatMap(\.rules).map { try TokenRule($0) }
        return TokenVerifier(rules: rules, keys: store, compatibility: compatibility, clock: { Self.now })
    }

    private func token(_ claims: [String: Any] = [:], header: [String: Any] = [:]) throws -> String {
        let usualHeader: [String: Any] = ["alg": "ES256", "kid": "k", "typ": "JWT"]
        let usual: [String: Any] = ["sub": "spiffe://cluster.local/api", "aud": "shop", "exp": 1_800_000_300]
        func part(_ object: [String: Any]) throws -> String {
            TestIssuer.encode(try JSONSerialization.data(withJSONObject: object.filter { !($0.value is NSNull) }))
        }
        let text = try part(usualHeader.merging(header) { $1 }) + "." + part(usual.merging(claims) { $1 })
        let signature = try key.signature(for: SHA256.hash(data: Data(text.utf8)))
        return text + "." + TestIssuer.encode(signature.rawRepresentation)
    }

    private func store() throws -> TokenKeyStore {
        let store = TokenKeyStore(clock: { Self.now })
        store.replace(try bundle(), until: .distantFuture)
        return store
    }

    @Test(arguments: Compatibility.allCases)
    func `a JWT-SVID of the trust domain is accepted, by the trust domain and not by its iss`(
        _ compatibility: Compatibility
    ) throws {
        let verifier = try verifier(store(), compatibility: compatibility)
        for iss in [nil, "https://id.example"] as [String?] {
            let token = try token(["iss": iss ?? NSNull()])
            let request = TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + token)], path: "/")
            let identity = try #require(verifier.verify(request).identity)
            #expect(identity.claims.subject == "spiffe://cluster.local/api")
            #expect(identity.claims.issuer == "spiffe://cluster.local")
        }
    }

    @Test(arguments: Compatibility.allCases)
    func `the strict rules of JWT-SVIDs hold whatever the mode`(_ compatibility: Compatibility) throws {
        let verifier = try verifier(store(), compatibility: compatibility)
        let cases: [(String, [String: Any], [String: Any], TokenRefusal.Code)] = [
            ("no kid", [:], ["kid": NSNull()], .headerNotAllowed),
            ("typ", [:], ["typ": "at+jwt"], .headerNotAllowed),
            ("another header", [:], ["x5t": "a"], .headerNotAllowed),
            ("unknown key", [:], ["kid": "z"], .unknownKey),
            ("others' audience", ["aud": "bank"], [:], .wrongAudience),
            ("no audience", ["aud": NSNull()], [:], .wrongAudience),
            ("over half a minute ago", ["exp": 1_799_999_970], [:], .expired),
            ("no exp", ["exp": NSNull()], [:], .neverExpires),
            ("nbf to come", ["nbf": 1_800_000_030], [:], .notYetValid),
            ("no SPIFFE ID", ["sub": "alice"], [:], .malformed),
            ("the trust domain", ["sub": "spiffe://cluster.local"], [:], .invalidSubject),
            ("another trust domain", ["sub": "spiffe://other.example/a"], [:], .malformed),
        ]
        for (name, claims, header, code) in cases {
            let found = verifier.outcome(bearer: try token(claims, header: header))
            #expect(found == code.rawValue, "\(name)")
        }
    }

    @Test func `a bundle counts until its time is over, a rotation at once, and who is revoked is refused`() throws {
        let store = TokenKeyStore(clock: { Self.now })
        let verifier = try verifier(store)
        let token = try token()
        #expect(verifier.outcome(bearer: token) == TokenRefusal.Code.noKeys.rawValue)
        store.replace(try bundle(), until: .distantFuture)
        #expect(verifier.outcome(bearer: token) == "spiffe://cluster.local/api")
        // A reload forgets the keys of URLs, and not those of the trust domain.
        store.keep(onlyKeysAt: [])
        #expect(verifier.outcome(bearer: token) == "spiffe://cluster.local/api")
        store.revoke(RevocationSet(ids: [try SPIFFEID("spiffe://cluster.local/api")]))
        #expect(verifier.outcome(bearer: token) == TokenRefusal.Code.revoked.rawValue)
        store.revoke(RevocationSet())
        #expect(verifier.outcome(bearer: token) == "spiffe://cluster.local/api")
        store.limitBundles(until: Self.now)
        #expect(verifier.outcome(bearer: token) == TokenRefusal.Code.noKeys.rawValue)
        store.replace(try bundle("next"), until: .distantFuture)
        #expect(verifier.outcome(bearer: token) == TokenRefusal.Code.unknownKey.rawValue)
        store.replace(JWTBundle(trustDomain: domain, authorities: []), until: .distantFuture)
        #expect(verifier.outcome(bearer: token) == TokenRefusal.Code.unknownKey.rawValue)
    }

    @Test(arguments: Compatibility.allCases)
    func `a token that was withdrawn is refused, though it was verified before, and its workload's others are not`(
        _ compatibility: Compatibility
    ) throws {
        let store = try store()
        let verifier = try verifier(store, compatibility: compatibility)
        let (gone, other, nameless) = (
            try token(["jti": "0A0b"]), try token(["jti": "not a number"]), try token(["jti": NSNull()])
        )
        let request = TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + gone)], path: "/")
        let identity = try #require(verifier.verify(request).identity)
        #expect(!verifier.isRevoked(identity))
        store.revoke(RevocationSet(serialNumbers: ["a0b"]))
        #expect(verifier.outcome(bearer: gone) == TokenRefusal.Code.tokenRevoked.rawValue)
        #expect(verifier.isRevoked(identity))
        #expect(verifier.outcome(bearer: other) == "spiffe://cluster.local/api")
        #expect(verifier.outcome(bearer: nameless) == "spiffe://cluster.local/api")
        #expect(verifier.outcome(bearer: try token(["jti": 7])) == TokenRefusal.Code.malformed.rawValue)
        store.revoke(RevocationSet())
        #expect(verifier.outcome(bearer: gone) == "spiffe://cluster.local/api")
    }

    @Test(arguments: Compatibility.allCases)
    func `our own tokens are withdrawn too where the rule names their https issuer`(
        _ compatibility: Compatibility
    ) throws {
        let issuer = try TestIssuer()
        let store = TokenKeyStore(clock: { TestIssuer.now })
        let verifier = TestIssuer.verifier([try issuer.rule()], compatibility: compatibility, keys: store)
        let workload = "spiffe://cluster.local/api"
        let (gone, other) = (
            try issuer.token(["sub": workload, "jti": "0a0b"]), try issuer.token(["sub": workload, "jti": "c"])
        )
        let person = try issuer.token(["jti": "0a0b"])
        let request = TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + gone)], path: "/")
        let identity = try #require(verifier.verify(request).identity)
        #expect(!verifier.isRevoked(identity))
        store.revoke(RevocationSet(serialNumbers: ["a0b"]))
        #expect(verifier.outcome(bearer: gone) == TokenRefusal.Code.tokenRevoked.rawValue)
        #expect(verifier.isRevoked(identity), "an answer under way ends")
        // One that was never verified before is refused as well.
        let fresh = TestIssuer.verifier([try issuer.rule()], compatibility: compatibility, keys: store)
        #expect(fresh.outcome(bearer: gone) == TokenRefusal.Code.tokenRevoked.rawValue)
        #expect(verifier.outcome(bearer: other) == workload)
        // The list names no person's token.
        #expect(verifier.outcome(bearer: person) == "alice")
        store.revoke(RevocationSet(ids: [try SPIFFEID(workload)]))
        #expect(verifier.outcome(bearer: other) == TokenRefusal.Code.revoked.rawValue)
        #expect(verifier.outcome(bearer: person) == "alice")
    }

    @Test(arguments: [
        #"{ issuer: "spiffe://cluster.local" }"#, #"{ issuer: "spiffe://cluster.local/a", audiences: [shop] }"#,
        #"{ issuer: "spiffe://CLUSTER.local", audiences: [shop] }"#, #"{ issuer: "spiffe:", audiences: [shop] }"#,
    ])
    func `a rule that names no audience, or no trust domain, is refused`(_ rule: String) {
        #expect(throws: ResourceError.self) { try policies(rule) }
    }

    @Test func `a token of another issuer does not pass for a workload's`() throws {
        let issuer = try TestIssuer()
        let text = #"{ issuer: "spiffe://cluster.local", audiences: [shop] }"#
        let rules = try policies(text).requestAuthentications.flatMap(\.rules).map { try TokenRule($0) }
        let verifier = TokenVerifier(
            rules: rules + [try issuer.rule()],
            keys: try store(),
            clock: { Self.now }
        )
        let token = try issuer.token(["sub": "spiffe://cluster.local/api", "aud": "shop"])
        let request = TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + token)], path: "/")
        // The issuer may say what it likes: policies see that it was the issuer who said it.
        #expect(verifier.verify(request).identity?.claims.issuer == issuer.name)
        // A rule for any issuer is for none that is a trust domain.
        let anyone = TestIssuer.verifier([try issuer.rule { $0.issuer = nil }])
        let posing = try issuer.token(["iss": "spiffe://cluster.local", "sub": "spiffe://cluster.local/api"])
        #expect(anyone.outcome(bearer: posing) == TokenRefusal.Code.unknownIssuer.rawValue)
        #expect(anyone.outcome(bearer: try issuer.token()) == "alice")
    }
}
