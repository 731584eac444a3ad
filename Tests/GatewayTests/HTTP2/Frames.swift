/// HTTP/2 frames written by hand, right or wrong (RFC 9113 §4, §6).
enum Frames {
    /// A field of a header section. Each byte of its text is sent as it is.
    typealias Field = (String, String)

    static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
    static let settingsAcknowledged = frame(0x4, flags: 0x1)

    static func frame(_ kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) -> [UInt8] {
        let length = UInt32(payload.count)
        return Array(bytes(length).dropFirst()) + [kind, flags] + bytes(stream) + payload
    }

    static func settings(_ settings: [(UInt16, UInt32)] = []) -> [UInt8] {
        frame(0x4, settings.flatMap { [UInt8($0.0 >> 8), UInt8($0.0 & 0xff)] + bytes($0.1) })
    }

    static func headers(_ stream: UInt32, _ fields: [Field], ends: Bool = true, endsHeaders: Bool = true) -> [UInt8] {
        frame(0x1, flags: (ends ? 0x1 : 0) | (endsHeaders ? 0x4 : 0), stream: stream, block(fields))
    }

    static func continuation(_ stream: UInt32, _ block: [UInt8], endsHeaders: Bool = false) -> [UInt8] {
        frame(0x9, flags: endsHeaders ? 0x4 : 0, stream: stream, block)
    }

    static func data(_ stream: UInt32, _ text: String = "", ends: Bool = false) -> [UInt8] {
        frame(0x0, flags: ends ? 0x1 : 0, stream: stream, Array(text.utf8))
    }

    static func reset(_ stream: UInt32, code: UInt32 = 8) -> [UInt8] { frame(0x3, stream: stream, bytes(code)) }

    static func ping() -> [UInt8] { frame(0x6, Array("tap tap.".utf8)) }

    static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> [UInt8] {
        frame(0x8, stream: stream, bytes(increment))
    }

    static func priority(_ stream: UInt32, on other: UInt32 = 0) -> [UInt8] {
        frame(0x2, stream: stream, bytes(other) + [1])
    }

    static func goAway() -> [UInt8] { frame(0x7, bytes(0) + bytes(0)) }

    /// Fields as literals that no table remembers (RFC 7541 §6.2.2).
    static func block(_ fields: [Field]) -> [UInt8] {
        fields.flatMap { [0x00] + string($0.0) + string($0.1) }
    }

    /// A string without Huffman's code (RFC 7541 §5.2).
    static func string(_ text: String) -> [UInt8] { integer(text.utf8.count, prefix: 7) + Array(text.utf8) }

    /// RFC 7541 §5.1.
    static func integer(_ value: Int, prefix: Int, marks: UInt8 = 0) -> [UInt8] {
        let most = 1 << prefix - 1
        guard value >= most else { return [marks | UInt8(value)] }
        var rest = value - most
        var result = [marks | UInt8(most)]
        while rest >= 128 {
            result.append(UInt8(rest & 127 | 128))
            rest >>= 7
        }
        return result + [UInt8(rest)]
    }

    private static func bytes(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> UInt32($0) & 0xff) }
    }

    /// The fields of a request, with others after them.
    static func request(
        _ method: String = "POST",
        _ path: String = "/v1/predict",
        authority: String = "inference.example",
        with others: [Field] = []
    ) -> [Field] {
        [(":method", method), (":scheme", "https"), (":authority", authority), (":path", path)] + others
    }
}
