/// An expression of PostgreSQL's, taken apart.
struct SQLTokens {
    /// One piece.
    enum Token: Hashable {
        /// A name or a keyword, in lower case unless it is quoted.
        case word(String, isQuoted: Bool)
        /// A text in single quotes.
        case literal(String)
        /// A number.
        case number(String)
        /// An operator, a bracket or a comma.
        case symbol(String)
    }

    /// The pieces, in order.
    let tokens: [Token]

    /// Takes a text apart; one that cannot be has a piece `?` at its end, which nothing is made of.
    init(_ text: String) {
        var reader = Reader(rest: text.unicodeScalars[...])
        tokens = reader.tokens()
    }

    private struct Reader {
        var rest: Substring.UnicodeScalarView

        mutating func tokens() -> [Token] {
            var tokens: [Token] = []
            while let first = rest.first {
                if first == " " || first == "\n" || first == "\t" {
                    rest.removeFirst()
                } else if first == "'" || (first == "E" && rest.dropFirst().first == "'") {
                    guard let text = quoted("'", hasEscapes: first == "E") else { return tokens + [.symbol("?")] }
                    tokens.append(.literal(text))
                } else if first == "\"" {
                    guard let text = quoted("\"", hasEscapes: false) else { return tokens + [.symbol("?")] }
                    tokens.append(.word(text, isQuoted: true))
                } else if first.properties.isAlphabetic || first == "_" {
                    let word = take { $0.properties.isAlphabetic || $0 == "_" || $0 == "$" || Self.isDigit($0) }
                    tokens.append(.word(word.lowercased(), isQuoted: false))
                } else if Self.isDigit(first) {
                    tokens.append(.number(take { Self.isDigit($0) || $0 == "." }))
                } else if first == ":" {
                    tokens.append(.symbol(take { $0 == ":" }))
                } else if Self.operators.contains(first) {
                    tokens.append(.symbol(take { Self.operators.contains($0) }))
                } else {
                    rest.removeFirst()
                    tokens.append(.symbol(String(first)))
                }
            }
            return tokens
        }

        private static let operators = Set("+-*/<>=~!@#%^&|".unicodeScalars)

        private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }

        private mutating func take(_ isPart: (Unicode.Scalar) -> Bool) -> String {
            let part = rest.prefix(while: isPart)
            rest = rest.dropFirst(part.count)
            return String(part)
        }

        /// A text in quotes, where two quotes are one; nil where it has no end.
        private mutating func quoted(_ quote: Unicode.Scalar, hasEscapes: Bool) -> String? {
            rest = rest.drop { $0 != quote }.dropFirst()
            var text = String.UnicodeScalarView()
            while let next = rest.popFirst() {
                if next == "\\", hasEscapes, let escaped = rest.popFirst() {
                    text.append(escaped)
                } else if next != quote {
                    text.append(next)
                } else if rest.first == quote {
                    rest.removeFirst()
                    text.append(quote)
                } else {
                    return String(text)
                }
            }
            return nil
        }
    }
}
