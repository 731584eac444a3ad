import Crypto
import Foundation
import SPIFFE
import Testing
import X509
import ZeroTrust

@testable import WorkloadIdentity

/// §3.1 of the identity specification: each field that a cloud reads, and each limit that one has.
@Suite(.timeLimit(.minutes(5))) struct OIDCDocumentsTests {
    private func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    private func bundle(_ keys: [Certificate.PublicKey]) throws -> JWTBundle {
        JWTBundle(
            trustDomain: try TrustDomain("cluster.local"),
            authorities: try keys.enumerated().map { try TokenAuthority(keyID: "k\($0.offset)", publicKey: $0.element) }
        )
    }

    @Test(arguments: TokenKeySlot.Algorithm.allCases)
    func `the description has every field that clouds read`(_ algorithm: TokenKeySlot.Algorithm) async throws {
        let issuer = try OIDCIssuer("https://id.example/prod")
        let fixture = try AuthorityFixture(tokens: TokenOptions(algorithm: algorithm, issuer: issuer))
        try await fixture.authority.maintain()
        let documents = try OIDCDocuments(issuer: issuer, bundle: fixture.authority.jwtBundle)
        let found = try json(documents.discovery)
        #expect(found["issuer"] as? String == "https://id.example/prod")
        #expect(found["jwks_uri"] as? String == "https://id.example/prod/keys")
        #expect(found["authorization_endpoint"] as? String == "urn:kubernetes:programmatic_authorization")
        #expect(found["response_types_supported"] as? [String] == ["id_token"])
        #expect(found["subject_types_supported"] as? [String] == ["public"])
        #expect(found["id_token_signing_alg_values_supported"] as? [String] == [algorithm.rawValue])
        #expect(Set(found["claims_supported"] as? [String] ?? []).isSuperset(of: ["sub", "iss", "aud", "iat", "exp"]))
        #expect(found.count == 7)

        let keys = try #require(try json(documents.keys)["keys"] as? [[String: Any]])
        let token = try fixture.authority.issue(try AuthorityTokensTests.request(["sts.amazonaws.com"]))
        #expect(keys.map { $0["kid"] as? String } == [token.keyID])
        #expect(keys.allSatisfy { $0["use"] as? String == "sig" && $0["alg"] as? String == algorithm.rawValue })
        // Public numbers only.
        for secret in ["d", "p", "q", "dp", "dq", "qi", "k"] { #expect(keys.allSatisfy { $0[secret] == nil }) }
    }

    @Test func `the issuer in tokens is that of the description, to the letter`() async throws {
        let issuer = try OIDCIssuer("https://id.example/prod")
        let fixture = try AuthorityFixture(tokens: TokenOptions(issuer: issuer))
        try await fixture.authority.maintain()
        let token = try fixture.authority.issue(try AuthorityTokensTests.request(["sts.amazonaws.com"]))
        let svid = try AuthorityTokensTests.verify(token, fixture.authority, at: fixture.clock.now)
        let claims = try json(svid.claims)
        let documents = try OIDCDocuments(issuer: issuer, bundle: fixture.authority.jwtBundle)
        #expect(claims["iss"] as? String == (try json(documents.discovery)["issuer"] as? String))
        // One audience, and every claim that AWS asks for.
        #expect(claims["aud"] as? String == "sts.amazonaws.com")
        #expect(Set(claims.keys).isSuperset(of: ["iss", "aud", "sub", "iat", "exp"]))
    }

    @Test func `the longest token is far below what AWS takes`() async throws {
        let issuer = try OIDCIssuer("https://id.example/" + String(repeating: "a", count: 235))
        let fixture = try AuthorityFixture(tokens: TokenOptions(algorithm: .rs256, issuer: issuer))
        try await fixture.authority.maintain()
        let id = "spiffe://cluster.local/" + String(repeating: "a", count: 2048 - "spiffe://cluster.local/".utf8.count)
        let token = try fixture.authority.issue(
            JWTSVIDRequest(id: try SPIFFEID(id), audiences: [String(repeating: "b", count: 255)])
        )
        #expect(token.token.value.utf8.count < 5000)
        _ = try AuthorityTokensTests.verify(token, fixture.authority, at: fixture.clock.now)
    }

    @Test func `no key, too many keys and keys that AWS does not take are refused`() throws {
        let issuer = try OIDCIssuer("https://id.example")
        func refuses(_ keys: [Certificate.PublicKey]) throws -> Bool {
            let bundle = try bundle(keys)
            return (try? OIDCDocuments(issuer: issuer, bundle: bundle)) == nil
        }
        let ec = Certificate.PublicKey(P256.Signing.PrivateKey().publicKey)
        #expect(try refuses([]))
        #expect(try !refuses(Array(repeating: ec, count: 100)))
        #expect(try refuses(Array(repeating: ec, count: 101)))
        #expect(try refuses([.init(Curve25519.Signing.PrivateKey().publicKey)]))
        // An authority publishes no more than this of all kinds.
        #expect(Authority.maximumSlots <= OIDCDocuments.maximumKeysOfAKind)
    }
}
