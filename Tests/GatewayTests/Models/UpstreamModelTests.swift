import Foundation
import RPC
import Resources
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import Gateway
@testable import MutualTLS

/// A request goes to an upstream that has to have loaded a model only where that is proved, and its record says which.
@Suite(.timeLimit(.minutes(1))) struct UpstreamModelTests {
    /// How an upstream is reached.
    enum Way: String, CaseIterable {
        case unixSocket, loopback, mutualTLS
    }

    /// What an upstream has to have loaded, what it has, and why that will not do.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let requirement: ModelRequirement
        let loaded: [(Character, String)]
        let refusal: String?

        var testDescription: String { name }
    }

    static let cases = [
        Case(
            name: "the digest",
            requirement: .init(digest: FakeModels.digest("a")),
            loaded: [("a", "trainer")],
            refusal: nil
        ),
        Case(name: "the signer", requirement: .init(signer: "trainer"), loaded: [("b", "trainer")], refusal: nil),
        Case(name: "any model", requirement: .init(), loaded: [("b", "x")], refusal: nil),
        Case(name: "no model", requirement: .init(), loaded: [], refusal: "no_proof"),
        Case(
            name: "another digest",
            requirement: .init(digest: FakeModels.digest("a")),
            loaded: [("b", "trainer")],
            refusal: "other_model"
        ),
        Case(
            name: "another signer",
            requirement: .init(signer: "trainer"),
            loaded: [("a", "trainer2")],
            refusal: "other_model"
        ),
        Case(
            name: "the right digest by another signer",
            requirement: .init(digest: FakeModels.digest("a"), signer: "trainer"),
            loaded: [("a", "other")],
            refusal: "other_model"
        ),
    ]

    /// An upstream of each kind, and a gateway that asks it for a model; over mutual TLS the certificate names the first.
    private static func with(
        _ way: Way,
        _ requirement: ModelRequirement,
        _ answer: FakeModels.Answer,
        http2: Bool = false,
        respond: @escaping @Sendable (TestUpstream.Received, TestUpstream.Responder) -> Void = { _, responder in
            responder.write(TestUpstream.ok)
        },
        _ body: (TestGateway, TestUpstream, FakeModels) async throws -> Void
    ) async throws {
        let authority = try TestAuthority.root("cluster.local", now: Date())
        var claim: ModelClaim?
        if case .models(let models) = answer { claim = models.first }
        let svid = try authority.svid("/ns/ml-inference/sa/model") { form in
            if let claim { form.others.append(try ModelExtension.encode(claim)) }
        }
        let identity = try TLSIdentity(svid: svid, bundles: [authority.trustDomain: authority.bundle])
        let folder = FileManager.default.temporaryDirectory.path + "/" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let upstream = try await TestUpstream.start(
            unixSocket: way == .unixSocket ? folder + "/u.sock" : nil,
            identity: way == .mutualTLS ? identity : nil,
            respond: respond
        )
        let models = FakeModels(answer)
        let gateway = try await TestGateway.start(upstream: upstream, authority: authority, models: models) {
            $0.upstreams[0].model = requirement
            $0.upstreams[0].connectTimeout = .milliseconds(500)
        }
        do { try await body(gateway, upstream, models) } catch {
            await gateway.stop()
            throw error
        }
        await gateway.stop()
    }

    @Test(arguments: Way.allCases, cases)
    func `only what is proved to have loaded the model gets a request`(way: Way, what: Case) async throws {
        let loaded = try what.loaded.map { try FakeModels.claim($0.0, $0.1) }
        try await Self.with(way, what.requirement, .models(loaded)) { gateway, upstream, models in
            let client = try await gateway.client()
            let heard = await client.request(TestGateway.post())
            let decision = try #require(await gateway.log.records("decision", count: 1).first)
            if let refusal = what.refusal {
                #expect(heard.statuses == [503] && heard.text.contains(decision["id"] ?? "?"))
                #expect(upstream.received.value.isEmpty)
                let record = try #require(await gateway.log.records("completion", count: 1).first)
                #expect(record["ended"] == "model_unproven" && record["response.model.refusal"] == refusal)
                #expect(record["response.model.digest"] == nil && record["response.status"] == "503")
            } else {
                #expect(heard.statuses == [200])
                // The connection is used again, and its model is known.
                #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 200])
                #expect(upstream.connections.value == 1)
                for record in await gateway.log.records("completion", count: 2) {
                    #expect(record["response.model.digest"] == loaded[0].digest)
                    #expect(record["response.model.signer"] == loaded[0].signer)
                    #expect(record["response.model.refusal"] == nil && record["ended"] == "complete")
                }
                #expect(models.asked.count == (way == .mutualTLS ? 0 : 1))
            }
            await client.close()
        }
    }

    @Test func `the process that listens is asked about, or the socket that has accepted`() async throws {
        let loaded = FakeModels.Answer.models([try FakeModels.claim("a")])
        try await Self.with(.unixSocket, .init(), loaded) { gateway, _, models in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            guard case .process(let credentials)? = models.asked.first else {
                Issue.record("\(models.asked)")
                return
            }
            #expect(credentials.pid == getpid() && credentials.uid == geteuid())
            await client.close()
        }
        try await Self.with(.loopback, .init(), loaded) { gateway, _, models in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            guard case .socket(let inode, let uid)? = models.asked.first else {
                Issue.record("\(models.asked)")
                return
            }
            // A socket of this very process, and not the one that we called from.
            let held = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0)
            }
            #expect(held.contains("socket:[\(inode)]") && uid == geteuid())
            await client.close()
        }
    }

    @Test func `of several models the record names the one that was asked for`() async throws {
        let loaded = try [FakeModels.claim("a"), FakeModels.claim("b")]
        try await Self.with(.unixSocket, .init(digest: loaded[1].digest), .models(loaded)) { gateway, _, _ in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            let record = try #require(await gateway.log.records("completion", count: 1).first)
            #expect(record["response.model.digest"] == loaded[1].digest)
            await client.close()
        }
    }

    @Test(arguments: [(FakeModels.Answer.silence, "unknown"), (.refusal, "no_proof")])
    func `where nobody can say the request is refused`(answer: FakeModels.Answer, reason: String) async throws {
        try await Self.with(.loopback, .init(), answer) { gateway, upstream, models in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [503])
            #expect(await gateway.log.records("completion", count: 1).first?["response.model.refusal"] == reason)
            #expect(upstream.received.value.isEmpty && (models.asked.count > 1) == (reason == "unknown"))
            // Once somebody can, it is served.
            models.answer(.models([try FakeModels.claim("a")]))
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [503, 200])
            await client.close()
        }
    }

    @Test func `an upstream that does not accept in time proves nothing`() async throws {
        // Nobody accepts: the kernel completes the connection all the same.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(listener, $0, length) == 0 && getsockname(listener, $0, &length) == 0
                    && listen(listener, 8) == 0
            }
        }
        try #require(bound)
        let port = Int(UInt16(bigEndian: address.sin_port))
        let models = FakeModels(.models([try FakeModels.claim("a")]))
        let gateway = try await TestGateway.start(upstream: nil, models: models) {
            $0.upstreams[0].transport = .plaintext(address: "127.0.0.1", port: port)
            $0.upstreams[0].model = ModelRequirement()
            $0.upstreams[0].connectTimeout = .milliseconds(300)
        }
        let client = try await gateway.client()
        #expect(await client.request(TestGateway.post()).statuses == [503])
        #expect(await gateway.log.records("completion", count: 1).first?["response.model.refusal"] == "unknown")
        #expect(models.asked.isEmpty)
        await client.close()
        await gateway.stop()
    }

    @Test(arguments: [Way.unixSocket, .loopback])
    func `a proof that is withdrawn ends the connections that stand on it, and what is under way`(way: Way) async throws
    {
        let model = try FakeModels.claim("a")
        try await Self.with(
            way,
            .init(digest: model.digest),
            .models([model]),
            respond: { request, responder in
                switch request.body {
                case "begun": responder.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst")
                case "silent": break
                default: responder.write(TestUpstream.ok)
                }
            }
        ) { gateway, upstream, models in
            let begun = try await gateway.client()
            begun.send(TestGateway.post("/v1/predict", "begun"))
            await begun.wait(for: "first")
            let silent = try await gateway.client()
            silent.send(TestGateway.post("/v1/predict", "silent"))
            _ = await upstream.received.wait { $0.count == 2 }
            let idle = try await gateway.client()
            #expect(await idle.request(TestGateway.post()).statuses == [200])
            // A change that is none for this upstream changes nothing.
            gateway.server.modelsChanged()
            #expect(await idle.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            #expect(upstream.closed.value == 0)

            models.answer(.models([try FakeModels.claim("b")]))
            gateway.server.modelsChanged()
            #expect(await begun.end().text.hasSuffix("first"))
            #expect(await silent.request("").statuses == [503])
            _ = await upstream.closed.wait { $0 == 3 }
            #expect(await idle.request(TestGateway.post(), responses: 3).statuses == [200, 200, 503])
            #expect(upstream.received.value.count == 4)
            let records = await gateway.log.records("completion", count: 5)
            let withdrawn = records.filter { $0["response.model.refusal"] == "withdrawn" }
            #expect(withdrawn.count == 2)
            for record in withdrawn {
                #expect(record["ended"] == "model_unproven" && record["response.model.digest"] == model.digest)
            }
            #expect(records.filter { $0["response.model.refusal"] == "other_model" }.count == 1)
            for client in [silent, idle] { await client.close() }
        }
    }

    @Test func `a process of which nobody can say anything keeps no other from being asked about`() async throws {
        let model = try FakeModels.claim("a")
        try await Self.with(
            .loopback,
            .init(digest: model.digest),
            .models([model]),
            respond: { request, responder in if request.body != "silent" { responder.write(TestUpstream.ok) } }
        ) { gateway, upstream, models in
            // Several under way at once, each on a connection of its own.
            var clients: [TestClient] = []
            for count in 1...4 {
                let client = try await gateway.client()
                client.send(TestGateway.post("/v1/predict", "silent"))
                _ = await upstream.received.wait { $0.count == count }
                clients.append(client)
            }
            var inodes: Set<UInt64> = []
            for case .socket(let inode, _) in models.asked { inodes.insert(inode) }
            let silent = try #require(inodes.first)
            #expect(inodes.count == 4)
            models.answer(.silenceOf(silent, others: []))
            gateway.server.modelsChanged()
            _ = await upstream.closed.wait { $0 == 3 }
            // Once somebody can say, the last is asked about without another word.
            models.answer(.models([]))
            _ = await upstream.closed.wait { $0 == 4 }
            for client in clients { await client.close() }
        }
    }

    @Test func `a proof that is withdrawn while it is asked for gives no connection that stays`() async throws {
        let model = try FakeModels.claim("a")
        try await Self.with(.unixSocket, .init(), .silence) { gateway, upstream, models in
            let client = try await gateway.client()
            client.send(TestGateway.post())
            while models.asked.count < 2 { try await Task.sleep(for: .milliseconds(1)) }
            // What was told while somebody was asked may be about the one who was asked of.
            gateway.server.modelsChanged()
            models.answer(.models([model]))
            #expect(await client.request("").statuses == [200])
            let count = models.asked.count
            for _ in 0..<200 where models.asked.count == count { try await Task.sleep(for: .milliseconds(5)) }
            #expect(models.asked.count > 1 && upstream.closed.value == 0)
            await client.close()
        }
    }

    @Test func `the record of an upstream that proves a model unasked names it, too`() async throws {
        let authority = try TestAuthority.root("cluster.local", now: Date())
        let claim = try FakeModels.claim("c")
        let svid = try authority.svid("/ns/ml-inference/sa/model") {
            $0.others.append(try ModelExtension.encode(claim))
        }
        let identity = try TLSIdentity(svid: svid, bundles: [authority.trustDomain: authority.bundle])
        let upstream = try await TestUpstream.start(identity: identity)
        let gateway = try await TestGateway.start(upstream: upstream, authority: authority)
        let client = try await gateway.client()
        #expect(await client.request(TestGateway.post()).statuses == [200])
        #expect(await gateway.log.records("completion", count: 1).first?["response.model.digest"] == claim.digest)
        await client.close()
        await gateway.stop()
    }

    @Test func `a certificate that is revoked with its proof ends in 503, and the record says why`() async throws {
        let model = try FakeModels.claim("a")
        try await Self.with(
            .mutualTLS,
            .init(digest: model.digest),
            .models([model]),
            respond: { request, responder in if request.body != "silent" { responder.write(TestUpstream.ok) } }
        ) { gateway, upstream, _ in
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post()).statuses == [200])
            let busy = try await gateway.client()
            busy.send(TestGateway.post("/v1/predict", "silent"))
            _ = await upstream.received.wait { $0.count == 2 }
            gateway.identity.revoke(
                RevocationSet(ids: [try SPIFFEID("spiffe://cluster.local/ns/ml-inference/sa/model")])
            )
            gateway.server.revisitConnections()
            _ = await upstream.closed.wait { $0 == 1 }
            #expect(await busy.request("").statuses == [503])
            #expect(await client.request(TestGateway.post(), responses: 2).statuses == [200, 503])
            let records = await gateway.log.records("completion", count: 3).dropFirst()
            #expect(records.count == 2)
            for record in records {
                #expect(record["ended"] == "model_unproven" && record["response.model.refusal"] == "withdrawn")
            }
            await busy.close()
            await client.close()
        }
    }

    @Test func `an upstream of HTTP/2 is asked as well, before it hears anything`() async throws {
        let authority = try TestAuthority.root("cluster.local", now: Date())
        let upstream = try await FrameUpstream.start()
        let model = try FakeModels.claim("a")
        let models = FakeModels(.models([try FakeModels.claim("b")]))
        let gateway = try await TestGateway.start(upstream: nil, authority: authority, models: models) {
            $0.upstreams = [
                Upstream(
                    name: "inference",
                    transport: upstream.transport,
                    http2: HTTP2Upstream(),
                    model: ModelRequirement(digest: model.digest)
                )
            ]
        }
        let client = try await gateway.client()
        #expect(await client.request(TestGateway.post()).statuses == [503])
        models.answer(.models([model]))
        #expect(await client.request(TestGateway.post(), responses: 2).statuses == [503, 200])
        let records = await gateway.log.records("completion", count: 2)
        #expect(records.map { $0["response.model.refusal"] } == ["other_model", nil])
        #expect(records[1]["response.model.digest"] == model.digest)
        models.answer(.models([]))
        gateway.server.modelsChanged()
        _ = await gateway.events.wait { $0.contains { $0.contains("upstream connection ended") } }
        #expect(await client.request(TestGateway.post(), responses: 3).statuses == [503, 200, 503])
        await client.close()
        await gateway.stop()
        await upstream.stop()
    }
}

