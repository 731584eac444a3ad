import Foundation
import Testing
import ZeroTrust

@testable import WorkloadIdentity

/// py-spiffe and PyJWT against the JWT profile of the Workload API.
@Suite(.enabled(if: PeerProcess.isAvailable), .timeLimit(.minutes(5))) struct TokenPeerTests {
    @Test(arguments: TokenKeySlot.Algorithm.allCases)
    func `py-spiffe fetches, validates and keeps tokens`(_ algorithm: TokenKeySlot.Algorithm) async throws {
        let fixture = try await WorkloadAPIFixture(tokens: TokenOptions(algorithm: algorithm))
        try await fixture.create(try WorkloadAPIFixture.entry("a"))
        try await fixture.create(try WorkloadAPIFixture.entry("b"))
        try await fixture.create(try WorkloadAPIFixture.entry("other", selectors: ["unix:uid:4294967294"]))
        let peer = try PeerProcess("jwt_svids.py", socket: fixture.socket)
        let line = try await peer.line(beginning: "{")
        let json = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        let a = "spiffe://cluster.local/a"
        for name in ["default", "validated", "local", "pyjwt", "source"] {
            #expect(json[name] as? String == a, "\(name)")
        }
        #expect(json["subject"] as? String == "spiffe://cluster.local/b")
        #expect(json["svids"] as? [String] == [a, "spiffe://cluster.local/b"])
        #expect(json["audience"] as? [String] == ["shop"])
        #expect(json["keys"] as? Int == 1)
        #expect(json["source_keys"] as? Int == 1)
        let header = json["header"] as? [String: String]
        #expect(header?["alg"] == algorithm.rawValue)
        #expect(header?.count == 3)
        for name in ["wrong_audience", "tampered", "no_audience", "not_entitled"] {
            #expect((json[name] as? String).map { $0 != "none" } == true, "\(name)")
        }
        #expect(await peer.wait() == 0)
        await fixture.drain()
    }
}
