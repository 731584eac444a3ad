import Testing
import ZeroTrust

@Suite struct `SPIFFE ID` {
    @Test func `has a trust domain and a path`() throws {
        let id = try SPIFFEID("spiffe://cluster.local/ns/ml-api/sa/api-gateway")
        #expect(id.trustDomain.name == "cluster.local")
        #expect(id.path == "/ns/ml-api/sa/api-gateway")
        #expect("\(id)" == "spiffe://cluster.local/ns/ml-api/sa/api-gateway")
        #expect(try SPIFFEID(trustDomain: id.trustDomain, path: String(id.path)) == id)
        #expect(id.trustDomain.id.path.isEmpty)
    }

    @Test(arguments: [
        "spiffe://a", "spiffe://a/b", "spiffe://-a", "spiffe://a..b", "spiffe://.a", "spiffe://192.0.2.7/a",
        "spiffe://a_b/c", "spiffe://a/...", "spiffe://a/.x", "spiffe://a/..x", "spiffe://a/A-Z_0.9",
        "spiffe://" + String(repeating: "a", count: 255), "spiffe://a/" + String(repeating: "b", count: 2037),
    ])
    func `is accepted as the specification writes it`(text: String) throws {
        #expect(try SPIFFEID(text).description == text)
    }

    @Test(arguments: [
        ("", SPIFFEIDError.empty), ("a", .wrongScheme), ("spiffe:/a", .wrongScheme), ("SPIFFE://a", .wrongScheme),
        ("https://a/b", .wrongScheme), (" spiffe://a", .wrongScheme), ("spiffe://", .missingTrustDomain),
        ("spiffe:///a", .missingTrustDomain), ("spiffe://A", .badTrustDomainCharacter(0x41)),
        ("spiffe://a:1/b", .badTrustDomainCharacter(0x3a)), ("spiffe://a@b", .badTrustDomainCharacter(0x40)),
        ("spiffe://[::1]/a", .badTrustDomainCharacter(0x5b)), ("spiffe://a%62", .badTrustDomainCharacter(0x25)),
        ("spiffe://a?b", .badTrustDomainCharacter(0x3f)), ("spiffe://a#b", .badTrustDomainCharacter(0x23)),
        ("spiffe://é", .badTrustDomainCharacter(0xc3)), ("spiffe://a/", .trailingSlash),
        ("spiffe://a/b/", .trailingSlash), ("spiffe://a//b", .emptySegment), ("spiffe://a/.", .dotSegment),
        ("spiffe://a/../b", .dotSegment), ("spiffe://a/b?c", .badPathCharacter(0x3f)),
        ("spiffe://a/b#c", .badPathCharacter(0x23)), ("spiffe://a/%62", .badPathCharacter(0x25)),
        ("spiffe://a/b\u{0}", .badPathCharacter(0)), ("spiffe://a/b ", .badPathCharacter(0x20)),
        ("spiffe://" + String(repeating: "a", count: 256), .trustDomainTooLong(256)),
        ("spiffe://a/" + String(repeating: "b", count: 2038), .tooLong(2049)),
    ])
    func `is refused with the rule that it breaks`(text: String, error: SPIFFEIDError) {
        #expect(throws: error) { try SPIFFEID(text) }
        #expect(!error.description.isEmpty)
    }

    @Test func `is folded to lower case only where a person wrote it`() throws {
        let id = try SPIFFEID(normalizing: "SPIFFE://Cluster.Local/NS/a")
        #expect(id.description == "spiffe://cluster.local/NS/a")
        #expect(throws: SPIFFEIDError.self) { try SPIFFEID("spiffe://Cluster.Local/NS/a") }
        #expect(throws: SPIFFEIDError.dotSegment) { try SPIFFEID(normalizing: "spiffe://A/../b") }
        #expect(throws: SPIFFEIDError.empty) { try SPIFFEID(normalizing: "") }
        // The Kelvin sign lower-cases to `k` in Unicode, and is refused here.
        #expect(throws: SPIFFEIDError.self) { try SPIFFEID(normalizing: "spiffe://\u{212a}/a") }
    }

    @Test func `is made from a trust domain and segments`() throws {
        let domain = try TrustDomain("a")
        #expect(try SPIFFEID(trustDomain: domain, segments: ["b", "c"]).path == "/b/c")
        #expect(try SPIFFEID(trustDomain: domain, segments: []).path.isEmpty)
        #expect(throws: SPIFFEIDError.emptySegment) { try SPIFFEID(trustDomain: domain, segments: ["b", ""]) }
        #expect(throws: SPIFFEIDError.dotSegment) { try SPIFFEID(trustDomain: domain, segments: [".."]) }
        #expect(throws: SPIFFEIDError.badPathCharacter(0x2f)) {
            try SPIFFEID(trustDomain: domain, segments: ["b/c"])
        }
    }

    @Test(arguments: [
        ("", SPIFFEIDError?.none), ("/a", .none), ("a", .pathWithoutLeadingSlash), ("/", .trailingSlash),
        ("//a", .emptySegment), ("/a/./b", .dotSegment),
    ])
    func `is made from a trust domain and a path`(path: String, error: SPIFFEIDError?) throws {
        let domain = try TrustDomain("a")
        if let error {
            #expect(throws: error) { try SPIFFEID(trustDomain: domain, path: path) }
        } else {
            #expect(try SPIFFEID(trustDomain: domain, path: path).path == path)
        }
    }
}
