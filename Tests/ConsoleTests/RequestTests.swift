import Testing
import ZeroTrust

@testable import Console

@Suite struct RequestTests {
    private static let gate = RequestGate(name: "lapwing-0123.localhost")

    private static func request(_ method: String = "GET", host: String...) -> ConsoleRequest {
        ConsoleRequest(method: method, target: "/", hosts: host)
    }

    @Test(arguments: ["127.0.0.1:9000", "localhost:9000", "localhost", "lapwing-0123.localhost:1", "LOCALHOST:9000"])
    func `a host of ours comes in`(_ host: String) {
        #expect(Self.gate.refusal(of: Self.request(host: host)) == nil)
    }

    @Test(arguments: [
        "evil.example", "evil.example:9000", "127.0.0.1.evil.example:9000", "lapwing-0124.localhost:9000",
        "127.0.0.1:9000@evil.example", "127.0.0.1:evil", "", ":9000", "[::1]:9000", "127.0.0.2:9000", "evil.localhost",
    ])
    func `any other host is refused, as a name that leads here by design`(_ host: String) {
        #expect(Self.gate.refusal(of: Self.request(host: host))?.status == 421)
    }

    @Test func `no host, or two, are refused`() {
        #expect(Self.gate.refusal(of: ConsoleRequest(method: "GET", target: "/", hosts: []))?.status == 421)
        #expect(Self.gate.refusal(of: Self.request(host: "localhost", "localhost"))?.status == 421)
    }

    @Test func `a form from another site is refused, and so is another method`() {
        var request = Self.request("POST", host: "localhost:9000")
        #expect(Self.gate.refusal(of: request) == nil)
        request.origins = ["http://localhost:9000"]
        request.fetchSite = "same-origin"
        #expect(Self.gate.refusal(of: request) == nil)
        for origin in ["http://evil.example", "null", "http://localhost:9001", "https://localhost:9000"] {
            request.origins = [origin]
            #expect(Self.gate.refusal(of: request)?.status == 403, "\(origin)")
        }
        request.origins = ["http://localhost:9000", "http://localhost:9000"]
        #expect(Self.gate.refusal(of: request)?.status == 403)
        request.origins = []
        for site in ["cross-site", "same-site", "none"] {
            request.fetchSite = site
            #expect(Self.gate.refusal(of: request)?.status == 403, "\(site)")
        }
        for method in ["PUT", "DELETE", "TRACE", "CONNECT", "get"] {
            #expect(Self.gate.refusal(of: Self.request(method, host: "localhost"))?.status == 405)
        }
    }

    @Test func `a page is not made for another site, and only a link that opens the console may stand anywhere`() {
        for method in ["GET", "HEAD"] {
            for path in ["/", "/audit?q=x", "/style.css", "/open/x", "/open?token=1"] {
                var request = ConsoleRequest(method: method, target: path, hosts: ["localhost"])
                for site in ["same-origin", "none"] {
                    request.fetchSite = site
                    #expect(Self.gate.refusal(of: request) == nil, "\(path) \(site)")
                }
                for site in ["cross-site", "same-site", "same-origin,cross-site", ""] {
                    request.fetchSite = site
                    let expected: Int? = path == "/open?token=1" ? nil : 403
                    #expect(Self.gate.refusal(of: request)?.status == expected, "\(path) \(site)")
                }
            }
        }
    }

    private static let overTLS = RequestGate(namesOverTLS: ["console.example"])

    private static func request(to address: String, host: String, _ method: String = "GET") -> ConsoleRequest {
        var request = ConsoleRequest(method: method, target: "/", hosts: [host])
        request.localAddress = IPAddress(address)
        return request
    }

    @Test(
        arguments: [
            ("10.0.0.7", "10.0.0.7:7444"), ("10.0.0.7", "10.0.0.7"), ("10.0.0.7", "console.example:7444"),
            ("10.0.0.7", "Console.Example"), ("fd00::7", "[fd00::7]:7444"), ("fd00::7", "[FD00:0::7]"),
            ("fd00::7", "console.example"),
        ]
    )
    func `over TLS the address that a request came to is ours, and so is a name that is configured`(
        _ address: String,
        _ host: String
    ) {
        #expect(Self.overTLS.refusal(of: Self.request(to: address, host: host)) == nil)
        #expect(Self.overTLS.refusal(of: Self.request(to: address, host: host, "POST")) == nil)
    }

