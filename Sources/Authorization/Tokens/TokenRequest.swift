public import ZeroTrust

/// The parts of a request in which its tokens may stand.
///
/// They are secrets: they are handed to a ``TokenVerifier`` and kept out of an `Exchange`, which is recorded.
public struct TokenRequest: Sendable {
    /// The header lines that a verifier asks for in ``TokenVerifier/consultedHeaders``, names in lower case.
    public var headers: [Exchange.Header]
    /// The path and query.
    public var path: String
    /// Whether a browser asks whether it may ask, which `istio` lets pass as a request without a token.
    public var isPreflight: Bool

    /// The parts of a request.
    public init(headers: [Exchange.Header], path: String, isPreflight: Bool = false) {
        self.headers = headers
        self.path = path
        self.isPreflight = isPreflight
    }
}

extension TokenRequest {
    /// The names, in lower case, of the headers that make an `OPTIONS` a CORS preflight where both say something.
    public static let preflightHeaders: Set<String> = ["origin", "access-control-request-method"]

    /// Whether a request is a CORS preflight (Fetch §3.2.2), as Envoy tells one.
    public static func isPreflight(method: String, headers: [Exchange.Header]) -> Bool {
        guard method == "OPTIONS" else { return false }
        return preflightHeaders.allSatisfy { name in headers.contains { $0.name == name && !$0.value.isEmpty } }
    }

    /// The tokens at a place, in the order in which they stand.
    ///
    /// Strict reading finds a token wherever a lenient server might: whatever the case of `Bearer`, and each of several
    /// parameters or cookies of one name. Otherwise it is found where Envoy finds it.
    func tokens(at place: TokenRule.Place, strictly: Bool) -> [String] {
        switch place {
        case .header(let name, let prefix):
            let lines = headers.filter { $0.name == name }.map(\.value)
            let tokens = lines.flatMap {
                strictly ? Self.inAnyReading(prefix, $0) : Self.after(prefix, in: $0).map { [$0] } ?? []
            }
            guard HeaderLines.areJoined(name) else { return tokens }
            let joined =
                HeaderLines.value(of: name, in: headers).flatMap { Self.after(prefix, in: $0) }.map { [$0] } ?? []
            guard strictly else { return joined }
            // Who makes one value of several lines must find the same token in it.
            return lines.count > 1 ? tokens + joined : tokens
        case .parameter(let name):
            let values = Self.parameters(path).filter { $0.name == name }.map(\.value)
            return strictly ? values : Array(values.prefix(1))
        case .cookie(let name):
            let values = headers.filter { $0.name == "cookie" }.flatMap { Self.cookies($0.value) }
                .filter { $0.name == name }.map(\.value)
            return strictly ? values : Array(values.prefix(1))
        }
    }

    /// What a server may take for the token of a line: what follows the prefix at its beginning; or, where the prefix stands
    /// elsewhere, the whole line, which is no token, and what follows there.
    private static func inAnyReading(_ prefix: String, _ line: String) -> [String] {
        if let token = afterScheme(prefix, in: line) { return [token] }
        return after(prefix, in: line).map { [line, $0] } ?? []
    }

    /// What follows a prefix, which may stand anywhere, from the first character that a token may have.
    private static func after(_ prefix: String, in value: String) -> String? {
        guard !prefix.isEmpty else { return value }
        guard let range = value.firstRange(of: prefix) else { return nil }
        guard let start = value.utf8[range.upperBound...].firstIndex(where: isTokenByte) else { return value }
        return String(value[start...])
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// What follows a prefix at the beginning, whatever its case and however wide the blank after it.
    private static func afterScheme(_ prefix: String, in value: String) -> String? {
        guard !prefix.isEmpty else { return value }
        let scheme = prefix.utf8.prefix { $0 != 0x20 }
        let (bytes, blank) = (Array(value.utf8), { (byte: UInt8) in byte == 0x20 || byte == 0x09 })
        guard bytes.count > scheme.count,
            zip(scheme, bytes).allSatisfy({ $0.lowercasedASCII == $1.lowercasedASCII })
        else { return nil }
        let rest = bytes[scheme.count...]
        guard scheme.count < prefix.utf8.count else { return String(decoding: rest, as: UTF8.self) }
        guard let first = rest.first, blank(first) else { return nil }
        return String(decoding: rest.drop(while: blank), as: UTF8.self)
    }

    private static func parameters(_ path: String) -> [(name: String, value: String)] {
        guard let mark = path.utf8.firstIndex(of: UInt8(ascii: "?")) else { return [] }
        return path[mark...].dropFirst().prefix { $0 != "#" }.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
        }
    }

    /// Decodes `%XX`, once.
    static func decoded(_ text: Substring) -> String {
        let bytes = Array(text.utf8)
        var output: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if let byte = PathByte.decoded(bytes, at: index) {
                output.append(byte)
                index += 3
            } else {
                output.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func cookies(_ value: String) -> [(name: String, value: String)] {
        value.split(separator: ";").compactMap { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            var value = parts[1]
            if value.count > 1, value.hasPrefix("\""), value.hasSuffix("\"") { value = value.dropFirst().dropLast() }
            return (String(parts[0].drop { $0 == " " || $0 == "\t" }), String(value))
        }
    }
}
