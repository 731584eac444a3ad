import Crypto
import Foundation
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

/// Rules 17 to 25 of the identity specification: what a JWT-SVID is, and who verifies it.
@Suite struct `JWT-SVIDs` {
    private let issuer: TokenIssuer
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    init() throws { issuer = try TokenIssuer() }

    /// One change of an ordinary token, and the refusal that it leads to; nil where the token is still good.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let header: String?
        let payload: String
        let refusal: TokenRefusal.Code?

        var testDescription: String { name }

        init(_ name: String, header: String? = nil, payload: String = Self.payload(), _ refusal: TokenRefusal.Code?) {
            self.name = name
            self.header = header
            self.payload = payload
            self.refusal = refusal
        }

        static func payload(
            sub: String = #""spiffe://example.org/api""#,
            aud: String = #""shop""#,
            exp: String = "1800000300",
            more: String = ""
        ) -> String { #"{"sub":\#(sub),"aud":\#(aud),"exp":\#(exp)\#(more)}"# }
    }

    private static func header(_ members: String) -> String { #"{"kid":"key-1",\#(members)}"# }

    static let cases: [Case] = [
        Case("ordinary", nil),
        Case("rule 17: another header", header: header(#""alg":"ES256","x5t":"a""#), .headerNotAllowed),
        Case("rule 17: an embedded key", header: header(#""alg":"ES256","jwk":{}"#), .headerNotAllowed),
        Case("rule 17: a key's URL", header: header(#""alg":"ES256","jku":"https://a.example""#), .headerNotAllowed),
        Case("rule 17: crit", header: header(#""alg":"ES256","crit":["exp"]"#), .malformed),
        Case("rule 17: a name twice", header: header(#""alg":"ES256","alg":"ES256""#), .malformed),
        Case("rule 18: none", header: header(#""alg":"none""#), .unsupportedAlgorithm),
        Case("rule 18: HS256", header: header(#""alg":"HS256""#), .unsupportedAlgorithm),
        Case("rule 18: EdDSA", header: header(#""alg":"EdDSA""#), .unsupportedAlgorithm),
        Case("rule 18: no algorithm", header: #"{"kid":"key-1"}"#, .malformed),
        Case("rule 18: one that the key is not for", header: header(#""alg":"RS256""#), .unknownKey),
        Case("rule 18: another curve's", header: header(#""alg":"ES384""#), .unknownKey),
        Case("rule 18: in small letters", header: header(#""alg":"es256""#), .unsupportedAlgorithm),
        Case("rule 19: no typ", header: header(#""alg":"ES256""#), nil),
        Case("rule 19: JOSE", header: header(#""alg":"ES256","typ":"JOSE""#), nil),
        Case("rule 19: an access token", header: header(#""alg":"ES256","typ":"at+jwt""#), .headerNotAllowed),
        Case("rule 19: a WIT", header: header(#""alg":"ES256","typ":"wit+jwt""#), .headerNotAllowed),
        Case("rule 19: in small letters", header: header(#""alg":"ES256","typ":"jwt""#), .headerNotAllowed),
        Case("rule 19: no string", header: header(#""alg":"ES256","typ":7"#), .headerNotAllowed),
        Case("rule 20: no sub", payload: #"{"aud":"shop","exp":1800000300}"#, .invalidSubject),
        Case("rule 20: a number", payload: Case.payload(sub: "7"), .invalidSubject),
        Case("rule 20: no SPIFFE ID", payload: Case.payload(sub: #""alice""#), .invalidSubject),
        Case("rule 20: a query", payload: Case.payload(sub: #""spiffe://example.org/a?b""#), .invalidSubject),
        Case("rule 20: a trust domain", payload: Case.payload(sub: #""spiffe://example.org""#), .invalidSubject),
        Case("rule 20: twice", payload: Case.payload(more: #","sub":"spiffe://example.org/b""#), .malformed),
        Case("rule 21: one of several", payload: Case.payload(aud: #"["other","shop"]"#), nil),
        Case("rule 21: others'", payload: Case.payload(aud: #""bank""#), .wrongAudience),
        Case("rule 21: a part of the name", payload: Case.payload(aud: #""shopping""#), .wrongAudience),
        Case("rule 21: none", payload: #"{"sub":"spiffe://example.org/api","exp":1800000300}"#, .wrongAudience),
        Case("rule 21: an empty list", payload: Case.payload(aud: "[]"), .wrongAudience),
        Case("rule 21: an empty one beside", payload: Case.payload(aud: #"["shop",""]"#), .wrongAudience),
        Case("rule 21: a number", payload: Case.payload(aud: "7"), .malformed),
        Case("rule 22: no exp", payload: #"{"sub":"spiffe://example.org/api","aud":"shop"}"#, .neverExpires),
        Case("rule 22: over now", payload: Case.payload(exp: "1800000000"), .expired),
        Case("rule 22: over a minute ago", payload: Case.payload(exp: "1799999940"), .expired),
        Case("rule 22: in a second", payload: Case.payload(exp: "1800000001"), nil),
        Case("rule 22: a text", payload: Case.payload(exp: #""1800000300""#), .malformed),
        Case("rule 22: null", payload: Case.payload(exp: "null"), .malformed),
        Case("rule 22: before 1970", payload: Case.payload(exp: "-1"), .malformed),
        Case("rule 22: beyond all time", payload: Case.payload(exp: "1e300"), .malformed),
        Case("rule 22: with a fraction", payload: Case.payload(exp: "1800000300.5"), nil),
        Case("nbf to come", payload: Case.payload(more: #","nbf":1800000060"#), .notYetValid),
        Case("nbf within the clocks' difference", payload: Case.payload(more: #","nbf":1800000010"#), nil),
        Case("iat to come", payload: Case.payload(more: #","iat":1800000060"#), .notYetValid),
        Case("iat a text", payload: Case.payload(more: #","iat":"a""#), .malformed),
        Case("rule 23: no kid", header: #"{"alg":"ES256"}"#, .headerNotAllowed),
        Case("rule 23: an empty kid", header: #"{"alg":"ES256","kid":""}"#, .headerNotAllowed),
        Case("rule 23: a kid that is a number", header: #"{"alg":"ES256","kid":1}"#, .malformed),
        Case("rule 23: an unknown kid", header: #"{"alg":"ES256","kid":"key-2"}"#, .unknownKey),
        Case("rule 25: another domain", payload: Case.payload(sub: #""spiffe://other.example/api""#), .noKeys),
        Case("any iss", payload: Case.payload(more: #","iss":"https://issuer.example""#), nil),
        Case("an iss that is no string", payload: Case.payload(more: #","iss":7"#), .malformed),
        Case("a payload that is a list", payload: "[]", .malformed),
        Case("text after the payload", payload: Case.payload() + "{}", .malformed),
    ]

    private func outcome(_ token: String, audiences: Set<String> = ["shop"]) throws -> TokenRefusal.Code? {
        do throws(TokenRefusal) {
            let bundle: JWTBundle
            do { bundle = try issuer.bundle } catch { fatalError("\(error)") }
            _ = try JWTSVID(token, audiences: audiences, bundles: [issuer.trustDomain: bundle], at: Self.now)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: cases)
    func `are taken or refused by each rule`(_ item: Case) throws {
        #expect(try outcome(issuer.token(header: item.header, payload: item.payload)) == item.refusal)
    }

    @Test func `say who, for whom and until when`() throws {
        let token = try issuer.token(
            payload: #"{"sub":"spiffe://example.org/a","aud":["x","y"],"exp":1800000300,"iat":1800000000,"team":"ml"}"#
        )
        let svid = try JWTSVID(
            token,
            audiences: ["y"],
            bundles: [issuer.trustDomain: try issuer.bundle],
            at: Self.now
        )
        #expect(svid.id.description == "spiffe://example.org/a")
        #expect(svid.audiences == ["x", "y"])
        #expect(svid.expiresAt.timeIntervalSince1970 == 1_800_000_300)
        #expect(svid.issuedAt == Self.now)
        #expect(svid.keyID == "key-1")
        #expect(svid.claims.contains(#""team":"ml""#))
        #expect("\(svid.token)" == "<redacted>")
    }

    @Test func `are refused in every other form (rule 17)`() throws {
        let good = try issuer.token(payload: Case.payload())
        let parts = good.split(separator: ".").map(String.init)
        let serialised = #"{"payload":"\#(parts[1])","protected":"\#(parts[0])","signature":"\#(parts[2])"}"#
        for text in [
            "", ".", "..", "...", " " + good, good + " ", good + "\n", good + ".", good + ".a", "Bearer " + good,
            parts[0] + "." + parts[1], parts[0] + "." + parts[1] + ".", serialised, good + "=", good + good,
            parts.joined(separator: "\u{ff0e}"), "\u{feff}" + good,
        ] {
            #expect(try outcome(text) == .malformed, "\(text.prefix(40))")
        }
    }

    @Test func `are refused with any signature but their own`() throws {
        let good = try issuer.token(payload: Case.payload())
        let other = try TokenIssuer().token(payload: Case.payload())
        let parts = good.split(separator: ".").map(String.init)
        #expect(try outcome(other) == .badSignature)
        #expect(try outcome("\(parts[0]).\(parts[1]).\(other.split(separator: ".")[2])") == .badSignature)
        #expect(try outcome("\(parts[0]).\(parts[1]).AAAA") == .badSignature)
        // A signature in DER is none in a JWS.
        let der = try issuer.key.signature(for: Data("\(parts[0]).\(parts[1])".utf8)).derRepresentation
        #expect(try outcome("\(parts[0]).\(parts[1]).\(TokenIssuer.encode(Array(der)))") == .badSignature)
    }

    @Test func `are refused where nobody is asked for, and beyond their size`() throws {
        #expect(try outcome(issuer.token(payload: Case.payload()), audiences: []) == .wrongAudience)
        let long = Case.payload(more: #","pad":"\#(String(repeating: "a", count: 20_000))""#)
        #expect(try outcome(issuer.token(payload: long)) == .tooLarge)
        let deep = Case.payload(more: #","pad":\#(String(repeating: "[", count: 5000))"#)
        #expect(try outcome(issuer.token(payload: deep)) == .malformed)
    }

    @Test func `are never taken after any change of one byte`() throws {
        let good = Array(try issuer.token(payload: Case.payload()).utf8)
        var refused = 0
        for index in good.indices {
            for byte in [good[index] ^ 1, good[index] ^ 0x20, UInt8(ascii: "."), UInt8(ascii: "A"), 0] {
                guard byte != good[index] else { continue }
                var changed = good
                changed[index] = byte
                guard let text = String(validating: changed, as: UTF8.self) else { continue }
                if try outcome(text) != nil { refused += 1 } else { Issue.record("taken with byte \(index) changed") }
            }
        }
        #expect(refused > good.count * 3)
    }

    @Test func `come to an end whatever the bytes are`() throws {
        var random = SystemRandomNumberGenerator()
        let good = Array(try issuer.token(payload: Case.payload()).utf8)
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...127, using: &random)
                case 1: bytes.remove(at: Int.random(in: bytes.indices, using: &random))
                default:
                    bytes.insert(.random(in: 0...127, using: &random), at: .random(in: bytes.indices, using: &random))
                }
            }
            guard bytes != good else { continue }
            #expect(try outcome(String(decoding: bytes, as: UTF8.self)) != nil)
        }
    }
}
