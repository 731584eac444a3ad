import NIOCore
import NIOHTTP1

/// A request as the registry's routes see it.
struct RegistryRequest {
    let method: HTTPMethod
    /// The parts of the path between its slashes, decoded.
    let segments: [String]
    /// The parameters of the query, decoded; the first of a name counts.
    let query: [String: String]
    let headers: HTTPHeaders
    let caller: RegistryCaller
    let body: RequestBody

    /// Reads a head; nil where the target is none that a client of ours sends.
    init?(_ head: HTTPRequestHead, caller: RegistryCaller, body: RequestBody) {
        let parts = head.uri.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard head.uri.utf8.count <= 8192, let path = parts.first, path.hasPrefix("/") else { return nil }
        var segments: [String] = []
        for part in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            guard let decoded = Self.decode(part, plusIsSpace: false) else { return nil }
            segments.append(decoded)
        }
        var query: [String: String] = [:]
        for pair in parts.count > 1 ? parts[1].split(separator: "&") : [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(sides[0], plusIsSpace: true),
                let value = Self.decode(sides.count > 1 ? sides[1] : "", plusIsSpace: true)
            else { return nil }
            if query[name] == nil { query[name] = value }
        }
        self.method = head.method
        self.segments = segments
        self.query = query
        self.headers = head.headers
        self.caller = caller
        self.body = body
    }

    /// Decodes percent escapes; nil for a broken one, and where the result is not UTF-8 or has a control character.
    static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(0x20)
            default: bytes.append(byte)
            }
        }
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
