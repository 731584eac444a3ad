import Testing
import WorkloadIdentity

/// §3.1 of the identity specification: https, a path if need be, no port, no query.
@Suite(.timeLimit(.minutes(5))) struct OIDCIssuerTests {
    @Test(arguments: [
        ("https://id.example", ""), ("https://id.example/prod", "/prod"),
        ("https://a.b-c.example/x/Y_z~1.2", "/x/Y_z~1.2"),
        ("https://1.example", ""),
    ])
    func `a URL that every cloud takes`(_ text: String, _ path: String) throws {
        let issuer = try OIDCIssuer(text)
        #expect(issuer.url == text)
        #expect(issuer.path == path)
    }

    @Test(arguments: [
        "", "id.example", "http://id.example", "HTTPS://id.example", "https://", "https:///a", "https://id.example:443",
        "https://id.example:8443/a", "https://id.example/?a=b", "https://id.example/a?", "https://id.example#a",
        "https://user@id.example", "https://id.example/", "https://id.example/a/", "https://id.example/a//b",
        "https://id.example/../b", "https://id.example/./b", "https://id.example/a%2fb", "https://id.example/a b",
        "https://ID.example", "https://localhost", "https://[::1]", "https://-a.example", "https://a-.example",
        "https://a..example", "https://id.example\n", "https://id.\u{e9}xample", "https://id.example/\u{e9}",
        "https://id.example/" + String(repeating: "a", count: 255),
    ])
    func `a URL that one of them does not take is refused`(_ text: String) {
        let failure = #expect(throws: IdentityError.self) { try OIDCIssuer(text) }
        #expect(failure?.code == .invalidArgument)
    }
}
