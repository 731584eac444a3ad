import Crypto
import CryptoExtras
import Foundation
import SPIFFE
import TestIdentities
import Testing
import X509
import ZeroTrust

/// JWK sets as bundles of JWT keys (rules 23, 25 and 53).
@Suite struct `JWT bundles` {
    private let issuer: TokenIssuer
    private let domain: TrustDomain

    init() throws {
        issuer = try TokenIssuer()
        domain = issuer.trustDomain
    }

    private func parse(_ text: String) throws -> JWTBundle {
        try JWTBundle(trustDomain: domain, jwks: Array(text.utf8))
    }

    @Test func `come back as they were written`() throws {
        let rsa = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let bundle = JWTBundle(
            trustDomain: domain,
            authorities: [
                try issuer.authority,
                try TokenAuthority(keyID: "384", publicKey: .init(P384.Signing.PrivateKey().publicKey)),
                try TokenAuthority(keyID: "521", publicKey: .init(P521.Signing.PrivateKey().publicKey)),
                try TokenAuthority(keyID: "rsa", publicKey: .init(rsa.publicKey)),
            ]
        )
        #expect(try parse(bundle.jwks) == bundle)
        #expect(bundle.jwks.components(separatedBy: #""use":"jwt-svid""#).count == 5)
        #expect(!bundle.jwks.contains(#""d":"#))
    }

    @Test func `take keys for tokens and pass over the rest`() throws {
        let jwk = String(try issuer.bundle.jwks.dropFirst(9).dropLast(2))
        let without = jwk.replacing(#","use":"jwt-svid""#, with: "")
        #expect(try parse(#"{"keys":[\#(without)]}"#).authorities.count == 1)
        for use in ["x509-svid", "wit-svid", "sig", "JWT-SVID", ""] {
            let other = jwk.replacing(#""use":"jwt-svid""#, with: #""use":"\#(use)""#)
            #expect(try parse(#"{"keys":[\#(other)]}"#).authorities.isEmpty)
        }
        #expect(try parse(#"{"keys":[{"kty":"oct","k":"AA","kid":"a"}]}"#).authorities.isEmpty)
        #expect(try parse(#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"AA","kid":"a"}]}"#).authorities.isEmpty)
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"keys":{}}"#, #"{"keys":[7]}"#, #"{"keys":[],"keys":[]}"#, #"{"keys":[]} x"#,
        #"{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA","kid":"a"}]}"#,
        #"{"keys":[{"kty":"EC","crv":"P-256","kid":"a"}]}"#,
        #"{"keys":[{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA","kid":"a"}]}"#,
        #"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"a"}]}"#,
    ])
    func `refuse what is not one`(text: String) {
        #expect(throws: SVIDError.self) { try parse(text) }
    }

    @Test func `refuse a key without a name, a name for two keys, and too many keys`() throws {
        let jwk = String(try issuer.bundle.jwks.dropFirst(9).dropLast(2))
        #expect(throws: SVIDError.self) { try parse(#"{"keys":[\#(jwk),\#(jwk)]}"#) }
        let nameless = jwk.replacing(#""kid":"key-1","#, with: "")
        #expect(throws: SVIDError.self) { try parse(#"{"keys":[\#(nameless)]}"#) }
        let many = Array(repeating: #"{"kty":"oct"}"#, count: JWTBundle.maximumKeys + 1).joined(separator: ",")
        #expect(throws: SVIDError.self) { try parse(#"{"keys":[\#(many)]}"#) }
        #expect(throws: SVIDError.self) { try parse(String(repeating: " ", count: JWTBundle.maximumLength + 1)) }
    }

    @Test func `verify nothing when they are empty, which revokes everything`() throws {
        let token = try issuer.token(payload: #"{"sub":"spiffe://example.org/a","aud":"x","exp":1800000300}"#)
        let empty = try parse(#"{"keys":[]}"#)
        let refusal = #expect(throws: TokenRefusal.self) {
            try JWTSVID(
                token,
                audiences: ["x"],
                bundles: [domain: empty],
                at: Date(timeIntervalSince1970: 1_800_000_000)
            )
        }
        #expect(refusal?.code == .unknownKey)
    }

    @Test func `verify only their own trust domain's tokens (rule 25)`() throws {
        let partner = try TokenIssuer("partner.example")
        let bundles = [domain: try issuer.bundle, partner.trustDomain: try partner.bundle]
        func outcome(_ token: String) -> TokenRefusal.Code? {
            do throws(TokenRefusal) {
                _ = try JWTSVID(
                    token,
                    audiences: ["x"],
                    bundles: bundles,
                    at: Date(timeIntervalSince1970: 1_800_000_000)
                )
                return nil
            } catch { return error.code }
        }
        func payload(_ id: String) -> String { #"{"sub":"\#(id)","aud":"x","exp":1800000300}"# }
        #expect(try outcome(partner.token(payload: payload("spiffe://partner.example/a"))) == nil)
        // The partner's key, good in itself, says nothing about our workloads.
        #expect(try outcome(partner.token(payload: payload("spiffe://example.org/a"))) == .badSignature)
    }

    @Test func `come to an end whatever the bytes are`() throws {
        var random = SystemRandomNumberGenerator()
        let good = Array(try issuer.bundle.jwks.utf8)
        for _ in 0..<5000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            if let bundle = try? JWTBundle(trustDomain: domain, jwks: bytes) {
                #expect(try parse(bundle.jwks) == bundle)
            }
        }
    }
}
