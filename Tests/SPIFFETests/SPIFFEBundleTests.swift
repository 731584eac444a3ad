import Crypto
import Foundation
import SPIFFE
import TestIdentities
import Testing
import X509
import ZeroTrust

@Suite struct `SPIFFE bundle` {
    let root: TestAuthority
    let certificate: String

    init() throws {
        root = try TestAuthority.root()
        certificate = Data(root.bundle.der).base64EncodedString()
    }

    private func parse(_ document: String) throws -> SPIFFEBundle {
        try SPIFFEBundle(trustDomain: root.trustDomain, document: Array(document.utf8))
    }

    private func entry(_ members: String) -> String { #"{"keys":[{\#(members)}]}"# }

    @Test func `comes back the same from its document`() throws {
        let keys: [Certificate.PublicKey] = [
            .init(P256.Signing.PrivateKey().publicKey), .init(P384.Signing.PrivateKey().publicKey),
            .init(P521.Signing.PrivateKey().publicKey),
        ]
        let authorities = try keys.enumerated().map { try TokenAuthority(keyID: "key \"\($0)\"", publicKey: $1) }
        let bundle = SPIFFEBundle(
            trustDomain: root.trustDomain,
            authorities: [root.certificate],
            jwtAuthorities: authorities,
            witAuthorities: [try TokenAuthority(keyID: "wit", publicKey: keys[0])],
            sequence: 7,
            refreshHint: 300
        )
        let document = bundle.document
        let parsed = try parse(document)
        #expect(parsed == bundle)
        #expect(parsed.document == document)
        #expect(parsed.x509Bundle == root.bundle)
    }

    @Test func `writes one certificate and no key ID for an authority`() throws {
        let bundle = SPIFFEBundle(trustDomain: root.trustDomain, authorities: [root.certificate])
        let object = try #require(JSONSerialization.jsonObject(with: Data(bundle.document.utf8)) as? [String: Any])
        let key = try #require((object["keys"] as? [[String: Any]])?.first)
        #expect(key["use"] as? String == "x509-svid")
        #expect(key["kid"] == nil)
        #expect(key["kty"] as? String == "EC")
        #expect(key["x5c"] as? [String] == [certificate])
    }

    @Test func `has to have keys, and an empty list revokes everything`() throws {
        #expect(try parse(#"{"keys":[]}"#).x509Bundle.authorities.isEmpty)
        #expect(throws: SVIDError.self) { try parse(#"{"spiffe_sequence":1}"#) }
        #expect(throws: SVIDError.self) { try parse(#"{"keys":null}"#) }
        #expect(throws: SVIDError.self) { try parse(#"{"keys":{}}"#) }
        #expect(throws: SVIDError.self) { try parse("[]") }
        #expect(throws: SVIDError.self) { try parse("") }
    }

    @Test(arguments: [
        #""kty":"unheard-of","use":"jwt-svid","kid":"a""#,
        #""kty":7,"use":"jwt-svid","kid":"a""#,
        #""use":"jwt-svid","kid":"a""#,
        #""kty":"EC","kid":"a""#,
        #""kty":"EC","use":"sig","kid":"a""#,
        #""kty":"EC","use":null,"kid":"a""#,
        #""kty":"EC","use":"x509-svid""#,
        #""kty":"EC","use":"x509-svid","x5c":[]"#,
        #""kty":"EC","use":"x509-svid","x5c":null"#,
    ])
    func `ignores entries that the specification says to ignore`(members: String) throws {
        let bundle = try parse(entry(members))
        #expect(bundle.x509Bundle.authorities.isEmpty && bundle.jwtAuthorities.isEmpty && bundle.witAuthorities.isEmpty)
    }

    @Test(arguments: [
        #""kty":"EC","use":"x509-svid","x5c":"text""#,
        #""kty":"EC","use":"x509-svid","x5c":[7]"#,
        #""kty":"EC","use":"x509-svid","x5c":["!"]"#,
        #""kty":"EC","use":"x509-svid","x5c":["AAAA"]"#,
        #""kty":"EC","use":"jwt-svid","crv":"P-256","x":"AA","y":"AA""#,
        #""kty":"EC","use":"jwt-svid","crv":"P-256","kid":"","x":"AA","y":"AA""#,
        #""kty":"EC","use":"jwt-svid","crv":"P-256","kid":"a","x":"AA","y":"AA""#,
        #""kty":"EC","use":"jwt-svid","crv":"P-999","kid":"a","x":"AA","y":"AA""#,
        #""kty":"EC","use":"jwt-svid","kid":"a""#,
        #""kty":"RSA","use":"jwt-svid","kid":"a","n":"AQ","e":"AQAB""#,
        #""kty":"RSA","use":"wit-svid","kid":"a","n":"AQ==","e":"AQAB""#,
    ])
    func `refuses a document with one broken key of a known use`(members: String) {
        #expect(throws: SVIDError.self) { try parse(entry(members)) }
    }

    @Test func `takes the first certificate of an entry and ignores the rest`() throws {
        let other = Data(try TestAuthority.root().bundle.der).base64EncodedString()
        let bundle = try parse(entry(#""kty":"EC","use":"x509-svid","x5c":["\#(certificate)","\#(other)","!"]"#))
        #expect(bundle.x509Bundle == root.bundle)
    }

    @Test func `refuses a document that two readers could read differently`() throws {
        let entry = #"{"kty":"EC","use":"x509-svid","x5c":["\#(certificate)"]}"#
        #expect(throws: SVIDError.self) { try parse(#"{"keys":[\#(entry)],"keys":[]}"#) }
        #expect(throws: SVIDError.self) { try parse(#"{"keys":[],"k\u0065ys":[\#(entry)]}"#) }
        #expect(throws: SVIDError.self) { try parse(#"{"keys":[]} {"keys":[]}"#) }
        #expect(throws: SVIDError.self) { try parse("{\"keys\":[],\"a\":\"\\ud800\"}") }
        #expect(throws: SVIDError.self) { try parse(String(repeating: "[", count: 100_000)) }
    }

    @Test(arguments: ["-1", "1.5", "\"7\"", "1e3", "99999999999999999999", "true"])
    func `takes whole numbers only`(number: String) {
        #expect(throws: SVIDError.self) { try parse(#"{"keys":[],"spiffe_sequence":\#(number)}"#) }
        #expect(throws: SVIDError.self) { try parse(#"{"keys":[],"spiffe_refresh_hint":\#(number)}"#) }
    }

    @Test func `takes a sequence number of 64 bits`() throws {
        let bundle = try parse(#"{"keys":[],"spiffe_sequence":18446744073709551615,"spiffe_refresh_hint":0}"#)
        #expect(bundle.sequence == .max && bundle.refreshHint == 0)
        #expect(try parse(bundle.document).sequence == .max, "what is written says the same")
        #expect(try parse(#"{"keys":[],"spiffe_sequence":null}"#).sequence == nil)
    }

    @Test(arguments: ["jwt-svid", "wit-svid"]) func `refuses a private key among those that sign tokens`(
        _ use: String
    ) throws {
        let key = try TokenAuthority(keyID: "a", publicKey: .init(P256.Signing.PrivateKey().publicKey))
        let good = SPIFFEBundle(trustDomain: root.trustDomain, authorities: [], jwtAuthorities: [key]).document
            .replacing("jwt-svid", with: use)
        _ = try parse(good)
        #expect(throws: SVIDError.self) { try parse(good.replacing(#""kid":"#, with: #""d":"AAAA","kid":"#)) }
    }

    @Test func `refuses one key ID for two token-signing keys`() throws {
        let one = try TokenAuthority(keyID: "a", publicKey: .init(P256.Signing.PrivateKey().publicKey))
        let bundle = SPIFFEBundle(
            trustDomain: root.trustDomain,
            authorities: [],
            jwtAuthorities: [one],
            witAuthorities: [one]
        )
        #expect(throws: SVIDError.self) { try parse(bundle.document) }
    }

    @Test func `keeps the bundles of a map apart`() throws {
        let partner = try TestAuthority.root("partner.example")
        let ours = SPIFFEBundle(trustDomain: root.trustDomain, authorities: [root.certificate], refreshHint: 5).document
        let theirs = SPIFFEBundle(trustDomain: partner.trustDomain, authorities: [partner.certificate]).document
        func map(_ text: String) throws -> SPIFFEBundleMap { try SPIFFEBundleMap(document: Array(text.utf8)) }
        let bundles = try map(#"{"trust_domains":{"cluster.local":\#(ours),"partner.example":\#(theirs)}}"#).bundles
        #expect(bundles[root.trustDomain]?.x509Bundle == root.bundle)
        #expect(bundles[partner.trustDomain]?.x509Bundle == partner.bundle)
        #expect(bundles[root.trustDomain]?.refreshHint == nil)
        #expect(throws: SVIDError.self) {
            try map(#"{"trust_domains":{"cluster.local":\#(ours),"cluster.local":\#(theirs)}}"#)
        }
        #expect(throws: SVIDError.self) { try map(#"{"trust_domains":{"Cluster.Local":\#(ours)}}"#) }
        #expect(throws: SVIDError.self) { try map(#"{"cluster.local":\#(ours)}"#) }
    }
}
