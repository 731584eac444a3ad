import Foundation
import Resources
import SPIFFE
import Synchronization
import Testing
import WorkloadIdentity

@testable import Kubernetes

/// Lapwing's side of Kubernetes against a server that speaks the real API, as the Python client of Kubernetes confirms.
@Suite(.enabled(if: APIServer.isAvailable), .serialized, .timeLimit(.minutes(5))) struct `Kubernetes attestation` {
    private let server: APIServer

    init() throws { server = try APIServer() }

    @Test func `the Python client of Kubernetes sees the same server`() throws {
        let uid = try server.put("model-0")
        try server.put("other-0", node: "node-2", container: String(repeating: "1b", count: 32))
        let seen = try server.ask(["agree": true])
        #expect(seen["names"] as? [String] == ["model-0", "other-0"])
        #expect(seen["uid"] as? String == uid && seen["pod"] as? [String] == [uid])
        #expect(seen["container"] as? String == "containerd://\(APIServer.container)")
        #expect(seen["watched"] as? [[String]] == [["MODIFIED", "yes"]])
        #expect(seen["authenticated"] as? Bool == true && seen["other"] as? Bool == false)
        #expect(seen["username"] as? String == "system:serviceaccount:ml:model")
    }

    // MARK: Pods

    /// Runs a directory of the pods of `node-1` while the body does something.
    private func follow(
        _ origin: PodDirectory.Origin = .apiServer,
        wait: Duration = .seconds(5),
        _ body: (PodDirectory) async throws -> Void
    ) async throws {
        let api = try server.api()
        let pods = PodDirectory(api: api, node: "node-1", origin: origin, wait: wait, logger: quietLogger)
        let running = Task { await pods.run() }
        do { try await body(pods) } catch {
            running.cancel()
            await api.close()
            throw error
        }
        running.cancel()
        await api.close()
        await running.value
    }

    private func until(_ condition: () async throws -> Bool) async throws -> Bool {
        for _ in 0..<200 {
            if try await condition() { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    @Test func `pods come, change and go with the watch, and only those of the node`() async throws {
        let uid = try server.put("model-0")
        try server.put("elsewhere", node: "node-2")
        try await follow { pods in
            let pod = try #require(try await pods.pod(uid: uid, container: APIServer.container))
            #expect(pod.namespace == "ml" && pod.serviceAccount == "model" && pod.labels == ["app": "model"])
            #expect(pods.count == 1)
            // One that is not there yet is waited for.
            let later = String(repeating: "2c", count: 32)
            async let found = pods.pod(uid: "8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55", container: later)
            try await Task.sleep(for: .milliseconds(200))
            try server.put("late", container: later, uid: "8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55")
            #expect(try await found?.name == "late")
            // A change is announced.
            let revision = pods.revision
            try server.put("model-0", labels: ["app": "other"], uid: uid)
            #expect(try await until { pods.revision > revision })
            #expect(try await pods.pod(uid: uid, container: APIServer.container)?.labels == ["app": "other"])
            // What has ended, and what is deleted, is gone within a second.
            try server.put("late", container: later, uid: "8f8a3c3e-5a1d-4b6e-9d36-0c2f4b1a7e55", phase: "Succeeded")
            #expect(try await until { pods.count == 1 })
            let begun = ContinuousClock.now
            try server.ask(["delete": ["ml", "model-0"]])
            #expect(try await until { pods.count == 0 })
            #expect(ContinuousClock.now - begun < .seconds(1))
        }
    }

    @Test func `a list in pieces, a broken watch and one that is too old are made good`() async throws {
        var uids: [String] = []
        for index in 0..<3 {
            uids.append(try server.put("model-\(index)", container: String(repeating: "\(index)d", count: 32)))
        }
        try await follow { pods in
            #expect(try await until { pods.count == 3 })
            try server.ask(["cut": true])
            try server.put(
                "model-0",
                labels: ["app": "after"],
                container: String(repeating: "0d", count: 32),
                uid: uids[0]
            )
            #expect(
                try await until {
                    try await pods.pod(uid: uids[0], container: String(repeating: "0d", count: 32))?.labels == [
                        "app": "after"
                    ]
                }
            )
            try server.put(
                "model-1",
                labels: ["app": "more"],
                container: String(repeating: "1d", count: 32),
                uid: uids[1]
            )
            try server.ask(["compact": true])
            try server.ask(["cut": true])
            try server.ask(["delete": ["ml", "model-2"]])
            #expect(try await until { pods.count == 2 })
        }
    }

    @Test func `a server that does not answer makes nobody of anybody`() async throws {
        let uid = try server.put("model-0")
        try server.ask(["fail": 500])
        try await follow(wait: .milliseconds(300)) { pods in
            let failure = await #expect(throws: IdentityError.self) {
                try await pods.pod(uid: uid, container: APIServer.container)
            }
            #expect(failure?.code == .exhausted, "it is not known, rather than not there")
            try server.ask(["fail": NSNull()])
            #expect(
                try await until {
                    let pod = try? await pods.pod(uid: uid, container: APIServer.container)
                    return pod != nil
                }
            )
            // What was known holds while it is away.
            try server.ask(["fail": 503])
            try server.ask(["cut": true])
            #expect(try await pods.pod(uid: uid, container: APIServer.container) != nil)
            #expect(try await pods.pod(uid: "x", container: APIServer.container) == nil)
        }
    }

    @Test func `the kubelet's list does as well`() async throws {
        let uid = try server.put("model-0")
        try await follow(.kubelet) { pods in
            #expect(try await pods.pod(uid: uid, container: APIServer.container)?.name == "model-0")
            try server.ask(["delete": ["ml", "model-0"]])
            #expect(try await until { pods.count == 0 })
        }
    }

    @Test func `a server that the file of authorities does not vouch for is not spoken to`() async throws {
        let other = try APIServer()
        let api = try KubernetesAPI(
            KubernetesServer(
                url: server.server.url,
                authoritiesFile: other.directory + "/ca.crt",
                tokenFile: server.directory + "/token"
            ),
            timeout: .seconds(2)
        )
        let failure = await #expect(throws: KubernetesFailure.self) { try await api.get("/openid/v1/jwks") }
        #expect(failure?.code == .unreachable)
        await api.close()
        #expect(try server.asked().isEmpty)
    }

    // MARK: Tokens

    private func review(
        _ token: String,
        by reviewer: TokenReviewer
    ) async -> (pod: String?, code: TokenRefusal.Code?, failure: Bool) {
        do { return (try await reviewer.proven(token).pod.name, nil, false) } catch {
            return (nil, (error as? TokenRefusal)?.code, error is KubernetesFailure)
        }
    }

    private func reviewer(
        _ api: KubernetesAPI,
        ticks: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) -> TokenReviewer {
        TokenReviewer(
            api: api,
            issuer: "https://kubernetes.default.svc.cluster.local",
            audiences: ["lapwing"],
            ticks: ticks,
            logger: quietLogger
        )
    }

    @Test func `a projected token shows its pod; what is wrong with it is found before the server is asked`()
        async throws
    {
        try server.put("model-0")
        let api = try server.api()
        let reviewer = reviewer(api)
        #expect(await review(try server.token(), by: reviewer).pod == "model-0")
        #expect(try server.asked().filter { $0.contains("tokenreviews") }.count == 1)
        let good = try server.token()
        for (name, token, code) in [
            ("another audience", try server.token("model-0", ["aud": ["other"]]), .wrongAudience),
            ("expired", try server.token("model-0", ["life": -1]), .expired),
            ("another's key under a known name", try server.token("model-0", ["forged": true]), .badSignature),
            ("an unknown key", try server.token("model-0", ["kid": "none"]), .unknownKey),
            ("another issuer", try server.token("model-0", ["claims": ["iss": "https://other"]]), .unknownIssuer),
            (
                "not bound to a pod", try server.token("model-0", ["claims": ["kubernetes.io/pod": NSNull()]]),
                .malformed
            ),
            ("not of Kubernetes", try server.token("model-0", ["claims": ["kubernetes.io": NSNull()]]), .malformed),
            (
                "another's subject",
                try server.token("model-0", ["claims": ["sub": "system:serviceaccount:kube-system:admin"]]),
                .invalidSubject
            ),
            (
                "not valid yet",
                try server.token("model-0", ["claims": ["nbf": Int(Date().timeIntervalSince1970) + 600]]), .notYetValid
            ),
            ("without an end", try server.token("model-0", ["claims": ["exp": NSNull()]]), .neverExpires),
            (
                "a name that leaves its place",
                try server.token("model-0", ["claims": ["kubernetes.io/pod/name": "../x"]]), .malformed
            ),
            ("nothing", "", .malformed), ("its signature changed", String(good.dropLast(4)) + "AAAA", .badSignature),
        ] as [(String, String, TokenRefusal.Code)] {
            #expect(await review(token, by: reviewer).code == code, "\(name)")
        }
        #expect(try server.asked().filter { $0.contains("tokenreviews") }.isEmpty, "the server was not asked")
        await api.close()
    }

    @Test func `a pod that is deleted is caught within ten seconds, and no token costs more than one question in them`()
        async throws
    {
        try server.put("model-0")
        let api = try server.api()
        let now = Mutex(ContinuousClock.now)
        let reviewer = reviewer(api) { now.withLock { $0 } }
        let token = try server.token()
        for _ in 0..<5 { #expect(await review(token, by: reviewer).pod == "model-0") }
        #expect(try server.asked().filter { $0.contains("tokenreviews") }.count == 1)
        try server.ask(["delete": ["ml", "model-0"]])
        now.withLock { $0 += .seconds(9) }
        #expect(await review(token, by: reviewer).pod == "model-0")
        now.withLock { $0 += .seconds(1) }
        #expect(await review(token, by: reviewer).code == .revoked)
        // One of the same name is another pod.
        now.withLock { $0 += .seconds(10) }
        try server.put("model-0")
        #expect(await review(token, by: reviewer).code == .revoked)
        #expect(await review(try server.token(), by: reviewer).pod == "model-0")
        await api.close()
    }

    @Test(arguments: ["Succeeded", "Failed"])
    func `a pod that has ended is nobody, though it is there still`(_ phase: String) async throws {
        let uid = try server.put("model-0")
        let api = try server.api()
        let reviewer = reviewer(api)
        let (first, second) = (try server.token(), try server.token())
        #expect(await review(first, by: reviewer).pod == "model-0")
        try server.put("model-0", uid: uid, phase: phase)
        #expect(await review(second, by: reviewer).code == .revoked)
        await api.close()
    }

    @Test func `many who ask at once wait for one answer with the keys`() async throws {
        try server.put("model-0")
        let api = try server.api()
        let reviewer = reviewer(api)
        var tokens: [String] = []
        for _ in 0..<10 { tokens.append(try server.token()) }
        _ = try server.asked()
        let names = await withTaskGroup(of: String?.self) { group in
            for token in tokens { group.addTask { try? await reviewer.proven(token).pod.name } }
            return await group.reduce(into: [String?]()) { $0.append($1) }
        }
        #expect(names == Array(repeating: "model-0", count: 10))
        #expect(try server.asked().filter { $0.contains("jwks") }.count == 1)
        await api.close()
    }

    @Test func `a server that does not say lets nobody in`() async throws {
        try server.put("model-0")
        let api = try server.api()
        let reviewer = reviewer(api)
        let (first, second) = (try server.token(), try server.token())
        #expect(await review(first, by: reviewer).pod != nil)
        try server.ask(["fail": 500])
        #expect(await review(second, by: reviewer).failure)
        try server.ask(["fail": 403])
        #expect(await review(second, by: reviewer).failure)
        try server.ask(["fail": NSNull()])
        #expect(await review(second, by: reviewer).pod != nil, "a failure is not remembered")
        await api.close()
    }

    @Test func `a new key of the cluster is found, and a made-up one is not asked for without end`() async throws {
        try server.put("model-0")
        let api = try server.api()
        let now = Mutex(ContinuousClock.now)
        let reviewer = reviewer(api) { now.withLock { $0 } }
        #expect(await review(try server.token(), by: reviewer).pod != nil)
        now.withLock { $0 += .seconds(11) }
        let next = try server.token("model-0", ["kid": "second", "publish": true])
        #expect(await review(next, by: reviewer).pod != nil)
        _ = try server.asked()
        for _ in 0..<20 {
            #expect(await review(try server.token("model-0", ["kid": "none"]), by: reviewer).code == .unknownKey)
        }
        #expect(try server.asked().filter { $0.contains("jwks") }.isEmpty)
        await api.close()
    }

    @Test func `keys that do not come are asked for once in ten seconds, whoever asks`() async throws {
        try server.put("model-0")
        let api = try server.api()
        let now = Mutex(ContinuousClock.now)
        let reviewer = reviewer(api) { now.withLock { $0 } }
        let token = try server.token()
        try server.ask(["fail": 500])
        _ = try server.asked()
        for _ in 0..<5 { #expect(await review(token, by: reviewer).failure) }
        #expect(try server.asked().filter { $0.contains("jwks") }.count == 1)
        try server.ask(["fail": NSNull()])
        #expect(await review(token, by: reviewer).failure)
        now.withLock { $0 += .seconds(10) }
        #expect(await review(token, by: reviewer).pod == "model-0")
        await api.close()
    }
}

@Suite(.timeLimit(.minutes(5))) struct KubernetesAttestationTests {
    private static func load(_ spec: String) throws -> KubernetesAttestation? {
        let text =
            "{apiVersion: lapwing.dev/v1alpha1, kind: KubernetesAttestation, metadata: {name: c}, spec: {\(spec)}}"
        return try KubernetesAttestation.load(try ResourceLoader.load(sources: [("k.yaml", Data(text.utf8))]).documents)
    }

    @Test func `the cluster that we are in is the default`() throws {
        let rules = try #require(try Self.load("nodeName: node-1"))
        #expect(rules.apiServer == .inCluster && rules.pods == .apiServer)
        let own = try #require(
            try Self.load(
                "nodeName: n, apiServer: {url: 'https://a:6443', caFile: /ca}, kubelet: {url: 'https://127.0.0.1:10250'}"
            )
        )
        #expect(own.apiServer.url == "https://a:6443" && own.apiServer.authoritiesFile == "/ca" && own.pods == .kubelet)
    }

    @Test(arguments: [
        "", "nodeName: A/b", "nodeName: n, apiServer: {}", "nodeName: n, apiServer: {url: 'http://a'}",
        "nodeName: n, apiServer: {url: 'https://a/'}", "nodeName: n, apiServer: {url: 'https://u:p@a'}",
        "nodeName: n, kubelet: {url: 'https://a/pods'}", "nodeName: n, node: m",
    ])
    func `what cannot be is refused`(_ spec: String) {
        #expect(throws: ResourceError.self) { try Self.load(spec) }
    }
}