    @Test(
        arguments: [
            ("10.0.0.7", "evil.example"), ("10.0.0.7", "10.0.0.8"), ("10.0.0.7", "10.0.0.7.evil.example"),
            ("10.0.0.7", "localhost"), ("10.0.0.7", "127.0.0.1"), ("10.0.0.7", "[10.0.0.7]"), ("fd00::7", "fd00::7"),
            ("fd00::7", "[fd00::8]"), ("10.0.0.7", "console.example.evil.example"), ("10.0.0.7", ""),
            ("10.0.0.7", "lapwing-0123.localhost"),
        ]
    )
    func `over TLS any other host is refused`(_ address: String, _ host: String) {
        #expect(Self.overTLS.refusal(of: Self.request(to: address, host: host))?.status == 421)
    }

    @Test func `over TLS no other site asks for a page, whichever it is, or sends a form`() {
        var request = Self.request(to: "10.0.0.7", host: "console.example:7444")
        for path in ["/", "/open", "/style.css"] {
            request.path = path
            for (site, status) in [("none", nil), ("same-origin", nil), ("cross-site", 403), ("same-site", 403)]
                as [(String, Int?)]
            {
                request.fetchSite = site
                #expect(Self.overTLS.refusal(of: request)?.status == status, "\(path) \(site)")
            }
        }
        request.fetchSite = nil
        request.method = "POST"
        for (origin, status) in [
            ("https://console.example:7444", nil), ("http://console.example:7444", 403),
            ("https://console.example", 403),
            ("https://evil.example", 403), ("null", 403),
        ] as [(String, Int?)] {
            request.origins = [origin]
            #expect(Self.overTLS.refusal(of: request)?.status == status, "\(origin)")
        }
    }

    @Test func `a place's path leads back to it, whatever its names hold`() {
        for name in HTMLTests.hostile + ["a/b", "..", "%", "a?b#c", "M1-4711"] {
            for path in [ConsolePath.finding(name), .acknowledge(name), .policy(namespace: name, name: name)] {
                let text = path.text
                #expect(text.utf8.allSatisfy { (0x21...0x7e).contains($0) && !"\"'<>\\".utf8.contains($0) })
                #expect(text.hasPrefix("/") && !text.hasPrefix("//"))
                #expect(ConsolePath(path: text, form: FormText("")) == path)
            }
        }
        let query = ConsoleRequest(
            method: "GET",
            target: ConsolePath.audit(query: "path=/v1/* caller=a&b", behind: 9).text,
            hosts: []
        )
        #expect(
            ConsolePath(path: query.path, form: query.query) == .audit(query: "path=/v1/* caller=a&b", behind: 9)
        )
        for path in [
            "", "x", "/nothing", "/findings/", "/findings/a/b", "/proofs/1", "/proofs/x.tlog-proof", "/%zz", "/..",
            "/records/a/b", "//", "/policies/a",
        ] {
            #expect(ConsolePath(path: path, form: FormText("")) == nil, "\(path)")
        }
    }

    @Test func `forms and cookies are read strictly`() {
        let form = FormText("a=1&b=x+y%26&a=2&c&%zz=1&d=%ff")
        #expect(form["a"] == "1" && form["b"] == "x y&" && form["c"] == "" && form["d"] == nil)
        var request = Self.request(host: "localhost")
        request.cookies = ["x=1; lapwing=abc", "y=2"]
        #expect(request.cookie("lapwing") == "abc" && request.cookie("z") == nil)
        request.cookies.append("lapwing=def")
        #expect(request.cookie("lapwing") == nil, "of two, none is believed")
        request.body = Array("form=1".utf8)
        #expect(request.form == nil)
        request.contentType = "application/x-www-form-urlencoded; charset=UTF-8"
        #expect(request.form?["form"] == "1")
    }

    @Test func `every answer forbids what a page does not need`() {
        let policy = ConsoleResponse.contentSecurityPolicy
        #expect(policy.hasPrefix("default-src 'none'"))
        for part in ["unsafe", "*", "http:", "https:", "data:", "blob:"] { #expect(!policy.contains(part)) }
        for part in ["frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "require-trusted-types-for"] {
            #expect(policy.contains(part))
        }
        let names = Set(ConsoleResponse.standingHeaders.map(\.name))
        #expect(
            names.isSuperset(of: ["x-content-type-options", "referrer-policy", "cache-control", "x-frame-options"])
        )
    }
}
