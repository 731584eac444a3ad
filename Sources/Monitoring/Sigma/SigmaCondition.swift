import Resources

/// What a rule asks of its detections: `selection and not 1 of filter_*`.
indirect enum SigmaCondition: Hashable, Sendable {
    /// A detection, by its place among the rule's.
    case detection(Int)
    case not(SigmaCondition)
    case all([SigmaCondition])
    case any([SigmaCondition])

    /// Groups within groups, at most.
    static let maximumDepth = 32
    /// Words, at most.
    static let maximumTokens = 512

    func holds(_ detection: (Int) -> Bool) -> Bool {
        switch self {
        case .detection(let index): detection(index)
        case .not(let inner): !inner.holds(detection)
        case .all(let parts): parts.allSatisfy { $0.holds(detection) }
        case .any(let parts): parts.contains { $0.holds(detection) }
        }
    }

    /// Reads a condition.
    ///
    /// - Parameters:
    ///   - value: the text, with its place.
    ///   - names: the detections in their order.
    /// - Throws: `ResourceError` at the word that is wrong.
    init(_ value: Value, names: [String]) throws {
        var parser = Parser(value: value, names: names, tokens: try Self.tokens(value))
        self = try parser.choice(depth: 0)
        if let token = parser.next { throw parser.error("`\(token.text)` does not belong there") }
    }

    private struct Token {
        let text: String
        /// Characters before it.
        let offset: Int
    }

    private static func tokens(_ value: Value) throws -> [Token] {
        let text = try value.string()
        var tokens: [Token] = []
        var word = ""
        func end(_ offset: Int) {
            if !word.isEmpty { tokens.append(Token(text: word, offset: offset - word.count)) }
            word = ""
        }
        for (offset, character) in text.enumerated() {
            switch character {
            case "(", ")":
                end(offset)
                tokens.append(Token(text: String(character), offset: offset))
            case _ where character.isWhitespace: end(offset)
            default: word.append(character)
            }
            guard tokens.count <= maximumTokens else {
                throw value.error("a condition has at most \(maximumTokens) words")
            }
        }
        end(text.count)
        return tokens
    }

    private struct Parser {
        let value: Value
        let names: [String]
        let tokens: [Token]
        var place = 0

        init(value: Value, names: [String], tokens: [Token]) {
            self.value = value
            self.names = names
            self.tokens = tokens
        }

        var next: Token? { place < tokens.count ? tokens[place] : nil }

        func error(_ message: String) -> ResourceError {
            let location = value.location
            // A text of several lines has no one place where a word stands.
            let isOneLine = (try? value.string().contains("\n")) == false
            let offset = isOneLine ? next?.offset ?? 0 : 0
            return ResourceError(
                at: SourceLocation(file: location.file, line: location.line, column: location.column + offset),
                message
            )
        }

        mutating func take(_ word: String) -> Bool {
            guard let next, next.text == word || next.text == word.uppercased() else { return false }
            place += 1
            return true
        }

        mutating func choice(depth: Int) throws -> SigmaCondition {
            var parts = [try sequence(depth: depth)]
            while take("or") { parts.append(try sequence(depth: depth)) }
            return parts.count == 1 ? parts[0] : .any(parts)
        }

        mutating func sequence(depth: Int) throws -> SigmaCondition {
            var parts = [try negation(depth: depth)]
            while take("and") { parts.append(try negation(depth: depth)) }
            return parts.count == 1 ? parts[0] : .all(parts)
        }

        mutating func negation(depth: Int) throws -> SigmaCondition {
            guard depth < SigmaCondition.maximumDepth else {
                throw error("groups within groups, more than \(SigmaCondition.maximumDepth) deep")
            }
            if take("not") { return .not(try negation(depth: depth + 1)) }
            guard let token = next else { throw error("the condition ends where a detection should be") }
            if token.text == "(" {
                place += 1
                let inner = try choice(depth: depth + 1)
                guard take(")") else { throw error("`)` is missing") }
                return inner
            }
            if ["1", "any", "all"].contains(token.text), place + 1 < tokens.count, tokens[place + 1].text == "of" {
                return try selector(isAll: token.text == "all")
            }
            guard let index = names.firstIndex(of: token.text) else {
                if token.text.contains("|") {
                    throw error("counting behind `|` is of old Sigma; a `correlation` counts")
                }
                throw error("there is no detection `\(token.text)`; \(suggestion(for: token.text, among: names))")
            }
            place += 1
            return .detection(index)
        }

        /// `1 of selection_*`, `all of them`.
        private mutating func selector(isAll: Bool) throws -> SigmaCondition {
            place += 2
            guard let token = next else { throw error("`of` is followed by a name with `*`, or by `them`") }
            let pattern = token.text == "them" ? SigmaPattern("*") : SigmaPattern(token.text)
            let places = names.indices.filter {
                pattern.matches(Array(names[$0].utf8)) && (token.text.hasPrefix("_") || !names[$0].hasPrefix("_"))
            }
            guard !places.isEmpty else { throw error("no detection is called as `\(token.text)` says") }
            place += 1
            let parts = places.map { SigmaCondition.detection($0) }
            return isAll ? .all(parts) : .any(parts)
        }
    }
}
