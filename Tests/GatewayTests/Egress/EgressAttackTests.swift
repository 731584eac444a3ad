import Testing

@testable import Gateway

/// Ways out that must not work: each is refused under its own reason, recorded, and reaches nobody.
@Suite("Egress attacks", .timeLimit(.minutes(5))) struct EgressAttackTests {
    @Test func `there are at least sixty, each with a name of its own`() {
        #expect(EgressAttack.all.count >= 60)
        #expect(Set(EgressAttack.all.map(\.name)).count == EgressAttack.all.count)
    }

    @Test(.timeLimit(.minutes(1)), arguments: EgressAttack.all)
    func `is refused, recorded, and reaches nobody`(attack: EgressAttack) async throws {
        let canary = try await TestUpstream.start()
        guard case .plaintext(_, let port) = canary.transport else { return }
        let egress = try await TestEgress.start(port: port, callers: attack.callers, answers: attack.answers)
        let client = try await egress.connect()
        for step in attack.steps {
            switch step {
            case .send(let bytes): client.send(bytes)
            case .waitFor(let text): await client.wait(for: text)
            }
        }
        let heard = await client.end()
        let decision = try #require(await egress.log.records("decision", count: 1).first)
        #expect(decision["decision.outcome"] == "deny")
        #expect(decision["decision.reason"] == attack.reason)
        #expect(decision["caller.spiffe_id"]?.hasPrefix("spiffe://cluster.local/ns/ml/sa/") == true)
        let completion = try #require(await egress.log.records("completion", count: 1).first)
        #expect(completion["id"] == decision["id"])
        #expect(completion["request.bytes"] == "0")
        #expect(canary.connections.value == 0, "the attack reached the server")
        #expect(egress.resolver.asked == attack.asks)
        // Who is refused learns an id, and no more.
        #expect(!heard.text.contains(attack.reason))
        await client.close()
        await egress.stop()
        await canary.stop()
    }

    @Test func `a name that led outside and then leads inside is told as such`() async throws {
        let egress = try await TestEgress.start(answers: ["hub.example.com": [["93.184.216.34"], ["10.0.0.1"]]]) {
            $0.maximumAnswerAge = .nanoseconds(1)
        }
        let connect = "CONNECT hub.example.com:443 HTTP/1.1\r\nHost: hub.example.com:443\r\n\r\n"
        let first = try await egress.connect()
        first.send(connect)
        #expect(await first.wait(for: "\r\n\r\n").text == "HTTP/1.1 200 OK\r\n\r\n")
        await first.close()
        let second = try await egress.connect()
        second.send(connect)
        #expect(await second.end().text.hasPrefix("HTTP/1.1 403 "))
        let decisions = await egress.log.records("decision", count: 2)
        #expect(Set(decisions.compactMap { $0["decision.reason"] }) == ["caller_left", "dns_rebinding"])
        await second.close()
        await egress.stop()
    }

    @Test func `an answer is pinned for as long as it is believed`() async throws {
        let egress = try await TestEgress.start(answers: ["hub.example.com": [["93.184.216.34"], ["10.0.0.1"]]])
        for _ in 0..<3 {
            let client = try await egress.connect()
            client.send("CONNECT hub.example.com:443 HTTP/1.1\r\nHost: hub.example.com:443\r\n\r\n")
            #expect(await client.wait(for: "\r\n\r\n").text == "HTTP/1.1 200 OK\r\n\r\n")
            await client.close()
        }
        #expect(egress.resolver.asked == ["hub.example.com"])
        await egress.stop()
    }

    @Test func `a caller asks for so many names below a wildcard and no more`() async throws {
        let egress = try await TestEgress.start()
        let limit = egress.box.current.maximumNames
        for index in 0...limit {
            let client = try await egress.connect()
            client.send(
                "CONNECT n\(index).storage.example.com:443 HTTP/1.1\r\nHost: n\(index).storage.example.com\r\n\r\n"
            )
            await client.end()
            await client.close()
        }
        let decisions = await egress.log.records("decision", count: limit + 1)
        #expect(decisions.filter { $0["decision.reason"] == "name_not_resolved" }.count == limit)
        #expect(decisions.last?["decision.reason"] == "too_many_names")
        #expect(egress.resolver.asked.count == limit)
        await egress.stop()
    }

    @Test func `a caller that nobody knows is counted and closed`() async throws {
        let egress = try await TestEgress.start(callers: [])
        let client = try await egress.connect()
        client.send("CONNECT hub.example.com:443 HTTP/1.1\r\nHost: hub.example.com:443\r\n\r\n")
        #expect(await client.end().text.isEmpty)
        await egress.stop()
        let refusals = try #require(await egress.log.records("refusals", count: 1).first)
        #expect(refusals["reason"] == "caller_unknown")
        #expect(refusals["source"] == "127.0.0.1")
        #expect(egress.resolver.asked.isEmpty)
    }

    @Test func `what cannot be recorded does not happen`() async throws {
        let canary = try await TestUpstream.start()
        guard case .plaintext(_, let port) = canary.transport else { return }
        let egress = try await TestEgress.start(port: port, log: FakeLog(.failing))
        let client = try await egress.connect()
        client.send("GET http://canary.example.com/v1/x HTTP/1.1\r\nHost: canary.example.com\r\n\r\n")
        #expect(await client.end().text.hasPrefix("HTTP/1.1 503 "))
        #expect(canary.connections.value == 0)
        await client.close()
        await egress.stop()
        await canary.stop()
    }

    @Test func `a caller that says nothing, or too little, is let go`() async throws {
        let egress = try await TestEgress.start { $0.headTimeout = .milliseconds(100) }
        let silent = try await egress.connect()
        #expect(await silent.end().text.isEmpty)
        let slow = try await egress.connect()
        slow.send("CONNECT hub.exa")
        #expect(await slow.end().text.hasPrefix("HTTP/1.1 408 "))
        let decision = try #require(await egress.log.records("decision", count: 1).first)
        #expect(decision["decision.reason"] == "head_timeout")
        await silent.close()
        await slow.close()
        await egress.stop()
    }
}
