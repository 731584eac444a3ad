import Foundation
import Storage
import Testing
import ZeroTrust

@testable import WorkloadIdentity

/// Envoy's own messages, and Envoy itself, against the secret discovery service.
@Suite(.enabled(if: PeerProcess.isAvailable), .timeLimit(.minutes(5))) struct SecretDiscoveryTests {
    private func ask(_ peer: PeerProcess, _ command: String) async throws -> [String: Any] {
        let line = try #require(try await peer.ask(command))
        return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }

    private func secrets(_ answer: [String: Any]) throws -> [String: [String: Any]] {
        try #require(answer["secrets"] as? [String: [String: Any]], "\(answer)")
    }

    @Test func `every name is answered as SPIRE answers it`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("a"))
        try await fixture.create(try WorkloadAPIFixture.entry("b"))
        let peer = try PeerProcess("secret_discovery.py", socket: fixture.socket)
        let b = "spiffe://cluster.local/b"
        let all = #"["default", "ROOTCA", "ALL", "\#(b)", "spiffe://cluster.local"]"#
        for command in [#"{"names": \#(all)}"#, #"{"fetch": \#(all)}"#] {
            let answer = try await ask(peer, command)
            let found = try secrets(answer)
            #expect(found.count == 5)
            #expect(found["default"]?["id"] as? String == "spiffe://cluster.local/a")
            #expect(found[b]?["id"] as? String == b)
            #expect(found["default"]?["matches"] as? Bool == true && found[b]?["matches"] as? Bool == true)
            #expect(found["ROOTCA"]?["roots"] as? Int == 1 && found["spiffe://cluster.local"]?["roots"] as? Int == 1)
            #expect(found["ALL"]?["validator"] as? String == "envoy.tls.cert_validator.spiffe")
            #expect(found["ALL"]?["domains"] as? [String: Int] == ["cluster.local": 1])
            #expect(answer["type"] as? String == SecretDiscovery.typeURL)
        }
        // No name is all that the caller has.
        #expect(
            Set(try secrets(try await ask(peer, #"{"names": []}"#)).keys) == [
                "spiffe://cluster.local/a", b, "spiffe://cluster.local",
            ]
        )
        for wrong in ["other", "", "spiffe://cluster.local/c", "spiffe://other.example", "spiffe://other.example/a"] {
            let answer = try await ask(peer, #"{"names": ["default", "\#(wrong)"]}"#)
            #expect(answer["error"] as? String == "INVALID_ARGUMENT", "\(wrong)")
            #expect(try await ask(peer, #"{"fetch": ["\#(wrong)"]}"#)["error"] as? String == "INVALID_ARGUMENT")
        }
        let cluster = #""type": "type.googleapis.com/envoy.config.cluster.v3.Cluster""#
        #expect(try await ask(peer, #"{"names": [], \#(cluster)}"#)["error"] as? String == "INVALID_ARGUMENT")
        await fixture.drain()
    }

    @Test func `a stream gets what changed, once, and nothing where its entry goes`() async throws {
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry("a"))
        let peer = try PeerProcess("secret_discovery.py", socket: fixture.socket)
        let first = try await ask(peer, #"{"names": ["default"]}"#)
        let serial = try secrets(first)["default"]?["serial"] as? String
        try peer.tell(#"{"ack": true}"#)
        // Another name on the same stream: the certificate that was made stays.
        let both = try await ask(peer, #"{"ask": ["default", "ROOTCA"]}"#)
        #expect(try secrets(both).count == 2 && secrets(both)["default"]?["serial"] as? String == serial)
        #expect(both["nonce"] as? String != first["nonce"] as? String)
        // What is refused is not sent again; what comes next is.
        try peer.tell(#"{"ack": false}"#)
        let stored = try #require(try await fixture.base.store.entries().entries.first)
        _ = try await fixture.base.store.update(
            try WorkloadAPIFixture.entry("a", dnsNames: ["a.example"]),
            expecting: stored.revision
        )
        try await fixture.registry.refresh()
        let renewed = try await ask(peer, #"{"next": true}"#)
        #expect(try secrets(renewed)["default"]?["serial"] as? String != serial)
        #expect(renewed["version"] as? String != both["version"] as? String)
        // A second authority is a second root, and a third stream is not disturbed by what it did not ask for.
        try await fixture.authority.prepare()
        #expect(try secrets(try await ask(peer, #"{"next": true}"#))["ROOTCA"]?["roots"] as? Int == 2)
        try await fixture.registry.delete("a")
        #expect(try await ask(peer, #"{"next": true}"#)["error"] as? String == "PERMISSION_DENIED")
        #expect(try await ask(peer, #"{"names": ["ROOTCA"]}"#)["error"] as? String == "PERMISSION_DENIED")
        await fixture.drain()
        #expect(fixture.api.streamCount == 0)
    }

    /// Where the peers have an Envoy, or `LAPWING_ENVOY` names one.
    private static var envoy: String? {
        let beside = PeerProcess.python.map { $0.replacingOccurrences(of: "/bin/python", with: "/bin/envoy") }
        let candidates = [ProcessInfo.processInfo.environment["LAPWING_ENVOY"], beside].compactMap(\.self)
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    @Test(.timeLimit(.minutes(10)))
    func `a real Envoy serves and calls through rotations without a failed request`() async throws {
        let envoy = try #require(Self.envoy, "run scripts/setup-test-peers")
        let fixture = try await WorkloadAPIFixture()
        try await fixture.create(try WorkloadAPIFixture.entry())
        let peer = try PeerProcess(
            "envoy_secrets.py",
            [envoy, "spiffe://cluster.local/self", "spiffe://cluster.local"],
            socket: fixture.socket
        )
        var serial = try await peer.line(beginning: "ready ").split(separator: " ")[1]
        let rotations = scaled(50)
        var delays: [Double] = []
        for rotation in 1...rotations {
            let started = ContinuousClock.now
            // Every tenth replaces the authority as well: publish, sign, withdraw.
            if rotation % 10 == 0 {
                try await fixture.authority.prepare()
                try await Task.sleep(for: .milliseconds(200))
                try await fixture.authority.activate()
            } else {
                let stored = try #require(try await fixture.base.store.entries().entries.first)
                _ = try await fixture.base.store.update(
                    try WorkloadAPIFixture.entry(dnsNames: ["r\(rotation).example"]),
                    expecting: stored.revision
                )
                try await fixture.registry.refresh()
            }
            let shown = try await peer.line(beginning: "serial ").split(separator: " ")[1]
            #expect(shown != serial)
            serial = shown
            if rotation % 10 == 0 {
                try await Task.sleep(for: .milliseconds(200))
                try await fixture.authority.prune(force: true)
            } else {
                delays.append((ContinuousClock.now - started) / .milliseconds(1))
            }
        }
        try peer.quit()
        let line = try await peer.line(beginning: "{")
        let counts = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Int])
        delays.sort()
        print(
            "rotations in Envoy: \(rotations), \(line), ms until shown: median \(delays[delays.count / 2]), most \(delays.last ?? 0)"
        )
        #expect(counts["failures"] == 0 && (counts["requests"] ?? 0) >= rotations)
        await fixture.drain()
    }
}
