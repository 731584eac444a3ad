/// Text of a policy in which variables may stand: `arn:aws:s3:::home/${aws:username}/*`.
public struct PolicyText: Hashable, Sendable {
    /// A piece of the text.
    enum Part: Hashable, Sendable {
        /// Text as written, in which `*` and `?` may be wildcards.
        case text(String)
        /// Text that means itself: `${*}`, `${?}` and `${$}`.
        case literal(String)
        /// The value of a key, or a default where the request has none.
        case variable(key: String, fallback: String?)
    }

    /// The text as written.
    public let source: String
    let parts: [Part]

    /// Text of a policy; variables are those of version 2012-10-17.
    init(_ source: String, hasVariables: Bool) {
        self.source = source
        self.parts = hasVariables ? Self.parse(source) : [.text(source)]
    }

    /// Whether a variable stands in it.
    var hasVariable: Bool {
        parts.contains { if case .variable = $0 { true } else { false } }
    }

    /// The keys of the variables in it.
    var keys: [String] { parts.compactMap { if case .variable(let key, _) = $0 { key } else { nil } } }

    /// Splits text at `${…}`; what is no variable stays as it is written.
    private static func parse(_ source: String) -> [Part] {
        var parts: [Part] = []
        var text = ""
        var rest = source[...]
        while let open = rest.range(of: "${") {
            text += rest[..<open.lowerBound]
            guard let close = rest[open.upperBound...].firstIndex(of: "}") else { break }
            let body = rest[open.upperBound..<close]
            let end = rest.index(after: close)
            if let part = variable(String(body)) {
                if !text.isEmpty { parts.append(.text(text)) }
                text = ""
                parts.append(part)
            } else {
                text += rest[open.lowerBound..<end]
            }
            rest = rest[end...]
        }
        text += rest
        if !text.isEmpty || parts.isEmpty { parts.append(.text(text)) }
        return parts
    }

    private static func variable(_ body: String) -> Part? {
        if ["*", "?", "$"].contains(body) { return .literal(body) }
        guard !body.isEmpty else { return nil }
        guard let comma = body.firstIndex(of: ",") else { return .variable(key: body.trimmed, fallback: nil) }
        let fallback = body[body.index(after: comma)...].trimmed
        guard fallback.count >= 2, fallback.hasPrefix("'"), fallback.hasSuffix("'") else { return nil }
        return .variable(key: body[..<comma].trimmed, fallback: String(fallback.dropFirst().dropLast()))
    }

    /// The text with its variables filled in, or nil where the request lacks one.
    ///
    /// What is filled in means itself: a `*` in a value is no wildcard.
    func resolved(_ context: RequestContext) -> ResolvedText? {
        var pieces: [ResolvedText.Piece] = []
        for part in parts {
            switch part {
            case .text(let text): pieces.append(.init(text: text, isLiteral: false))
            case .literal(let text): pieces.append(.init(text: text, isLiteral: true))
            case .variable(let key, let fallback):
                switch context[key] {
                case .single(let value): pieces.append(.init(text: value, isLiteral: true))
                case nil:
                    guard let fallback else { return nil }
                    pieces.append(.init(text: fallback, isLiteral: true))
                case .list: return nil
                }
            }
        }
        return ResolvedText(pieces: pieces)
    }
}

/// Text whose variables are filled in.
struct ResolvedText: Hashable, Sendable {
    struct Piece: Hashable, Sendable {
        let text: String
        let isLiteral: Bool
    }

    let pieces: [Piece]

    /// The text, in which wildcards mean themselves.
    var plain: String { pieces.map(\.text).joined() }
}

extension StringProtocol {
    /// Without spaces around it.
    fileprivate var trimmed: String {
        var rest = self[...]
        while rest.first == " " { rest = rest.dropFirst() }
        while rest.last == " " { rest = rest.dropLast() }
        return String(rest)
    }

    /// Where a text first stands.
    fileprivate func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
