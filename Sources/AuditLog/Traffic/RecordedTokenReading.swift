import ZeroTrust

extension RecordedToken {
    /// Reads what a record says of a token; nil where that is not of the form.
    init?(_ text: Span<UInt8>, _ range: Range<Int>, _ isComplete: inout Bool) {
        var offset = range.lowerBound
        var token = RecordedToken(issuer: nil, subject: nil)
        var isWhole = true
        let isObject = JSONScan.object(text, &offset) { name, offset in
            if JSONScan.equals(text, name, "claims") {
                guard case .members(let claims)? = Claim(text, &offset, depth: 1) else { return false }
                token.claims = claims
                return true
            }
            if JSONScan.equals(text, name, "claims_omitted") { isWhole = false }
            guard let value = JSONScan.value(text, &offset, depth: 2) else { return false }
            guard text[value.lowerBound] == UInt8(ascii: "\"") else { return true }
            let said = JSONScan.decoded(text, (value.lowerBound + 1)..<(value.upperBound - 1))
            if JSONScan.equals(text, name, "issuer") { token.issuer = said }
            if JSONScan.equals(text, name, "subject") { token.subject = said }
            return true
        }
        guard isObject else { return nil }
        if !isWhole { isComplete = false }
        self = token
    }
}

extension RecordedToken.Claim {
    /// Reads one claim; nil where it is not of the form, or nested too deeply.
    fileprivate init?(_ text: Span<UInt8>, _ offset: inout Int, depth: Int) {
        guard depth < JSONScan.maximumDepth else { return nil }
        JSONScan.space(text, &offset)
        guard offset < text.count else { return nil }
        switch text[offset] {
        case UInt8(ascii: "{"):
            var members: [String: Self] = [:]
            let isObject = JSONScan.object(text, &offset) { name, offset in
                guard let name = JSONScan.decoded(text, name), let claim = Self(text, &offset, depth: depth + 1) else {
                    return false
                }
                members[name] = claim
                return true
            }
            guard isObject else { return nil }
            self = .members(members)
        case UInt8(ascii: "["):
            var texts: [String] = []
            let isArray = JSONScan.array(text, &offset) { offset in
                guard let range = JSONScan.string(text, &offset), let element = JSONScan.decoded(text, range) else {
                    return false
                }
                texts.append(element)
                return true
            }
            guard isArray else { return nil }
            self = .list(texts)
        default:
            guard let range = JSONScan.string(text, &offset), let said = JSONScan.decoded(text, range) else {
                return nil
            }
            self = .text(said)
        }
    }
}
