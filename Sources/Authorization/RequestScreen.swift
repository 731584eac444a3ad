/// Checks a request line before any policy is asked, and makes its path canonical.
///
/// ```swift
/// let screen = RequestScreen(normalization: .base)
/// switch screen.check(method: "POST", target: "/v1/x/../predict", authority: "inference.example") {
/// case .accepted(let request): print(request.path)  // "/v1/predict"
/// case .refused(let reason): print(reason.rawValue)  // answer 400
/// }
/// ```
public struct RequestScreen: Sendable, Hashable {
    /// How paths are made canonical.
    public let normalization: PathNormalization
    /// Whether paths that servers read differently are refused, as `strict` does.
    public let compatibility: Compatibility

    /// Whether a CONNECT is let in, which asks for a tunnel and has no path.
    public let offersTunnels: Bool

    /// A screen with a normalisation.
    public init(
        normalization: PathNormalization = .base,
        compatibility: Compatibility = .strict,
        offersTunnels: Bool = false
    ) {
        self.normalization = normalization
        self.compatibility = compatibility
        self.offersTunnels = offersTunnels
    }

    /// A request line that may be put to the policies.
    public struct Request: Sendable, Hashable {
        /// The method.
        public let method: String
        /// The canonical path, with its query; empty in a CONNECT.
        public let path: String
        /// The host asked for: that of the target where it is a URL, else that of the header.
        public let authority: String
    }

    /// What the check found.
    public enum Outcome: Sendable, Hashable {
        /// The request may be put to the policies.
        case accepted(Request)
        /// Answer 400.
        case refused(BadRequest)
    }

    /// Checks a request line and the host.
    ///
    /// - Parameters:
    ///   - method: the method, as sent.
    ///   - target: the request target, as sent: a path, or a URL of `http` or `https`; `host:port` in a CONNECT.
    ///   - authority: the `Host` header or `:authority`, or nil where there is none.
    /// - Returns: the request to put to the policies, or the reason to answer 400.
    public func check(method: String, target: String, authority: String?) -> Outcome {
        if method == "CONNECT" { return offersTunnels ? Self.tunnel(to: target, authority) : .refused(.tunnel) }
        guard Self.methods.contains(method) else { return .refused(.unknownMethod) }
        guard !target.isEmpty else { return .refused(.emptyTarget) }
        var path = target
        var host = authority
        if target.utf8.first != UInt8(ascii: "/") {
            switch Self.split(url: target) {
            case .success(let parts): (host, path) = (parts.authority, parts.path)
            case .failure(let reason): return .refused(reason)
            }
        }
        guard let host else { return .refused(.missingHost) }
        guard host.utf8.allSatisfy(Self.mayStandInHost) else { return .refused(.badHost) }
        switch normalization.normalize(path, compatibility: compatibility) {
        case .badRequest(let reason): return .refused(reason)
        case .path(let path): return .accepted(Request(method: method, path: path, authority: host))
        }
    }

    /// A target in authority form, with which the header has to agree (RFC 9112 §3.2.3).
    private static func tunnel(to target: String, _ authority: String?) -> Outcome {
        guard !target.isEmpty else { return .refused(.emptyTarget) }
        let parts = target.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let host = parts.dropLast().first, parts.count == 2 || host.first == UInt8(ascii: "["), !host.isEmpty,
            target.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !"/?#@".utf8.contains($0) }),
            let port = parts.last, port.first != UInt8(ascii: "0"), UInt16(Substring(port)) != nil,
            port.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return .refused(.badTargetAuthority) }
        guard let authority else { return .refused(.missingHost) }
        guard authority.lowercased() == target.lowercased() else { return .refused(.badTargetAuthority) }
        return .accepted(Request(method: "CONNECT", path: "", authority: authority))
    }

    /// Takes a target in absolute form apart (RFC 9112 §3.2.2).
    private static func split(url: String) -> Result<(authority: String, path: String), BadRequest> {
        guard url.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return .failure(.badTargetByte) }
        let prefix = url.prefix(8).lowercased()
        let schemeLength = prefix == "https://" ? 8 : prefix.hasPrefix("http://") ? 7 : 0
        guard schemeLength > 0 else { return .failure(.notAbsolutePath) }
        let rest = url.utf8.dropFirst(schemeLength)
        let end = rest.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains(UInt8(ascii: "@")), isHostAndPort(authority) else {
            return .failure(.badTargetAuthority)
        }
        let path = String(Substring(rest[end...]))
        return .success((String(Substring(authority)), path.hasPrefix("/") ? path : "/" + path))
    }

    /// A name or an address, in brackets where it is one of IPv6, and perhaps a port.
    private static func isHostAndPort(_ authority: Substring.UTF8View) -> Bool {
        var rest = authority
        if rest.first == UInt8(ascii: "[") {
            guard let end = rest.firstIndex(of: UInt8(ascii: "]")) else { return false }
            let address = rest[rest.index(after: rest.startIndex)..<end]
            let isAddress = address.allSatisfy { PathByte.nibble($0) != nil || ":.".utf8.contains($0) }
            guard !address.isEmpty, isAddress else { return false }
            rest = rest[rest.index(after: end)...]
        } else {
            let name = rest.prefix { PathByte.isUnreserved($0) && $0 != UInt8(ascii: "~") || $0 == UInt8(ascii: ".") }
            guard !name.isEmpty else { return false }
            rest = rest[name.endIndex...]
        }
        guard !rest.isEmpty else { return true }
        let port = rest.dropFirst()
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        return rest.first == UInt8(ascii: ":") && port.allSatisfy(digits.contains) && UInt16(Substring(port)) != nil
    }

    /// Whether a byte is one of those of which RFC 3986 (§3.2) makes an authority.
    private static func mayStandInHost(_ byte: UInt8) -> Bool {
        (0x21...0x7e).contains(byte) && !"\"#/<>?\\^`{|}".utf8.contains(byte)
    }

    /// The methods that are understood: those of the IANA registry that Envoy's parser knows.
    static let methods: Set<String> = [
        "CONNECT", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "ACL", "BIND", "CHECKOUT",
        "COPY", "LINK",
        "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MOVE", "NOTIFY", "PROPFIND", "PROPPATCH",
        "PURGE", "REBIND", "REPORT", "SEARCH", "SOURCE", "SUBSCRIBE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE",
    ]
}
