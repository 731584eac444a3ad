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
        let name = "jwt_svid_parse_and_validate"
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
