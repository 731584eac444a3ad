import Authorization
import Foundation
import SPIFFE
import TestIdentities
import Testing
import ZeroTrust

@testable import Gateway
@testable import MutualTLS

/// Who is revoked is refused at the door, and put out where it is inside.
@Suite(.timeLimit(.minutes(1))) struct RevocationTests {
    private static func revoke(_ client: TLSIdentity, by serial: Bool, _ gateway: TestGateway) {
        gateway.identity.revoke(
            serial
                ? RevocationSet(serialNumbers: [client.svid.serialNumber]) : RevocationSet(ids: [client.svid.id])
        )
        gateway.server.revisitConnections()
    }

    @Test(arguments: [true, false])
    func `a revoked client is refused, its idle connection and its request in flight end`(bySerial: Bool) async throws {
        try await TestGateway.with({ request, responder in
            if request.body == "slow" { return responder.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst") }
            responder.write(TestUpstream.ok)
        }) { gateway, _ in
            let caller = try TestGateway.identity(gateway.authority, "/ns/ml-api/sa/api-gateway")
            func connect(_ identity: TLSIdentity) async throws -> TestClient {
                try await TestClient.connect(
                    to: gateway.server.ports["mtls"] ?? 0,
                    as: identity,
                    expecting: gateway.id
                )
            }
            let idle = try await connect(caller)
            #expect(await idle.request(TestGateway.post()).statuses == [200])
            let busy = try await connect(caller)
            busy.send(TestGateway.post("/v1/predict", "slow"))
            await busy.wait(for: "first")
            let other = try await gateway.client("/ns/ml-training/sa/trainer")
            #expect(await other.request(TestGateway.post()).statuses == [403])

            Self.revoke(caller, by: bySerial, gateway)
            #expect(await idle.end().isClosed)
            #expect(await busy.end().text.hasSuffix("first"))
            let refused = try await connect(caller)
            refused.send(TestGateway.post())
            #expect(await refused.end().text.isEmpty)
            // Nobody else notices.
            #expect(await other.request(TestGateway.post(), responses: 2).statuses == [403, 403])

            let completions = await gateway.log.records("completion", count: 4)
            #expect(completions.filter { $0["ended"] == "revoked" }.count == 1)
            let refusals = await gateway.log.records("refusals", count: 1)
            #expect(refusals.contains { $0["reason"] == "revoked" })

            gateway.identity.revoke(RevocationSet())
            let restored = try await connect(caller)
            #expect(await restored.request(TestGateway.post()).statuses == [200])
            await restored.close()
            await other.close()
        }
    }

    @Test func `when an authority leaves the bundle, connections that it vouched for end and others stand`()
        async throws
    {
        let old = try TestAuthority.root("cluster.local", now: Date())
        let new = try TestAuthority.root("cluster.local", now: Date())
        let both = X509Bundle(
            trustDomain: old.trustDomain,
            authorities: old.bundle.authorities + new.bundle.authorities
        )
        try await TestGateway.with { gateway, _ in
            let domain = gateway.authority.trustDomain
            let ours = gateway.identity.svid
            let all = X509Bundle(
                trustDomain: domain,
                authorities: both.authorities + gateway.authority.bundle.authorities
            )
            try gateway.identity.update(svid: ours, bundles: [domain: all])
            func connect(_ authority: TestAuthority) async throws -> TestClient {
                let identity = try TLSIdentity(
                    svid: authority.svid("/ns/ml-api/sa/api-gateway"),
                    bundles: [domain: gateway.authority.bundle]
                )
                let client = try await TestClient.connect(
                    to: gateway.server.ports["mtls"] ?? 0,
                    as: identity,
                    expecting: gateway.id
                )
                #expect(await client.request(TestGateway.post()).statuses == [200])
                return client
            }
            let leaving = try await connect(old)
            let staying = try await connect(new)
            let rest = X509Bundle(
                trustDomain: domain,
                authorities: new.bundle.authorities + gateway.authority.bundle.authorities
            )
            try gateway.identity.update(svid: ours, bundles: [domain: rest])
            gateway.server.revisitConnections()
            #expect(await leaving.end().isClosed)
            #expect(await staying.request(TestGateway.post(), responses: 2).statuses == [200, 200])
            await staying.close()
        }
    }

    @Test func `a withdrawn token is refused, its answer under way ends, and another of its workload goes on`()
        async throws
    {
        let issuer = try TokenIssuer("cluster.local")
        let keys = TokenKeyStore()
        keys.replace(try issuer.bundle, until: .distantFuture)
        let policy = """
            apiVersion: security.istio.io/v1
            kind: RequestAuthentication
            metadata: { name: workloads, namespace: ml-inference }
            spec: { jwtRules: [{ issuer: "spiffe://cluster.local", audiences: [inference] }] }
            ---
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: inference, namespace: ml-inference }
            spec:
              action: ALLOW
              rules: [{ when: [{ key: "request.auth.claims[sub]", values: ["spiffe://cluster.local/job"] }] }]
            """
        let expiry = Int(Date().timeIntervalSince1970) + 300
        func headers(_ number: String) throws -> String {
            let payload =
                #"{"sub":"spiffe://cluster.local/job","aud":"inference","exp":\#(expiry),"jti":"\#(number)"}"#
            return "Authorization: Bearer \(try issuer.token(payload: payload))\r\n"
        }
        try await TestGateway.with({ request, responder in
            if request.body == "slow" { return responder.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nfirst") }
            responder.write(TestUpstream.ok)
        }) { gateway, _ in
            try await gateway.replace(policy: TestGateway.snapshot(policy, keys: keys))
            var busy: [TestClient] = []
            for number in ["0a1", "b2"] {
                let client = try await gateway.client()
                client.send(TestGateway.post("/v1/predict", "slow", headers: try headers(number)))
                await client.wait(for: "first")
                busy.append(client)
            }
            keys.revoke(RevocationSet(serialNumbers: ["a1"]))
            #expect(await busy[0].end().text.hasSuffix("first"))
            #expect(await gateway.log.records("completion", count: 1).map { $0["ended"] } == ["revoked"])
            let client = try await gateway.client()
            #expect(await client.request(TestGateway.post(headers: try headers("0a1"))).statuses == [401])
            #expect(
                await client.request(TestGateway.post(headers: try headers("b2")), responses: 2).statuses == [401, 200]
            )
            let decisions = await gateway.log.records("decision", count: 4)
            #expect(decisions.contains { $0.text.contains("token_revoked") })
            await client.close()
            await busy[1].close()
        }
    }
}
