/// URIs and IRIs (RFC 3986, RFC 3987).
enum URIFormats {
    static func isValid(_ text: String, isInternational: Bool, needsScheme: Bool) -> Bool {
        guard text.unicodeScalars.allSatisfy({ isAllowed($0, isInternational) }), hasWholeEscapes(text) else {
            return false
        }
        let parts = URIReference(text)
        // Private use is for queries alone (RFC 3987 §2.2).
        guard
            [parts.authority ?? "", parts.path, parts.fragment ?? ""].allSatisfy({ part in
                part.unicodeScalars.allSatisfy { $0.properties.generalCategory != .privateUse }
            })
        else { return false }
        if needsScheme, parts.scheme == nil { return false }
        if parts.scheme == nil, parts.authority == nil {
            // A colon in the first segment would make what is before it a scheme (§4.2).
            let first = parts.path.prefix { $0 != "/" }
            if first.contains(":") { return false }
        }
        if let fragment = parts.fragment, fragment.contains("#") { return false }
        // Brackets stand in an authority alone.
        for part in [parts.path, parts.query ?? "", parts.fragment ?? ""] where part.contains(where: "[]".contains) {
            return false
        }
        guard let authority = parts.authority else { return !parts.path.hasPrefix("//") }
        return isAuthority(authority)
    }

    private static func isAuthority(_ text: String) -> Bool {
        var host = text[...]
        if let at = host.lastIndex(of: "@") {
            let user = host[..<at]
            guard !user.contains(where: "@[]".contains) else { return false }
            host = host[host.index(after: at)...]
        }
        if host.hasPrefix("[") {
            guard let close = host.firstIndex(of: "]") else { return false }
            let literal = host[host.index(after: host.startIndex)..<close]
            guard AddressFormats.isIPv6(literal.utf8) || isFutureAddress(literal) else { return false }
            let rest = host[host.index(after: close)...]
            return rest.isEmpty || rest.hasPrefix(":") && isPort(rest.dropFirst())
        }
        if let colon = host.firstIndex(of: ":") {
            guard isPort(host[host.index(after: colon)...]) else { return false }
            host = host[..<colon]
        }
        return !host.contains(where: "[]:".contains)
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
    }

    /// `v`, a version, a point and an address (RFC 3986 §3.2.2).
    private static func isFutureAddress(_ text: Substring) -> Bool {
        guard text.lowercased().hasPrefix("v"), let point = text.firstIndex(of: ".") else { return false }
        let version = text[..<point].dropFirst()
        return !version.isEmpty && version.utf8.allSatisfy { HexDigit.value($0) != nil }
            && text.index(after: point) < text.endIndex
    }

    private static func isAllowed(_ scalar: Unicode.Scalar, _ isInternational: Bool) -> Bool {
        guard scalar.isASCII else {
            guard isInternational, scalar.value >= 0xA0 else { return false }
            switch scalar.properties.generalCategory {
            case .surrogate, .control, .lineSeparator, .paragraphSeparator, .spaceSeparator: return false
            default: return !scalar.properties.isNoncharacterCodePoint
            }
        }
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9": return true
        default: return "-._~:/?#[]@!$&'()*+,;=%".unicodeScalars.contains(scalar)
        }
    }

    private static func hasWholeEscapes(_ text: String) -> Bool {
        var rest = text.utf8[...]
        while let place = rest.firstIndex(of: UInt8(ascii: "%")) {
            rest = rest[rest.index(after: place)...]
            guard let high = rest.popFirst(), HexDigit.value(high) != nil, let low = rest.popFirst(),
                HexDigit.value(low) != nil
            else { return false }
        }
        return true
    }
}
