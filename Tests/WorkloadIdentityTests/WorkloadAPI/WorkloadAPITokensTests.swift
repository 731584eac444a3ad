import Foundation
import RPC
import SPIFFE
import Synchronization
import Testing
import WireProtos
import ZeroTrust

@testable import WorkloadIdentity

/// The JWT profile of the Workload API on a real socket (rules 42 and 46 to 49).
@Suite(.timeLimit(.minutes(5))) struct WorkloadAPITokensTests {
    /// The status that a call ends with; nil where it was answered.
    private func status(_ body: () async throws -> Void) async throws -> RPCStatus? {
        do {
            try await body()
            return nil
        } catch let status as RPCStatus {
            return status
        }
    }

    @Test func `a caller gets a token for each of its identities, or for the one that it names`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("a", hint: "main"))
        try await fixture.create(try WorkloadAPIFixture.entry("b"))
        let all = try await fixture.client.fetchJWTSVIDs(audiences: ["shop"])
        #expect(all.map(\.id.description) == ["spiffe://cluster.local/a", "spiffe://cluster.local/b"])
        #expect(all.allSatisfy { $0.audiences == ["shop"] })
        let one = try await fixture.client.fetchJWTSVIDs(
            audiences: ["shop", "bank"],
            id: try SPIFFEID("spiffe://cluster.local/b")
        )
        #expect(one.map(\.id.description) == ["spiffe://cluster.local/b"])
        #expect(one[0].audiences == ["shop", "bank"])
        await fixture.drain()
    }

    @Test func `what is missing is INVALID_ARGUMENT and what is not the caller's PERMISSION_DENIED`() async throws {
        let fixture = try await WorkloadAPIFixture()
        let client = try fixture.client
        #expect(try await status { _ = try await client.fetchJWTSVIDs(audiences: ["a"]) }?.code == .permissionDenied)
        #expect(try await status { _ = try await client.fetchJWTBundles() }?.code == .permissionDenied)
        #expect(
            try await status { _ = try await client.validateJWTSVID(Redacted("a.b.c"), audience: "a") }?.code
                == .permissionDenied
        )
        try await fixture.create(try WorkloadAPIFixture.entry("a"))
        try await fixture.create(try WorkloadAPIFixture.entry("other", selectors: ["unix:uid:4294967294"]))
        for audiences in [[], [""], ["a", ""], ["a", "a"], [String(repeating: "a", count: 256)]] {
            #expect(
                try await status { _ = try await client.fetchJWTSVIDs(audiences: audiences) }?.code == .invalidArgument
            )
        }
        let other = try SPIFFEID("spiffe://cluster.local/other")
        #expect(
            try await status { _ = try await client.fetchJWTSVIDs(audiences: ["a"], id: other) }?.code
                == .permissionDenied
        )
        #expect(
            try await status { _ = try await client.validateJWTSVID(Redacted(""), audience: "a") }?.code
                == .invalidArgument
        )
        #expect(
            try await status { _ = try await client.validateJWTSVID(Redacted("a.b.c"), audience: "") }?.code
                == .invalidArgument
        )
        await fixture.drain()
    }

    @Test func `a token is validated for its audience, until it expires and while its workload is not revoked`()
        async throws
    {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("a"))
        let client = try fixture.client
        let token = try #require(try await client.fetchJWTSVIDs(audiences: ["shop"]).first).token
        let valid = try await client.validateJWTSVID(token, audience: "shop")
        #expect(valid.id.description == "spiffe://cluster.local/a")
        #expect(valid.claims.contains("shop"))
        let replayed = try await status { _ = try await client.validateJWTSVID(token, audience: "bank") }
        #expect(replayed?.code == .invalidArgument)
        #expect(replayed?.message.contains("token_audience_not_allowed") == true)

        try await fixture.create(try WorkloadAPIFixture.entry("b"))
        try await fixture.registry.revoke(
            try Revocation(.init("spiffe://cluster.local/a"), reason: "", creator: "test", at: Date())
        )
        let revoked = try await status { _ = try await client.validateJWTSVID(token, audience: "shop") }
        #expect(revoked?.message.contains("token_subject_revoked") == true)
        #expect(
            try await client.fetchJWTSVIDs(audiences: ["shop"]).map(\.id.description) == ["spiffe://cluster.local/b"]
        )

        fixture.base.clock.advance(by: 301)
        let expired = try await status { _ = try await client.validateJWTSVID(token, audience: "shop") }
        #expect(expired?.message.contains("token_expired") == true)
        await fixture.drain()
    }

    @Test func `each token is recorded once, and handed out again until half of its life is over`() async throws {
        let records = Mutex<[TokenIssuance]>([])
        let fixture = try await WorkloadAPIFixture(onIssue: { record in records.withLock { $0.append(record) } })
        try await fixture.create(try WorkloadAPIFixture.entry("a"))
        func fetch(_ audience: String = "shop") async throws -> JWTSVID {
            try #require(try await fixture.client.fetchJWTSVIDs(audiences: [audience]).first)
        }
        let first = try await fetch()
        #expect(try await fetch().token.value == first.token.value)
        #expect(try await fetch("bank").token.value != first.token.value)
        fixture.base.clock.advance(by: 151)
        let second = try await fetch()
        #expect(second.token.value != first.token.value)
        try await fixture.authority.prepare()
        try await fixture.authority.activate()
        // What the last key signed is not handed out any more.
        #expect(try await fetch().keyID != second.keyID)

        let told = records.withLock { $0 }
        #expect(told.map(\.audiences) == [["shop"], ["bank"], ["shop"], ["shop"]])
        #expect(told.allSatisfy { $0.pid == getpid() && $0.uid == geteuid() && $0.entry == "a" })
        #expect(Set(told.map(\.tokenID)).count == 4)
        #expect(first.claims.contains(told[0].tokenID))
        #expect(!"\(told)".contains(first.token.value))
        await fixture.drain()
    }

    @Test func `a token that cannot be recorded is not handed out`() async throws {
        struct Full: Error {}
        let fixture = try await WorkloadAPIFixture(onIssue: { _ in throw Full() })
        try await fixture.create(try WorkloadAPIFixture.entry("a"))
        for _ in 0..<2 {
            #expect(
                try await status { _ = try await fixture.client.fetchJWTSVIDs(audiences: ["a"]) }?.code == .unavailable
            )
        }
        await fixture.drain()
    }

    @Test func `the bundle comes at once and at each change, with public keys for tokens only (rule 47)`() async throws
    {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("a"))
        var events = try fixture.client.jwtBundleEvents().makeAsyncIterator()
        func next() async -> JWTBundleSet? {
            while let event = await events.next(isolation: #isolation) {
                if case .bundles(let bundles) = event { return bundles }
            }
            return nil
        }
        let domain = try TrustDomain("cluster.local")
        #expect(await next()?[domain]?.authorities.count == 1)
        try await fixture.authority.prepare()
        #expect(await next()?[domain]?.authorities.count == 2)
        try await fixture.authority.activate()
        try await fixture.authority.prune(force: true)
        #expect(await next()?[domain]?.authorities.count == 1)
        #expect(fixture.authority.jwtBundle.jwks.contains(#""use":"jwt-svid""#))
        #expect(!fixture.authority.jwtBundle.jwks.contains("x5c"))
        await fixture.drain()
    }
}