/// What a Gateway resource may say of models.
@Suite(.timeLimit(.minutes(5))) struct ModelRequirementTests {
    private static func load(_ model: String, listener: String = "") throws -> GatewayConfiguration {
        try ConfigurationTests.load(
            """
            apiVersion: lapwing.dev/v1alpha1
            kind: Gateway
            metadata: { name: inference, namespace: ml-inference }
            spec:
              listeners: [{ name: mtls, address: 127.0.0.1, port: 8443 }\(listener)]
              upstreams: [{ name: inference, unixSocket: /run/inference.sock, model: \(model) }]
              routes: [{ name: all, upstream: inference }]
            """
        )
    }

    @Test func `digest, signer and verified are read, together as well`() throws {
        let digest = FakeModels.digest("0")
        #expect(try Self.load("{ digest: \"\(digest)\" }").upstreams[0].model == ModelRequirement(digest: digest))
        #expect(try Self.load("{ verified: true }").upstreams[0].model == ModelRequirement())
        #expect(
            try Self.load("{ digest: \"\(digest)\", signer: \"spiffe://a/b\", verified: true }").upstreams[0].model
                == ModelRequirement(digest: digest, signer: "spiffe://a/b")
        )
    }

    @Test(arguments: [
        ("{}", "needs `digest`, `signer` or `verified: true`"), ("{ verified: false }", "always verified"),
        ("{ digest: sha256:ab }", "64 lower-case hexadecimal digits"), ("{ signer: \"\" }", "name of who signed"),
        ("{ digset: x }", "digest"), ("verified", "model"),
    ])
    func `what asks for nothing, or for what cannot be, is an error`(model: String, words: String) throws {
        let error = try #require(throws: ResourceError.self) { _ = try Self.load(model) }
        #expect("\(error)".contains(words) && "\(error)".contains("gateway.yaml:6"), "\(error)")
    }

    @Test func `connections without requests cannot ask for a model`() throws {
        let error = try #require(throws: ResourceError.self) {
            _ = try Self.load(
                "{ verified: true }",
                listener: ", { name: raw, address: 127.0.0.1, port: 8444, protocol: TCP, upstream: inference }"
            )
        }
        #expect("\(error)".contains("upstreams of routes alone"), "\(error)")
    }
}
