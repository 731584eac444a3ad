import Foundation
import Logging
import NIOSSL
import SPIFFE
import Synchronization
import TestIdentities
import Testing
import WorkloadIdentity
import ZeroTrust

@testable import Federation

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Our server and our client, and each against a hostile other side.
@Suite(.timeLimit(.minutes(5))) struct BundleEndpointTests {
    private let root: TestAuthority
    private let id: SPIFFEID
    private let client = BundleEndpointClient(timeout: .seconds(3))

    init() throws {
        root = try TestAuthority.root("partner.example")
        id = try SPIFFEID("spiffe://partner.example/bundle")
    }

    private func spiffe(_ bundle: X509Bundle? = nil) -> BundleEndpointClient.Judge {
        .spiffe(id, [root.trustDomain: bundle ?? root.bundle])
    }

    private func failure(
        _ url: String,
        _ judge: BundleEndpointClient.Judge,
        timeout: Duration = .seconds(3)
    ) async -> FederationFailure.Code? {
        do {
            _ = try await BundleEndpointClient(timeout: timeout).fetch(try BundleEndpointURL(url), telling: judge)
        } catch { return (error as? FederationFailure)?.code }
        return nil
    }

    @Test func `rules 57, 59: https_spiffe serves the latest bundle to a client that shows nothing`() async throws {
        let server = try await BundleEndpointServer.start(address: try #require(IPAddress("127.0.0.1")), port: 0)
        let url = try BundleEndpointURL("https://127.0.0.1:\(server.port)/")
        #expect(await failure(url.text, spiffe()) != nil, "there is nothing to show yet")
        try server.endpoint.show(try root.svid("/bundle"))
        #expect(await failure(url.text, spiffe()) == .badStatus, "there is nothing to serve yet")
        for text in ["{\"keys\":[]}", "{\"keys\":[],\"spiffe_sequence\":2}"] {
            server.serve(Array(text.utf8))
            #expect(try await client.fetch(url, telling: spiffe()) == Array(text.utf8))
        }
        // Rule 60: by the configured ID and the bundle of its trust domain, and by nothing else.
        let other = try SPIFFEID("spiffe://partner.example/other")
        #expect(await failure(url.text, .spiffe(other, [root.trustDomain: root.bundle])) == .untrusted)
        #expect(await failure(url.text, spiffe(try TestAuthority.root("partner.example").bundle)) == .untrusted)
        #expect(await failure(url.text, .spiffe(id, [:])) == .untrusted)
        #expect(await failure(url.text, .web(authoritiesFile: nil)) == .untrusted)
        // A renewed SVID counts from the next connection on, and an expired one never.
        try server.endpoint.show(try root.svid("/bundle"))
        #expect(try await client.fetch(url, telling: spiffe()).count > 0)
        try server.endpoint.show(try root.svid("/bundle") { $0.notAfter = Date() - 1 })
        #expect(await failure(url.text, spiffe()) == .untrusted)
        server.endpoint.hide()
        #expect(await failure(url.text, spiffe()) != nil)
        await server.stop()
    }

    @Test func `rule 57: https_web is told by the authorities of the web and the name of the URL`() async throws {
        let certificates = try CertificateFiles()
        let server = try await BundleEndpointServer.start(address: try #require(IPAddress("127.0.0.1")), port: 0)
        try server.endpoint.show(certificateFile: certificates.certificateFile, keyFile: certificates.keyFile)
        server.serve(Array("{\"keys\":[]}".utf8))
        let url = "https://127.0.0.1:\(server.port)/"
        let file = certificates.authoritiesFile
        #expect(
            try await client.fetch(try BundleEndpointURL(url), telling: .web(authoritiesFile: file))
                == Array("{\"keys\":[]}".utf8)
        )
        #expect(
            await failure(url, .web(authoritiesFile: nil)) == .untrusted,
            "no authority of the system vouches for it"
        )
        #expect(await failure(url, .web(authoritiesFile: "/nowhere")) == .badFile)
        // Renewed in place; a key that others can read is refused, and what was shown stays.
        let last = try String(contentsOfFile: file, encoding: .utf8)
        try certificates.renew()
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: certificates.keyFile)
        #expect(throws: (any Error).self) {
            try server.endpoint.show(certificateFile: certificates.certificateFile, keyFile: certificates.keyFile)
        }
        #expect(await failure(url, .web(authoritiesFile: file)) == .untrusted)
        try last.write(toFile: certificates.directory + "/last.pem", atomically: true, encoding: .utf8)
        #expect(await failure(url, .web(authoritiesFile: certificates.directory + "/last.pem")) == nil)
        await server.stop()
    }

    @Test(arguments: [
        ("GET", "/", 200), ("GET", "/?x", 200), ("HEAD", "/", 200), ("POST", "/", 405), ("DELETE", "/", 405),
        ("GET", "/a", 404), ("GET", "/../", 404), ("GET", "*", 404), ("OPTIONS", "/", 405),
    ])
    func `rule 59: GET of one path is answered, and nothing else`(_ method: String, _ target: String, _ status: Int) {
        #expect(BundleEndpointServer.answer(method, target, [1]).status == status)
        #expect(BundleEndpointServer.answer("GET", "/", nil).status == 503)
    }

    @Test func `no answer of a hostile endpoint is more than refused`() async throws {
        let endpoint = try await ByteServer.start(try EndpointTLS.server(try root.svid("/bundle")))
        let limit = FederatedBundles.maximumDocumentLength
        for (path, answer, closes, code) in [
            ("/a", "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", false, .badStatus),
            ("/b", "HTTP/1.1 204 None\r\n\r\n", false, .badStatus),
            ("/c", "HTTP/1.1 206 Part\r\nContent-Length: 2\r\n\r\n{}", false, .badStatus),
            ("/d", "SSH-2.0-OpenSSH_9\r\n\r\n", false, .badAnswer),
            ("/e", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", true, .badAnswer),
            (
                "/f", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n" + String(repeating: " ", count: limit + 9),
                false, .tooLarge
            ),
            (
                "/g",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(String(limit + 16, radix: 16))\r\n"
                    + String(repeating: "x", count: limit + 16), false, .tooLarge
            ),
            ("/h", "HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: limit + 70_000), false, nil),
            ("/i", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{", false, .timedOut),
            ("/j", "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", false, .badRedirect),
            (
                "/k", "HTTP/1.1 302 Found\r\nLocation: https://a/\r\nLocation: https://b/\r\nContent-Length: 0\r\n\r\n",
                false,
                .badRedirect
            ),
        ] as [(String, String, Bool, FederationFailure.Code?)] {
            endpoint.answer(path, ByteServer.Answer(text: answer, closes: closes))
            let found = await failure(endpoint.url(path), spiffe(), timeout: .seconds(1))
            #expect(found != nil && (code == nil || found == code), "\(path): \(found?.rawValue ?? "taken")")
        }
        #expect(await failure(endpoint.url("/silence"), spiffe(), timeout: .milliseconds(300)) == .timedOut)
        // Nobody there, and one that speaks no TLS.
        await endpoint.stop()
        #expect(await failure(endpoint.url(), spiffe()) == .unreachable)
        let plain = try await ByteServer.start()
        plain.answer("/", ByteServer.Answer(text: "HTTP/1.1 200 OK\r\n\r\n{}"))
        #expect(await failure("https://127.0.0.1:\(plain.port)/", spiffe(), timeout: .seconds(1)) != nil)
        await plain.stop()
    }

    @Test func `rule 61: a redirect is followed to a server of the same ID, and is not kept`() async throws {
        let context = try EndpointTLS.server(try root.svid("/bundle"))
        let (first, second) = (try await ByteServer.start(context), try await ByteServer.start(context))
        let third = try await ByteServer.start(try EndpointTLS.server(try root.svid("/other")))
        first.answer("/", .redirect(to: second.url("/moved")))
        second.answer("/moved", .json("{\"keys\":[]}"))
        let url = try BundleEndpointURL(first.url())
        #expect(try await client.fetch(url, telling: spiffe()) == Array("{\"keys\":[]}".utf8))
        #expect(try await client.fetch(url, telling: spiffe()).count == 11)
        #expect(first.requests.count == 2, "the configured URL is asked each time")

        third.answer("/", .json("{\"keys\":[]}"))
        first.answer("/", .redirect(to: third.url()))
        #expect(await failure(first.url(), spiffe()) == .untrusted)
        for location in [
            "http://127.0.0.1:\(second.port)/moved", "https://u:p@127.0.0.1:\(second.port)/moved", "//x/", "x",
        ] {
            first.answer("/", .redirect(to: location))
            #expect(await failure(first.url(), spiffe()) == .badRedirect, "\(location)")
        }
        first.answer("/", .redirect(to: "/"))
        #expect(await failure(first.url(), spiffe()) == .badRedirect, "round in circles")
        #expect(first.requests.allSatisfy { !$0.lowercased().contains("authorization") })
        for endpoint in [first, second, third] { await endpoint.stop() }
    }

    @Test func `rule 60: the poller tells an endpoint by the latest bundle of its trust domain`() async throws {
        let next = try TestAuthority.root("partner.example")
        let endpoint = try await ByteServer.start(try EndpointTLS.server(try next.svid("/bundle")))
        endpoint.answer("/", .json("{\"keys\":[],\"spiffe_refresh_hint\":60}"))
        let first = SPIFFEBundle(trustDomain: root.trustDomain, authorities: [root.certificate])
        let relationship = try FederatedTrustDomain(
            name: "p",
            trustDomain: root.trustDomain,
            url: try BundleEndpointURL(endpoint.url()),
            profile: .spiffe(id),
            bundle: first
        )
        let reports = Mutex<[String]>([])
        let poller = BundlePoller(
            report: { _, outcome in
                switch outcome {
                case .document(let bytes): reports.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
                case .failure(let problem): reports.withLock { $0.append(problem) }
                }
            },
            logger: quietLogger
        )
        poller.follow([relationship])
        await poller.round()
        #expect(reports.withLock { $0.first }?.contains("untrusted") == true, "the latest bundle was not told yet")
        poller.update([root.trustDomain: root.bundle])
        poller.hurry()
        await poller.round()
        #expect(reports.withLock { $0.last }?.contains("untrusted") == true, "the configured bundle does not know it")
        poller.update([root.trustDomain: next.bundle])
        poller.hurry()
        await poller.round()
        #expect(reports.withLock { $0.last } == "{\"keys\":[],\"spiffe_refresh_hint\":60}")
        // A bundle without keys tells nobody: it is not replaced by the configured one.
        poller.update([root.trustDomain: X509Bundle(trustDomain: root.trustDomain, authorities: [])])
        poller.hurry()
        await poller.round()
        #expect(reports.withLock { $0.last }?.contains("untrusted") == true)
        // Configured anew, it begins with what is configured then.
        let anew = try FederatedTrustDomain(
            name: "p",
            trustDomain: root.trustDomain,
            url: try BundleEndpointURL(endpoint.url()),
            profile: .spiffe(id),
            bundle: SPIFFEBundle(trustDomain: root.trustDomain, authorities: [next.certificate])
        )
        poller.follow([anew])
        await poller.round()
        #expect(reports.withLock { $0.last } == "{\"keys\":[],\"spiffe_refresh_hint\":60}")
        await endpoint.stop()
    }
}
