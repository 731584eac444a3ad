import Testing

@testable import MutualTLS

@Suite(.timeLimit(.minutes(5))) struct `Client hello that passes through` {
    private static let good = `Client hello`.record("Hub.example.com")

    private static func vector(_ width: Int, _ bytes: [UInt8]) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) } + bytes
    }

    /// A message with these extensions and other parts as they are said.
    private static func record(
        _ extensions: [UInt8],
        version: [UInt8] = [3, 3],
        session: [UInt8] = [],
        suites: [UInt8] = [0x13, 1],
        compression: [UInt8] = [0],
        trailing: [UInt8] = []
    ) -> [UInt8] {
        let body =
            version + [UInt8](repeating: 7, count: 32) + vector(1, session) + vector(2, suites) + vector(1, compression)
            + vector(2, extensions)
        return [22, 3, 1] + vector(2, [1] + vector(3, body + trailing))
    }

    private static func extensionBytes(_ type: UInt16, _ data: [UInt8]) -> [UInt8] {
        [UInt8(truncatingIfNeeded: type >> 8), UInt8(truncatingIfNeeded: type)] + vector(2, data)
    }

    private static func name(_ text: String) -> [UInt8] {
        extensionBytes(0, vector(2, [0] + vector(2, Array(text.utf8))))
    }

    @Test(arguments: [1, 2, 7])
    func `is read whole or byte by byte, however it is cut, and its length is known`(fragments: Int) {
        let bytes = `Client hello`.record("Hub.example.com", fragments: fragments)
        var whole = ClientHelloReader()
        guard case .done(let summary) = whole.read(bytes + [23, 3, 3, 0, 1, 0]) else {
            Issue.record("not read")
            return
        }
        #expect(summary.serverName == "hub.example.com")
        #expect(!summary.hidesServerName)
        #expect(whole.length == bytes.count)
        var bytewise = ClientHelloReader()
        for byte in bytes.dropLast() { #expect(bytewise.read([byte]) == .incomplete) }
        #expect(bytewise.read(bytes.suffix(1)) == .done(summary))
    }

    @Test func `tells the protocols, and what hides a name`() {
        let alpn = Self.extensionBytes(
            16,
            Self.vector(2, Self.vector(1, Array("h2".utf8)) + Self.vector(1, Array("http/1.1".utf8)))
        )
        var reader = ClientHelloReader()
        guard case .done(let summary) = reader.read(Self.record(Self.name("a.example") + alpn)) else {
            Issue.record("not read")
            return
        }
        #expect(summary.applicationProtocols == ["h2", "http/1.1"])
        for type: UInt16 in [0xfe0d, 0xffce, 0xfe09] {
            var reader = ClientHelloReader()
            guard
                case .done(let hidden) = reader.read(
                    Self.record(Self.name("a.example") + Self.extensionBytes(type, [1]))
                )
            else {
                Issue.record("not read")
                return
            }
            #expect(hidden.hidesServerName)
        }
    }

    @Test(arguments: [
        ("an extension twice", record(name("a.example") + name("a.example"))),
        ("two names", record(extensionBytes(0, vector(2, [0] + vector(2, [0x61]) + [0] + vector(2, [0x62]))))),
        ("another type of name", record(extensionBytes(0, vector(2, [1] + vector(2, [0x61]))))),
        ("bytes behind the names", record(extensionBytes(0, vector(2, [0] + vector(2, [0x61])) + [0]))),
        ("an empty name", record(extensionBytes(0, vector(2, [0] + vector(2, []))))),
        ("a name with a blank", record(name("a b"))),
        ("an extension that is cut short", record([0, 0, 0, 9, 1])),
        ("a version of SSL", record(name("a.example"), version: [2, 0])),
        ("a long session id", record(name("a.example"), session: [UInt8](repeating: 0, count: 33))),
        ("half a cipher suite", record(name("a.example"), suites: [0x13])),
        ("no compression", record(name("a.example"), compression: [])),
        ("bytes behind the extensions", record(name("a.example"), trailing: [0])),
        ("another message in the record", [22, 3, 1, 0, 8] + [1, 0, 0, 0] + [1, 0, 0, 0]),
        ("another record in between", [22, 3, 1, 0, 2, 1, 0] + [20, 3, 3, 0, 1, 1]),
        ("an empty record", [22, 3, 1, 0, 0]),
        ("another message", [22, 3, 1, 0, 4, 2, 0, 0, 0]),
        ("more than may be", [22, 3, 1, 0x40, 1]),
    ])
    func `is malformed where two readers could differ`(name: String, bytes: [UInt8]) {
        var reader = ClientHelloReader()
        #expect(reader.read(bytes) == .malformed)
    }

    @Test func `survives every change of a byte and every cut, and never names another server`() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var bytes = Self.good
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = .random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(.random(in: 0...255, using: &random), at: place)
                }
            }
            var whole = ClientHelloReader()
            var pieces = ClientHelloReader()
            let reading = whole.read(bytes)
            var last = ClientHelloReader.Reading.incomplete
            let size = Int.random(in: 1...9, using: &random)
            for start in stride(from: 0, to: bytes.count, by: size) where last == .incomplete {
                last = pieces.read(bytes[start..<min(start + size, bytes.count)])
            }
            #expect(last == reading)
            // What is accepted here is read in the same way by the reader that BoringSSL's own bytes go through.
            if case .done(let summary) = reading {
                var lenient = ClientHello()
                #expect(lenient.read(bytes) == .done(serverName: summary.serverName))
            }
        }
    }
}

@Suite(.timeLimit(.minutes(5))) struct `Hello retry watch` {
    private static let retry: [UInt8] =
        [22, 3, 3, 0, 44, 2, 0, 0, 40, 3, 3] + [
            0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
            0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
        ] + [0, 0x13, 1, 0, 0, 0]

    private static func watch() throws -> HelloRetryWatch {
        var reader = ClientHelloReader()
        guard case .done(let summary) = reader.read(`Client hello`.record("a.example")) else {
            throw CancellationError()
        }
        return HelloRetryWatch(summary)
    }

    @Test func `holds what a client sends ahead until the server has answered`() throws {
        var watch = try Self.watch()
        #expect(watch.client([23, 3, 3]) == .hold)
        for byte in Self.retry.dropLast(20) { watch.server([byte]) }
        var other = Self.retry
        other[11] = 0
        var calm = try Self.watch()
        calm.server(other)
        #expect(calm.isOver && calm.client([23, 3, 3]) == .pass)
        var alarmed = try Self.watch()
        alarmed.server([21, 3, 3, 0, 2, 2, 40])
        #expect(alarmed.isOver)
    }

    @Test(arguments: [
        ("the same name", `Client hello`.record("a.example"), HelloRetryWatch.Verdict.pass),
        ("the same name behind change_cipher_spec", [20, 3, 3, 0, 1, 1] + `Client hello`.record("a.example"), .pass),
        ("another name", `Client hello`.record("b.example"), .refuse),
        ("no name", `Client hello`.record(nil), .refuse),
        ("another record", [23, 3, 3, 0, 1, 0], .refuse),
        ("another change_cipher_spec", [20, 3, 3, 0, 1, 2], .refuse),
        ("a part", [22, 3, 1], .hold),
        ("a part of change_cipher_spec", [20, 3], .hold),
    ])
    func `after a request to say it again, only the same server may be named`(
        name: String,
        bytes: [UInt8],
        verdict: HelloRetryWatch.Verdict
    ) throws {
        var watch = try Self.watch()
        watch.server(Self.retry)
        #expect(watch.client(bytes) == verdict)
    }
}
