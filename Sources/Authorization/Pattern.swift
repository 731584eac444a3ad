import ZeroTrust

/// One value of a field, compiled.
enum Pattern: Sendable {
    /// The attribute is there, even if it is empty.
    case present
    /// The attribute is there and not empty.
    case nonEmpty
    case exact([UInt8])
    case prefix([UInt8])
    case suffix([UInt8])
    /// Begins with the first and goes on, without overlap, to end with the second.
    case enclosed(prefix: [UInt8], suffix: [UInt8])
    /// A SPIFFE ID whose trust domain begins and ends so: `spiffe://a[^/]*b/`.
    case trustDomain(prefix: [UInt8], suffix: [UInt8])
    /// A name that the glob matches; `*` is any run of bytes.
    case glob([UInt8])
    case serviceAccount(namespace: [UInt8], name: [UInt8])
    /// A SPIFFE ID of exactly the form `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/ACCOUNT`.
    case workload(WorkloadPattern)
    /// A token's issuer and subject, as `ISSUER/SUBJECT`.
    indirect case requestPrincipal(issuer: Pattern, subject: Pattern)
    case template(PathTemplate)
    case block(AddressBlock)
    case port(UInt16)

    /// The usual reading of a string value: `*`, `*x`, `x*` or `x`, tried in this order.
    static func string(_ text: String, star: Pattern, prefix scheme: String = "") -> Pattern {
        if text == "*" { return star }
        if text.hasPrefix("*") {
            let suffix = Array(text.utf8.dropFirst())
            return scheme.isEmpty ? .suffix(suffix) : .enclosed(prefix: Array(scheme.utf8), suffix: suffix)
        }
        if text.hasSuffix("*") { return .prefix(Array((scheme + text.dropLast()).utf8)) }
        return .exact(Array((scheme + text).utf8))
    }

    /// The reading of a request principal: the last `/` parts issuer and subject, and a `*` at either end of the whole
    /// stands for any of that part.
    static func requestPrincipal(_ text: String) -> Pattern {
        guard text != "*" else { return .requestPrincipal(issuer: .nonEmpty, subject: .nonEmpty) }
        let slash = text.lastIndex(of: "/")
        let issuer = slash.map { String(text[..<$0]) } ?? text
        let subject = slash.map { String(text[text.index(after: $0)...]) } ?? ""
        func exact(_ text: String) -> Pattern { .exact(Array(text.utf8)) }
        if text.hasPrefix("*") {
            guard slash != nil else {
                return .requestPrincipal(issuer: .nonEmpty, subject: .suffix(Array(text.utf8.dropFirst())))
            }
            let part: Pattern = issuer == "*" ? .nonEmpty : .suffix(Array(issuer.utf8.dropFirst()))
            return .requestPrincipal(issuer: part, subject: exact(subject))
        }
        if text.hasSuffix("*") {
            guard slash != nil else {
                return .requestPrincipal(issuer: .prefix(Array(text.utf8.dropLast())), subject: .nonEmpty)
            }
            let part: Pattern = subject == "*" ? .nonEmpty : .prefix(Array(subject.utf8.dropLast()))
            return .requestPrincipal(issuer: exact(issuer), subject: part)
        }
        return .requestPrincipal(issuer: exact(issuer), subject: exact(subject))
    }

    /// Whether a token's issuer and subject match; a pattern for anything else matches none.
    func matches(issuer: Span<UInt8>, subject: Span<UInt8>) -> Bool {
        guard case .requestPrincipal(let first, let second) = self else { return false }
        return first.matches(issuer) && second.matches(subject)
    }

    /// Whether bytes match; a pattern for addresses or ports matches none.
    func matches(_ bytes: Span<UInt8>) -> Bool {
        switch self {
        case .present: return true
        case .nonEmpty: return bytes.count > 0
        case .exact(let value): return value.count == bytes.count && bytes.hasBytes(value, at: 0)
        case .prefix(let value): return bytes.hasBytes(value, at: 0)
        case .suffix(let value): return bytes.hasBytes(value, at: bytes.count - value.count)
        case .enclosed(let prefix, let suffix):
            return bytes.count >= prefix.count + suffix.count && bytes.hasBytes(prefix, at: 0)
                && bytes.hasBytes(suffix, at: bytes.count - suffix.count)
        case .trustDomain(let prefix, let suffix):
            return SPIFFEName.trustDomain(of: bytes, beginsWith: prefix, endsWith: suffix)
        case .glob(let glob): return bytes.matches(glob: glob)
        case .serviceAccount(let namespace, let name):
            return SPIFFEName.has(namespace: namespace, serviceAccount: name, in: bytes)
        case .workload(let workload): return workload.matches(bytes)
        case .template(let template): return template.matches(bytes)
        case .block, .port, .requestPrincipal: return false
        }
    }

