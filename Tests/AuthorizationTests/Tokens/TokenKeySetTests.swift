import Foundation
import Resources
import SPIFFE
import Testing

@testable import Authorization

@Suite struct TokenKeySetTests {
    private static func read(_ text: String) throws -> TokenKeySet {
        try TokenKeySet(json: Array(text.utf8), at: TestIssuer.location)
    }

    @Test func `the keys of every kind are read, and those not for signatures passed over`() throws {
        var jwks = try TestIssuer().jwks()
        #expect(try TestIssuer.keySet(jwks).passedOver == [])
        jwks.append(["kty": "oct", "k": "c2VjcmV0"])
        jwks.append(["kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"])
        jwks.append(jwks[0].merging(["use": "enc"]) { $1 })
        jwks.append(jwks[0].merging(["key_ops": ["sign"]]) { $1 })
        jwks.append(jwks[0].merging(["alg": "ES384"]) { $1 })
        jwks.append(jwks[0].merging(["alg": "HS256"]) { $1 })
        jwks.append(jwks[0].merging(["x": "AAAA"]) { $1 })
        jwks.append(jwks[0].merging(["y": jwks[0]["x"] as Any]) { $1 })
        jwks.append(jwks[4].merging(["e": "AQ"]) { $1 })
        jwks.append(jwks[4].merging(["n": "AQAB"]) { $1 })
        jwks.append(jwks[4].merging(["n": String(repeating: "_", count: 1368)]) { $1 })
        let set = try TestIssuer.keySet(jwks)
        #expect(set.passedOver.count == 11)
        #expect(set.passedOver.first == "key 5: its `kty` or `crv` is not one that signs tokens")
    }

    @Test func `a key that stands alone is a set of one`() throws {
        let jwk = try TestIssuer().jwks()[0]
        let data = try JSONSerialization.data(withJSONObject: jwk)
        #expect(try TokenKeySet(json: Array(data), at: TestIssuer.location).passedOver.isEmpty)
    }

    @Test(arguments: [
        ("", "not JSON"), ("[]", "no JSON object"), ("{}", "no list `keys`"), (#"{"keys":{}}"#, "no list `keys`"),
        (#"{"keys":[]}"#, "no key that verifies"), (#"{"keys":[1]}"#, "key 0 of the key set is no JSON object"),
        (#"{"keys":[{"kty":"oct","k":"AA"}]}"#, "no key that verifies signatures of tokens: key 0: its `kty`"),
        (#"{"keys":[],"keys":[]}"#, "a name stands twice"),
        (#"{"keys":[\#(Array(repeating: "{}", count: 65).joined(separator: ","))]}"#, "at most 64"),
        (#"{"keys":[],"x":"\#(String(repeating: "x", count: 256 * 1024))"}"#, "more than 262144 bytes"),
    ])
    func `what has no key for signatures is refused at its place`(text: String, message: String) throws {
        let error = #expect(throws: ResourceError.self) { try Self.read(text) }
        let description = error?.description ?? ""
        #expect(description.hasPrefix("keys.json:1:1: error: "), "\(description.prefix(200))")
        #expect(description.contains(message), "\(description.prefix(200))")
    }

    @Test func `a key is for one algorithm where the set says so`() throws {
        let issuer = try TestIssuer()
        let rsa = try issuer.jwks()[4].merging(["alg": "PS256"]) { $1 }
        let keys = try TestIssuer.keySet([rsa])
        #expect(throws: Never.self) { try keys.verify(try CompactToken(issuer.token(algorithm: .ps256))) }
        let error = #expect(throws: TokenRefusal.self) {
            try keys.verify(try CompactToken(issuer.token(algorithm: .rs256)))
        }
        #expect(error?.code == .unknownKey)
    }

    @Test func `a token that names no key is tried with every key that fits`() throws {
        let (first, second) = (try TestIssuer(), try TestIssuer())
        let keys = try TestIssuer.keySet(first.jwks() + second.jwks())
        #expect(throws: Never.self) { try keys.verify(try CompactToken(second.token(header: ["kid": NSNull()]))) }
    }
}
