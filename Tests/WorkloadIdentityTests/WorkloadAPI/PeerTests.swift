import Foundation
import Storage
import Testing
import ZeroTrust

@testable import WorkloadIdentity

/// py-spiffe and spiffe-tls against the Workload API.
@Suite(.enabled(if: PeerProcess.isAvailable), .timeLimit(.minutes(5))) struct PeerTests {
    @Test func `py-spiffe fetches SVIDs, context and bundles`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("a", hint: "main"))
        try await fixture.create(try WorkloadAPIFixture.entry("b"))
        let peer = try PeerProcess("workload_api.py", ["fetch"], socket: fixture.socket)
        let line = try #require(await peer.line())
        let json = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(json["default"] as? String == "spiffe://cluster.local/a")
        #expect(json["svids"] as? [String] == ["spiffe://cluster.local/a", "spiffe://cluster.local/b"])
        #expect(json["context"] as? String == "spiffe://cluster.local/a")
        #expect(json["context_bundles"] as? [String] == ["cluster.local"])
        #expect(json["bundles"] as? [String: Int] == ["cluster.local": 1])
        #expect(json["chain"] as? Int == 1)
        #expect(await peer.wait() == 0)
        await fixture.drain()
    }

    @Test func `grpcio sees the status of every call`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        let peer = try PeerProcess("workload_api.py", ["statuses"], socket: fixture.socket)
        let line = try #require(await peer.line())
        let statuses = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
        #expect(statuses.count == 40)
        for (call, status) in statuses {
            let expected =
                // Without an audience a token is neither given nor looked at (rule 42).
                if !call.hasSuffix(" header") || call.contains("JWTSVID") {
                    "INVALID_ARGUMENT"
                } else if call.contains("X509") || call.contains("JWTBundles") { "OK" } else { "UNIMPLEMENTED" }
            #expect(status == expected, "\(call)")
        }
        await fixture.drain()
    }

    @Test func `py-spiffe follows a stream until its entry is removed`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        let peer = try PeerProcess("watch.py", socket: fixture.socket)
        #expect(await peer.line() == "svids spiffe://cluster.local/self")
        try await fixture.create(try WorkloadAPIFixture.entry("more"))
        #expect(await peer.line() == "svids spiffe://cluster.local/more spiffe://cluster.local/self")
        try await fixture.registry.delete("more")
        #expect(await peer.line() == "svids spiffe://cluster.local/self")
        try await fixture.registry.delete("self")
        let error = try #require(await peer.line())
        #expect(error.contains("PERMISSION_DENIED") || error.lowercased().contains("no identity"), "\(error)")
        #expect(await peer.wait() == 0)
        await fixture.drain()
    }

    @Test func `py-spiffe is attested by path and digest, and refused by another's`() async throws {
        let fixture = try await WorkloadAPIFixture()
        let python = URL(fileURLWithPath: try #require(PeerProcess.python)).resolvingSymlinksInPath().path
        let digest = try await run("sha256sum", [python]).output.prefix(64)
        try await fixture.create(
            try WorkloadAPIFixture.entry("measured", selectors: ["unix:path:\(python)", "unix:sha256:\(digest)"])
        )
        try await fixture.create(
            try WorkloadAPIFixture.entry(
                "other",
                selectors: ["unix:path:\(python)", "unix:sha256:" + String(repeating: "0", count: 64)]
            )
        )
        let peer = try PeerProcess("watch.py", socket: fixture.socket)
        #expect(await peer.line() == "svids spiffe://cluster.local/measured")
        try peer.quit()
        #expect(await peer.wait() == 0)
        await fixture.drain()
    }

    @Test func `a live mTLS connection of spiffe-tls outlives rotations without a failed request`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        let peer = try PeerProcess("rotation.py", socket: fixture.socket)
        var serial = try #require(try await peer.line(beginning: "ready ").split(separator: " ").last)
        let rotations = scaled(50)
        for rotation in 1...rotations {
            // Every tenth replaces the authority as well: publish, sign, replace, withdraw.
            let isAuthority = rotation % 10 == 0
            if isAuthority {
                try await fixture.authority.prepare()
                #expect(try await peer.line(beginning: "update ").hasSuffix(" 2"))
                try await fixture.authority.activate()
            } else {
                let stored = try #require(try await fixture.base.store.entries().entries.first)
                _ = try await fixture.base.store.update(
                    try WorkloadAPIFixture.entry(dnsNames: ["r\(rotation).example"]),
                    expecting: stored.revision
                )
                try await fixture.registry.refresh()
            }
            let update = try await peer.line(beginning: "update ").split(separator: " ")
            #expect(update[1] != serial)
            serial = update[1]
            if isAuthority {
                try await fixture.authority.prune(force: true)
                #expect(try await peer.line(beginning: "update ").hasSuffix(" 1"))
            }
        }
        try peer.quit()
        let line = try await peer.line(beginning: "{")
        let counts = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Int])
        print("rotations: \(rotations), \(line)")
        #expect(counts["failures"] == 0)
        #expect(counts["wrong_serials"] == 0)
        #expect(counts["updates"] == rotations + 2 * (rotations / 10))
        #expect(counts["handshakes"] == counts["updates"])
        await fixture.drain()
    }

    @Test(.enabled(if: geteuid() == 0))
    func `a user gets the identity of the user, and nobody else's`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: fixture.base.directory.path)
        let method = "/SpiffeWorkloadAPI/FetchX509SVID"
        func status() async throws -> String? {
            let peer = try PeerProcess("as_user.py", ["65534", method], socket: fixture.socket)
            let line = try #require(await peer.line())
            return (try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])?[method]
        }
        try await fixture.create(try WorkloadAPIFixture.entry())
        #expect(try await status() == "PERMISSION_DENIED")
        try await fixture.create(
            try WorkloadAPIFixture.entry("nobody", selectors: ["unix:uid:65534", "unix:gid:65534"])
        )
        #expect(try await status() == "OK")
        await fixture.drain()
    }
}
