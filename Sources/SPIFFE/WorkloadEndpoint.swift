public import ZeroTrust

/// Where the Workload API is: the value of `SPIFFE_ENDPOINT_SOCKET` (SPIFFE Workload Endpoint §4).
///
/// A Unix socket has an absolute path and nothing else: `unix:///run/lapwing/workload.sock`. A TCP endpoint has an IP
/// address, a port and nothing else: `tcp://127.0.0.1:8000`.
public enum WorkloadEndpoint: Hashable, Sendable {
    /// A Unix domain socket at an absolute path.
    case unix(path: String)
    /// A TCP address.
    case tcp(IPAddress, port: UInt16)

    /// The environment variable that names the endpoint.
    public static let environmentVariable = "SPIFFE_ENDPOINT_SOCKET"
    /// The longest text that is looked at, in bytes.
    public static let maximumLength = 4096

    /// Parses the variable's value.
    ///
    /// - Throws: ``WorkloadEndpointError`` naming the rule that the text breaks.
    public init(_ text: String) throws(WorkloadEndpointError) {
        guard text.utf8.count <= Self.maximumLength else { throw .tooLong }
        guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { throw .badCharacter }
        guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { throw .missingScheme }
        let scheme = text[..<colon]
        let rest = text[text.utf8.index(after: colon)...]
        guard !rest.utf8.contains(UInt8(ascii: "?")) else { throw .query }
        guard !rest.utf8.contains(UInt8(ascii: "#")) else { throw .fragment }
        switch scheme {
        case "unix": self = try Self.unix(rest)
        case "tcp": self = try Self.tcp(rest)
        default: throw .wrongScheme
        }
    }

    private static func unix(_ rest: Substring) throws(WorkloadEndpointError) -> WorkloadEndpoint {
        let path: Substring
        if rest.utf8.starts(with: "//".utf8) {
            let afterSlashes = rest.dropFirst(2)
            let slash = afterSlashes.firstIndex(of: "/") ?? afterSlashes.endIndex
            guard !afterSlashes[..<slash].contains("@") else { throw .userInfo }
            guard slash == afterSlashes.startIndex else { throw .authority }
            path = afterSlashes
        } else {
            path = rest
        }
        guard path.utf8.first == UInt8(ascii: "/") else { throw path.isEmpty ? .missingPath : .relativePath }
        guard path.utf8.count > 1 else { throw .missingPath }
        guard !path.utf8.contains(UInt8(ascii: "%")) else { throw .badCharacter }
        return .unix(path: String(path))
    }

    private static func tcp(_ rest: Substring) throws(WorkloadEndpointError) -> WorkloadEndpoint {
        guard rest.utf8.starts(with: "//".utf8) else { throw .missingHost }
        let authority = rest.dropFirst(2)
        guard !authority.contains("@") else { throw .userInfo }
        guard !authority.contains("/") else { throw .path }
        guard let colon = authority.lastIndex(of: ":"), authority.last != "]" else {
            throw authority.isEmpty ? .missingHost : .missingPort
        }
        var host = authority[..<colon]
        let digits = authority[authority.index(after: colon)...]
        guard !host.isEmpty else { throw .missingHost }
        if host.first == "[", host.last == "]" {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { throw .hostIsNoAddress }
        } else if host.contains(":") {
            throw .hostIsNoAddress
        }
        guard let address = IPAddress(host) else { throw .hostIsNoAddress }
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits),
            port > 0
        else { throw digits.isEmpty ? .missingPort : .badPort }
        return .tcp(address, port: port)
    }
}

extension WorkloadEndpoint: CustomStringConvertible {
    /// The endpoint as it stands in the variable.
    public var description: String {
        switch self {
        case .unix(let path): "unix://\(path)"
        case .tcp(let address, let port):
            address.family == .v4 ? "tcp://\(address):\(port)" : "tcp://[\(address)]:\(port)"
        }
    }
}
