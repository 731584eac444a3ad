/// A deterministic source of choices (SplitMix64).
struct Random: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }

    /// Whether something that happens once in so many times happens now.
    mutating func once(in count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

    mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }
}

/// Streams of requests: mostly right, with the faults that smuggling is made of.
enum RequestGrammar {
    static func stream(_ random: inout Random) -> [UInt8] {
        var stream: [UInt8] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) { stream += request(&random) }
        for _ in 0..<(random.once(in: 3) ? Int.random(in: 1...3, using: &random) : 0) { mutate(&stream, &random) }
        return stream
    }

    private static func request(_ random: inout Random) -> [UInt8] {
        let isOdd = random.once(in: 3)
        let method = random.pick(
            isOdd ? ["GET", "POST", "post", "BREW", "PATCH", "CONNECT"] : ["GET", "POST", "PUT", "DELETE"]
        )
        let target = random.pick(
            isOdd
                ? ["/", "/a b", "http://a/b", "http://b/", "*", "/#x", "//", "/\u{e9}", "a:1"]
                : ["/", "/v1/predict", "/a?b=c"]
        )
        let version = random.pick(
            isOdd && random.once(in: 2) ? ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "http/1.1", ""] : ["HTTP/1.1"]
        )
        let end = isOdd && random.once(in: 4) ? random.pick(["\n", "\r", "\r\r\n", "\r\n\r\n"]) : "\r\n"
        var text = "\(method) \(target) \(version)\(end)"
        if !(isOdd && random.once(in: 5)) { text += random.pick(["Host: a", "host:a", "HOST: a "]) + "\r\n" }
        let body = String(repeating: "x", count: Int.random(in: 0...20, using: &random))
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            text +=
                random.pick(isOdd ? oddFields : ["Accept: */*", "X-A: b", "X-Empty:", "Connection: keep-alive"])
                + "\r\n"
        }
        switch random.pick([0, 0, 1, 2, 3]) {
        case 1: text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        case 2: text += "Transfer-Encoding: chunked\r\n\r\n" + chunks(body, &random, isOdd: isOdd)
        case 3 where isOdd:
            for _ in 0..<2 { text += random.pick(framingFields) + "\r\n" }
            text += "\r\n" + random.pick([body, chunks(body, &random, isOdd: true), "0\r\n\r\n", ""])
        default: text += "\r\n"
        }
        return Array(text.utf8)
    }

    private static let oddFields = [
        "X : a", " X: a", "X", ": a", "X: a\r\n b", "X: a\nY: b", "X: \0", "Host: b", "Host: a", "Connection: close",
        "Connection: upgrade\r\nUpgrade: h2c", "Expect: 100-continue", "Content_Length: 4", "X\u{1}: a", "X: \u{7f}",
        "Transfer-Encoding : chunked", "Content-Length : 3",
    ]

    private static let framingFields = [
        "Content-Length: 0", "Content-Length: 4", "Content-Length: +4", "Content-Length: 4, 4", "Content-Length: 4 4",
        "Content-Length: 0x4", "Content-Length: 04", "Content-Length:", "Content-Length: 99999999999999999999",
        "Transfer-Encoding: chunked", "Transfer-Encoding: Chunked", "Transfer-Encoding: identity",
        "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip", "Transfer-Encoding: \tchunked",
        "Transfer-Encoding: \u{b}chunked", "Transfer-Encoding:", "Transfer-Encoding:chunked,", "X: a",
    ]

    static func chunks(_ body: String, _ random: inout Random, isOdd: Bool) -> String {
        var text = ""
        var rest = body.utf8[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...8, using: &random))
            rest = rest.dropFirst(piece.count)
            var size = String(piece.count, radix: 16)
            if isOdd {
                switch Int.random(in: 0..<12, using: &random) {
                case 0: size = "0" + size
                case 1: size += ";a=b"
                case 2: size += " "
                case 3: size = "0x" + size
                case 4: size += ";a=\"b;c\""
                case 5: size = "-" + size
                default: break
                }
            }
            let end = isOdd && random.once(in: 8) ? random.pick(["\n", "", "\r", " \r\n"]) : "\r\n"
            text += "\(size)\(end)\(Substring(piece))\r\n"
        }
        let trailer =
            isOdd && random.once(in: 3) ? random.pick(["X: a\r\n", "Content-Length: 4\r\n", "X\r\n", " \r\n"]) : ""
        return text + "0\r\n\(trailer)\r\n"
    }

    /// Changes, drops, doubles or inserts a byte.
    static func mutate(_ stream: inout [UInt8], _ random: inout Random) {
        guard !stream.isEmpty else { return }
        let index = Int.random(in: 0..<stream.count, using: &random)
        let interesting: [UInt8] = [0, 9, 10, 11, 13, 32, 0x2c, 0x30, 0x3a, 0x3b, 0x5f, 0x7f, 0x80, 0xff]
        switch Int.random(in: 0..<4, using: &random) {
        case 0: stream[index] = random.pick(interesting)
        case 1: stream.remove(at: index)
        case 2: stream.insert(stream[index], at: index)
        default: stream.insert(random.pick(interesting), at: index)
        }
    }
}

/// One response each: mostly right, with faults.
enum ResponseGrammar {
    static func stream(_ random: inout Random) -> [UInt8] {
        let isOdd = random.once(in: 3)
        let status = random.pick([
            "200 OK", "200 ", "404 Not Found", "204 No Content", "500 X", isOdd ? "20 X" : "200 OK",
        ])
        let version = random.pick(isOdd ? ["HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "http/1.1"] : ["HTTP/1.1"])
        let body = String(repeating: "y", count: Int.random(in: 0...20, using: &random))
        var text = "\(version) \(status)\r\n"
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            text +=
                random.pick(
                    isOdd ? ["X : a", "X: a\r\n b", "X: a\nY: b", "Content-Length: 3"] : ["Server: x", "X: y"]
                ) + "\r\n"
        }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: text += "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
        case 1: text += "Transfer-Encoding: chunked\r\n\r\n" + RequestGrammar.chunks(body, &random, isOdd: isOdd)
        case 2: text += "\r\n" + body
        default: text += "Content-Length: \(body.utf8.count)\r\nTransfer-Encoding: chunked\r\n\r\n\(body)"
        }
        var stream = Array(text.utf8)
        if random.once(in: 4) { RequestGrammar.mutate(&stream, &random) }
        return stream
    }
}
