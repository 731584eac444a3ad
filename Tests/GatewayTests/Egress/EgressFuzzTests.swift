import Testing

@testable import Gateway

/// Whatever is sent, the listener decides or closes, and a server is reached only by what was allowed.
@Suite("Egress fuzzing", .timeLimit(.minutes(5))) struct EgressFuzzTests {
    @Test func `the head of a CONNECT is read alike however it is cut`() {
        var random = Random(seed: 0xc0)
        let good = "CONNECT canary.example.com:443 HTTP/1.1\r\nHost: canary.example.com:443\r\nA: b\r\n\r\n"
        for round in 0..<3_000 {
            var bytes = Array(good.utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(.random(in: 0...255, using: &random), at: place)
                }
            }
            let pieces = Int.random(in: 1...9, using: &random)
            #expect(Self.read(bytes, pieces: pieces) == Self.read(bytes, pieces: bytes.count), "round \(round)")
        }
    }

    /// The target, the reason to refuse, or `more`.
    private static func read(_ bytes: [UInt8], pieces: Int) -> String {
        var head = ConnectHead(limits: HTTP1Limits())
        do throws(HTTP1Refusal) {
            for end in stride(from: pieces, to: bytes.count + pieces, by: pieces) {
                let part = Array(bytes.prefix(end))
                guard ConnectHead.begins(part.span) else { return "another method" }
                if try head.scan(part.span) {
                    return String(decoding: bytes[head.authority], as: UTF8.self) + " \(head.length)"
                }
            }
        } catch {
            return error.code.rawValue
        }
        return "more"
    }

    @Test func `an authority that is taken says the same when it is written anew`() {
        var random = Random(seed: 0xa7)
        let alphabet = Array("abcxn-.:@[]%0123456789_ /\\#?".utf8)
        var taken = 0
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 1...16, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0x61
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let authority = try? Authority(text) else { continue }
            taken += 1
            let again = authority.name.text + (authority.port.map { ":\($0)" } ?? "")
            #expect(again == text)
        }
        #expect(taken > 0)
    }

    @Test(.timeLimit(.minutes(2)))
    func `changed bytes never reach a server that was not asked for`() async throws {
        let canary = try await TestUpstream.start()
        guard case .plaintext(_, let port) = canary.transport else { return }
        let egress = try await TestEgress.start(port: port) { $0.headTimeout = .milliseconds(50) }
        var random = Random(seed: 0xe9)
        let seeds: [[UInt8]] = [
            Array("CONNECT evil.example.com:443 HTTP/1.1\r\nHost: evil.example.com:443\r\n\r\n".utf8),
            Array("GET http://evil.example.com/v1/x HTTP/1.1\r\nHost: evil.example.com\r\n\r\n".utf8),
            Hello.named("evil.example.com").bytes,
        ]
        for round in 0..<150 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                bytes[Int.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            let client = try await egress.connect()
            client.send(bytes)
            await client.end()
            await client.close()
        }
        #expect(canary.connections.value == 0)
        let records = egress.log.entries.value
        let decided = Set(records.filter { $0["kind"] == "decision" }.compactMap { $0["id"] })
        let completed = Set(records.filter { $0["kind"] == "completion" }.compactMap { $0["id"] })
        #expect(decided == completed)
        #expect(decided.count == 150)
        await egress.stop()
        await canary.stop()
    }
}
