import Authorization
import Foundation
import NIOCore
import Resources
import Testing
import ZeroTrust

@testable import Gateway

/// How providers are written, and what is refused of it.
@Suite(.timeLimit(.minutes(5))) struct ProviderConfigurationTests {
    private func problem(_ yaml: String) throws -> String {
        do {
            _ = try ProviderWorld.providers(yaml)
            return "fine"
        } catch let error as ResourceError {
            return error.description
        }
    }

    @Test func `providers are read as Istio writes them, with how they are reached`() throws {
        let providers = try ProviderWorld.providers(
            """
            - name: opa
              envoyExtAuthzGrpc:
                service: ml-auth/opa.ml-auth.svc.cluster.local
                port: 9191
                spiffeID: spiffe://cluster.local/ns/ml-auth/sa/opa
                timeout: 0.5s
                statusOnError: "503"
                includeRequestBodyInCheck: { maxRequestBytes: 8192, allowPartialMessage: true, packAsBytes: true }
                clearRouteCache: true
            - name: sessions
              envoyExtAuthzHttp:
                service: 127.0.0.1
                port: 4180
                plaintext: true
                pathPrefix: /auth
                includeRequestHeadersInCheck: [cookie, "x-forwarded-*"]
                includeAdditionalHeadersInCheck: { x-auth-for: inference }
                headersToUpstreamOnAllow: [x-auth-request-user, "*-id"]
                headersToDownstreamOnAllow: [set-cookie]
                headersToDownstreamOnDeny: ["*"]
                fail-open: true
            """
        )
        #expect(providers.map(\.name) == ["opa", "sessions"])
        #expect(providers[0].timeout == .milliseconds(500) && providers[0].statusOnError == 503)
        #expect(providers[0].body?.maximum == 8192 && providers[0].body?.isBytes == true)
        guard case .mutualTLS("opa.ml-auth.svc.cluster.local", 9191, _, nil) = providers[0].transport else {
            Issue.record("\(providers[0].transport)")
            return
        }
        #expect(providers[1].timeout == .seconds(5) && providers[1].statusOnError == 403)
        #expect(providers[1].failsOpen(.strict) && !providers[0].failsOpen(.istio))
    }

    @Test(
        arguments: [
            ("- { name: a }", "1:3: error: the provider `a` needs either `envoyExtAuthzHttp` or `envoyExtAuthzGrpc`"),
            ("- { envoyExtAuthzGrpc: { unixSocket: /a } }", "an extension provider needs `name`"),
            ("- { name: a, zipkin: { service: b, port: 1 } }", "unknown field `zipkin`"),
            (
                "- { name: a, envoyExtAuthzGrpc: { service: b, port: 1 } }",
                "the provider `a` needs the `spiffeID` that it must prove"
            ),
            (
                "- { name: a, envoyExtAuthzGrpc: { service: 10.0.0.1, port: 1, plaintext: true } }",
                "plaintext is spoken on loopback only"
            ),
            (
                "- { name: a, envoyExtAuthzGrpc: { port: 1 } }",
                "the provider `a` needs `unixSocket`, or `service` and `port`"
            ),
            ("- { name: a, envoyExtAuthzGrpc: { unixSocket: /a, port: 1 } }", "then neither `service`, `port`"),
            ("- { name: a, envoyExtAuthzGrpc: { service: a/, port: 1 } }", "expected a host"),
            ("- { name: a, envoyExtAuthzGrpc: { unixSocket: /a, timeout: 1h } }", "of at most `10m`"),
            ("- { name: a, envoyExtAuthzGrpc: { unixSocket: /a, timeout: 0s } }", "above zero"),
            ("- { name: a, envoyExtAuthzGrpc: { unixSocket: /a, statusOnError: \"200\" } }", "from 400 to 599"),
            ("- { name: a, envoyExtAuthzGrpc: { unixSocket: /a, pathPrefix: /b } }", "unknown field `pathPrefix`"),
            (
                "- { name: a, envoyExtAuthzGrpc: { unixSocket: /a, includeRequestBodyInCheck: { maxRequestBytes: 0 } } }",
                "`maxRequestBytes` is from 1 to 262144, found 0"
            ),
            ("- { name: a, envoyExtAuthzHttp: { unixSocket: /a, pathPrefix: b } }", "begins with `/`"),
            (
                "- { name: a, envoyExtAuthzHttp: { unixSocket: /a, includeAdditionalHeadersInCheck: { host: b } } }",
                "the header `host` of `includeAdditionalHeadersInCheck` cannot be sent"
            ),
            (
                "- { name: a, envoyExtAuthzHttp: { unixSocket: /a, includeAdditionalHeadersInCheck: { a: \"b\\r\\nc: d\" } } }",
                "cannot be sent"
            ),
            (
                "- { name: a, envoyExtAuthzHttp: { unixSocket: /a, headersToUpstreamOnAllow: [\"a*b\"] } }",
                "expected the name of a header, with a `*` at one end at most, found `a*b`"
            ),
        ]
    )
    func `what cannot be asked is refused where it stands`(yaml: String, expected: String) throws {
        let found = try problem(yaml)
        #expect(found.contains(expected) && found.contains("gateway.yaml:1:"), "\(found)")
    }

    @Test func `a gateway lists its providers, each once`() throws {
        func load(_ providers: String) throws -> GatewayConfiguration? {
            let documents = try ResourceLoader.parse(
                yaml: """
                    apiVersion: lapwing.dev/v1alpha1
                    kind: Gateway
                    metadata: { name: g, namespace: n }
                    spec:
                      listeners: [{ name: a, port: 1 }]
                      upstreams: [{ name: u, unixSocket: /u }]
                      routes: [{ name: r, upstream: u }]
                      extensionProviders: \(providers)
                    """,
                file: "g.yaml"
            )
            return try GatewayConfiguration.load(documents).first
        }
        let one = "{ name: a, envoyExtAuthzGrpc: { unixSocket: /a } }"
        #expect(try load("[\(one)]")?.providers.map(\.name) == ["a"])
        #expect(throws: ResourceError.self) { try load("[\(one), \(one)]") }
        // Istio's switch alone is refused under `strict`, and taken with a warning under `istio`; ours is always told.
        let open = try #require(try load("[{ name: a, envoyExtAuthzGrpc: { unixSocket: /a, failOpen: true } }]"))
        #expect(throws: ResourceError.self) { try open.checkFailOpen() }
        var istio = open
        istio.compatibility = .istio
        #expect(try istio.checkFailOpen().map(\.message).first?.hasPrefix("fail-open:") == true)
        let named = try #require(try load("[{ name: a, envoyExtAuthzGrpc: { unixSocket: /a, fail-open: true } }]"))
        #expect(try named.checkFailOpen().count == 1)
        #expect(
            try load("[{ name: a, envoyExtAuthzGrpc: { unixSocket: /a, fail-open: false } }]")?.checkFailOpen() == []
        )
    }

    @Test func `an HTTP answer is read whole however it is cut, and no mutation of it makes another message`() throws {
        let text = "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        let bytes = Array(text.utf8)
        for cut in 0...bytes.count {
            var reader = HTTPAnswerReader(answering: .post)
            let first = try reader.take(ByteBuffer(bytes: bytes[..<cut]))
            if case .complete = first { #expect(cut == bytes.count) }
            guard cut < bytes.count else { continue }
            guard case .complete(let answer, keepsAlive: true) = try reader.take(ByteBuffer(bytes: bytes[cut...]))
            else {
                Issue.record("cut at \(cut)")
                continue
            }
            #expect(answer.status == 200 && answer.body == Array("hello".utf8))
        }
        var random = SystemRandomNumberGenerator()
        let rounds = 2_000 * max(1, Int(ProcessInfo.processInfo.environment["LAPWING_SCALE"] ?? "") ?? 1)
        for _ in 0..<rounds {
            var mutated = bytes
            mutated[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            var reader = HTTPAnswerReader(answering: .post)
            guard case .complete(let answer, _)? = try? reader.take(ByteBuffer(bytes: mutated)) else { continue }
            #expect(answer.body.count <= HTTPAnswer.maximumBody && (200...599).contains(answer.status))
            #expect(answer.headers.allSatisfy { !$0.value.utf8.contains(10) && !$0.name.utf8.contains(13) })
        }
    }
}
