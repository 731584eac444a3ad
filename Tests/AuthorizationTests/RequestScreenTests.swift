import Authorization
import Testing
import ZeroTrust

@Suite struct RequestScreenTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let method: String
        let target: String
        let host: String?
        let outcome: RequestScreen.Outcome?
        let reason: BadRequest?

        init(
            _ method: String,
            _ target: String,
            host: String? = "h.example",
            path: String,
            authority: String = "h.example"
        ) {
            (self.method, self.target, self.host, reason) = (method, target, host, nil)
            let screen = RequestScreen(normalization: .none)
            // Made through the screen itself from the plain form of the same request.
            outcome = screen.check(method: method, target: path, authority: authority)
        }

        init(_ method: String, _ target: String, host: String? = "h.example", refused reason: BadRequest) {
            (self.method, self.target, self.host, self.reason) = (method, target, host, reason)
            outcome = nil
        }

        var testDescription: String { "\(method) \(target)" }
    }

    static let rows = [
        Row("POST", "/v1/predict?x=1", path: "/v1/predict?x=1"),
        Row("MKCOL", "/", path: "/"), Row("M-SEARCH", "/", refused: .unknownMethod),
        Row("GET", "/", host: "", path: "/", authority: ""),
        Row("GET", "/a/../b", path: "/b"),
        Row("GET", "http://other.example/x", path: "/x", authority: "other.example"),
        Row("GET", "HTTPS://other.example:8443/a/../x?y", path: "/x?y", authority: "other.example:8443"),
        Row("GET", "http://other.example", host: nil, path: "/", authority: "other.example"),
        Row("GET", "http://other.example?x", path: "/?x", authority: "other.example"),
        Row("get", "/", refused: .unknownMethod), Row("POSTX", "/", refused: .unknownMethod),
        Row("", "/", refused: .unknownMethod), Row("CONNECT", "h.example:443", refused: .tunnel),
        Row("GET", "", refused: .emptyTarget), Row("OPTIONS", "*", refused: .notAbsolutePath),
        Row("GET", "v1/predict", refused: .notAbsolutePath), Row("GET", "ftp://h/x", refused: .notAbsolutePath),
        Row("GET", "http:/x", refused: .notAbsolutePath), Row("GET", "http:///x", refused: .badTargetAuthority),
        Row("GET", "http://u@h.example/x", refused: .badTargetAuthority),
        Row("GET", "http://[2001:db8::1]:80/x", path: "/x", authority: "[2001:db8::1]:80"),
        Row("GET", "http://h.example:65536/x", refused: .badTargetAuthority),
        Row("GET", "http://h.example:/x", refused: .badTargetAuthority),
        Row("GET", "http://h.example:+80/x", refused: .badTargetAuthority),
        Row("GET", "http://h.example:1:2/x", refused: .badTargetAuthority),
        Row("GET", "http://[::1/x", refused: .badTargetAuthority),
        Row("GET", "http://[]/x", refused: .badTargetAuthority),
        Row("GET", "http://[::1]x/x", refused: .badTargetAuthority),
        Row("GET", "http://::1/x", refused: .badTargetAuthority),
        Row("GET", "http://a,b/x", refused: .badTargetAuthority),
        Row("GET", "http://*/x", refused: .badTargetAuthority),
        Row("GET", "/", host: "h.example/x", refused: .badHost), Row("GET", "/", host: "h example", refused: .badHost),
        Row("GET", "/", host: "h\u{e9}.example", refused: .badHost), Row("GET", "/", host: "a\\b", refused: .badHost),
        Row("GET", "/", host: "a?b", refused: .badHost), Row("GET", "/", host: "h.example#", refused: .badHost),
        Row("GET", "/", host: "[::1]:8080", path: "/", authority: "[::1]:8080"),
        Row("GET", "http://h\u{e9}.example/x", refused: .badTargetByte), Row("GET", "/\u{e9}", refused: .badTargetByte),
        Row("GET", "/x#y", refused: .fragment), Row("GET", "http://h.example#y", refused: .fragment),
        Row("GET", "/%00", refused: .encodedNUL), Row("GET", "/", host: nil, refused: .missingHost),
    ]

    @Test(arguments: rows)
    func `a request line is put to the policies or answered with 400`(_ row: Row) {
        let outcome = RequestScreen().check(method: row.method, target: row.target, authority: row.host)
        if let reason = row.reason { #expect(outcome == .refused(reason)) } else { #expect(outcome == row.outcome) }
    }

    @Test(
        arguments: [
            ("db.internal:5432", "db.internal:5432", nil), ("DB.internal:5432", "db.internal:5432", nil),
            ("[::1]:5432", "[::1]:5432", nil), ("", "db.internal:5432", .emptyTarget),
            ("db.internal:5432", nil, .missingHost), ("db.internal:5432", "db.internal:22", .badTargetAuthority),
            ("db.internal:5432", "db.internal", .badTargetAuthority),
            ("db.internal", "db.internal", .badTargetAuthority),
            ("db.internal:", "db.internal:", .badTargetAuthority), (":5432", ":5432", .badTargetAuthority),
            ("db.internal:0", "db.internal:0", .badTargetAuthority),
            ("db.internal:05", "db.internal:05", .badTargetAuthority),
            ("db.internal:65536", "db.internal:65536", .badTargetAuthority),
            ("db.internal:+5", "db.internal:+5", .badTargetAuthority), ("a:1:2", "a:1:2", .badTargetAuthority),
            ("u@db.internal:5", "u@db.internal:5", .badTargetAuthority), ("/v1", "db.internal:5", .badTargetAuthority),
            ("http://db.internal:5", "db.internal:5", .badTargetAuthority), ("*", "*", .badTargetAuthority),
        ] as [(String, String?, BadRequest?)]
    )
    func `a CONNECT has a host and a port and no path, where tunnels are offered`(
        _ target: String,
        _ host: String?,
        _ reason: BadRequest?
    ) {
        let outcome = RequestScreen(offersTunnels: true).check(method: "CONNECT", target: target, authority: host)
        switch outcome {
        case .refused(let refusal): #expect(refusal == reason)
        case .accepted(let request):
            #expect(reason == nil && request.method == "CONNECT" && request.path.isEmpty && request.authority == host)
        }
        let closed = RequestScreen().check(method: "CONNECT", target: target, authority: host)
        #expect(closed == .refused(.tunnel))
    }

    @Test func `any request line has an outcome`() {
        var random = SplitMix64(seed: 5)
        let pieces = ["http://", "https:", "/", "//", "@", "?", "#", "a", "%", "..", "\\", "\u{0}", "é", ":", "*", " "]
        for _ in 0..<10_000 {
            let target = (0..<Int(random.next() % 8)).map { _ in pieces[Int(random.next() % 16)] }.joined()
            let outcome = RequestScreen().check(method: "GET", target: target, authority: "h.example")
            if case .accepted(let request) = outcome {
                #expect(request.path.hasPrefix("/") && !request.authority.isEmpty, "\(target.debugDescription)")
                #expect(!request.authority.contains("/") && !request.authority.contains("@"))
            }
        }
    }

    @Test(arguments: [
        ([], "10.0.0.7"), (["1.2.3.4"], "1.2.3.4"), (["9.9.9.9, 1.2.3.4"], "1.2.3.4"), (["1.2.3.4 "], "1.2.3.4"),
        (["1.2.3.4", "5.6.7.8"], "5.6.7.8"), (["1.2.3.4:80"], "10.0.0.7"), (["1.2.3.4,"], "10.0.0.7"),
        (["unknown"], "10.0.0.7"), ([""], "10.0.0.7"), (["::ffff:1.2.3.4"], "::ffff:1.2.3.4"),
        (["2001:db8::1"], "2001:db8::1"),
    ])
    func `one trusted hop is believed for the last address only`(_ lines: [String], _ expected: String) throws {
        let source = try #require(IPAddress("10.0.0.7"))
        #expect(Attributes.remoteAddress(forwardedFor: lines, source: source) == IPAddress(expected))
    }
}
