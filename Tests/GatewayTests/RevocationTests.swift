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
}
