import Foundation
import SPIFFE
import Testing
import ZeroTrust

@testable import Authorization

/// Under `istio`, tokens are found and believed as Envoy 1.40 was seen to do it with Istio's settings.
@Suite struct EnvoyTokenTests {
    private static let issuer = Result { try TestIssuer() }

    /// A token whose payload has more members, as they stand.
    private static func token(_ members: String) throws -> String {
        try issuer.get().sign(
            header: Data(#"{"alg":"ES256","kid":"P-256"}"#.utf8),
            payload: Data(#"{"iss":"https://issuer.example","sub":"alice",\#(members)}"#.utf8)
        )
    }

    @Test(arguments: [
        (#""exp":0"#, true), (#""exp":0.0"#, true), (#""exp":-0"#, true), (#""exp":0.5"#, true), (#""exp":1"#, false),
        (#""exp":-1"#, false), (#""exp":"0""#, false), (#""exp":null"#, false), (#""exp":false"#, false),
        (#""exp":1e3"#, false), (#""exp":1e20"#, false), (#""exp":1e18"#, true), (#""exp":4102444800.5"#, true),
        (#""exp":18446744073709551615"#, false), (#""exp":9223372036854775807"#, true), (#""exp":0,"nbf":0"#, true),
        (#""nbf":-1"#, false), (#""nbf":0.5"#, true), (#""nbf":"1""#, false), (#""nbf":null"#, false),
        (#""iat":-1"#, false), (#""iat":null"#, false), (#""iat":"1""#, false), (#""iat":1.5"#, true),
        (#""iat":1e20"#, false), (#""iat":4102444800"#, true), (#""jti":5"#, false), (#""jti":null"#, false),
        (#""aud":null"#, false), (#""aud":5"#, false), (#""aud":[]"#, true), (#""aud":[5]"#, false), (#""x":1"#, true),
    ])
    func `claims hold where they hold to Envoy`(_ members: String, _ isAccepted: Bool) throws {
        let token = try Self.token(members)
        let istio = TestIssuer.verifier([try Self.issuer.get().rule()], compatibility: .istio)
        for _ in 0..<2 { #expect((istio.outcome(bearer: token) == "alice") == isAccepted, "\(members)") }
        let strict = TestIssuer.verifier([try Self.issuer.get().rule()])
        #expect(isAccepted || strict.outcome(bearer: token) != "alice", "strict accepts no more")
    }

    @Test func `an exp of 0 is none under istio, and long past under strict`() throws {
        let token = try Self.token(#""exp":0"#)
        let rule = try Self.issuer.get().rule()
        let verdict = TestIssuer.verifier([rule], compatibility: .istio).verify(
            TokenRequest(headers: [.init(name: "authorization", value: "Bearer " + token)], path: "/")
        )
        #expect(verdict.identity != nil && verdict.identity?.expiresAt == nil)
        #expect(TestIssuer.verifier([rule]).outcome(bearer: token) == TokenRefusal.Code.expired.rawValue)
    }

    struct Lines: CustomTestStringConvertible, Sendable {
        let place: TokenRule.Place
        /// `G` stands for a good token, `B` for one with a wrong signature.
        let lines: [String]
        /// The subject, `none`, or nil for a refusal.
        let outcome: String?

        init(_ place: TokenRule.Place, _ lines: [String], _ outcome: String?) {
            (self.place, self.lines, self.outcome) = (place, lines, outcome)
        }

        var testDescription: String { "\(place) \(lines)" }
    }

    private static let usual = TokenRule.Place.header("authorization", prefix: "Bearer ")
    private static let bare = TokenRule.Place.header("authorization", prefix: "")
    private static let own = TokenRule.Place.header("x-jwt", prefix: "")
    private static let prefixed = TokenRule.Place.header("x-jwt", prefix: "Tok ")

    static let lines = [
        Lines(usual, ["Bearer G"], "alice"), Lines(usual, ["Bearer B"], nil),
        Lines(usual, ["Bearer G", "Bearer G"], nil), Lines(usual, ["Bearer G", "Bearer B"], nil),
        Lines(usual, ["Bearer B", "Bearer G"], nil), Lines(usual, ["Basic abc", "Bearer G"], "alice"),
        Lines(usual, ["Bearer G", "Basic abc"], nil), Lines(usual, ["", "Bearer G"], "alice"),
        Lines(usual, ["Bearer G,Bearer G"], nil), Lines(usual, ["Bearer G junk"], nil),
        Lines(usual, ["Bearer G;"], nil),
        Lines(usual, ["Bearer", "G"], "none"), Lines(usual, ["Bearer =,G"], "alice"), Lines(usual, ["Bearer ,,"], nil),
        Lines(usual, ["xBearer G"], "alice"), Lines(usual, ["Bearer"], "none"),
        Lines(bare, ["G"], "alice"), Lines(bare, ["G", "G"], nil), Lines(bare, ["G", ""], "alice"),
        Lines(bare, ["", "G"], "alice"), Lines(bare, [""], nil), Lines(bare, ["", ""], nil),
        Lines(bare, ["junk", "G"], nil),
        Lines(own, ["G", "G"], "alice"), Lines(own, ["", "G"], nil),
        Lines(own, ["B", "G"], nil), Lines(own, ["junk", "G"], nil), Lines(own, [""], nil),
        Lines(own, ["G", "B"], nil), Lines(own, ["G", ""], nil),
        Lines(prefixed, ["Tok G", "Tok G"], "alice"), Lines(prefixed, ["Tok G", ""], "alice"),
        Lines(prefixed, ["junk", "Tok G"], "alice"),
        Lines(prefixed, ["Tok", "G"], "none"), Lines(prefixed, ["Tok ,, G"], "alice"),
        Lines(prefixed, ["Tok G x"], nil), Lines(prefixed, ["Tok G", "Tok B"], nil),
    ]

    @Test(arguments: lines)
    func `a token is found in several lines where Envoy finds it`(_ row: Lines) throws {
        let issuer = try Self.issuer.get()
        let good = try issuer.token()
        let bad = good.split(separator: ".")[..<2].joined(separator: ".") + "." + TestIssuer.encode(Data(count: 64))
        guard case .header(let name, _) = row.place else { return }
        let headers = row.lines.map { (name, $0.replacing(#/\bG\b/#, with: good).replacing(#/\bB\b/#, with: bad)) }
        let rule = try issuer.rule { $0.places = [row.place] }
        let istio = TestIssuer.verifier([rule], compatibility: .istio).outcome(headers)
        #expect(["alice", "none"].contains(istio) ? istio == row.outcome : row.outcome == nil, "\(istio)")
        let strict = TestIssuer.verifier([rule]).outcome(headers)
        #expect(strict != "alice" || row.outcome == "alice", "strict accepts no more: \(strict)")
    }

    @Test(arguments: [
        ("OPTIONS", [("origin", "https://o"), ("access-control-request-method", "GET")], true),
        ("OPTIONS", [("origin", "https://o"), ("access-control-request-method", "junk")], true),
        (
            "OPTIONS",
            [("origin", "https://o"), ("access-control-request-method", ""), ("access-control-request-method", "x")],
            true
        ),
        ("OPTIONS", [("access-control-request-method", "GET")], false),
        ("OPTIONS", [("origin", "https://o")], false),
        ("OPTIONS", [("origin", ""), ("access-control-request-method", "GET")], false),
        ("OPTIONS", [("origin", "https://o"), ("access-control-request-method", "")], false),
        ("GET", [("origin", "https://o"), ("access-control-request-method", "GET")], false),
    ])
    func `a token in a CORS preflight counts for nothing under istio`(
        _ method: String,
        _ headers: [(String, String)],
        _ isPreflight: Bool
    ) throws {
        let issuer = try Self.issuer.get()
        let istio = TestIssuer.verifier([try issuer.rule()], compatibility: .istio)
        let strict = TestIssuer.verifier([try issuer.rule()])
        for (token, outcome) in [(try issuer.token(), "alice"), ("x.y.z", TokenRefusal.Code.malformed.rawValue)] {
            let lines = headers + [("authorization", "Bearer " + token)]
            let fields = lines.map { Exchange.Header(name: $0.0, value: $0.1) }
            #expect(TokenRequest.isPreflight(method: method, headers: fields) == isPreflight)
            #expect(istio.outcome(lines, isPreflight: isPreflight) == (isPreflight ? "none" : outcome))
            #expect(strict.outcome(lines, isPreflight: isPreflight) == outcome)
        }
    }
}
