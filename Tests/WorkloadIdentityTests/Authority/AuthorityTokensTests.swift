import Foundation
import SPIFFE
import Testing
import ZeroTrust

@testable import WorkloadIdentity

/// How the authority makes JWT-SVIDs, and how their keys come and go.
@Suite(.timeLimit(.minutes(5))) struct AuthorityTokensTests {
    static func request(_ audiences: [String] = ["shop"], lifetime: TimeInterval? = nil) throws -> JWTSVIDRequest {
        JWTSVIDRequest(id: try SPIFFEID("spiffe://cluster.local/api"), audiences: audiences, lifetime: lifetime)
    }

    static func verify(_ token: IssuedJWTSVID, _ authority: Authority, at now: Date) throws -> JWTSVID {
        let bundle = authority.jwtBundle
        return try JWTSVID(
            token.token.value,
            audiences: Set(token.audiences.prefix(1)),
            bundles: [bundle.trustDomain: bundle],
            at: now
        )
    }

    @Test(arguments: TokenKeySlot.Algorithm.allCases)
    func `a token is what the standard says, and verifies`(_ algorithm: TokenKeySlot.Algorithm) async throws {
        let issuer = try OIDCIssuer("https://id.example/prod")
        let fixture = try AuthorityFixture(tokens: TokenOptions(algorithm: algorithm, issuer: issuer))
        try await fixture.authority.maintain()
        let token = try fixture.authority.issue(try Self.request())
        #expect("\(token)".contains("<redacted>"))
        let svid = try Self.verify(token, fixture.authority, at: fixture.clock.now)
        #expect(svid.id.description == "spiffe://cluster.local/api")
        #expect(svid.expiresAt == fixture.clock.now + 300)
        #expect(svid.issuedAt == fixture.clock.now)

        let parts = token.token.value.split(separator: ".").map { Base64.decodeURL(String($0)) ?? [] }
        let header = try #require(try JSONSerialization.jsonObject(with: Data(parts[0])) as? [String: String])
        // Rule 17: these three and no other.
        #expect(header == ["alg": algorithm.rawValue, "kid": token.keyID, "typ": "JWT"])
        let claims = try #require(try JSONSerialization.jsonObject(with: Data(parts[1])) as? [String: Any])
        #expect(Set(claims.keys) == ["sub", "aud", "exp", "iat", "iss", "jti"])
        #expect(claims["aud"] as? String == "shop")
        #expect(claims["iss"] as? String == "https://id.example/prod")
        #expect(claims["jti"] as? String == token.tokenID)
        #expect(token.tokenID.count == 32)
        let again = try fixture.authority.issue(try Self.request())
        #expect(again.tokenID != token.tokenID)
    }

    @Test func `several audiences are a list, and without an issuer there is no iss`() async throws {
        let fixture = try AuthorityFixture()
        try await fixture.authority.maintain()
        let token = try fixture.authority.issue(try Self.request(["a", "b"]))
        let svid = try Self.verify(token, fixture.authority, at: fixture.clock.now)
        #expect(svid.audiences == ["a", "b"])
        #expect(!svid.claims.contains("iss"))
    }

    @Test(arguments: [
        [], [""], ["a", "a"], ["a\nb"], [String(repeating: "a", count: 256)], (0..<17).map { "\($0)" },
    ])
    func `audiences that no token is for are refused`(_ audiences: [String]) async throws {
        let fixture = try AuthorityFixture()
        try await fixture.authority.maintain()
        let failure = #expect(throws: IdentityError.self) { try fixture.authority.issue(try Self.request(audiences)) }
        #expect(failure?.code == .invalidArgument)
    }

    @Test(arguments: ["spiffe://other.example/a", "spiffe://cluster.local"])
    func `an ID that is not a workload of the trust domain is refused`(_ id: String) async throws {
        let fixture = try AuthorityFixture()
        try await fixture.authority.maintain()
        let request = JWTSVIDRequest(id: try SPIFFEID(id), audiences: ["a"])
        let failure = #expect(throws: IdentityError.self) { try fixture.authority.issue(request) }
        #expect(failure?.code == .invalidArgument)
    }

    @Test func `a life is bounded by a sixth of the key's and by its end`() async throws {
        let fixture = try AuthorityFixture()
        #expect(throws: IdentityError.self) { try fixture.authority.issue(try Self.request()) }
        try await fixture.authority.maintain()
        let long = try fixture.authority.issue(try Self.request(lifetime: 30 * 86400))
        #expect(long.expiresAt == fixture.clock.now + 4 * 3600)
        fixture.clock.advance(by: 24 * 3600 - 60)
        let late = try fixture.authority.issue(try Self.request())
        #expect(late.expiresAt == fixture.clock.now + 60)
        fixture.clock.advance(by: 61)
        let failure = #expect(throws: IdentityError.self) { try fixture.authority.issue(try Self.request()) }
        #expect(failure?.code == .unavailable)
    }

    @Test func `a key is published before it signs, and stays until what it signed has ended`() async throws {
        let fixture = try AuthorityFixture(schedule: RotationSchedule(overlap: 30))
        let authority = fixture.authority
        try await authority.maintain()
        let first = try authority.issue(try Self.request())
        let sequence = authority.state.sequence
        try await authority.rotate()
        #expect(authority.jwtBundle.authorities.count == 2)
        #expect(authority.state.sequence > sequence)
        // Published, and not signing yet.
        #expect(try authority.issue(try Self.request()).keyID == first.keyID)
        fixture.clock.advance(by: 31)
        try await authority.maintain()
        let second = try authority.issue(try Self.request())
        #expect(second.keyID != first.keyID)
        #expect(try fixture.keys.key(for: first.keyID) == nil, "the key that signs no more is forgotten")
        // What the first signed still verifies, and what is asked to be pruned too early stays.
        _ = try Self.verify(first, authority, at: fixture.clock.now)
        try await authority.prune()
        #expect(authority.jwtBundle.authorities.count == 2)
        try await authority.prune(force: true)
        #expect(authority.jwtBundle.authorities.map(\.keyID) == [second.keyID])
        let refusal = #expect(throws: TokenRefusal.self) {
            try Self.verify(first, authority, at: fixture.clock.now)
        }
        #expect(refusal?.code == .unknownKey)
        #expect(authority.document.jwtAuthorities.map(\.keyID) == [second.keyID])
    }

    @Test func `day after day every token verifies with a bundle that is ten minutes old`() async throws {
        let fixture = try AuthorityFixture()
        let authority = fixture.authority
        try await authority.maintain()
        var (bundle, keys) = (authority.jwtBundle, Set<String>())
        let days = scaled(8)
        for _ in 0..<(days * 24 * 6) {
            fixture.clock.advance(by: 600)
            try await authority.maintain()
            let token = try authority.issue(try Self.request())
            keys.insert(token.keyID)
            // The verifier last heard ten minutes ago.
            _ = try JWTSVID(
                token.token.value,
                audiences: ["shop"],
                bundles: [bundle.trustDomain: bundle],
                at: fixture.clock.now
            )
            bundle = authority.jwtBundle
            #expect(bundle.authorities.count <= 4)
        }
        #expect(keys.count > days)
    }

    @Test func `another algorithm takes over by way of the bundle, and another authority's keys stay`() async throws {
        let fixture = try AuthorityFixture(schedule: RotationSchedule(overlap: 30))
        try await fixture.authority.maintain()
        let first = try fixture.authority.issue(try Self.request())
        func sibling(_ name: String, _ algorithm: TokenKeySlot.Algorithm) throws -> Authority {
            let clock = fixture.clock
            return Authority(
                .init(
                    trustDomain: try TrustDomain("cluster.local"),
                    name: name,
                    schedule: RotationSchedule(overlap: 30),
                    tokens: TokenOptions(algorithm: algorithm)
                ),
                store: fixture.store,
                keys: fixture.keys,
                clock: { clock.now },
                logger: quietLogger
            )
        }
        let restarted = try sibling("authority", .rs256)
        try await restarted.maintain()
        #expect(try restarted.issue(try Self.request()).keyID == first.keyID)
        #expect(restarted.jwtBundle.authorities.count == 2)
        fixture.clock.advance(by: 31)
        try await restarted.maintain()
        let second = try restarted.issue(try Self.request())
        #expect(second.keyID != first.keyID)
        _ = try Self.verify(second, restarted, at: fixture.clock.now)

        let other = try sibling("b", .es256)
        try await other.maintain()
        try await restarted.maintain()
        let third = try other.issue(try Self.request())
        _ = try Self.verify(third, restarted, at: fixture.clock.now)
        #expect(Set([first, second, third].map(\.keyID)).count == 3)
    }

    @Test func `a key that is lost is succeeded, and never signs under its name again`() async throws {
        let keys = MemoryKeyStore()
        let fixture = try AuthorityFixture(keys: keys)
        try await fixture.authority.maintain()
        let first = try fixture.authority.issue(try Self.request())
        keys.remove(first.keyID)
        try await fixture.authority.maintain()
        let second = try fixture.authority.issue(try Self.request())
        #expect(second.keyID != first.keyID)
        // What was signed before still verifies.
        _ = try Self.verify(first, fixture.authority, at: fixture.clock.now)
    }
}
