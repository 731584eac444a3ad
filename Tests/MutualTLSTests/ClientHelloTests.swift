import Testing

@testable import MutualTLS

@Suite(.timeLimit(.minutes(5))) struct `Client hello` {
    /// A ClientHello with a server name, in one record.
    static func record(_ name: String?, fragments: Int = 1) -> [UInt8] {
        func vector(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
            (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
        }
        let other: [UInt8] = [0, 43] + vector(2, vector(1, [3, 4]))
        let sni = name.map { [0, 0] + vector(2, vector(2, [0] + vector(2, Array($0.utf8)))) } ?? []
        let body =
            [3, 3] + [UInt8](repeating: 7, count: 32) + vector(1, []) + vector(2, [0x13, 0x01]) + vector(1, [0])
            + vector(2, other + sni)
        let message = [1] + vector(3, body)
        let size = (message.count + fragments - 1) / fragments
        return stride(from: 0, to: message.count, by: size).flatMap { start in
            [22, 3, 1] + vector(2, Array(message[start..<min(start + size, message.count)]))
        }
    }

    @Test(arguments: [1, 2, 7])
    func `gives the server name in lower case, however it is cut`(fragments: Int) {
        let bytes = Self.record("Inference.Example", fragments: fragments)
        var whole = ClientHello()
        #expect(whole.read(bytes) == .done(serverName: "inference.example"))
        var bytewise = ClientHello()
        for byte in bytes.dropLast() { #expect(bytewise.read([byte]) == .incomplete) }
        #expect(bytewise.read(bytes.suffix(1)) == .done(serverName: "inference.example"))
    }

    @Test(arguments: [nil, "", "a b", "a\u{0}b", "é", String(repeating: "a", count: 256)])
    func `has no server name where there is none that may be one`(name: String?) {
        var hello = ClientHello()
        #expect(hello.read(Self.record(name)) == .done(serverName: nil))
    }

    @Test(arguments: [Array("GET / HTTP/1.1\r\n".utf8), [0x80, 0x2e, 1], [21, 3, 1, 0, 2, 1, 0], [0]])
    func `is told from what is not TLS by the first byte`(bytes: [UInt8]) {
        var hello = ClientHello()
        #expect(hello.read(bytes) == .notTLS)
    }

    @Test func `keeps no more than the longest message`() {
        var hello = ClientHello()
        var reading = ClientHello.Reading.incomplete
        for _ in 0..<40 where reading == .incomplete {
            reading = hello.read([22, 3, 1, 0x04, 0x00] + [1, 0, 0xff, 0xff] + [UInt8](repeating: 0, count: 1020))
        }
        #expect(reading == .done(serverName: nil))
    }

    @Test func `ends at anything else in a handshake's place`() {
        for bytes: [UInt8] in [[22, 3, 1, 0, 0], [22, 3, 1, 0, 4, 2, 0, 0, 0], [22, 3, 1, 0, 1, 1, 21, 3, 1, 0, 1]] {
            var hello = ClientHello()
            #expect(hello.read(bytes) == .done(serverName: nil))
        }
    }

    @Test func `survives every change of a byte`() {
        let bytes = Self.record("a.example")
        for offset in bytes.indices {
            for value in [0, 1, 0x7f, 0xff] as [UInt8] {
                var changed = bytes
                changed[offset] = value
                var hello = ClientHello()
                _ = hello.read(changed)
                #expect(ServerHello.cipherSuite(in: changed) == nil || changed[5] == 2)
            }
        }
    }
}
