import Crypto
import Foundation
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

/// The situations in which go-spiffe validates JWT-SVIDs, and the JWK sets that it and py-spiffe test themselves on.
///
/// The tokens are made here anew, with keys of our own.
@Suite(.enabled(if: SPIFFECorpus.isPresent)) struct `SPIFFE token conformance` {
    private struct Group: Decodable {
        struct Case: Decodable {
            let `case`: String
            let accept: Bool
        }
        let cases: [Case]
    }

    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test func `validates as every case says`() throws {
        let issuer = try TokenIssuer("trustdomain", keyID: "authority1")
        let stranger = try TokenIssuer("trustdomain", keyID: "authority1")
        let bundles = [issuer.trustDomain: try issuer.bundle]
        func payload(_ sub: String? = "spiffe://trustdomain/host", exp: Int? = 1_800_000_300) -> String {
            let members = [
                sub.map { #""sub":"\#($0)""# }, #""aud":["audience"]"#, exp.map { #""exp":\#($0)"# },
                #""iat":1799999990"#,
            ]
            return "{" + members.compactMap(\.self).joined(separator: ",") + "}"
        }
        func accepts(_ token: String, _ audience: String = "audience") -> Bool {
            (try? JWTSVID(token, audiences: [audience], bundles: bundles, at: Self.now)) != nil
        }
        let situations: [String: () throws -> Bool] = [
            "success": { accepts(try issuer.token(payload: payload())) },
            "malformed": { accepts("token") },
            "unsupported algorithm": {
                accepts(try issuer.token(header: #"{"alg":"HS256","kid":"authority1"}"#, payload: payload()))
            },
            "missing subject": { accepts(try issuer.token(payload: payload(nil))) },
            "missing expiration claim": { accepts(try issuer.token(payload: payload(exp: nil))) },
            "expired": { accepts(try issuer.token(payload: payload(exp: 1_799_999_900))) },
            "unexpected audience": { accepts(try issuer.token(payload: payload()), "another") },
            "invalid subject claim": { accepts(try issuer.token(payload: payload("invalid subject"))) },
            "missing key": { accepts(try issuer.token(header: #"{"alg":"ES256","typ":"JWT"}"#, payload: payload())) },
            "no bundle for trust domain": {
                accepts(try issuer.token(payload: payload("spiffe://another.domain/host")))
            },
            "no bundle for authority": {
                accepts(try issuer.token(header: #"{"alg":"ES256","kid":"noKey"}"#, payload: payload()))
            },
            "mismatched JWT authority": { accepts(try stranger.token(payload: payload())) },
            "invalid typ": {
                accepts(
                    try issuer.token(header: #"{"alg":"ES256","kid":"authority1","typ":"invalid"}"#, payload: payload())
                )
            },
        ]
        try run("jwt_svid_parse_and_validate", situations)
    }

    @Test func `takes a WIT-SVID as every case says`() throws {
        let issuer = try TokenIssuer("trustdomain", keyID: "authority1")
        let bundles = [
            issuer.trustDomain: SPIFFEBundle(
                trustDomain: issuer.trustDomain,
                authorities: [],
                witAuthorities: [try issuer.authority]
            )
        ]
        let point = try TokenIssuer().key.publicKey.rawRepresentation
        func jwk(_ change: (inout [String: Any]) -> Void = { _ in }) -> [String: Any] {
            var jwk: [String: Any] = [
                "alg": "ES256", "kty": "EC", "crv": "P-256", "x": TokenIssuer.encode(Array(point.prefix(32))),
                "y": TokenIssuer.encode(Array(point.suffix(32))),
            ]
            change(&jwk)
            return jwk
        }
        func accepts(
            header: [String: Any] = [:],
            without names: String...,
            claims: [String: Any] = [:]
        ) throws -> Bool {
            func text(_ usual: [String: Any], _ changes: [String: Any]) throws -> String {
                let object = usual.merging(changes) { $1 }.filter { !names.contains($0.key) }
                return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
            }
            let token = try issuer.token(
                header: try text(["alg": "ES256", "kid": "authority1", "typ": "wit+jwt"], header),
                payload: try text(
                    ["sub": "spiffe://trustdomain/host", "exp": 1_800_000_300, "cnf": ["jwk": jwk()]],
                    claims
                )
            )
            return (try? WITSVID(token, bundles: bundles, at: Self.now)) != nil
        }
        let situations: [String: () throws -> Bool] = [
            "valid token": { try accepts() },
            "nbf in the past is accepted": { try accepts(claims: ["nbf": 1_799_999_000]) },
            "malformed": { (try? WITSVID("token", bundles: bundles, at: Self.now)) != nil },
            "unsupported algorithm": { try accepts(header: ["alg": "HS256"]) },
            "wrong typ": { try accepts(header: ["typ": "JWT"]) },
            "missing typ": { try accepts(without: "typ") },
            "missing kid": { try accepts(without: "kid") },
            "missing sub": { try accepts(without: "sub") },
            "missing exp": { try accepts(without: "exp") },
            "aud present": { try accepts(claims: ["aud": ["audience"]]) },
            "invalid sub": { try accepts(claims: ["sub": "invalid subject"]) },
            "expired": { try accepts(claims: ["exp": 1_799_999_900]) },
            "nbf in future": { try accepts(claims: ["nbf": 1_800_000_200]) },
            "missing cnf": { try accepts(without: "cnf") },
            "cnf not an object": { try accepts(claims: ["cnf": "key"]) },
            "missing cnf.jwk": { try accepts(claims: ["cnf": ["kid": "a"]]) },
            "cnf.jwk not an object": { try accepts(claims: ["cnf": ["jwk": "key"]]) },
            "cnf.jwk missing alg": { try accepts(claims: ["cnf": ["jwk": jwk { $0["alg"] = nil }]]) },
            "cnf.jwk alg not a string": { try accepts(claims: ["cnf": ["jwk": jwk { $0["alg"] = 1 }]]) },
            "cnf.jwk alg unsupported": { try accepts(claims: ["cnf": ["jwk": jwk { $0["alg"] = "HS256" }]]) },
            "cnf.jwk is private key": { try accepts(claims: ["cnf": ["jwk": jwk { $0["d"] = "AAAA" }]]) },
        ]
        try run("wit_svid_parse", situations)
        // Keys for JWT-SVIDs do not count, nor does a token of another kind, nor the examples of others.
        let jwtOnly = SPIFFEBundle(
            trustDomain: issuer.trustDomain,
            authorities: [],
            jwtAuthorities: [try issuer.authority]
        )
        let example = String(decoding: try SPIFFECorpus.data("testdata/wit-svid-appendix-a.jwt"), as: UTF8.self)
        let wimse = String(decoding: try SPIFFECorpus.data("testdata/wimse/wit.txt"), as: UTF8.self)
        for token in [example, wimse].map({ $0.filter { !$0.isWhitespace } }) {
            #expect(throws: TokenRefusal.self) { try WITSVID(token, bundles: bundles, at: Self.now) }
        }
        let good = try issuer.token(
            header: #"{"alg":"ES256","kid":"authority1","typ":"wit+jwt"}"#,
            payload: String(
                decoding: try JSONSerialization.data(withJSONObject: [
                    "sub": "spiffe://trustdomain/host", "exp": 1_800_000_300, "cnf": ["jwk": jwk()], "jti": "a",
                ]),
                as: UTF8.self
            )
        )
        let svid = try WITSVID(good, bundles: bundles, at: Self.now)
        #expect(svid.tokenID == "a" && svid.algorithm == .es256 && svid.id.description == "spiffe://trustdomain/host")
        let refusal = #expect(throws: TokenRefusal.self) {
            try WITSVID(good, bundles: [issuer.trustDomain: jwtOnly], at: Self.now)
        }
        #expect(refusal?.code == .unknownKey)
        // It is no bearer token: nobody who takes JWT-SVIDs takes it.
        #expect(throws: TokenRefusal.self) {
            try JWTSVID(good, audiences: ["audience"], bundles: [issuer.trustDomain: issuer.bundle], at: Self.now)
        }
    }

    private func run(_ name: String, _ situations: [String: () throws -> Bool]) throws {
        let file = try JSONSerialization.jsonObject(
            with: SPIFFECorpus.data("testdata/jwt_wit_semantic_cases.json")
        )
        let group = try JSONDecoder().decode(
            Group.self,
            from: JSONSerialization.data(withJSONObject: try #require((file as? [String: Any])?[name]))
        )
        var tally = Tally("spiffe \(name)")
        for item in group.cases {
            guard let situation = situations[item.case] else {
                tally.note("\(item.case): a situation that this suite does not know how to make", false)
                continue
            }
            tally.note(item.case, (try? situation()) ?? false == item.accept)
        }
        tally.report()
    }

    @Test func `agrees on every JWK set`() throws {
        let domain = try TrustDomain("domain.test")
        var tally = Tally("spiffe jwk sets")
        for folder in ["testdata/go-spiffe/bundle_jwtbundle", "testdata/py-spiffe/jwks"] {
            for file in try SPIFFECorpus.files(folder) where file.hasSuffix(".json") {
                let data = try SPIFFECorpus.data("\(folder)/\(file)")
                let bundle = try? JWTBundle(trustDomain: domain, jwks: Array(data))
                guard !file.contains("missing") else {
                    tally.note("\(folder)/\(file): taken", bundle == nil)
                    continue
                }
                let object = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
                let keys = object["keys"] as? [[String: Any]] ?? []
                tally.note("\(folder)/\(file)", bundle?.authorities.map(\.keyID) == keys.map { $0["kid"] as? String })
                let again = try bundle.map { try JWTBundle(trustDomain: domain, jwks: Array($0.jwks.utf8)) }
                tally.note("\(folder)/\(file) written again", again == bundle && bundle != nil)
            }
        }
        tally.report()
    }
}