    /// Whether bytes match whatever the case of their letters; the pattern's own are in lower case.
    func matchesIgnoringCase(_ bytes: Span<UInt8>) -> Bool {
        switch self {
        case .exact(let value): return value.count == bytes.count && bytes.hasBytesIgnoringCase(value, at: 0)
        case .prefix(let value): return bytes.hasBytesIgnoringCase(value, at: 0)
        case .suffix(let value): return bytes.hasBytesIgnoringCase(value, at: bytes.count - value.count)
        default: return matches(bytes)
        }
    }
}

/// Reads parts of SPIFFE IDs as Istio's expressions do, without building strings.
enum SPIFFEName {
    /// The scheme of a SPIFFE ID.
    static let scheme = Array("spiffe://".utf8)
    private static let namespaceMark = Array("/ns/".utf8)
    private static let accountMark = Array("/sa/".utf8)
    private static let slash = UInt8(ascii: "/")

    /// Istio's `spiffe://A[^/]*B/.*`.
    static func trustDomain(of name: Span<UInt8>, beginsWith prefix: [UInt8], endsWith suffix: [UInt8]) -> Bool {
        guard name.hasBytes(scheme, at: 0) else { return false }
        var end = scheme.count
        while end < name.count, name[end] != slash { end += 1 }
        guard end < name.count, end - scheme.count >= prefix.count + suffix.count else { return false }
        return name.hasBytes(prefix, at: scheme.count) && name.hasBytes(suffix, at: end - suffix.count)
    }

    /// Istio's `spiffe://.+/ns/NAMESPACE/(.+/|)sa/NAME(/.+)?`.
    static func has(namespace: [UInt8], serviceAccount: [UInt8], in name: Span<UInt8>) -> Bool {
        guard name.hasBytes(scheme, at: 0) else { return false }
        var start = scheme.count + 1
        while let mark = name.firstIndex(of: namespaceMark, from: start) {
            start = mark + 1
            let end = mark + namespaceMark.count + namespace.count
            guard name.hasBytes(namespace, at: mark + namespaceMark.count), end < name.count, name[end] == slash
            else { continue }
            var from = end
            while let account = name.firstIndex(of: accountMark, from: from) {
                from = account + 1
                // Between the slash of the namespace and that of the account stands nothing, or a segment.
                guard account == end || account > end + 1 else { continue }
                let last = account + accountMark.count + serviceAccount.count
                guard name.hasBytes(serviceAccount, at: account + accountMark.count) else { continue }
                if last == name.count || name[last] == slash && last + 1 < name.count { return true }
            }
        }
        return false
    }

    /// Calls with the bounds of each `X` in `/ns/X/`.
    static func forEachNamespace(in name: Span<UInt8>, _ body: (_ start: Int, _ end: Int) -> Void) {
        forEachSegment(after: namespaceMark, in: name, from: 0) { start, end in
            if end < name.count { body(start, end) }
        }
    }

    /// Calls with the bounds of each `X` and `Y` in `/ns/X/…/sa/Y`.
    static func forEachAccount(
        in name: Span<UInt8>,
        _ body: (_ namespace: (Int, Int), _ account: (Int, Int)) -> Void
    ) {
        forEachNamespace(in: name) { start, end in
            forEachSegment(after: accountMark, in: name, from: end) { body((start, end), ($0, $1)) }
        }
    }

    private static func forEachSegment(
        after mark: [UInt8],
        in name: Span<UInt8>,
        from: Int,
        _ body: (_ start: Int, _ end: Int) -> Void
    ) {
        var from = from
        while let found = name.firstIndex(of: mark, from: from) {
            from = found + 1
            let start = found + mark.count
            var end = start
            while end < name.count, name[end] != slash { end += 1 }
            body(start, end)
        }
    }
}

extension Span<UInt8> {
    /// Where these bytes first stand, at or after an index.
    func firstIndex(of bytes: [UInt8], from start: Int) -> Int? {
        var index = start
        while index + bytes.count <= count {
            if self[index] == bytes[0], hasBytes(bytes, at: index) { return index }
            index += 1
        }
        return nil
    }

    /// Whether a glob of literal bytes and `*` matches all of these bytes.
    ///
    /// Takes time in proportion to the product of both lengths at worst, and no memory.
    func matches(glob: [UInt8]) -> Bool {
        var index = 0
        var position = 0
        var star: (position: Int, index: Int)?
        while index < count {
            if position < glob.count, glob[position] == UInt8(ascii: "*") {
                star = (position, index)
                position += 1
            } else if position < glob.count, glob[position] == self[index] {
                position += 1
                index += 1
            } else if let last = star {
                star = (last.position, last.index + 1)
                position = last.position + 1
                index = last.index + 1
            } else {
                return false
            }
        }
        while position < glob.count, glob[position] == UInt8(ascii: "*") { position += 1 }
        return position == glob.count
    }
}
