import Authorization
import Foundation
import Resources
import TestIdentities
import Testing

@testable import IssuerKeys

/// Fetching an issuer's keys from servers that are well, and from others.
@Suite(.timeLimit(.minutes(1))) struct IssuerKeyFetcherTests {
    private static let plaintext = TokenKeySettings(allowsPlaintext: true)

    private func fetch(_ source: IssuerKeySource) async -> String {
        do {
            _ = try await IssuerKeyFetcher().keys(of: source)
            return "keys"
        } catch let failure as KeyFetchFailure {
            return failure.code.rawValue
        } catch {
            return "\(error)"
        }
    }

    @Test func `keys come over HTTPS from whom the configured authorities vouch for, and from nobody else`()
        async throws
    {
        let certificates = try WebCertificates()
        let server = try await ByteServer.start(try certificates.serverContext())
        server.answer("/jwks", .json(Issuer("a").keySet))
        try await certificates.withFile { file in
            let settings = TokenKeySettings(authoritiesFile: file)
            #expect(await fetch(IssuerKeySource(url: server.url("/jwks"), settings: settings)) == "keys")
            // The system's authorities do not know it.
            #expect(await fetch(IssuerKeySource(url: server.url("/jwks"))) == "unreachable")
        }
        let elsewhere = try WebCertificates(for: [10, 0, 0, 1])
        let impostor = try await ByteServer.start(try elsewhere.serverContext())
        impostor.answer("/jwks", .json(Issuer("a").keySet))
        try await elsewhere.withFile { file in
            let source = IssuerKeySource(url: impostor.url(), settings: TokenKeySettings(authoritiesFile: file))
            #expect(await fetch(source) == "unreachable")
        }
        let missing = TokenKeySettings(authoritiesFile: "/nonexistent/ca.pem")
        #expect(await fetch(IssuerKeySource(url: server.url("/jwks"), settings: missing)) == "bad_authorities")
        #expect(impostor.paths.isEmpty && server.paths == ["/jwks"])
        await server.stop()
        await impostor.stop()
    }

    @Test func `a server that is slow, large, broken or leads elsewhere gives no keys`() async throws {
        let server = try await ByteServer.start()
        let set = Issuer("a").keySet
        let big = String(repeating: "a", count: TokenKeySet.maximumLength + 1)
        let cases: [(name: String, answer: ByteServer.Answer?, expected: String)] = [
            ("well", .json(set), "keys"),
            ("silent", nil, "timed_out"),
            ("stuck", .init(text: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"), "timed_out"),
            ("large", .json("\"\(big)\""), "too_large"),
            (
                "endless",
                .init(
                    text:
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(String(big.utf8.count, radix: 16))\r\n\(big)"
                ),
                "too_large"
            ),
            ("garbage", .init(text: "\u{16}\u{3}\u{1}\r\n\r\n", closes: true), "unreachable"),
            ("cut", .init(text: "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{", closes: true), "unreachable"),
            ("closed", .init(text: "", closes: true), "unreachable"),
            ("failing", .status("500 No"), "bad_status"),
            ("absent", .status("404 No"), "bad_status"),
            ("empty", .json(""), "bad_document"),
            ("html", .json("<html>"), "bad_document"),
            ("keyless", .json("{\"keys\":[]}"), "bad_document"),
            ("twofold", .json("{\"keys\":[],\"keys\":[]}"), "bad_document"),
            ("symmetric", .json("{\"keys\":[{\"kty\":\"oct\",\"k\":\"YQ\"}]}"), "bad_document"),
            ("moved", .status("302 Found", "Location: /well\r\n"), "keys"),
            ("circling", .status("302 Found", "Location: /circling\r\n"), "bad_redirect"),
            ("nowhere", .status("302 Found"), "bad_redirect"),
            ("elsewhere", .status("302 Found", "Location: http://192.0.2.1/jwks\r\n"), "bad_redirect"),
            ("other scheme", .status("302 Found", "Location: https://127.0.0.1/jwks\r\n"), "bad_redirect"),
            ("file", .status("302 Found", "Location: file:///etc/passwd\r\n"), "bad_redirect"),
        ]
        var passed = 0
        for (name, answer, _) in cases { server.answer("/\(name.replacing(" ", with: "-"))", answer) }
        for (name, _, expected) in cases {
            let source = IssuerKeySource(
                url: server.url("/\(name.replacing(" ", with: "-"))"),
                timeout: expected == "timed_out" ? .milliseconds(200) : .seconds(10),
                settings: Self.plaintext
            )
            let found = await fetch(source)
            #expect(found == expected, "\(name)")
            if found == expected { passed += 1 }
        }
        print("suite: key servers: \(passed) passed, \(cases.count - passed) failed")
        await server.stop()
        #expect(await fetch(IssuerKeySource(url: server.url("/jwks"), settings: Self.plaintext)) == "unreachable")
    }

    @Test func `an issuer is asked where its keys are, and believed only about itself`() async throws {
        let server = try await ByteServer.start()
        server.answer("/jwks", .json(Issuer("a").keySet))
        let path = TokenRule.discoveryPath
        func discover(_ description: String) async -> String {
            server.answer(path, .json(description))
            return await fetch(
                IssuerKeySource(url: server.url(path), discoveredIssuer: Issuer.name, settings: Self.plaintext)
            )
        }
        let jwks = server.url("/jwks")
        #expect(await discover(#"{"issuer":"\#(Issuer.name)","jwks_uri":"\#(jwks)"}"#) == "keys")
        #expect(server.paths == [path, "/jwks"])
        for bad in [
            #"{"issuer":"https://other.example","jwks_uri":"\#(jwks)"}"#, #"{"jwks_uri":"\#(jwks)"}"#,
            #"{"issuer":"\#(Issuer.name)"}"#, #"{"issuer":"\#(Issuer.name)","jwks_uri":"http://192.0.2.1/jwks"}"#,
            #"{"issuer":"\#(Issuer.name)","jwks_uri":"file:///etc/passwd"}"#, "[]", "",
        ] {
            #expect(await discover(bad) == "bad_document", "\(bad)")
        }
        #expect(server.paths.count(where: { $0 == "/jwks" }) == 1)
        await server.stop()
    }

    @Test(
        arguments: [
            ("https://issuer.example/jwks", nil), ("http://127.0.0.1:1/jwks", "has to be asked for"),
            ("http://[::1]:1/jwks", "has to be asked for"), ("http://issuer.example/jwks", "over plaintext"),
            ("http://127.0.0.1.evil.example/jwks", "over plaintext"), ("http://localhost/jwks", "over plaintext"),
            ("https://user:secret@issuer.example/jwks", "no user and no password"),
        ] as [(String, String?)]
    )
    func `only URLs over which keys can be believed are asked`(url: String, problem: String?) throws {
        let found = IssuerKeySource.problem(with: url, TokenKeySettings())
        #expect(problem.map { found?.contains($0) == true } ?? (found == nil), "\(found ?? "")")
        if url.contains("127.0.0.1:1") { #expect(IssuerKeySource.problem(with: url, Self.plaintext) == nil) }
    }

    @Test func `a rule's source stands in the configuration, and so does what is wrong with it`() throws {
        func sources(_ rule: String) throws -> [IssuerKeySource] {
            let documents = try ResourceLoader.parse(
                yaml: """
                    apiVersion: security.istio.io/v1
                    kind: RequestAuthentication
                    metadata: { name: tokens, namespace: n }
                    spec:
                      jwtRules: [\(rule)]
                    """,
                file: "tokens.yaml"
            )
            let rules = try PolicySet.load(documents).requestAuthentications.flatMap(\.rules)
            return try rules.compactMap { try IssuerKeySource($0, settings: TokenKeySettings()) }
        }
        let direct = try sources("{ issuer: a, jwksUri: \"https://a.example/k\", timeout: 2s }")
        #expect(direct == [IssuerKeySource(url: "https://a.example/k", timeout: .seconds(2))])
        let discovered = try sources("{ issuer: \"https://a.example/\" }")
        #expect(
            discovered == [
                IssuerKeySource(
                    url: "https://a.example/.well-known/openid-configuration",
                    discoveredIssuer: "https://a.example/"
                )
            ]
        )
        #expect(try sources("{ issuer: a, jwks: '\(Issuer("a").keySet)' }").isEmpty)
        let error = #expect(throws: ResourceError.self) {
            try sources("{ issuer: a, jwksUri: \"http://a.example/k\" }")
        }
        #expect(error?.description.hasPrefix("tokens.yaml:5:") == true)
    }
}
